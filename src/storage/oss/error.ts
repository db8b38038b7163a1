/** What OSS and the network answer, told to SQL: one table from OSS's error codes to SQLSTATEs and hints. */

import { KnownError, type KnownErrorFields } from '../../errors.js';
import { MissingFile } from '../missing-file.js';
import { formatPath, type StoragePath } from '../path.js';

/** A refusal by OSS or STS; `code` is the service's own. Retries look at it, clients get a KnownError. */
export class ServiceRefusal extends Error {
  constructor(
    readonly service: 'OSS' | 'STS',
    readonly code: string,
    readonly status: number,
    readonly requestId: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

/** No answer: not connected, reset, timed out. */
export class ConnectionLoss extends Error {}

/** Codes that mean that temporary credentials were refused as such: new ones may pass. */
const staleCredentialCodes = new Set(['InvalidAccessKeyId', 'InvalidSecurityToken', 'SecurityTokenExpired']);

const tooBusyCodes =
  /^(Throttling|QpsLimitExceeded|DownloadTrafficRateLimitExceeded|UploadTrafficRateLimitExceeded|RequestTimeout$|InvalidDigest$|IncompleteBody$)/;

/** True when the assumed role's credentials should be fetched again. */
export function isStaleCredential(error: unknown): boolean {
  return error instanceof ServiceRefusal && error.service === 'OSS' && staleCredentialCodes.has(error.code);
}

/** True when the very same request may succeed in a moment. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionLoss) return true;
  return error instanceof ServiceRefusal && (error.status >= 500 || tooBusyCodes.test(error.code));
}

type Meaning = Pick<KnownErrorFields, 'kind' | 'hint'> & { says: string };

const denied: Meaning = {
  kind: 'insufficientPrivilege',
  says: 'the role may not do this',
  hint: "Give the role oss:GetObject and oss:PutObject on this path, and oss:ListObjects on the bucket where it is listed, and check that the endpoint is the one of the bucket's region.",
};

const badKey: Meaning = {
  kind: 'insufficientPrivilege',
  says: 'OSS does not accept the credentials of the role',
};

/** Codes: https://www.alibabacloud.com/help/en/oss/user-guide/error-responses */
const meanings: Record<string, Meaning> = {
  AccessDenied: denied,
  NoSuchKey: { kind: 'undefinedFile', says: 'there is no such object' },
  NoSuchBucket: {
    kind: 'undefinedFile',
    says: 'there is no such bucket',
    hint: "Check the bucket's name; a bucket of another region needs that region's endpoint.",
  },
  InvalidAccessKeyId: badKey,
  InvalidSecurityToken: badKey,
  SecurityTokenExpired: badKey,
  SignatureDoesNotMatch: badKey,
  RequestTimeTooSkewed: {
    kind: 'systemError',
    says: 'the clock of the gateway is wrong',
    hint: 'Synchronise the clock of the gateway; OSS tolerates 15 minutes.',
  },
  PublicEndpointForbidden: {
    kind: 'insufficientPrivilege',
    says: 'the bucket may not be reached over this public endpoint',
    hint: 'Write the internal endpoint of the region, oss-<region>-internal.aliyuncs.com, or a custom domain of the bucket. For what the provider is to fetch the bucket needs such a domain: HOLOGEN_OSS_DOMAINS=media.example.com=cn-hangzhou/bucket.',
  },
  InvalidObjectState: {
    kind: 'invalidParameterValue',
    says: 'the object is archived',
    hint: 'Restore it first, on its page in the OSS console or by RestoreObject, which takes minutes to hours.',
  },
  FileAlreadyExists: {
    kind: 'duplicateObject',
    says: 'the object exists and may not be overwritten',
  },
};

const elsewhere: Meaning = {
  kind: 'invalidParameterValue',
  says: 'the bucket lies in another region',
  hint: "Write the endpoint of the bucket's own region; its page in the OSS console shows it.",
};

/** OSS has no code of its own for a bucket that is asked for at the endpoint, or with the signature, of another region. */
function meaningOf({ code, message }: ServiceRefusal): Meaning | undefined {
  return /must be addressed using the specified endpoint|signing region/.test(message)
    ? elsewhere
    : meanings[code];
}

function describe(refusal: ServiceRefusal): string {
  const request = refusal.requestId ? `, request id ${refusal.requestId}` : '';
  return `${refusal.service} answered ${refusal.status} ${refusal.code}: ${refusal.message}${request}`;
}

/**
 * The error a client gets for a failed request to OSS.
 * @param action what was being done, e.g. `cannot write`
 */
export function toSqlError(error: unknown, action: string, path: StoragePath): KnownError {
  if (error instanceof KnownError) return error;
  const where = `${action} ${formatPath(path)}`;
  if (error instanceof ServiceRefusal) {
    const meaning = meaningOf(error);
    return new KnownError({
      kind: meaning?.kind ?? 'ioError',
      message: `${where}: ${meaning?.says ?? `OSS refused the request (${error.code})`}`,
      detail: describe(error),
      hint: meaning?.hint,
      retryable: isPassing(error),
      cause: error,
    });
  }
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof ConnectionLoss) {
    return new KnownError({
      kind: 'connectionFailure',
      message: `${where}: no connection to OSS`,
      detail: text,
      hint: 'Check that the gateway can reach the endpoint; an internal endpoint answers only inside its region.',
      retryable: true,
      cause: error,
    });
  }
  return new KnownError({ kind: 'ioError', message: `${where}: ${text}`, cause: error });
}

/** The error for an object that was looked for: not there and not readable cannot always be told apart. */
export function toReadError(error: unknown, path: StoragePath, roleArn: string): KnownError {
  // Somebody on the way has said it: the store names each of its answers.
  if (error instanceof ServiceRefusal && error.status === 404 && !error.requestId)
    return notOfStore(path, error);
  const isHidden = error instanceof ServiceRefusal && (error.status === 404 || error.code === 'AccessDenied');
  if (!isHidden) return toSqlError(error, 'cannot read', path);
  const says = error.status === 404 ? 'does not exist' : 'does not exist or may not be read';
  const fields = {
    message: `${formatPath(path)} ${says} (asked with role ${roleArn})`,
    detail: describe(error),
    hint: "Check the path, the endpoint of the bucket's region, and that the role has oss:GetObject on it.",
    cause: error,
  };
  return error.status === 404
    ? new MissingFile(fields)
    : new KnownError({ kind: 'undefinedFile', ...fields });
}

/** An answer without the store's name for it (x-oss-request-id, https://www.alibabacloud.com/help/en/oss/developer-reference/common-http-headers). */
export function notOfStore(path: StoragePath, cause?: unknown): KnownError {
  return new KnownError({
    kind: 'connectionFailure',
    message: `${formatPath(path)}: the answer is not one of OSS`,
    hint: 'Check what stands between the gateway and the endpoint: a proxy, or another host under its name.',
    retryable: true,
    cause,
  });
}
