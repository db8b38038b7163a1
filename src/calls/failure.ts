/** How a call that gave no result goes into the ledger. */
import { KnownError } from '../errors.js';
import type { JobChange } from '../ledger/job.js';
import { mayBeTaken, ProviderError } from '../providers/model-studio/errors.js';

/** A call whose answer is lost may have been billed: it is `unanswered`, not failed. */
export function failureOf(error: unknown): Required<Pick<JobChange, 'state' | 'error'>> {
  if (!(error instanceof KnownError)) {
    const message = 'unexpected failure, see the log';
    return { state: 'failed', error: { kind: 'internalError', message } };
  }
  const { message, detail, retryable } = error;
  const state = error.kind === 'queryCanceled' ? 'cancelled' : mayBeTaken(error) ? 'unanswered' : 'failed';
  const code = error instanceof ProviderError ? error.code : undefined;
  return { state, error: { kind: error.kind, message, detail, code, retryable } };
}
