/** Reads a request's address: which bucket and key, by path or by Host header, and the decoded query. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.js';

export interface StoreRequest {
  incoming: IncomingMessage;
  method: string;
  /** Host header without the port, lower case. */
  host: string;
  /** '' when the request addresses the service itself. */
  bucket: string;
  /** '' when the request addresses a bucket. */
  key: string;
  /** Decoded; a parameter without a value has ''. */
  query: Map<string, string>;
  /** The region in the host name, e.g. cn-hangzhou; undefined on localhost and custom domains. */
  endpointRegion: string | undefined;
}

export interface AddressingSettings {
  /** Custom domains bound to buckets: host name → bucket. */
  customDomains: Record<string, string>;
}

const bucketForm = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]', '']);
const regionalHost = /^(?:(.+)\.)?oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/;
const localVirtualHost = /^(.+?)\.(?:oss\.)?localhost$/;
const longestKeyBytes = 1023;

export function isBucketName(name: string): boolean {
  return bucketForm.test(name);
}

/** Refuses a key OSS refuses: over 1,023 bytes, or starting with a slash or backslash. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > longestKeyBytes || key.startsWith('/') || key.startsWith('\\')) {
    throw new Refusal('InvalidObjectName', { fields: { ObjectName: key } });
  }
}

/** Throws a Refusal for a malformed URI, bucket or key, and for path style on a regional host name. */
export function readRequest(incoming: IncomingMessage, settings: AddressingSettings): StoreRequest {
  const target = (incoming.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  const queryStart = target.indexOf('?');
  const rawPath = queryStart < 0 ? target : target.slice(0, queryStart);
  const path = decodeText(rawPath === '' ? '/' : rawPath).slice(1);
  const host = (incoming.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const address = resolveAddress(host, path, settings);
  if (address.bucket !== '' && !isBucketName(address.bucket)) {
    throw new Refusal('InvalidBucketName', { fields: { BucketName: address.bucket } });
  }
  checkKey(address.key);
  return {
    incoming,
    method: incoming.method ?? 'GET',
    host,
    query: readQuery(queryStart < 0 ? '' : target.slice(queryStart + 1)),
    ...address,
  };
}

type Address = Pick<StoreRequest, 'bucket' | 'key' | 'endpointRegion'>;

function resolveAddress(host: string, path: string, settings: AddressingSettings): Address {
  if (loopbackHosts.has(host)) return splitPath(path);
  const regional = regionalHost.exec(host);
  if (regional) {
    const [, bucket, endpointRegion] = regional;
    if (bucket === undefined && path !== '') throw new Refusal('SecondLevelDomainForbidden');
    return { bucket: bucket ?? '', key: path, endpointRegion };
  }
  const bucket = localVirtualHost.exec(host)?.[1] ?? settings.customDomains[host];
  if (bucket === undefined) throw new Refusal('NoSuchBucket', { fields: { BucketName: host } });
  return { bucket, key: path, endpointRegion: undefined };
}

function splitPath(path: string): Address {
  const slash = path.indexOf('/');
  const bucket = slash < 0 ? path : path.slice(0, slash);
  return { bucket, key: slash < 0 ? '' : path.slice(slash + 1), endpointRegion: undefined };
}

function readQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    query.set(decodeText(name.replaceAll('+', ' ')), decodeText(value.replaceAll('+', ' ')));
  }
  return query;
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal('InvalidURI');
  }
}

/** A header's value as one string, '' when absent. Names are lower case. */
export function header(request: StoreRequest, name: string): string {
  const value = request.incoming.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
