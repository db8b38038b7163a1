/** Submit and task-query limits: at most so many in any window of that length. */
import type { LimitedModel, ModelLimit } from './model-type.js';
import { refusal } from './refusal.js';

/** `off` lifts all limits; an object replaces those of the model types that it names. */
export type RateLimits = 'documented' | 'off' | Readonly<Record<string, Partial<ModelLimit>>>;

const unlimited: ModelLimit = { submits: Infinity, windowMs: 1000, concurrentTasks: Infinity };

/** Queries, lists and cancels of tasks together, for the whole account. */
const taskQueries = { submits: 20, windowMs: 1000 };

export interface Limiter {
  limitOf(model: LimitedModel): ModelLimit;
  /** Throws Throttling.RateQuota when this key has used up the model's window. */
  countSubmit(apiKey: string, model: LimitedModel): void;
  countTaskQuery(): void;
}

/** `rateLimits` is read at each request, so a running sandbox can be changed. */
export function createLimiter(rateLimits: () => RateLimits): Limiter {
  const taken = new Map<string, number[]>();

  function count(key: string, limit: { submits: number; windowMs: number }): void {
    if (limit.submits === Infinity) return;
    const now = performance.now();
    const times = (taken.get(key) ?? []).filter((time) => now - time < limit.windowMs);
    taken.set(key, times);
    if (times.length >= limit.submits) {
      throw refusal.rateQuota('Requests rate limit exceeded, please try again later.');
    }
    times.push(now);
  }

  function limitOf(model: LimitedModel): ModelLimit {
    const limits = rateLimits();
    if (limits === 'off') return unlimited;
    return limits === 'documented' ? model.limit : { ...model.limit, ...limits[model.name] };
  }

  return {
    limitOf,
    countSubmit: (apiKey, model) => count(`${apiKey} ${model.name}`, limitOf(model)),
    countTaskQuery: () => rateLimits() !== 'off' && count('tasks', taskQueries),
  };
}
