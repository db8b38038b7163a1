/** Copies a source into one object: a single request when the length is known or small, else a multipart upload. */

import { Readable } from 'node:stream';
import type OSS from 'ali-oss';
import { KnownError } from '../../errors.js';
import { formatPath } from '../path.js';
import type { OpenedSource } from '../storage.js';
import { abortError, withAttempts } from './attempts.js';
import { ConnectionLoss, isPassing, isStaleCredential, ServiceRefusal } from './error.js';
import { type CopyContext, checkStored, headersOf, partBytes, type Saved } from './object-target.js';
import { putParts } from './put-parts.js';
import { SourceFailure } from './source-chunks.js';
import { createSourceReader, type FilledPart, type SourceReader } from './source-reader.js';

/** What one PUT may carry, https://www.alibabacloud.com/help/en/oss/developer-reference/putobject */
const largestPutBytes = 5 * 1024 ** 3;

async function putWhole(context: CopyContext, buffer: Buffer, part: FilledPart): Promise<Saved> {
  const { target, options } = context;
  const result = await target.send(
    (client) => client.put(target.path.key, buffer.subarray(0, part.bytes), headersOf(options)),
    options.signal,
  );
  const etag = checkStored(result, part.crc64, target.path);
  options.onProgress?.(part.bytes);
  return { bytes: part.bytes, etag };
}

/** A streamed request failed in passing: its body is spent, so the source has to be opened again. */
class StreamLoss extends Error {}

/** One request of known length, its body passed on as it comes. */
async function putStreamed(
  context: CopyContext,
  reader: SourceReader,
  lengthBytes: number,
  signal: AbortSignal,
): Promise<Saved> {
  const { target, options } = context;
  const body = Readable.from(
    reader.pour((bytes) => options.onProgress?.(bytes)),
    { objectMode: false },
  );
  try {
    const result = await target.sendOnce(
      (client) =>
        client.putStream(target.path.key, body, {
          ...headersOf(options),
          contentLength: lengthBytes,
        } as OSS.PutStreamOptions),
      signal,
    );
    return { bytes: lengthBytes, etag: checkStored(result, reader.pouredCrc64(), target.path) };
  } catch (error) {
    const sourceFailure = reader.failure();
    if (sourceFailure) throw sourceFailure;
    if (isPassing(error) || isStaleCredential(error)) throw new StreamLoss('stream lost', { cause: error });
    throw error;
  } finally {
    body.destroy();
  }
}

async function copyOnce(
  context: CopyContext,
  open: (signal: AbortSignal) => Promise<OpenedSource>,
): Promise<Saved> {
  const { options, buffers } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  // Before opening: an opened source that has to wait for memory would time out at its origin.
  const buffer = await buffers.acquire(signal);
  let reader: SourceReader | undefined;
  let owned = true;
  try {
    const source = await open(signal);
    const lengthBytes = options.lengthBytes ?? source.lengthBytes;
    reader = createSourceReader(source, lengthBytes, context.idleMs, signal);
    if (lengthBytes !== undefined && lengthBytes > partBytes && lengthBytes <= largestPutBytes) {
      owned = false;
      buffers.release(buffer);
      return await putStreamed(context, reader, lengthBytes, signal);
    }
    const part = await reader.fill(buffer);
    if (part.isLast) return await putWhole(context, buffer, part);
    owned = false;
    return await putParts(context, reader, { buffer, part }, stop);
  } finally {
    reader?.close();
    if (owned) buffers.release(buffer);
  }
}

/** A bucket may forbid that an object is replaced, or keep it for a time. */
const notReplaced = ['FileAlreadyExists', 'FileImmutable'];

function isNotReplaced(error: unknown): boolean {
  return error instanceof ServiceRefusal && notReplaced.includes(error.code);
}

/** The copy may be there already, with its answer lost: then it is no second time that it is needed. */
async function findCopy(
  { target, idleMs, options: { signal } }: CopyContext,
  open: (signal: AbortSignal) => Promise<OpenedSource>,
): Promise<Saved | undefined> {
  const info = await target.head(signal).catch(() => undefined);
  if (info?.crc64 === undefined) return undefined;
  const source = await open(signal);
  const reader = createSourceReader(source, source.lengthBytes, idleMs, signal);
  let bytes = 0;
  try {
    for await (const chunk of reader.pour(() => {})) bytes += chunk.length;
  } finally {
    reader.close();
  }
  const isCopy = bytes === info.bytes && reader.pouredCrc64() === info.crc64;
  return isCopy ? { bytes, etag: info.etag } : undefined;
}

/** Worth another try is a failed source and a failed stream; other requests were tried three times already. */
function mayCopyAgain(error: unknown): boolean {
  if (error instanceof StreamLoss) return true;
  if (error instanceof KnownError) return error.retryable;
  return !(error instanceof ServiceRefusal || error instanceof ConnectionLoss);
}

/**
 * Copies what `open` gives into the target's object; up to three times, each time from a newly opened source. An
 * aborted or failed copy leaves no parts, and no object unless OSS says that it stored other bytes than it was sent.
 * @throws KnownError 08006 for a source that keeps breaking, 57014 when aborted; refusals of OSS as they came
 */
export async function saveStream(
  context: CopyContext,
  open: (signal: AbortSignal) => Promise<OpenedSource>,
): Promise<Saved> {
  const { signal } = context.options;
  try {
    return await withAttempts(() => copyOnce(context, open), mayCopyAgain, signal);
  } catch (error) {
    if (signal.aborted) throw abortError(signal);
    if (error instanceof StreamLoss) throw error.cause;
    const copy = isNotReplaced(error) && (await findCopy(context, open).catch(() => undefined));
    if (copy) return copy;
    if (!(error instanceof SourceFailure)) throw error;
    throw new KnownError({
      kind: 'connectionFailure',
      message: `cannot save ${formatPath(context.target.path)}: ${error.message}`,
      retryable: true,
      cause: error,
    });
  }
}
