/** What a call that failed at the provider gives where a statement's ai_gen.on_error says that it shall go on. */

import { type ErrorKind, KnownError } from '../errors.js';
import type { JobOutcome } from '../ledger/job.js';
import { ProviderFailure } from '../providers/provider.js';
import type { SessionSettings } from './session-settings.js';
import type { Statement } from './statement.js';

/** Who ended these wants no row. */
const raisedAlways: ErrorKind[] = ['queryCanceled', 'adminShutdown', 'configurationLimitExceeded'];

/**
 * What stands in the failed call's place: NULL where the statement skips such rows, the failure itself where it captures them. Throws the
 * error where the statement is to fail, and where it is none of a call's.
 */
export function inPlaceOf(
  error: unknown,
  onError: SessionSettings['onError'],
): { result: null } | { failure: KnownError } {
  if (onError === 'error' || !(error instanceof KnownError) || raisedAlways.includes(error.kind)) throw error;
  return onError === 'skip' ? { result: null } : { failure: error };
}

/** The error of a job that ended before, as the ledger keeps it. */
export function keptFailure(jobId: string, { error, providerRequestId }: JobOutcome): KnownError {
  if (!error) {
    return new KnownError({ kind: 'internalError', message: `job ${jobId} ended without a result` });
  }
  const { kind, code, message, detail, hint, retryable = false } = error;
  if (code === undefined) return new KnownError({ kind, message, detail, hint, retryable });
  const requestId = error.requestId ?? providerRequestId ?? '';
  return new ProviderFailure({ kind, code, message, hint, requestId, repeat: retryable ? 'again' : 'no' });
}

/** Which of the statement's calls it is: in a table of a thousand rows that is what one looks for. */
export function withPlace(error: unknown, { calls }: Pick<Statement, 'calls'>): unknown {
  const isBadRequest = error instanceof KnownError && error.kind === 'invalidParameterValue';
  if (!isBadRequest || error.detail || calls.length === 0) return error;
  const { kind, message, hint, retryable } = error;
  const detail = `Call ${calls.length + 1} of the statement.`;
  return new KnownError({ kind, message, detail, hint, retryable, cause: error });
}
