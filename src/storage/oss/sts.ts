/** One AssumeRole request to STS: signing, sending, and what its refusals mean. */

import { createHmac, randomUUID } from 'node:crypto';
import { type Dispatcher, request } from 'undici';
import { type ErrorKind, KnownError, type KnownErrorFields } from '../../errors.js';
import { ConnectionLoss, isPassing, ServiceRefusal } from './error.js';
import type { AccessKeys } from './settings.js';

export interface AssumedRole {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken: string;
  expiresAt: Date;
}

export interface AssumeRoleRequest {
  /** Base URL without a trailing slash. */
  endpoint: string;
  identity: AccessKeys;
  roleArn: string;
  sessionName: string;
  policy: string;
  durationSeconds: number;
  externalId?: string;
  dispatcher: Dispatcher;
  responseTimeoutMs: number;
  signal: AbortSignal;
}

interface AssumeRoleAnswer {
  RequestId?: string;
  Code?: string;
  Message?: string;
  Credentials?: { AccessKeyId: string; AccessKeySecret: string; SecurityToken: string; Expiration: string };
}

/** RFC 3986, which also escapes what encodeURIComponent leaves alone. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The RPC signature (HMAC-SHA1 over the sorted parameters),
 * https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism
 */
function signedForm(parameters: Record<string, string>, accessKeySecret: string): string {
  const canonical = Object.keys(parameters)
    .sort()
    .map((name) => `${percentEncode(name)}=${percentEncode(parameters[name] ?? '')}`)
    .join('&');
  const signature = createHmac('sha1', `${accessKeySecret}&`)
    .update(`POST&%2F&${percentEncode(canonical)}`)
    .digest('base64');
  return `${canonical}&Signature=${percentEncode(signature)}`;
}

function parametersOf(call: AssumeRoleRequest): Record<string, string> {
  return {
    Action: 'AssumeRole',
    Version: '2015-04-01',
    Format: 'JSON',
    RoleArn: call.roleArn,
    RoleSessionName: call.sessionName,
    DurationSeconds: String(call.durationSeconds),
    Policy: call.policy,
    ...(call.externalId ? { ExternalId: call.externalId } : {}),
    ...(call.identity.securityToken ? { SecurityToken: call.identity.securityToken } : {}),
    AccessKeyId: call.identity.accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: randomUUID(),
    Timestamp: new Date().toISOString().replace(/\.\d{3}Z$/, 'Z'),
  };
}

function parseAnswer(text: string): AssumeRoleAnswer {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : {};
  } catch {
    return {};
  }
}

/**
 * Asks STS for temporary credentials of a role, once.
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
 * @throws ServiceRefusal, or ConnectionLoss when there is no answer
 */
export async function assumeRole(call: AssumeRoleRequest): Promise<AssumedRole> {
  let status: number;
  let text: string;
  try {
    const response = await request(`${call.endpoint}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: signedForm(parametersOf(call), call.identity.accessKeySecret),
      dispatcher: call.dispatcher,
      headersTimeout: call.responseTimeoutMs,
      bodyTimeout: call.responseTimeoutMs,
      signal: call.signal,
    });
    status = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    throw new ConnectionLoss(`STS: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const answer = parseAnswer(text);
  if (status !== 200 || !answer.Credentials) {
    throw new ServiceRefusal('STS', answer.Code ?? 'Unknown', status, answer.RequestId, answer.Message ?? '');
  }
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = answer.Credentials;
  return {
    accessKeyId: AccessKeyId,
    accessKeySecret: AccessKeySecret,
    securityToken: SecurityToken,
    expiresAt: new Date(Expiration),
  };
}

const ownIdentityHint =
  'Check the access key of the gateway itself (ALIBABA_CLOUD_ACCESS_KEY_ID or the RAM role of its machine).';

/** The first pattern that fits a code decides. */
const refusals: { code: RegExp; kind: ErrorKind; says: string; hint: string }[] = [
  {
    code: /^NoPermission/,
    kind: 'insufficientPrivilege',
    says: 'the gateway may not assume this role',
    hint:
      'The trust policy of the role must name the account of the gateway (and its external id, if one is set), and the ' +
      "gateway's own RAM identity needs AliyunSTSAssumeRoleAccess. A root account cannot assume roles.",
  },
  {
    code: /^EntityNotExist/,
    kind: 'insufficientPrivilege',
    says: 'there is no such role',
    hint: 'Check account id and role name: acs:ram::<account id>:role/<role name>. A RAM user is not a role.',
  },
  {
    code: /^InvalidParameter/,
    kind: 'invalidParameterValue',
    says: 'STS does not accept the request',
    hint: 'Check role_arn: acs:ram::<account id>:role/<role name>.',
  },
  {
    code: /^(InvalidAccessKeyId|InvalidSecurityToken|MissingSecurityToken|SignatureDoesNotMatch|IncompleteSignature)/,
    kind: 'systemError',
    says: "STS does not accept the gateway's own access key",
    hint: ownIdentityHint,
  },
  {
    code: /^(InvalidTimeStamp|SignatureNonceUsed)/,
    kind: 'systemError',
    says: 'STS does not accept the time of the request',
    hint: 'Synchronise the clock of the gateway.',
  },
];

/** The error a client gets when a role could not be assumed. */
export function toAssumeRoleError(error: unknown, roleArn: string): KnownError {
  if (error instanceof KnownError) return error;
  const fields: KnownErrorFields = {
    kind: 'connectionFailure',
    message: `cannot assume role "${roleArn}"`,
    retryable: isPassing(error),
    cause: error,
  };
  if (!(error instanceof ServiceRefusal)) {
    const text = error instanceof Error ? error.message : String(error);
    const hint = 'Check that the gateway can reach STS; inside a VPC set HOLOGEN_STS_ENDPOINT.';
    return new KnownError({
      ...fields,
      message: `${fields.message}: no answer from STS`,
      detail: text,
      hint,
    });
  }
  const meaning = refusals.find((refusal) => refusal.code.test(error.code));
  const request = error.requestId ? `, request id ${error.requestId}` : '';
  return new KnownError({
    ...fields,
    kind: meaning?.kind ?? (isPassing(error) ? 'connectionFailure' : 'ioError'),
    message: `${fields.message}: ${meaning?.says ?? `STS refused the request (${error.code})`}`,
    detail: `STS answered ${error.status} ${error.code}: ${error.message}${request}`,
    hint: meaning?.hint,
  });
}
