/** What is asked of OSS about one object, in the name of a role: its facts, an address, a proof that it can be written, a copy. */

import { randomUUID } from 'node:crypto';
import { KnownError } from '../../errors.js';
import { formatPath, isDirectory, joinPath, type StoragePath } from '../path.js';
import type { ObjectHeaders, OpenedSource, SaveOptions, Store } from '../storage.js';
import { presignGet } from './client.js';
import { notOfStore, ServiceRefusal, toReadError, toSqlError } from './error.js';
import {
  crc64Header,
  headersOf,
  type ObjectTarget,
  type OssObjectInfo,
  type Saved,
} from './object-target.js';
import type { PartBuffers } from './part-buffers.js';
import type { OssRight } from './right.js';
import { longestLifeSeconds, type RoleScope } from './role-credentials.js';
import type { RoleRequests } from './role-requests.js';
import { saveStream } from './save-stream.js';

/** What the requests of one store share. */
export interface ObjectRequests extends RoleRequests {
  buffers: PartBuffers;
  idleMs: number;
}

/** `purpose`: the rights that are asked for; a copy looks at its own object with those to write. */
export async function readHead(
  { send }: ObjectRequests,
  purpose: RoleScope['purpose'],
  path: StoragePath,
  right: OssRight,
  signal: AbortSignal,
): Promise<OssObjectInfo> {
  if (path.key === '') throw notAFile(path);
  try {
    const result = await send(
      scopeOf(path, right, purpose),
      right,
      (client) => client.head(path.key),
      signal,
    );
    const headers = result.res.headers as Record<string, string | undefined>;
    if (!headers['x-oss-request-id']) throw notOfStore(path);
    return asInfo(headers);
  } catch (error) {
    throw toReadError(error, path, right.roleArn);
  }
}

export async function readBeginning(
  { send }: ObjectRequests,
  path: StoragePath,
  right: OssRight,
  bytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  if (path.key === '') throw notAFile(path);
  const headers = { Range: `bytes=0-${bytes - 1}` };
  try {
    const result = await send(
      scopeOf(path, right, 'read'),
      right,
      (client) => client.get(path.key, { headers }),
      signal,
    );
    return Buffer.from(result.content);
  } catch (error) {
    throw toReadError(error, path, right.roleArn);
  }
}

/** The address lives as long as it is asked to, but not longer than the credentials that sign it. */
export async function presignObject(
  { connect }: ObjectRequests,
  path: StoragePath,
  right: OssRight,
  { expiresSeconds, signal, process }: Parameters<Store['presign']>[2],
): Promise<string> {
  if (path.key === '') throw notAFile(path);
  const seconds = Math.max(1, Math.min(Math.ceil(expiresSeconds), longestLifeSeconds));
  const connection = await connect(scopeOf(path, right, 'read'), right, seconds, signal);
  const lifeSeconds = Math.floor((connection.credentials.expiresAt.getTime() - Date.now()) / 1000);
  return presignGet(connection, path.key, Math.max(1, Math.min(seconds, lifeSeconds)), process);
}

/** Begins an upload that is never completed: it needs the same right as writing, is refused for the same headers, and creates no object. */
export async function probeWriting(
  { send }: ObjectRequests,
  path: StoragePath,
  right: OssRight,
  objectHeaders: ObjectHeaders,
  signal: AbortSignal,
): Promise<void> {
  const scope = scopeOf(path, right, 'write');
  const { key } = isDirectory(path) ? joinPath(path, `.hologen-write-check-${randomUUID()}`) : path;
  try {
    const begun = await send(
      scope,
      right,
      (client) => client.initMultipartUpload(key, headersOf(objectHeaders)),
      signal,
    );
    const drop = send(scope, right, (client) => client.abortMultipartUpload(key, begun.uploadId), signal);
    await drop.catch((error: unknown) => {
      // A role without AbortMultipartUpload leaves an upload without parts, which costs nothing.
      if (!(error instanceof ServiceRefusal)) throw error;
    });
  } catch (error) {
    throw toSqlError(error, 'cannot write to', path);
  }
}

export async function saveObject(
  requests: ObjectRequests,
  path: StoragePath,
  right: OssRight,
  open: (signal: AbortSignal) => Promise<OpenedSource>,
  options: SaveOptions,
): Promise<Saved> {
  if (isDirectory(path)) throw notAFile(path);
  const { buffers, idleMs } = requests;
  const scope = scopeOf(path, right, 'write');
  const target: ObjectTarget = {
    path,
    send: (request, signal) => requests.send(scope, right, request, signal),
    sendOnce: (request, signal) => requests.sendOnce(scope, right, request, signal),
    head: (signal) => readHead(requests, 'write', path, right, signal),
  };
  try {
    return await saveStream({ target, buffers, options, idleMs }, open);
  } catch (error) {
    throw toSqlError(error, 'cannot write', path);
  }
}

function scopeOf(path: StoragePath, right: OssRight, purpose: RoleScope['purpose']): RoleScope {
  return { roleArn: right.roleArn, bucket: path.bucket, purpose };
}

function asInfo(headers: Record<string, string | undefined>): OssObjectInfo {
  const modified = headers['last-modified'];
  return {
    bytes: Number(headers['content-length'] ?? 0),
    etag: headers.etag ?? '',
    crc64: headers[crc64Header],
    contentType: headers['content-type'],
    lastModified: modified ? new Date(modified) : undefined,
    archived: frozen.has(headers['x-oss-storage-class'] ?? '') && !isRestored(headers),
  };
}

/** Of Archive a bucket may allow reading all the same, which no object tells. https://www.alibabacloud.com/help/en/oss/developer-reference/headobject */
const frozen = new Set(['ColdArchive', 'DeepColdArchive']);

function isRestored(headers: Record<string, string | undefined>): boolean {
  return headers['x-oss-restore']?.includes('ongoing-request="false"') ?? false;
}

function notAFile(path: StoragePath): KnownError {
  return new KnownError({
    kind: 'invalidParameterValue',
    message: `${formatPath(path)} is a directory, an object is needed`,
    hint: 'Write the full path of a file, without a slash at its end.',
  });
}
