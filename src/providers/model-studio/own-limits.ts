/** A deployed model's own limits: an account may have been granted more than the model table says, or want to use less. */

import { refuse } from '../../fields.js';
import type { Json } from '../../json.js';
import type { Limits } from '../../pace/gate.js';

/**
 * Reads `submits_per_second` (a number above 0) and `concurrent_tasks` (a whole number above 0, or null for no limit) of a
 * deployed model's config; what it leaves out stays as the model table has it. KnownError 22023 for other values.
 */
export function ownLimits(config: Json): Partial<Limits> {
  const limits: Partial<Limits> = {};
  const { submits_per_second: rate, concurrent_tasks: tasks } = config;
  if (rate !== undefined)
    limits.submitsPerSecond = positive(rate) ? rate : refuse('submits_per_second', rate, 'a number above 0');
  if (tasks !== undefined)
    limits.concurrentTasks =
      tasks === null || (positive(tasks) && Number.isInteger(tasks))
        ? tasks
        : refuse('concurrent_tasks', tasks, 'a whole number above 0, or null for no limit');
  return limits;
}

function positive(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}
