/** A multipart upload: parts are sent while the next one is read, two on their way. */

import type OSS from 'ali-oss';
import { SqlError, sqlstate } from '../errors.js';
import {
  type CopyContext,
  checkStored,
  headerOf,
  headersOf,
  type ObjectTarget,
  partBytes,
  type Saved,
} from './object-target.js';
import { ServiceRefusal } from './oss-error.js';
import { formatOssPath, type OssPath } from './oss-path.js';
import type { FilledPart, SourceReader } from './source-reader.js';
import type { ObjectInfo } from './storage.js';

const maximumParts = 10_000;
const partsInFlight = 2;
const cleanupLimitMs = 10_000;

interface SentPart {
  number: number;
  etag: string;
}

/** A lost answer to the last request leaves it open whether the object is there: then the object itself tells. */
async function complete(
  context: CopyContext,
  uploadId: string,
  parts: SentPart[],
  startedAtMs: number,
  bytes: number,
): Promise<string> {
  const { target, options } = context;
  try {
    const result = await target.send(
      (client) => client.completeMultipartUpload(target.path.key, uploadId, parts),
      options.signal,
    );
    return headerOf(result, 'etag');
  } catch (error) {
    if (!(error instanceof ServiceRefusal) || error.code !== 'NoSuchUpload') throw error;
    const info = await target.head(options.signal).catch(() => undefined);
    const toleranceMs = 15 * 60_000;
    const isOurs = info?.bytes === bytes && (info.lastModified?.getTime() ?? 0) >= startedAtMs - toleranceMs;
    if (!info || !isOurs) throw error;
    return info.etag;
  }
}

async function checkStoredLength(context: CopyContext, bytes: number): Promise<void> {
  const { path } = context.target;
  let info: ObjectInfo;
  try {
    info = await context.target.head(context.options.signal);
  } catch (error) {
    // A role that may only write cannot look; every part was verified on its way in.
    if (error instanceof SqlError && error.sqlstate === sqlstate.undefinedFile) return;
    throw error;
  }
  if (info.bytes === bytes) return;
  throw new SqlError({
    sqlstate: sqlstate.ioError,
    message: `${formatOssPath(path)} has ${info.bytes} bytes after ${bytes} were saved`,
    retryable: true,
  });
}

/** Sends parts while the next one is being read; the first failure stops reading and the other requests. */
async function sendParts(
  context: CopyContext,
  reader: SourceReader,
  first: { buffer: Buffer; part: FilledPart },
  uploadId: string,
  stop: AbortController,
): Promise<{ parts: SentPart[]; bytes: number }> {
  const { target, buffers, options } = context;
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const parts: SentPart[] = [];
  const inFlight = new Set<Promise<void>>();
  let failure: unknown;
  let sentBytes = 0;

  async function sendPart(number: number, buffer: Buffer, part: FilledPart): Promise<void> {
    try {
      const result = await target.send(
        (client) =>
          client.uploadPart(target.path.key, uploadId, number, buffer, 0, part.bytes, {
            headers: { 'Content-MD5': part.md5 },
          } as OSS.PutObjectOptions),
        signal,
      );
      const etag = checkStored(result, part.md5, target.path);
      parts.push({ number, etag });
      sentBytes += part.bytes;
      options.onProgress?.(sentBytes);
    } catch (error) {
      failure ??= error;
      stop.abort(error);
    } finally {
      buffers.release(buffer);
    }
  }

  function launch(number: number, buffer: Buffer, part: FilledPart): void {
    const work = sendPart(number, buffer, part).finally(() => inFlight.delete(work));
    inFlight.add(work);
  }

  async function readAndLaunch(): Promise<void> {
    let { isLast } = first.part;
    for (let number = 2; !isLast && !failure; number += 1) {
      if (number > maximumParts) throw tooLarge(target.path);
      const buffer = await buffers.acquire(signal);
      let part: FilledPart;
      try {
        part = await reader.fill(buffer);
      } catch (error) {
        buffers.release(buffer);
        throw error;
      }
      isLast = part.isLast;
      if (part.bytes === 0) buffers.release(buffer);
      else launch(number, buffer, part);
      if (inFlight.size >= partsInFlight) await Promise.race(inFlight);
    }
  }

  launch(1, first.buffer, first.part);
  try {
    await readAndLaunch();
  } catch (error) {
    failure ??= error;
    stop.abort(error);
  }
  await Promise.all(inFlight);
  if (failure) throw failure;
  return { parts, bytes: sentBytes };
}

function tooLarge(path: OssPath): SqlError {
  return new SqlError({
    sqlstate: sqlstate.configurationLimitExceeded,
    message: `the body for ${formatOssPath(path)} is larger than ${(maximumParts * partBytes) / 2 ** 30} GiB`,
  });
}

/** Parts of an upload that is never completed would be billed for ever. */
async function dropUpload(target: ObjectTarget, uploadId: string): Promise<void> {
  const signal = AbortSignal.timeout(cleanupLimitMs);
  await target
    .send((client) => client.abortMultipartUpload(target.path.key, uploadId), signal)
    .catch(() => {});
}

/**
 * Sends the part that was read already and all that follow. A failed upload leaves no object and no parts.
 * @param stop ends the source and the requests of this upload
 */
export async function putParts(
  context: CopyContext,
  reader: SourceReader,
  first: { buffer: Buffer; part: FilledPart },
  stop: AbortController,
): Promise<Saved> {
  const { target, options, buffers } = context;
  const startedAtMs = Date.now();
  const begun = await target
    .send((client) => client.initMultipartUpload(target.path.key, headersOf(options)), options.signal)
    .catch((error: unknown) => {
      buffers.release(first.buffer);
      throw error;
    });
  try {
    const { parts, bytes } = await sendParts(context, reader, first, begun.uploadId, stop);
    const etag = await complete(context, begun.uploadId, parts, startedAtMs, bytes);
    await checkStoredLength(context, bytes);
    return { bytes, etag };
  } catch (error) {
    await dropUpload(target, begun.uploadId);
    throw error;
  }
}
