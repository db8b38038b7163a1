/** How long calls of a model will take at today's rates, if nobody else calls it. */

/** What is allowed at present; null: no limit. */
export interface Allowed {
  pace: number | null;
  submitsPerSecond: number | null;
  concurrentTasks: number | null;
}

export interface Making {
  calls: number;
  /** What one call takes. */
  secondsEach: number;
  queue: Allowed | undefined;
  atOnce: boolean;
}

/** In seconds. Either the rate at which calls are submitted holds them up, or the number that may run at a time. */
export function aboutSeconds({ calls, secondsEach, queue, atOnce }: Making): number {
  if (!atOnce) return calls * secondsEach;
  const rate = queue?.pace ?? queue?.submitsPerSecond;
  const submitting = rate ? (calls - 1) / rate : 0;
  const turns = Math.ceil(calls / (queue?.concurrentTasks ?? calls));
  return Math.max(submitting + secondsEach, turns * secondsEach);
}
