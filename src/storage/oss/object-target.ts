/** The object a copy is made into: requests for it, what they carry, and what OSS says it stored. */

import type OSS from 'ali-oss';
import { KnownError } from '../../errors.js';
import { formatPath, type StoragePath } from '../path.js';
import type { ObjectHeaders, ObjectInfo, SaveOptions } from '../storage.js';
import { notOfStore } from './error.js';
import type { PartBuffers } from './part-buffers.js';

/** 10,000 parts of this size are 39 GiB, far above any output; a copy in parts holds at most three of them. */
export const partBytes = 4 * 1024 * 1024;

export interface OssObjectInfo extends ObjectInfo {
  /** An unsigned decimal number; an object that was not uploaded but copied may have none. */
  crc64: string | undefined;
}

/** How a copy reaches its object; requests by `send` were tried three times when they fail. */
export interface ObjectTarget {
  path: StoragePath;
  send<T>(request: (client: OSS) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Not tried again: for a body that can be read only once. */
  sendOnce<T>(request: (client: OSS) => Promise<T>, signal: AbortSignal): Promise<T>;
  head(signal: AbortSignal): Promise<OssObjectInfo>;
}

export interface CopyContext {
  target: ObjectTarget;
  buffers: PartBuffers;
  options: SaveOptions;
  idleMs: number;
}

export interface Saved {
  bytes: number;
  etag: string;
}

/** OSS keeps user metadata in headers, which carry ASCII only. */
function asciiMetadata(metadata: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      name,
      value.replace(/[^\x20-\x7e]+/g, (text) => encodeURIComponent(Buffer.from(text).toString())).trim(),
    ]),
  );
}

export function headersOf({ contentType, metadata }: ObjectHeaders): {
  headers: Record<string, string>;
  mime: string;
  meta: OSS.UserMeta;
} {
  return {
    headers: {},
    mime: contentType,
    meta: asciiMetadata(metadata) as unknown as OSS.UserMeta,
  };
}

interface OssResult {
  res: { headers: object };
}

function headerOf(result: OssResult, name: string): string {
  return (result.res.headers as Record<string, string | undefined>)[name] ?? '';
}

/** What OSS computed over the bytes it stored, also for encrypted objects, whose ETag need not be an MD5. */
export const crc64Header = 'x-oss-hash-crc64ecma';

/** The ETag of what was stored. Bytes may flip on their way past every network checksum: then it is an error, and worth another try. */
export function checkStored(result: OssResult, crc64: string, path: StoragePath): string {
  const stored = headerOf(result, crc64Header);
  if (stored === '' && headerOf(result, 'x-oss-request-id') === '') throw notOfStore(path);
  if (stored === '' || stored === crc64) return headerOf(result, 'etag');
  throw new KnownError({
    kind: 'ioError',
    message: `OSS stored other bytes for ${formatPath(path)} than were sent`,
    detail: `CRC-64 sent ${crc64}, stored ${stored}`,
    retryable: true,
  });
}
