/**
 * What the rest of the product may ask of a store of objects: the port. A path's scheme chooses the driver that does it.
 *
 * Room: src/storage holds the port to where files are kept, and a folder a kind of store.
 */

import type { Readable } from 'node:stream';
import type { Json } from '../json.js';
import type { FileFields, FileValue, Right } from './file-value.js';
import type { PathForm, StoragePath } from './path.js';

export interface ObjectInfo {
  bytes: number;
  /** In quotes, as HTTP writes it; changes with the content. */
  etag: string;
  contentType: string | undefined;
  lastModified: Date | undefined;
  /** Its bytes can be read by nobody before it is restored. */
  archived?: boolean;
}

export interface ListedObject {
  path: StoragePath;
  bytes: number;
  /** In quotes, as of ObjectInfo. */
  etag: string;
  lastModified: Date;
}

export interface ObjectPage {
  objects: ListedObject[];
  /** Gives the page behind this one; undefined behind the last. */
  next: string | undefined;
}

/** A body to be saved; length and CRC-64 (an unsigned decimal number) when its origin announced them. */
export interface OpenedSource {
  stream: Readable;
  lengthBytes?: number;
  crc64?: string;
}

/** What an object says beside its bytes. */
export interface ObjectHeaders {
  contentType: string;
  metadata?: Record<string, string>;
}

export interface SaveOptions extends ObjectHeaders {
  /** What the object must measure; a source of another length is an error and leaves no object. */
  lengthBytes?: number;
  signal: AbortSignal;
  /** Bytes that the store has accepted so far; starts again at a lower number when the copy is repeated. */
  onProgress?(bytes: number): void;
}

/** What SQL writes about places, read without asking anybody. */
export interface Places {
  /** KnownError 22023 that names `field`, also for a scheme that no driver has. */
  readPath(text: string, field: string): StoragePath;
  /** A FILE; malformed paths are a KnownError, its right is checked where it is used. `field`: where the FILE stands; to_file has none. */
  readFile(value: Json, field?: string): FileValue;
}

/** One store that is open. All rights and paths are of its own scheme. */
export interface Store {
  /** What is worth knowing of the settings; undefined: nothing is. Asks nobody. */
  checkSettings(): string | undefined;

  /** Refuses a right that is malformed or not allowed (KnownError 22023, 42501). Asks nobody. */
  checkRight(right: Right): void;

  /** Facts of one object; a missing or unreadable one is a KnownError 58P01 that names the path, one that is surely missing a MissingFile. */
  head(path: StoragePath, right: Right, signal: AbortSignal): Promise<ObjectInfo>;

  /** The first bytes of an object, at most so many. Errors as of `head`. */
  beginning(path: StoragePath, right: Right, bytes: number, signal: AbortSignal): Promise<Buffer>;

  /**
   * The objects of a directory, a page of at most a thousand at a time; those in directories under it only if `recursive`. Left out is what
   * only stands for a directory. What may not be listed is a KnownError: 58P01 for a missing bucket, 42501 for a right that does not hold.
   * @param options.after `next` of the page before
   */
  list(
    directory: StoragePath,
    right: Right,
    options: { recursive: boolean; after?: string | undefined; signal: AbortSignal },
  ): Promise<ObjectPage>;

  /**
   * A public URL that lets the provider read the object. It lives no longer than the right can: one hour at most. `process`: what the store
   * is to make of it on its way out, in its own words; a store that makes nothing of it gives the object as it is.
   */
  presign(
    path: StoragePath,
    right: Right,
    options: { expiresSeconds: number; signal: AbortSignal; process?: string | undefined },
  ): Promise<string>;

  /** Proves before spending that the right allows to write such an object under this path (writes nothing lasting). */
  checkWritable(path: StoragePath, right: Right, headers: ObjectHeaders, signal: AbortSignal): Promise<void>;

  /**
   * Streams a body into one object, constant memory, verified (length and checksum, at both ends where the source tells
   * its own). `open` is called again for a retry, so the source must be reopenable.
   */
  save(
    path: StoragePath,
    right: Right,
    open: (signal: AbortSignal) => Promise<OpenedSource>,
    options: SaveOptions,
  ): Promise<{ bytes: number; etag: string }>;

  /** Ends whatever is still running. */
  close(): Promise<void>;
}

/** One kind of store: how SQL writes its places, and how it is opened. */
export interface Driver<Settings> {
  form: PathForm;
  /** What a FILE's texts beside its path mean here; nothing is checked yet. */
  readRight(file: FileFields): Right;
  /** Nothing is sent before the first call. */
  open(settings: Settings): Store;
}

/** All stores in one. */
export interface Storage extends Places, Store {}
