/** What a call that failed at the provider gives where a statement's ai_gen.on_error says that it shall go on. */
import { type ErrorKind, KnownError } from '../errors.js';
import type { JobOutcome } from '../ledger/job.js';
import { ProviderError } from '../providers/model-studio/errors.js';
import type { StatementSettings } from './statement-settings.js';

/** Who ended these wants no row. */
const raisedAlways: ErrorKind[] = ['queryCanceled', 'adminShutdown', 'configurationLimitExceeded'];

/**
 * The value in the failed call's place: NULL for skip, for capture `{"error": {code, message, request_id, retryable}}`, where code is the
 * provider's own if it gave one, else the SQLSTATE. Throws the error itself where the statement is to fail, and where it is none of a call's.
 */
export function valueOfFailure(error: unknown, onError: StatementSettings['onError']): string | null {
  if (onError === 'error' || !(error instanceof KnownError) || raisedAlways.includes(error.kind)) throw error;
  if (onError === 'skip') return null;
  const { message, retryable } = error;
  const provider = error instanceof ProviderError ? error : undefined;
  const code = provider?.code ?? error.sqlstate;
  return JSON.stringify({ error: { code, message, request_id: provider?.requestId || null, retryable } });
}

/** The error of a job that ended before, as the ledger keeps it. */
export function keptFailure(jobId: string, { error, providerRequestId }: JobOutcome): KnownError {
  if (!error) {
    return new KnownError({ kind: 'internalError', message: `job ${jobId} ended without a result` });
  }
  const { code, message, detail, retryable = false } = error;
  if (code === undefined) return new KnownError({ kind: error.kind, message, detail, retryable });
  const rule = { kind: error.kind, repeat: retryable ? 'again' : 'no' } as const;
  return new ProviderError({ code, message, rule, requestId: providerRequestId ?? '' });
}
