/** Work that ends when its caller gives it up or when the whole store is closed. */

import { setMaxListeners } from 'node:events';
import { KnownError } from '../../errors.js';
import { abortError } from './attempts.js';

export interface OpenWork {
  /** Aborted by `close`, and by nothing else. */
  closed: AbortSignal;
  /** Runs something that the caller or `close` can abort. */
  run<T>(callerSignal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  close(): void;
}

export function createOpenWork(): OpenWork {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  return {
    closed: closing.signal,
    async run(callerSignal, work) {
      if (callerSignal.aborted) throw abortError(callerSignal);
      // AbortSignal.any on a signal as old as the process would keep a trace of every call for ever (Node 20).
      const closer = new AbortController();
      const onClose = () => closer.abort(closing.signal.reason);
      if (closing.signal.aborted) onClose();
      closing.signal.addEventListener('abort', onClose, { once: true });
      try {
        return await work(AbortSignal.any([callerSignal, closer.signal]));
      } finally {
        closing.signal.removeEventListener('abort', onClose);
      }
    },
    close() {
      closing.abort(
        new KnownError({
          kind: 'adminShutdown',
          message: 'the gateway is shutting down',
          retryable: true,
        }),
      );
    },
  };
}
