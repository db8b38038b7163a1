/** The result that each engine process was given last: one whose wait was cancelled leaves it unread, and then nobody has it. */
import type { CallOrigin } from '../ledger/job.js';
import type { EarlierResults } from './earlier-results.js';
import { nameOfCall } from './new-call.js';

export interface LastResults {
  /** The answer to a wait for this call goes to the engine process. */
  given(engineProcessId: number, name: string): void;
  /** The result of the call, made by this job, counts as its client's. */
  claimed(engineProcessId: number, name: string, jobId: string): void;
  /** The engine process has closed its connection, and had not read the result of the call with this handle. */
  left(origin: Pick<CallOrigin, 'engineProcessId'>, unread: string | undefined): void;
}

/**
 * That an answer was not read shows when the engine closes the connection, and that takes another way than the client's session: a statement
 * whose block has caught the cancel may be committed by then.
 */
export function createLastResults({ unclaim }: Pick<EarlierResults, 'unclaim'>): LastResults {
  const last = new Map<number, { name: string; jobId: string | undefined }>();
  return {
    given(engineProcessId, name) {
      last.set(engineProcessId, { name, jobId: undefined });
    },
    claimed(engineProcessId, name, jobId) {
      const own = last.get(engineProcessId);
      if (own?.name === name) own.jobId = jobId;
    },
    left({ engineProcessId }, unread) {
      const own = last.get(engineProcessId);
      last.delete(engineProcessId);
      if (
        own?.jobId !== undefined &&
        unread !== undefined &&
        own.name === nameOfCall(unread, { engineProcessId })
      )
        unclaim(own.jobId);
    },
  };
}
