/** How long a wait may take, and what it gives when that was not enough. */
import { KnownError } from '../errors.js';
import type { Statement } from './statement.js';

/** Milliseconds a wait may take for its statement to end in time. KnownError 57014 when its time is over. */
export function untilTimeout(
  { startedAt, timeoutMs }: Pick<Statement, 'startedAt' | 'timeoutMs'>,
  longestMs: number,
): number {
  if (timeoutMs === undefined) return longestMs;
  const leftMs = startedAt + timeoutMs - Date.now();
  if (leftMs > 0) return Math.min(leftMs, longestMs);
  throw new KnownError({
    kind: 'queryCanceled',
    message: `the calls of the statement took longer than ai_gen.timeout (${timeoutMs / 1000} s)`,
    hint: 'What the provider has begun goes on and is kept: the same statement takes it when it is run again. SET ai_gen.timeout = 0 waits as long as it takes.',
  });
}

export const later = Symbol('later');

export async function orLater<T>(work: Promise<T>, longestMs: number): Promise<T | typeof later> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<typeof later>((resolve) => {
    timer = setTimeout(resolve, longestMs, later);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejects with the signal's reason when that comes first. */
export async function orStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  // Perhaps nobody hears of its end.
  work.catch(() => {});
  stop.throwIfAborted();
  let stopped = () => {};
  const limit = new Promise<never>((_, reject) => {
    stopped = () => reject(stop.reason);
    stop.addEventListener('abort', stopped);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    stop.removeEventListener('abort', stopped);
  }
}
