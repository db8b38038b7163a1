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
  /** At least so many calls follow from the results of others. */
  stages?: number;
  /** So many requests carry them, where one may carry several; otherwise as many as there are. */
  requests?: number;
}

/** In seconds. Either the rate at which calls are submitted holds them up, or the number that may run at a time. */
export function aboutSeconds({ calls, secondsEach, queue, atOnce, stages = 1, requests }: Making): number {
  if (calls === 0) return 0;
  if (!atOnce) return calls * secondsEach;
  const waves = Math.min(stages, calls);
  const sent = Math.max(requests ?? calls, waves);
  const rate = queue?.pace ?? queue?.submitsPerSecond;
  const submitting = rate ? (sent - waves) / rate : 0;
  const turns = Math.max(waves, Math.ceil(sent / (queue?.concurrentTasks ?? sent)));
  return Math.max(submitting + waves * secondsEach, turns * secondsEach);
}

/** What is allowed at several keys together. */
export function allowedTogether(all: Allowed[]): Allowed {
  const sum = (limits: (number | null)[]) =>
    limits.reduce((total, limit) => (total === null || limit === null ? null : total + limit), 0);
  return {
    pace: sum(all.map(({ pace, submitsPerSecond }) => pace ?? submitsPerSecond)),
    submitsPerSecond: sum(all.map(({ submitsPerSecond }) => submitsPerSecond)),
    concurrentTasks: sum(all.map(({ concurrentTasks }) => concurrentTasks)),
  };
}
