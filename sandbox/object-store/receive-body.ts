/** Streams a request body into a new file while it is counted and hashed; an interrupted one leaves no file. */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createChecksum } from '../checksum.js';
import { Refusal } from './refusal.js';

export interface ReceivedBody {
  /** Path of the file, which now belongs to the caller. */
  path: string;
  bytes: number;
  md5: Buffer;
  crc64: string;
}

/** PutObject and UploadPart take at most 5 GB. */
const largestBodyBytes = 5 * 1024 ** 3;

/**
 * Writes the stream to `path`. Throws the stream's error when the client goes away, and a Refusal
 * (EntityTooLarge, InvalidDigest) when the body is not what was announced; either way the file is gone.
 */
export async function receiveBody(body: Readable, path: string, contentMd5: string): Promise<ReceivedBody> {
  const expectedMd5 = readContentMd5(contentMd5);
  const md5 = createHash('md5');
  const crc64 = await createChecksum();
  let bytes = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > largestBodyBytes) throw new Refusal('EntityTooLarge');
      md5.update(chunk);
      crc64.update(chunk);
      await file.writeFile(chunk);
    }
    await file.close();
    const digest = md5.digest();
    if (expectedMd5 && !expectedMd5.equals(digest)) throw new Refusal('InvalidDigest');
    return { path, bytes, md5: digest, crc64: crc64.digest() };
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

function readContentMd5(text: string): Buffer | undefined {
  if (text === '') return undefined;
  const digest = Buffer.from(text, 'base64');
  if (digest.length !== 16 || digest.toString('base64') !== text) throw new Refusal('InvalidDigest');
  return digest;
}
