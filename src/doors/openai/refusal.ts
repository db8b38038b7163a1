/** Errors in OpenAI's form: which HTTP status, type and code each SQLSTATE is told with, and whether a client should try again by itself. */
import { KnownError } from '../../errors.js';

export interface Problem {
  message: string;
  type?: string;
  /** The SQLSTATE, unless OpenAI's clients know a word for it. */
  code: string;
  param?: string;
}

/** A refusal of the door's own; the engine's become one by `asRefusal`. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    /** OpenAI's clients try again by themselves what may have been paid for; they obey `x-should-retry`. */
    readonly mayRetry = false,
  ) {
    super(problem.message);
  }
}

/** By the beginning of the SQLSTATE; the first that fits. */
const kinds: [sqlstate: string, status: number, type: string, code?: string][] = [
  ['28H01', 403, 'permission_error'],
  ['28', 401, 'authentication_error', 'invalid_api_key'],
  ['42501', 403, 'permission_error'],
  ['42704', 404, 'invalid_request_error', 'model_not_found'],
  ['22H01', 400, 'image_generation_user_error', 'moderation_blocked'],
  ['22', 400, 'invalid_request_error'],
  ['42', 400, 'invalid_request_error'],
  ['0A', 400, 'invalid_request_error'],
  ['54', 400, 'invalid_request_error'],
  ['58P01', 400, 'invalid_request_error'],
  ['53400', 429, 'insufficient_quota', 'insufficient_quota'],
  ['53H01', 429, 'insufficient_quota', 'insufficient_quota'],
  ['57014', 499, 'cancelled'],
  ['53', 503, 'overloaded_error'],
  ['57P', 503, 'overloaded_error'],
  ['08', 502, 'api_error'],
  ['58', 502, 'api_error'],
];
const lost = {
  message: 'something went wrong; the gateway’s log says what',
  code: 'internal_error',
  type: 'api_error',
};

/** Undefined: a fault of the gateway's own, which is for its log. */
export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const told = toldBy(error);
  const [, status, type, code] = kinds.find(([beginning]) => told?.sqlstate.startsWith(beginning)) ?? [];
  if (!told || !status) return undefined;
  // The engine's own words tell a stranger which roles exist.
  const message =
    status === 401 ? 'this API key is wrong, was revoked, or is not valid any more' : told.message;
  const problem = { message, type, code: code ?? told.sqlstate };
  // Nothing was begun then.
  return new Refusal(status, problem, /^(533|57P03)/.test(told.sqlstate));
}

/** What an error says, in one text: OpenAI's form has no place for a HINT. */
function toldBy(error: unknown): { sqlstate: string; message: string } | undefined {
  if (error instanceof KnownError)
    return {
      sqlstate: error.sqlstate,
      message: [`${error.message}.`, error.detail, error.hint].filter(Boolean).join(' '),
    };
  if (!(error instanceof Error)) return undefined;
  const { code, severity, detail, hint } = error as {
    code?: string;
    severity?: string;
    detail?: string;
    hint?: string;
  };
  if (!code || !severity) return undefined;
  return { sqlstate: code, message: [`${error.message}.`, detail, hint].filter(Boolean).join(' ') };
}

/** The body and status of an answer that is none. */
export function errorBody({ problem }: Refusal): {
  error: Omit<Problem, 'param'> & { param: string | null };
} {
  return {
    error: { ...problem, type: problem.type ?? 'invalid_request_error', param: problem.param ?? null },
  };
}

export const internalRefusal = new Refusal(500, lost);
