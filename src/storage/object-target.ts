/** The object a copy is made into: requests for it, what they carry, and what OSS says it stored. */

import type OSS from 'ali-oss';
import { SqlError, sqlstate } from '../errors.js';
import { formatOssPath, type OssPath } from './oss-path.js';
import type { PartBuffers } from './part-buffers.js';
import type { ObjectInfo, SaveOptions } from './storage.js';

/** 10,000 parts of this size are 39 GiB, far above any output; a copy in parts holds at most three of them. */
export const partBytes = 4 * 1024 * 1024;

/** How a copy reaches its object; requests by `send` were tried three times when they fail. */
export interface ObjectTarget {
  path: OssPath;
  send<T>(request: (client: OSS) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Not tried again: for a body that can be read only once. */
  sendOnce<T>(request: (client: OSS) => Promise<T>, signal: AbortSignal): Promise<T>;
  head(signal: AbortSignal): Promise<ObjectInfo>;
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

export function headersOf(options: SaveOptions): {
  headers: Record<string, string>;
  mime: string;
  meta: OSS.UserMeta;
} {
  return {
    headers: {},
    mime: options.contentType,
    meta: asciiMetadata(options.metadata) as unknown as OSS.UserMeta,
  };
}

interface OssResult {
  res: { headers: object };
}

export function headerOf(result: OssResult, name: string): string {
  return (result.res.headers as Record<string, string | undefined>)[name] ?? '';
}

/**
 * OSS refuses a body that does not fit its Content-MD5; the ETag says what was stored. An encrypted object's ETag need
 * not be an MD5.
 */
export function checkStored(result: OssResult, md5: string, path: OssPath): string {
  const etag = headerOf(result, 'etag');
  if (headerOf(result, 'x-oss-server-side-encryption')) return etag;
  const expected = Buffer.from(md5, 'base64').toString('hex').toUpperCase();
  const found = etag.replaceAll('"', '').toUpperCase();
  if (found === expected) return etag;
  throw new SqlError({
    sqlstate: sqlstate.ioError,
    message: `OSS stored other bytes for ${formatOssPath(path)} than were sent`,
    detail: `MD5 sent ${expected}, ETag stored ${found}`,
    retryable: true,
  });
}
