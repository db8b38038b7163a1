/** OSS signature version 4 (OSS4-HMAC-SHA256), in the Authorization header or in a URL. */
import { createHash, createHmac } from 'node:crypto';
import { header, type StoreRequest } from './request.js';

export const algorithmV4 = 'OSS4-HMAC-SHA256';

export interface CredentialScope {
  accessKeyId: string;
  /** yyyymmdd */
  day: string;
  region: string;
  product: string;
  terminator: string;
}

/** `<access key>/<day>/<region>/oss/aliyun_v4_request`; undefined when it has another number of fields. */
export function readCredentialScope(text: string): CredentialScope | undefined {
  const [accessKeyId, day, region, product, terminator, ...rest] = text.split('/');
  if (!accessKeyId || !day || !region || !product || !terminator || rest.length > 0) return undefined;
  return { accessKeyId, day, region, product, terminator };
}

/**
 * The canonical request: verb, resource, query without its signature, signed headers, payload hash.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4
 */
export function canonicalRequestV4(request: StoreRequest, additionalHeaders: string[]): string {
  const path = request.bucket === '' ? '/' : `/${request.bucket}/${request.key}`;
  const query = [...request.query]
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const names = new Set([
    ...additionalHeaders,
    ...Object.keys(request.incoming.headers).filter(isAlwaysSigned),
  ]);
  const headers = [...names].sort().map((name) => `${name}:${header(request, name).trim()}\n`);
  return [
    request.method,
    encode(path).replaceAll('%2F', '/'),
    query.join('&'),
    headers.join(''),
    additionalHeaders.join(';'),
    header(request, 'x-oss-content-sha256') || 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

/** `date` is yyyymmddThhmmssZ. */
export function stringToSignV4(canonicalRequest: string, scope: CredentialScope, date: string): string {
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const scopeText = [scope.day, scope.region, scope.product, scope.terminator].join('/');
  return [algorithmV4, date, scopeText, hash].join('\n');
}

export function signV4(accessKeySecret: string, scope: CredentialScope, stringToSign: string): string {
  let key: string | Buffer = `aliyun_v4${accessKeySecret}`;
  for (const part of [scope.day, scope.region, scope.product, scope.terminator, stringToSign]) {
    key = createHmac('sha256', key).update(part).digest();
  }
  return key.toString('hex');
}

function isAlwaysSigned(name: string): boolean {
  return name === 'content-type' || name === 'content-md5' || name.startsWith('x-oss-');
}

/** RFC 3986: everything but letters, digits and `-._~` is percent-encoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
