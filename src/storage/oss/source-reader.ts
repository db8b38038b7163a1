/** Reads a source stream into part buffers: check of length and CRC-64, CRC-64 of every part. */

import type { OpenedSource } from '../storage.js';
import { type Crc64, combineCrc64, createCrc64, emptyCrc64 } from './crc64.js';
import { readChunks, type SourceChunks, type SourceFailure } from './source-chunks.js';

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

/** How far a source has been read, and what it is to come to. */
interface Reading {
  chunks: SourceChunks;
  lengthBytes: number | undefined;
  announcedCrc64: string | undefined;
  totalBytes: number;
  /** Of all parts that were filled. */
  filledCrc64: string;
  poured: Crc64;
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
  const chunks = readChunks(source.stream, idleMs, signal);
  const reading: Reading = {
    ...{ chunks, lengthBytes, announcedCrc64: source.crc64 },
    ...{ totalBytes: 0, filledCrc64: emptyCrc64, poured: createCrc64() },
  };
  return {
    fill: (buffer) => fill(reading, buffer),
    pour: (onChunk) => pour(reading, onChunk),
    pouredCrc64: reading.poured.digest,
    failure: chunks.failure,
    close: chunks.close,
  };
}

async function fill(reading: Reading, buffer: Buffer): Promise<FilledPart> {
  const { chunks } = reading;
  const crc64 = createCrc64();
  let bytes = 0;
  let isLast = false;
  // One look further than the buffer is long tells whether this part is the last.
  for (;;) {
    const chunk = await chunks.next();
    isLast = chunk === undefined;
    if (!chunk) break;
    const taken = chunk.subarray(0, buffer.length - bytes);
    buffer.set(taken, bytes);
    crc64.update(taken);
    bytes += taken.length;
    if (taken.length < chunk.length) {
      chunks.putBack(chunk.subarray(taken.length));
      break;
    }
  }
  reading.totalBytes += bytes;
  checkLength(reading, isLast);
  reading.filledCrc64 = combineCrc64(reading.filledCrc64, crc64.digest(), bytes);
  if (isLast) checkContent(reading, reading.filledCrc64);
  return { bytes, crc64: crc64.digest(), isLast };
}

async function* pour(reading: Reading, onChunk: (totalBytes: number) => void): AsyncGenerator<Buffer> {
  const { chunks, poured } = reading;
  let held: Buffer | undefined;
  for (;;) {
    const chunk = await chunks.next();
    reading.totalBytes += chunk?.length ?? 0;
    checkLength(reading, chunk === undefined);
    if (held) poured.update(held);
    if (!chunk) checkContent(reading, poured.digest());
    if (held) {
      yield held;
      onChunk(reading.totalBytes - (chunk?.length ?? 0));
    }
    if (!chunk) return;
    held = chunk;
  }
}

function checkLength({ chunks, lengthBytes, totalBytes }: Reading, isLast: boolean): void {
  if (lengthBytes === undefined) return;
  if (totalBytes > lengthBytes || (isLast && totalBytes < lengthBytes)) {
    const amount = isLast ? `${totalBytes}` : `more than ${lengthBytes}`;
    chunks.fail(`the source has ${amount} bytes instead of ${lengthBytes}`);
  }
}

function checkContent({ chunks, announcedCrc64 }: Reading, crc64: string): void {
  if (announcedCrc64 === undefined || announcedCrc64 === crc64) return;
  chunks.fail(`the source has other bytes than it announced (CRC-64 ${crc64} instead of ${announcedCrc64})`);
}
