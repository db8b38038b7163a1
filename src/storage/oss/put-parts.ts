/** A multipart upload: parts are sent while the next one is read, two on their way. */

import { KnownError } from '../../errors.js';
import { formatPath, type StoragePath } from '../path.js';
import { combineCrc64, emptyCrc64 } from './crc64.js';
import { ServiceRefusal } from './error.js';
import {
  type CopyContext,
  checkStored,
  headersOf,
  type ObjectTarget,
  partBytes,
  type Saved,
} from './object-target.js';
import type { FilledPart, SourceReader } from './source-reader.js';

const maximumParts = 10_000;
const partsInFlight = 2;
const cleanupLimitMs = 10_000;

interface SentPart extends FilledPart {
  number: number;
  etag: string;
}

/** Of the whole body, from its parts. */
interface Body {
  parts: SentPart[];
  bytes: number;
  crc64: string;
}

function bodyOf(parts: SentPart[]): Body {
  const inOrder = parts.toSorted((a, b) => a.number - b.number);
  return inOrder.reduce<Body>(
    (body, part) => ({
      parts: inOrder,
      bytes: body.bytes + part.bytes,
      crc64: combineCrc64(body.crc64, part.crc64, part.bytes),
    }),
    { parts: inOrder, bytes: 0, crc64: emptyCrc64 },
  );
}

/** The object's ETag. A lost answer leaves it open whether the object is there: then the object itself tells. */
async function complete(
  context: CopyContext,
  uploadId: string,
  { parts, bytes, crc64 }: Body,
): Promise<string> {
  const { target, options } = context;
  try {
    const result = await target.send(
      (client) => client.completeMultipartUpload(target.path.key, uploadId, parts),
      options.signal,
    );
    return checkStored(result, crc64, target.path);
  } catch (error) {
    if (!(error instanceof ServiceRefusal) || error.code !== 'NoSuchUpload') throw error;
    const info = await target.head(options.signal).catch(() => undefined);
    if (info?.bytes !== bytes || info.crc64 !== crc64) throw error;
    return info.etag;
  }
}

/** A part that was read and waits in its buffer to be sent. */
interface ReadPart {
  number: number;
  buffer: Buffer;
  part: FilledPart;
}

/** An upload on its way. */
interface Upload {
  context: CopyContext;
  id: string;
  /** Ends reading and all requests at the first failure, which is kept here. */
  stop: AbortController;
  failure: unknown;
  signal: AbortSignal;
  sent: SentPart[];
  sentBytes: number;
  inFlight: Set<Promise<void>>;
}

async function sendPart(upload: Upload, { number, buffer, part }: ReadPart): Promise<void> {
  const { target, buffers, options } = upload.context;
  try {
    const result = await target.send(
      (client) => client.uploadPart(target.path.key, upload.id, number, buffer, 0, part.bytes),
      upload.signal,
    );
    const etag = checkStored(result, part.crc64, target.path);
    upload.sent.push({ ...part, number, etag });
    upload.sentBytes += part.bytes;
    options.onProgress?.(upload.sentBytes);
  } catch (error) {
    fail(upload, error);
  } finally {
    buffers.release(buffer);
  }
}

function fail(upload: Upload, error: unknown): void {
  upload.failure ??= error;
  upload.stop.abort(error);
}

function launch(upload: Upload, part: ReadPart): void {
  const work = sendPart(upload, part).finally(() => upload.inFlight.delete(work));
  upload.inFlight.add(work);
}

/** Reads the parts from the second on, and sends each while the next one is being read. */
async function readAndLaunch(upload: Upload, reader: SourceReader): Promise<void> {
  const { target, buffers } = upload.context;
  let isLast = false;
  for (let number = 2; !isLast && !upload.failure; number += 1) {
    if (number > maximumParts) throw tooLarge(target.path);
    const buffer = await buffers.acquire(upload.signal);
    let part: FilledPart;
    try {
      part = await reader.fill(buffer);
    } catch (error) {
      buffers.release(buffer);
      throw error;
    }
    isLast = part.isLast;
    if (part.bytes === 0) buffers.release(buffer);
    else launch(upload, { number, buffer, part });
    if (upload.inFlight.size >= partsInFlight) await Promise.race(upload.inFlight);
  }
}

/** All parts, the first of which was read already; the first failure stops reading and the other requests. */
async function sendParts(upload: Upload, reader: SourceReader, first: ReadPart): Promise<Body> {
  launch(upload, first);
  try {
    if (!first.part.isLast) await readAndLaunch(upload, reader);
  } catch (error) {
    fail(upload, error);
  }
  await Promise.all(upload.inFlight);
  if (upload.failure) throw upload.failure;
  return bodyOf(upload.sent);
}

function tooLarge(path: StoragePath): KnownError {
  return new KnownError({
    kind: 'configurationLimitExceeded',
    message: `the body for ${formatPath(path)} is larger than ${(maximumParts * partBytes) / 2 ** 30} GiB`,
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
  const begun = await target
    .send((client) => client.initMultipartUpload(target.path.key, headersOf(options)), options.signal)
    .catch((error: unknown) => {
      buffers.release(first.buffer);
      throw error;
    });
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const upload: Upload = {
    ...{ context, id: begun.uploadId, stop, signal },
    ...{ failure: undefined, sent: [], sentBytes: 0, inFlight: new Set() },
  };
  try {
    const body = await sendParts(upload, reader, { number: 1, ...first });
    const etag = await complete(context, begun.uploadId, body);
    return { bytes: body.bytes, etag };
  } catch (error) {
    await dropUpload(target, begun.uploadId);
    throw error;
  }
}
