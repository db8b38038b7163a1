/** Waiting and trying again: abortable pauses with jitter, one abort rule for the whole of storage. */

import { setTimeout as pause } from 'node:timers/promises';
import { KnownError } from '../../errors.js';

const maximumAttempts = 3;
const firstPauseMs = 200;

/** What an aborted signal means to the client: the reason it was given, a time limit, or "canceled". */
export function abortError(signal: AbortSignal): KnownError {
  if (signal.reason instanceof KnownError) return signal.reason;
  if (signal.reason instanceof Error && signal.reason.name === 'TimeoutError') {
    return new KnownError({
      kind: 'connectionFailure',
      message: 'no answer from OSS or STS in time',
      retryable: true,
      cause: signal.reason,
    });
  }
  return new KnownError({
    kind: 'queryCanceled',
    message: 'canceled while working with OSS',
    cause: signal.reason,
  });
}

/** Waits for a promise that others share: an abort ends the wait, not the work. */
export async function waitFor<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whoever stops waiting must not leave a rejection that nobody looks at.
  work.catch(() => {});
  if (signal.aborted) throw abortError(signal);
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Runs `attempt` up to three times while `mayRepeat` says that its error may pass; pauses grow and have jitter, so
 * that many calls that failed together do not come back together.
 */
export async function withAttempts<T>(
  attempt: () => Promise<T>,
  mayRepeat: (error: unknown) => boolean,
  signal: AbortSignal,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    if (signal.aborted) throw abortError(signal);
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw abortError(signal);
      if (count >= maximumAttempts || !mayRepeat(error)) throw error;
    }
    const pauseMs = firstPauseMs * 4 ** (count - 1) * (0.5 + Math.random());
    await pause(pauseMs, undefined, { signal }).catch(() => {});
  }
}
