/**
 * The newer way to sign a call of STS, which Alibaba's own clients use: common parameters in `x-acs-…` headers, ACS3-HMAC-SHA256.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CredentialRegistry } from '../credentials.js';
import { checkTimestamp, credentialProblems, percentEncode } from './caller.js';
import { type Parameters, StsRefusal } from './refusal.js';

export interface SignedV3 {
  method: string;
  /** Without its query. */
  path: string;
  headers: IncomingHttpHeaders;
  query: URLSearchParams;
  body: Buffer;
}

const algorithm = 'ACS3-HMAC-SHA256';
const authorizationForm =
  /^ACS3-HMAC-SHA256\s+Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/;
const mustBeSigned = [
  'host',
  'x-acs-action',
  'x-acs-content-sha256',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-version',
];

export function isSignedV3({ authorization }: IncomingHttpHeaders): boolean {
  return authorization?.startsWith(`${algorithm} `) ?? false;
}

/** The common parameters of such a call, under the names that the other way has. */
export function commonParametersV3({ headers }: SignedV3): Parameters {
  const value = (name: string) => String(headers[name] ?? '');
  const [, accessKeyId = ''] = authorizationForm.exec(value('authorization')) ?? [];
  return new Map([
    ['Action', value('x-acs-action')],
    ['Version', value('x-acs-version')],
    ['Timestamp', value('x-acs-date')],
    ['SignatureNonce', value('x-acs-signature-nonce')],
    ['AccessKeyId', accessKeyId],
    ['SecurityToken', value('x-acs-security-token')],
    ['Format', /\bxml\b/.test(value('accept')) ? 'XML' : 'JSON'],
  ]);
}

/** Throws the refusal that STS answers. */
export function checkCallerV3(signed: SignedV3, credentials: CredentialRegistry): void {
  const { headers, body } = signed;
  const [, accessKeyId = '', names = '', signature] =
    authorizationForm.exec(headers.authorization ?? '') ?? [];
  if (accessKeyId === '')
    throw new StsRefusal(400, 'IncompleteSignature', 'The request signature is not complete.');
  const signedNames = names.split(';');
  const missing = mustBeSigned.find((name) => !signedNames.includes(name) || !headers[name]);
  if (missing)
    throw new StsRefusal(400, 'IncompleteSignature', `${missing} is mandatory and must be signed.`);
  checkTimestamp(String(headers['x-acs-date']));
  const payload = createHash('sha256').update(body).digest('hex');
  if (headers['x-acs-content-sha256'] !== payload)
    throw new StsRefusal(400, 'InvalidContentSha256', 'x-acs-content-sha256 is not that of the body.');
  const token = String(headers['x-acs-security-token'] ?? '') || undefined;
  const lookup = credentials.find(accessKeyId, token);
  if (lookup.problem) throw new StsRefusal(...credentialProblems[lookup.problem]);
  const canonical = canonicalRequest(signed, signedNames, payload);
  const stringToSign = `${algorithm}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const expected = createHmac('sha256', lookup.key.accessKeySecret).update(stringToSign).digest('hex');
  if (expected === signature) return;
  const message = `Specified signature is not matched with our calculation. server string to sign is:${stringToSign}`;
  throw new StsRefusal(400, 'SignatureDoesNotMatch', message);
}

function canonicalRequest(
  { method, path, headers, query }: SignedV3,
  names: string[],
  payload: string,
): string {
  const parameters = [...query]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`);
  const lines = names.map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`);
  return [method, path, parameters.join('&'), lines.join(''), names.join(';'), payload].join('\n');
}
