/** The one error type that may reach a client: it carries a kind, what was wrong and how to mend it. Only the edges know SQLSTATEs. */

/** What went wrong, and the SQLSTATE it is told with, so that one condition always has one code. */
const sqlstates = {
  invalidParameterValue: '22023',
  invalidJson: '22P02',
  undefinedObject: '42704',
  duplicateObject: '42710',
  insufficientPrivilege: '42501',
  undefinedFile: '58P01',
  ioError: '58030',
  systemError: '58000',
  connectionFailure: '08006',
  cannotConnectNow: '57P03',
  tooManyConnections: '53300',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  configurationLimitExceeded: '53400',
  programLimitExceeded: '54000',
  featureNotSupported: '0A000',
  readOnlyTransaction: '25006',
  internalError: 'XX000',
  /** The provider refused the content of prompt, media or result (data exception, our own subclass). */
  contentRefused: '22H01',
  /** The provider account: key, rights, arrears, quota. */
  providerAuthorization: '28H01',
  providerQuota: '53H01',
  /** The provider failed on its side. */
  providerFailure: '58H01',
} as const;

export type ErrorKind = keyof typeof sqlstates;

export interface KnownErrorFields {
  kind: ErrorKind;
  /** One sentence: which field, which value, what is wrong with it. */
  message: string;
  /** Facts for whoever investigates, e.g. the provider's request id. */
  detail?: string;
  /** What to write instead. */
  hint?: string;
  /** True when the very same call may succeed later. */
  retryable?: boolean;
  cause?: unknown;
}

/** What is not one of these is told to nobody but the log. */
export class KnownError extends Error {
  readonly kind: ErrorKind;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(fields: KnownErrorFields) {
    super(fields.message, { cause: fields.cause });
    this.name = 'KnownError';
    this.kind = fields.kind;
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.retryable = fields.retryable ?? false;
  }

  /** For the edges: five characters, https://www.postgresql.org/docs/current/errcodes-appendix.html */
  get sqlstate(): string {
    return sqlstates[this.kind];
  }
}

/** The kind that is told with this SQLSTATE, for what was written down with it. */
export function kindOf(sqlstate: string): ErrorKind {
  const kinds = Object.keys(sqlstates) as ErrorKind[];
  return kinds.find((kind) => sqlstates[kind] === sqlstate) ?? 'internalError';
}

/** Every SQLSTATE that we tell. */
export const ownSqlstates: readonly string[] = Object.values(sqlstates);

/** The SQLSTATE of a condition that no error object stands for. */
export function sqlstateOf(kind: ErrorKind): string {
  return sqlstates[kind];
}

/** What an operator wrote, on the command line or in the environment, cannot be used. Told without a stack. */
export class UsageError extends Error {}
