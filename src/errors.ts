/** The one error type that may reach a client: it carries a SQLSTATE, what was wrong and how to mend it. */

export interface SqlErrorFields {
  /** Five-character SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html */
  sqlstate: string;
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

export class SqlError extends Error {
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(fields: SqlErrorFields) {
    super(fields.message, { cause: fields.cause });
    this.name = 'SqlError';
    this.sqlstate = fields.sqlstate;
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.retryable = fields.retryable ?? false;
  }
}

/** SQLSTATEs in use, by meaning, so that one condition always has one code. */
export const sqlstate = {
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
