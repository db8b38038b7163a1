/** OSS as a store of the product, reached with the roles that SQL names. */

import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Agent } from 'undici';
import { KnownError } from '../../errors.js';
import type { Right } from '../file-value.js';
import { formatPath, isDirectory, joinPath, type StoragePath } from '../path.js';
import type { OpenedSource, SaveOptions, Store } from '../storage.js';
import { waitFor } from './attempts.js';
import { presignGet } from './client.js';
import { checkOverride, resolveEndpoint } from './endpoint.js';
import { ServiceRefusal, toReadError, toSqlError } from './error.js';
import { crc64Header, type ObjectTarget, type OssObjectInfo, partBytes } from './object-target.js';
import { createPartBuffers } from './part-buffers.js';
import { createProofs } from './proofs.js';
import { asOssRight, type OssRight } from './right.js';
import { checkRole } from './role-arn.js';
import { longestLifeSeconds, type RoleScope } from './role-credentials.js';
import { createRoleRequests } from './role-requests.js';
import { saveStream } from './save-stream.js';
import type { OssSettings } from './settings.js';

/** 32 buffers of 4 MiB bound the memory of all copies together; a few stay allocated between copies. */
const maximumBuffers = 32;
const keptBuffers = 8;

const writableForMs = 5 * 60_000;
const keepAliveMs = 20_000;

function asInfo(headers: Record<string, string | undefined>): OssObjectInfo {
  const modified = headers['last-modified'];
  return {
    bytes: Number(headers['content-length'] ?? 0),
    etag: headers.etag ?? '',
    crc64: headers[crc64Header],
    contentType: headers['content-type'],
    lastModified: modified ? new Date(modified) : undefined,
  };
}

function notAFile(path: StoragePath): KnownError {
  return new KnownError({
    kind: 'invalidParameterValue',
    message: `${formatPath(path)} is a directory, an object is needed`,
    hint: 'Write the full path of a file, without a slash at its end.',
  });
}

export interface OssStore extends Store {
  head(path: StoragePath, right: Right, signal: AbortSignal): Promise<OssObjectInfo>;
}

/**
 * Opens the storage client; nothing is sent before the first call. `close` ends whatever is still running.
 * @throws Error for an override that is not https or loopback
 */
export function openOssStore(settings: OssSettings): OssStore {
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
    path: StoragePath,
    right: OssRight,
    signal: AbortSignal,
  ): Promise<OssObjectInfo> {
    if (path.key === '') throw notAFile(path);
    try {
      const scope: RoleScope = { roleArn: right.roleArn, bucket: path.bucket, purpose };
      const result = await send(scope, right, (client) => client.head(path.key), signal);
      return asInfo(result.res.headers as Record<string, string | undefined>);
    } catch (error) {
      throw toReadError(error, path, right.roleArn);
    }
  }

  /** Begins an upload that is never completed: it needs the same right as writing and creates no object. */
  async function probe(path: StoragePath, right: OssRight): Promise<void> {
    const scope: RoleScope = { roleArn: right.roleArn, bucket: path.bucket, purpose: 'write' };
    const target = isDirectory(path) ? joinPath(path, `.hologen-write-check-${randomUUID()}`) : path;
    const { signal } = closing;
    try {
      const begun = await send(scope, right, (client) => client.initMultipartUpload(target.key), signal);
      // A role without AbortMultipartUpload leaves an upload without parts, which costs nothing.
      await send(
        scope,
        right,
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
    path: StoragePath,
    right: OssRight,
    expiresSeconds: number,
    signal: AbortSignal,
  ): Promise<string> {
    if (path.key === '') throw notAFile(path);
    const scope: RoleScope = { roleArn: right.roleArn, bucket: path.bucket, purpose: 'read' };
    const seconds = Math.max(1, Math.min(Math.ceil(expiresSeconds), longestLifeSeconds));
    const connection = await connect(scope, right, seconds, signal);
    const lifeSeconds = Math.floor((connection.credentials.expiresAt.getTime() - Date.now()) / 1000);
    return presignGet(connection, path.key, Math.max(1, Math.min(seconds, lifeSeconds)));
  }

  async function save(
    path: StoragePath,
    right: OssRight,
    open: (signal: AbortSignal) => Promise<OpenedSource>,
    options: SaveOptions,
  ): Promise<{ bytes: number; etag: string }> {
    if (isDirectory(path)) throw notAFile(path);
    const scope: RoleScope = { roleArn: right.roleArn, bucket: path.bucket, purpose: 'write' };
    const target: ObjectTarget = {
      path,
      send: (request, signal) => send(scope, right, request, signal),
      sendOnce: (request, signal) => sendOnce(scope, right, request, signal),
      head: (signal) => headWith('write', path, right, signal),
    };
    try {
      return await saveStream({ target, buffers, options, idleMs: timeouts.idleMs }, open);
    } catch (error) {
      throw toSqlError(error, 'cannot write', path);
    }
  }

  return {
    checkRight(right) {
      const { endpoint, roleArn } = asOssRight(right);
      checkRole(roleArn, settings);
      resolveEndpoint(endpoint, 'oss_endpoint', settings);
    },

    head: (path, right, signal) =>
      untilClosed(signal, (either) => headWith('read', path, asOssRight(right), either)),

    presign: (path, right, { expiresSeconds, signal }) =>
      untilClosed(signal, (either) => presign(path, asOssRight(right), expiresSeconds, either)),

    checkWritable(path, right, signal) {
      const { roleArn, endpoint } = asOssRight(right);
      const key = JSON.stringify([roleArn, endpoint, path.bucket, path.key]);
      return untilClosed(signal, (either) =>
        waitFor(
          proveOnce(key, () => probe(path, asOssRight(right))),
          either,
        ),
      );
    },

    save: (path, right, open, options) =>
      untilClosed(options.signal, (either) =>
        save(path, asOssRight(right), open, { ...options, signal: either }),
      ),

    close,
  };
}
