/** Who calls STS: the common parameters, the signature in the RPC style, the nonce. */
import { createHmac } from 'node:crypto';
import type { CredentialProblem, CredentialRegistry } from '../credentials.js';
import { type Parameters, StsRefusal } from './refusal.js';

const skewMs = 15 * 60_000;
const requiredParameters = [
  'AccessKeyId',
  'SignatureMethod',
  'SignatureVersion',
  'SignatureNonce',
  'Timestamp',
  'Signature',
];

export const credentialProblems: Record<CredentialProblem, [number, string, string]> = {
  'unknown-key': [404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.'],
  'token-missing': [400, 'MissingSecurityToken', 'SecurityToken is mandatory for this action.'],
  'token-mismatch': [
    400,
    'InvalidSecurityToken.MismatchWithAccessKey',
    'Specified SecurityToken mismatch with the AccessKey.',
  ],
  'token-expired': [400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.'],
};

export function checkCaller(method: string, parameters: Parameters, credentials: CredentialRegistry): void {
  const value = (name: string) => parameters.get(name) ?? '';
  for (const name of requiredParameters) {
    if (value(name) === '')
      throw new StsRefusal(400, `Missing${name}`, `${name} is mandatory for this action.`);
  }
  if (value('SignatureMethod') !== 'HMAC-SHA1' || value('SignatureVersion') !== '1.0') {
    throw new StsRefusal(400, 'InvalidParameter.SignatureMethod', 'Specified signature method is not valid.');
  }
  checkTimestamp(value('Timestamp'));
  const lookup = credentials.find(value('AccessKeyId'), parameters.get('SecurityToken'));
  if (lookup.problem) throw new StsRefusal(...credentialProblems[lookup.problem]);
  const stringToSign = stringToSignRpc(method, parameters);
  const signature = createHmac('sha1', `${lookup.key.accessKeySecret}&`)
    .update(stringToSign)
    .digest('base64');
  if (signature !== value('Signature')) {
    const message = `Specified signature is not matched with our calculation. server string to sign is:${stringToSign}`;
    throw new StsRefusal(400, 'SignatureDoesNotMatch', message);
  }
}

/** Which operation of which version is asked for, whatever way the call is signed. */
export function checkAction(parameters: Parameters): void {
  const { Action: action = '', Version: version = '' } = Object.fromEntries(parameters);
  if (action === '') throw new StsRefusal(400, 'MissingAction', 'Action is mandatory for this action.');
  if (version === '') throw new StsRefusal(400, 'MissingVersion', 'Version is mandatory for this action.');
  if (version !== '2015-04-01')
    throw new StsRefusal(400, 'InvalidVersion', 'Specified parameter Version is not valid.');
  if (action === 'AssumeRole') return;
  const message = 'Specified api is not found, please check your url and method.';
  throw new StsRefusal(404, 'InvalidAction.NotFound', message);
}

export function checkTimestamp(text: string): void {
  const timestampMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(timestampMs)) {
    throw new StsRefusal(
      400,
      'InvalidTimeStamp.Format',
      'Specified time stamp or date value is not well formatted.',
    );
  }
  if (Math.abs(Date.now() - timestampMs) > skewMs) {
    throw new StsRefusal(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
  }
}

/** A nonce counts as used for as long as its timestamp could pass. */
export function useNonce(nonces: Map<string, number>, parameters: Parameters): void {
  const nowMs = Date.now();
  for (const [nonce, untilMs] of nonces) {
    if (untilMs >= nowMs) break;
    nonces.delete(nonce);
  }
  const nonce = `${parameters.get('AccessKeyId')} ${parameters.get('SignatureNonce')}`;
  if (nonces.has(nonce)) {
    throw new StsRefusal(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
  }
  nonces.set(nonce, nowMs + 2 * skewMs);
}

function stringToSignRpc(method: string, parameters: Parameters): string {
  const names = [...parameters.keys()].filter((name) => name !== 'Signature').sort();
  const query = names
    .map((name) => `${percentEncode(name)}=${percentEncode(parameters.get(name) ?? '')}`)
    .join('&');
  return `${method}&${percentEncode('/')}&${percentEncode(query)}`;
}

export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
