/** What the rest of the product may ask of an object store. */

import type { Readable } from 'node:stream';
import type { OssPath } from './oss-path.js';

/** What to_file() grants: an endpoint and a role, for the bucket of its path. */
export interface FileAccess {
  endpoint: string;
  roleArn: string;
}

export interface ObjectInfo {
  bytes: number;
  /** In quotes, as OSS writes it; changes with the content. */
  etag: string;
  /** CRC-64 as an unsigned decimal number; an object that was not uploaded but copied may have none. */
  crc64: string | undefined;
  contentType: string | undefined;
  lastModified: Date | undefined;
}

/** A body to be saved; length and CRC-64 (an unsigned decimal number) when its origin announced them. */
export interface OpenedSource {
  stream: Readable;
  lengthBytes?: number;
  crc64?: string;
}

export interface SaveOptions {
  contentType: string;
  metadata?: Record<string, string>;
  /** What the object must measure; a source of another length is an error and leaves no object. */
  lengthBytes?: number;
  signal: AbortSignal;
  /** Bytes that the object store has accepted so far; starts again at a lower number when the copy is repeated. */
  onProgress?(bytes: number): void;
}

export interface Storage {
  /** Refuses a malformed or foreign endpoint (KnownError 22023) and a role that may not be named (22023, 42501). Asks nobody. */
  checkAccess(access: FileAccess): void;

  /** Facts of one object; a missing or unreadable one is a KnownError 58P01 that names the path. */
  head(path: OssPath, access: FileAccess, signal: AbortSignal): Promise<ObjectInfo>;

  /**
   * A public URL that lets the provider read the object, signed with the role's credentials. It lives at most as
   * long as those credentials can: one hour.
   */
  presign(
    path: OssPath,
    access: FileAccess,
    options: { expiresSeconds: number; signal: AbortSignal },
  ): Promise<string>;

  /** Proves before spending that the role may write under this path (writes nothing lasting). */
  checkWritable(path: OssPath, access: FileAccess, signal: AbortSignal): Promise<void>;

  /**
   * Streams a body into one object, constant memory, verified (length and CRC-64, at both ends where the source tells its own). `open` is called again for a
   * retry, so the source must be reopenable.
   */
  save(
    path: OssPath,
    access: FileAccess,
    open: (signal: AbortSignal) => Promise<OpenedSource>,
    options: SaveOptions,
  ): Promise<{ bytes: number; etag: string }>;
}
