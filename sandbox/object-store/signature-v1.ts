/** OSS signature version 1 (HMAC-SHA1), in the Authorization header or in a URL. */
import { createHmac } from 'node:crypto';
import { header, type StoreRequest } from './request.js';

/**
 * Query parameters that version 1 signs; all others are left out of the signature.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header
 */
const signedParameters = new Set(
  `acl append asyncFetch bucketInfo callback callback-var cname comp continuation-token cors delete encryption
  endTime group img inventory inventoryId lifecycle link live location logging metaQuery objectInfo objectMeta
  partNumber policy position qos qosInfo referer replication replicationLocation replicationProgress
  requestPayment response-cache-control response-content-disposition response-content-encoding
  response-content-language response-content-type response-expires restore security-token sequential startTime
  stat status style styleName symlink tagging transferAcceleration uploadId uploads versionId versioning versions
  vod website worm wormExtend wormId x-oss-ac-forward-allow x-oss-ac-source-ip x-oss-ac-subnet-mask
  x-oss-ac-vpc-id x-oss-process x-oss-request-payer x-oss-traffic-limit`.split(/\s+/),
);

/** The text version 1 signs; `date` is the Date line: an HTTP date, or Expires in Unix seconds for a URL. */
export function stringToSignV1(request: StoreRequest, date: string): string {
  const lines = [request.method, header(request, 'content-md5'), header(request, 'content-type'), date];
  const names = Object.keys(request.incoming.headers).filter((name) => name.startsWith('x-oss-'));
  for (const name of names.sort()) lines.push(`${name}:${header(request, name).trim()}`);
  lines.push(canonicalResource(request));
  return lines.join('\n');
}

export function signV1(accessKeySecret: string, stringToSign: string): string {
  return createHmac('sha1', accessKeySecret).update(stringToSign).digest('base64');
}

function canonicalResource(request: StoreRequest): string {
  const path = request.bucket === '' ? '/' : `/${request.bucket}/${request.key}`;
  const parameters = [...request.query].filter(([name]) => signedParameters.has(name));
  const texts = parameters.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).sort();
  return texts.length === 0 ? path : `${path}?${texts.join('&')}`;
}
