/** Errors of the engine and of the product, as the page is told of them. */
import { KnownError } from '../../errors.js';
import type { Problem } from './answers.js';

interface EngineError {
  code?: string;
  severity?: string;
  message: string;
  detail?: string;
  hint?: string;
}

/** True for an error that the engine sent: its words are meant for the person who wrote the statement. */
function isEngineError(error: unknown): error is EngineError {
  return error instanceof Error && 'severity' in error && error.severity !== undefined;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof KnownError) {
    const { message, sqlstate, detail, hint } = error;
    return { message, sqlstate, detail, hint };
  }
  if (isEngineError(error)) {
    const { message, code: sqlstate, detail, hint } = error;
    return { message, sqlstate, detail, hint };
  }
  return { message: error instanceof Error ? error.message : 'something went wrong' };
}

/** The engine refuses the role itself, not a statement of it: the password was changed, or the role may not log in any more. */
export function isLostLogin(error: unknown): boolean {
  return isEngineError(error) && error.severity === 'FATAL' && (error.code?.startsWith('28') ?? false);
}

/** HTTP's word for an error. */
export function statusOf(error: unknown): number {
  if (isLostLogin(error)) return 401;
  const { sqlstate } = problemOf(error);
  if (!sqlstate) return 500;
  if (sqlstate === '42501' || sqlstate === '25006') return 403;
  if (sqlstate === '42704') return 404;
  if (/^(53|57P|08)/.test(sqlstate)) return 503;
  return 400;
}
