/** Copies a source into a file, which appears under its name when it is whole and right. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KnownError } from '../../../src/errors.js';
import { createCrc64 } from '../../../src/storage/oss/crc64.js';
import type { OpenedSource, SaveOptions } from '../../../src/storage/storage.js';

export type Open = (signal: AbortSignal) => Promise<OpenedSource>;

const mostAttempts = 3;

/** Bytes written. A source that breaks is opened again; one that keeps breaking is a KnownError 08006. */
export async function saveFile(file: string, open: Open, options: SaveOptions): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await saveOnce(file, open, options);
    } catch (error) {
      if (options.signal.aborted) throw canceled(options.signal);
      const passing = !(error instanceof KnownError) || error.retryable;
      if (!passing || attempt === mostAttempts)
        throw error instanceof KnownError ? error : broken(file, error);
    }
  }
}

async function saveOnce(file: string, open: Open, options: SaveOptions): Promise<number> {
  const unfinished = `${file}.unfinished`;
  const crc64 = createCrc64();
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      crc64.update(chunk);
      bytes += chunk.length;
      options.onProgress?.(bytes);
      done(null, chunk);
    },
  });
  try {
    await mkdir(dirname(file), { recursive: true });
    const source = await open(options.signal);
    await pipeline(source.stream, measure, createWriteStream(unfinished), { signal: options.signal });
    const wanted = options.lengthBytes ?? source.lengthBytes;
    if (wanted !== undefined && wanted !== bytes)
      throw new Error(`the source has ${bytes} bytes instead of ${wanted}`);
    if (source.crc64 !== undefined && source.crc64 !== crc64.digest())
      throw new Error('the source has other bytes than it announced');
    await rename(unfinished, file);
    return bytes;
  } finally {
    await rm(unfinished, { force: true });
  }
}

export function canceled({ reason }: AbortSignal): KnownError {
  if (reason instanceof KnownError) return reason;
  return new KnownError({
    kind: 'queryCanceled',
    message: 'canceled while working with a folder',
    cause: reason,
  });
}

function broken(file: string, cause: unknown): KnownError {
  const { message } = cause as Error;
  return new KnownError({
    kind: 'connectionFailure',
    message: `cannot save ${file}: ${message}`,
    retryable: true,
    cause,
  });
}
