/** The result that each engine process was given last: one whose wait was cancelled leaves it unread, and then nobody has it. */
import type { EarlierResults } from './earlier-results.js';

export interface LastResults {
  /** The answer to a wait for this call goes to the engine process. */
  given(engineProcessId: number, name: string): void;
  /** The result of the call, made by this job, counts as its client's. */
  claimed(engineProcessId: number, name: string, jobId: string): void;
  /** The engine process has closed its connection, with the answer to `unread` in it where that was a wait. */
  left(engineProcessId: number, unread: string | undefined): void;
}

/**
 * That an answer was not read shows when the engine closes the connection: with its next question, or at the end of its session. By then a
 * client's block may have caught the cancel and gone on, and its statement be committed.
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
    left(engineProcessId, unread) {
      const own = last.get(engineProcessId);
      last.delete(engineProcessId);
      if (own?.jobId !== undefined && own.name === unread) unclaim(own.jobId);
    },
  };
}
