/** The memory of all copies together: a bounded number of equal buffers, reused instead of collected. */

import { abortError } from './attempts.js';

export interface PartBuffers {
  /** Waits until a buffer is free. Whoever holds one must not wait for a second before that one is on its way. */
  acquire(signal: AbortSignal): Promise<Buffer>;
  release(buffer: Buffer): void;
}

/**
 * @param bufferBytes size of each buffer
 * @param maximumCount how many may be in use at once
 * @param keptCount how many free ones stay allocated
 */
export function createPartBuffers(bufferBytes: number, maximumCount: number, keptCount: number): PartBuffers {
  const free: Buffer[] = [];
  const waiting: ((buffer: Buffer) => void)[] = [];
  let inUse = 0;

  function waitForRelease(signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(abortError(signal));
      };
      const take = (buffer: Buffer) => {
        signal.removeEventListener('abort', onAbort);
        resolve(buffer);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(take);
    });
  }

  return {
    async acquire(signal) {
      if (signal.aborted) throw abortError(signal);
      if (inUse >= maximumCount) return waitForRelease(signal);
      inUse += 1;
      return free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
    },

    release(buffer) {
      const next = waiting.shift();
      if (next) return next(buffer);
      inUse -= 1;
      if (free.length < keptCount) free.push(buffer);
    },
  };
}
