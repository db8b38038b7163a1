/**
 * Types of texts and embeddings; those of pictures and videos have tables of their own. Data, from the provider's API, limits and price
 * pages; limits hold for a main account and model, all keys together.
 */

import type { ModelType } from './model-type.js';
import { currency } from './money.js';

/** Text types are too many to list and share one API: any name deployed for the task is sent as it is. */
export const chatType: ModelType = {
  task: 'chat/completions',
  scenarios: ['text'],
  path: '/chat/completions',
  mode: 'sync',
  switches: [],
  submitsPerSecond: 10,
  concurrentTasks: null,
  price: { per: 'token', currency },
};

export const embeddingType: ModelType = {
  task: 'embedding',
  scenarios: ['embedding'],
  path: '/embeddings',
  mode: 'sync',
  switches: [],
  submitsPerSecond: 10,
  concurrentTasks: null,
  price: { per: 'token', currency },
};
