/** What a file cannot hold of its object: ETag, checksum, headers; made for a file that a person has put there by hand. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createChecksum } from '../checksum.js';
import { contentTypeOf } from './content-types.js';
import type { ObjectPaths } from './object-paths.js';

export interface ObjectRecord {
  key: string;
  bytes: number;
  /** Upper-case hexadecimal, without quotes. */
  etag: string;
  crc64: string;
  /** Base64; only objects put in one piece have it. */
  contentMd5?: string;
  type: 'Normal' | 'Multipart';
  /** Headers that GET gives back as they came: content-type, cache-control …, x-oss-meta-*; of one put by a test its storage class, too. */
  headers: Record<string, string>;
  lastModifiedMs: number;
}

type StoredRecord = ObjectRecord & { fileModifiedMs: number };

export async function writeRecord(paths: ObjectPaths, path: string, record: object): Promise<void> {
  const temporary = paths.incoming();
  await writeFile(temporary, `${JSON.stringify(record, undefined, 2)}\n`);
  await mkdir(dirname(path), { recursive: true });
  await rename(temporary, path);
}

/** Reads the record, or makes one for a file that a person has put or changed by hand. */
export async function readRecord(
  paths: ObjectPaths,
  bucket: string,
  key: string,
): Promise<ObjectRecord | undefined> {
  const path = paths.file(bucket, key);
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) return undefined;
  const stored = await readJson<StoredRecord>(paths.record(bucket, key));
  if (stored?.key === key && stored.bytes === facts.size && stored.fileModifiedMs === facts.mtimeMs)
    return stored;
  const adopted: StoredRecord = { ...(await describeFile(path, key)), fileModifiedMs: facts.mtimeMs };
  await writeRecord(paths, paths.record(bucket, key), adopted);
  return adopted;
}

async function describeFile(path: string, key: string): Promise<ObjectRecord> {
  const md5 = createHash('md5');
  const crc64 = await createChecksum();
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    md5.update(chunk);
    crc64.update(chunk);
    bytes += chunk.length;
  }
  const digest = md5.digest();
  return {
    key,
    bytes,
    etag: digest.toString('hex').toUpperCase(),
    crc64: crc64.digest(),
    contentMd5: digest.toString('base64'),
    type: 'Normal',
    headers: { 'content-type': contentTypeOf(key) },
    lastModifiedMs: Math.round((await stat(path)).mtimeMs),
  };
}

export async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
