/** The object store of the product: OSS, reached with the roles that SQL names. */

import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Agent } from 'undici';
import { KnownError } from '../../errors.js';
import { formatOssPath, isDirectory, joinOssPath, type OssPath } from '../oss-path.js';
import type { FileAccess, ObjectInfo, OpenedSource, SaveOptions, Storage } from '../storage.js';
import { waitFor } from './attempts.js';
import { presignGet } from './client.js';
import { checkOverride, resolveEndpoint } from './endpoint.js';
import { ServiceRefusal, toReadError, toSqlError } from './error.js';
import { crc64Header, type ObjectTarget, partBytes } from './object-target.js';
import { createPartBuffers } from './part-buffers.js';
import { createProofs } from './proofs.js';
import { checkRole } from './role-arn.js';
import { longestLifeSeconds, type RoleScope } from './role-credentials.js';
import { createRoleRequests } from './role-requests.js';
import { saveStream } from './save-stream.js';
import type { StorageSettings } from './settings.js';

export type { StorageSettings } from './settings.js';

/** 32 buffers of 4 MiB bound the memory of all copies together; a few stay allocated between copies. */
const maximumBuffers = 32;
const keptBuffers = 8;

const writableForMs = 5 * 60_000;
const keepAliveMs = 20_000;

function asInfo(headers: Record<string, string | undefined>): ObjectInfo {
  const modified = headers['last-modified'];
  return {
    bytes: Number(headers['content-length'] ?? 0),
    etag: headers.etag ?? '',
    crc64: headers[crc64Header],
    contentType: headers['content-type'],
    lastModified: modified ? new Date(modified) : undefined,
  };
}

function notAFile(path: OssPath): KnownError {
  return new KnownError({
    kind: 'invalidParameterValue',
    message: `${formatOssPath(path)} is a directory, an object is needed`,
    hint: 'Write the full path of a file, without a slash at its end.',
  });
}

/**
 * Opens the storage client; nothing is sent before the first call. `close` ends whatever is still running.
 * @throws Error for an override that is not https or loopback
 */
export function createOssStorage(
  settings: StorageSettings,
): Storage & { close(): Promise<void>; [Symbol.asyncDispose](): Promise<void> } {
  if (settings.ossEndpointOverride) checkOverride(settings.ossEndpointOverride, 'HOLOGEN_OSS_ENDPOINT');
  const { timeouts } = settings;
  const dispatcher = new Agent({ connect: { timeout: timeouts.connectMs }, keepAliveTimeout: keepAliveMs });
  const { connect, sendOnce, send } = createRoleRequests(settings, dispatcher);
  const buffers = createPartBuffers(partBytes, maximumBuffers, keptBuffers);
  const proveOnce = createProofs(writableForMs);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);

  /** Runs something that the caller or `close` can abort. */
  async function untilClosed<T>(
    callerSignal: AbortSignal,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    // AbortSignal.any on a signal as old as the process would keep a trace of every call for ever (Node 20).
    const closer = new AbortController();
    const onClose = () => closer.abort(closing.signal.reason);
    if (closing.signal.aborted) onClose();
    closing.signal.addEventListener('abort', onClose, { once: true });
    try {
      return await run(AbortSignal.any([callerSignal, closer.signal]));
    } finally {
      closing.signal.removeEventListener('abort', onClose);
    }
  }

  async function headWith(
    purpose: RoleScope['purpose'],
    path: OssPath,
    access: FileAccess,
    signal: AbortSignal,
  ): Promise<ObjectInfo> {
    if (path.key === '') throw notAFile(path);
    try {
      const scope: RoleScope = { roleArn: access.roleArn, bucket: path.bucket, purpose };
      const result = await send(scope, access, (client) => client.head(path.key), signal);
      return asInfo(result.res.headers as Record<string, string | undefined>);
    } catch (error) {
      throw toReadError(error, path, access.roleArn);
    }
  }

  /** Begins an upload that is never completed: it needs the same right as writing and creates no object. */
  async function probe(path: OssPath, access: FileAccess): Promise<void> {
    const scope: RoleScope = { roleArn: access.roleArn, bucket: path.bucket, purpose: 'write' };
    const target = isDirectory(path) ? joinOssPath(path, `.hologen-write-check-${randomUUID()}`) : path;
    const { signal } = closing;
    try {
      const begun = await send(scope, access, (client) => client.initMultipartUpload(target.key), signal);
      // A role without AbortMultipartUpload leaves an upload without parts, which costs nothing.
      await send(
        scope,
        access,
        (client) => client.abortMultipartUpload(target.key, begun.uploadId),
        signal,
      ).catch((error: unknown) => {
        if (!(error instanceof ServiceRefusal)) throw error;
      });
    } catch (error) {
      throw toSqlError(error, 'cannot write to', path);
    }
  }

  async function close(): Promise<void> {
    closing.abort(
      new KnownError({
        kind: 'adminShutdown',
        message: 'the gateway is shutting down',
        retryable: true,
      }),
    );
    await dispatcher.destroy();
  }

  async function presign(
    path: OssPath,
    access: FileAccess,
    expiresSeconds: number,
    signal: AbortSignal,
  ): Promise<string> {
    if (path.key === '') throw notAFile(path);
    const scope: RoleScope = { roleArn: access.roleArn, bucket: path.bucket, purpose: 'read' };
    const seconds = Math.max(1, Math.min(Math.ceil(expiresSeconds), longestLifeSeconds));
    const connection = await connect(scope, access, seconds, signal);
    const lifeSeconds = Math.floor((connection.credentials.expiresAt.getTime() - Date.now()) / 1000);
    return presignGet(connection, path.key, Math.max(1, Math.min(seconds, lifeSeconds)));
  }

  async function save(
    path: OssPath,
    access: FileAccess,
    open: (signal: AbortSignal) => Promise<OpenedSource>,
    options: SaveOptions,
  ): Promise<{ bytes: number; etag: string }> {
    if (isDirectory(path)) throw notAFile(path);
    const scope: RoleScope = { roleArn: access.roleArn, bucket: path.bucket, purpose: 'write' };
    const target: ObjectTarget = {
      path,
      send: (request, signal) => send(scope, access, request, signal),
      sendOnce: (request, signal) => sendOnce(scope, access, request, signal),
      head: (signal) => headWith('write', path, access, signal),
    };
    try {
      return await saveStream({ target, buffers, options, idleMs: timeouts.idleMs }, open);
    } catch (error) {
      throw toSqlError(error, 'cannot write', path);
    }
  }

  return {
    checkAccess({ endpoint, roleArn }) {
      checkRole(roleArn, settings);
      resolveEndpoint(endpoint, 'oss_endpoint', settings);
    },

    head: (path, access, signal) => untilClosed(signal, (either) => headWith('read', path, access, either)),

    presign: (path, access, { expiresSeconds, signal }) =>
      untilClosed(signal, (either) => presign(path, access, expiresSeconds, either)),

    checkWritable(path, access, signal) {
      const key = JSON.stringify([access.roleArn, access.endpoint, path.bucket, path.key]);
      return untilClosed(signal, (either) =>
        waitFor(
          proveOnce(key, () => probe(path, access)),
          either,
        ),
      );
    },

    save: (path, access, open, options) =>
      untilClosed(options.signal, (either) => save(path, access, open, { ...options, signal: either })),

    close,
    [Symbol.asyncDispose]: close,
  };
}
