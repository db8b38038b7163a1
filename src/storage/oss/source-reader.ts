/** Reads a source stream into part buffers: idle limit, check of length and CRC-64, CRC-64 of every part. */

import type { OpenedSource } from '../storage.js';
import { combineCrc64, createCrc64, emptyCrc64 } from './crc64.js';

/** The source broke, stalled or has another length or checksum than announced; opening it again may help. */
export class SourceFailure extends Error {}

export interface FilledPart {
  bytes: number;
  /** As `Crc64.digest` gives it. */
  crc64: string;
  /** No byte follows this part. */
  isLast: boolean;
}

export interface SourceReader {
  /** Fills the buffer from its start; only the last part is shorter than the buffer. */
  fill(buffer: Buffer): Promise<FilledPart>;
  /**
   * The whole source for one request of a known length. The last chunk is held back until the source has ended, so a
   * request is complete only when its source was.
   */
  pour(onChunk: (totalBytes: number) => void): AsyncGenerator<Buffer>;
  /** CRC-64 of all that was poured. */
  pouredCrc64(): string;
  /** Set when the source was to blame. */
  failure(): SourceFailure | undefined;
  close(): void;
}

/**
 * @param lengthBytes what the source must measure, if known
 * @param idleMs how long the source may be silent while it is being read
 */
export function createSourceReader(
  source: OpenedSource,
  lengthBytes: number | undefined,
  idleMs: number,
  signal: AbortSignal,
): SourceReader {
  const { stream } = source;
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  let rest: Buffer | undefined;
  let totalBytes = 0;
  let filledCrc64 = emptyCrc64;
  const poured = createCrc64();
  let failure: SourceFailure | undefined;
  const onAbort = () => stream.destroy(new Error('aborted'));
  // An error between two reads must not be unhandled; the iterator reports it at the next read.
  stream.on('error', () => {});
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });

  /** The next bytes, at least one; undefined at the end. */
  async function next(): Promise<Buffer | undefined> {
    if (rest) {
      const chunk = rest;
      rest = undefined;
      return chunk;
    }
    const timer = setTimeout(() => {
      failure = new SourceFailure(`the source sent nothing for ${idleMs} ms`);
      stream.destroy(failure);
    }, idleMs);
    try {
      for (;;) {
        const { done, value } = await chunks.next();
        if (done) return undefined;
        const chunk = Buffer.isBuffer(value) ? value : Buffer.from(value as Uint8Array | string);
        if (chunk.length > 0) return chunk;
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      failure ??= new SourceFailure(`the source broke: ${text}`, { cause: error });
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  function checkLength(isLast: boolean): void {
    if (lengthBytes === undefined) return;
    if (totalBytes > lengthBytes || (isLast && totalBytes < lengthBytes)) {
      const amount = isLast ? `${totalBytes}` : `more than ${lengthBytes}`;
      failure = new SourceFailure(`the source has ${amount} bytes instead of ${lengthBytes}`);
      throw failure;
    }
  }

  function checkContent(crc64: string): void {
    if (source.crc64 === undefined || source.crc64 === crc64) return;
    failure = new SourceFailure(
      `the source has other bytes than it announced (CRC-64 ${crc64} instead of ${source.crc64})`,
    );
    throw failure;
  }

  return {
    async fill(buffer) {
      const crc64 = createCrc64();
      let bytes = 0;
      let isLast = false;
      while (!isLast) {
        const chunk = await next();
        isLast = chunk === undefined;
        if (!chunk) break;
        if (bytes === buffer.length) {
          rest = chunk;
          break;
        }
        const taken = chunk.subarray(0, buffer.length - bytes);
        buffer.set(taken, bytes);
        crc64.update(taken);
        bytes += taken.length;
        if (taken.length < chunk.length) {
          rest = chunk.subarray(taken.length);
          break;
        }
      }
      totalBytes += bytes;
      checkLength(isLast);
      filledCrc64 = combineCrc64(filledCrc64, crc64.digest(), bytes);
      if (isLast) checkContent(filledCrc64);
      return { bytes, crc64: crc64.digest(), isLast };
    },

    async *pour(onChunk) {
      let held: Buffer | undefined;
      for (;;) {
        const chunk = await next();
        totalBytes += chunk?.length ?? 0;
        checkLength(chunk === undefined);
        if (held) poured.update(held);
        if (!chunk) checkContent(poured.digest());
        if (held) {
          yield held;
          onChunk(totalBytes - (chunk?.length ?? 0));
        }
        if (!chunk) return;
        held = chunk;
      }
    },

    pouredCrc64: poured.digest,
    failure: () => failure,

    close() {
      signal.removeEventListener('abort', onAbort);
      stream.destroy();
    },
  };
}
