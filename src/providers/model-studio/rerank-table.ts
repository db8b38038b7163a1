/**
 * Models of Model Studio that tell how well documents answer a query: requests a second and CNY per million tokens, from the provider's model
 * list of spring 2026 (modelstudioai/skills, models/groups); documents and tokens of a request, from the API page.
 */
import type { ModelType } from './model-type.js';

function ranking(
  path: string,
  submitsPerSecond: number,
  input: number,
  [textsPerRequest, tokensPerRequest]: [number, number],
): ModelType {
  return {
    task: 'rerank',
    source: 'text-rerank-api',
    scenarios: ['text'],
    path,
    mode: 'sync',
    switches: [],
    submitsPerSecond,
    textsPerRequest,
    tokensPerRequest,
    concurrentTasks: null,
    price: { per: 'token', currency: 'CNY', tiers: [{ input }] },
  };
}

/** The one model that is asked over an interface of its own, in a flat body. */
export const flatRerankPath = '/reranks';
const native = '/services/rerank/text-rerank/text-rerank';

export const rerankTypes: Record<string, ModelType> = {
  'qwen3-rerank': ranking(flatRerankPath, 90, 0.5, [500, 120_000]),
  'qwen3-vl-rerank': ranking(native, 10, 0.7, [100, 120_000]),
  'gte-rerank-v2': ranking(native, 84, 0.8, [500, 30_000]),
};
