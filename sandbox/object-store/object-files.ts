/** Objects as plain files under `<directory>/<bucket>/<key>`, with what a file cannot hold beside, in `.meta`. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { createChecksum } from '../checksum.js';
import { contentTypeOf } from './content-types.js';
import { filePathToKey, hashedName, keyToFilePath } from './file-names.js';
import { createKeyedLock } from './keyed-lock.js';
import { isBucketName } from './request.js';

export interface ObjectRecord {
  key: string;
  bytes: number;
  /** Upper-case hexadecimal, without quotes. */
  etag: string;
  crc64: string;
  /** Base64; only objects put in one piece have it. */
  contentMd5?: string;
  type: 'Normal' | 'Multipart';
  /** Headers that GET gives back as they came: content-type, cache-control …, x-oss-meta-*. */
  headers: Record<string, string>;
  lastModifiedMs: number;
}

export type NewObject = Omit<ObjectRecord, 'key' | 'lastModifiedMs'>;

export interface BucketRecord {
  name: string;
  /** e.g. cn-hangzhou, or `*`: any region's endpoint reaches it. */
  region: string;
  createdMs: number;
}

export interface ObjectFiles {
  createBucket(name: string, region: string): Promise<void>;
  findBucket(name: string): Promise<BucketRecord | undefined>;
  /** A path for a file on the same file system, to be handed to `commit`. */
  incomingPath(): string;
  /** Makes a finished file the object; false, and the file is gone, when `onlyNew` and the key is taken. */
  commit(bucket: string, key: string, file: string, object: NewObject, onlyNew: boolean): Promise<boolean>;
  find(bucket: string, key: string): Promise<ObjectRecord | undefined>;
  /** The record and an open file that stays the same object although the key be overwritten. */
  open(bucket: string, key: string): Promise<{ record: ObjectRecord; file: FileHandle } | undefined>;
  delete(bucket: string, key: string): Promise<void>;
  /** All keys under a prefix, in UTF-8 order. */
  keys(bucket: string, prefix: string): Promise<string[]>;
  filePath(bucket: string, key: string): string;
}

type StoredRecord = ObjectRecord & { fileModifiedMs: number };

/** Where objects lie whose keys no file path can bear (too long, or `a` beside `a/b`), by hash of the key. */
const hashedDirectory = '%keys';

/** Opens the directory: buckets are its subdirectories. Uploads cut off by an earlier end are cleared away. */
export async function openObjectFiles(directory: string): Promise<ObjectFiles> {
  const metaDirectory = join(directory, '.meta');
  const incomingDirectory = join(metaDirectory, 'incoming');
  await rm(incomingDirectory, { recursive: true, force: true });
  await mkdir(incomingDirectory, { recursive: true });
  const lock = createKeyedLock();

  const bucketPath = (bucket: string) => join(directory, bucket);
  const hashedPath = (bucket: string, key: string) =>
    join(bucketPath(bucket), hashedDirectory, hashedName(key));
  const recordPath = (bucket: string, key: string) =>
    join(metaDirectory, 'objects', bucket, `${hashedName(key)}.json`);
  const bucketRecordPath = (bucket: string) => join(metaDirectory, 'buckets', `${bucket}.json`);
  const incomingPath = () => join(incomingDirectory, randomUUID());

  function naturalPath(bucket: string, key: string): string | undefined {
    const path = keyToFilePath(key);
    return path === undefined ? undefined : join(bucketPath(bucket), path);
  }

  function filePath(bucket: string, key: string): string {
    const hashed = hashedPath(bucket, key);
    return existsSync(hashed) ? hashed : (naturalPath(bucket, key) ?? hashed);
  }

  async function writeRecord(path: string, record: object): Promise<void> {
    const temporary = incomingPath();
    await writeFile(temporary, `${JSON.stringify(record, undefined, 2)}\n`);
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
  }

  /** Reads the record, or makes one for a file that a person has put or changed by hand. */
  async function readRecord(bucket: string, key: string): Promise<ObjectRecord | undefined> {
    const path = filePath(bucket, key);
    const facts = await stat(path).catch(() => undefined);
    if (!facts?.isFile()) return undefined;
    const stored = await readJson<StoredRecord>(recordPath(bucket, key));
    if (stored?.key === key && stored.bytes === facts.size && stored.fileModifiedMs === facts.mtimeMs)
      return stored;
    const adopted: StoredRecord = { ...(await describeFile(path, key)), fileModifiedMs: facts.mtimeMs };
    await writeRecord(recordPath(bucket, key), adopted);
    return adopted;
  }

  /** Moves a file to the key's readable path, or to its hashed one when a directory or file is in the way. */
  async function place(bucket: string, key: string, file: string): Promise<void> {
    const natural = naturalPath(bucket, key);
    const hashed = hashedPath(bucket, key);
    if (natural !== undefined && (await moveUnlessBlocked(file, natural))) {
      await rm(hashed, { force: true });
      return;
    }
    await mkdir(dirname(hashed), { recursive: true });
    await rename(file, hashed);
  }

  async function removeEmptyParents(bucket: string, path: string): Promise<void> {
    const top = bucketPath(bucket);
    for (let parent = dirname(path); parent.startsWith(top + sep); parent = dirname(parent)) {
      const isRemoved = await rmdir(parent).then(
        () => true,
        () => false,
      );
      if (!isRemoved) return;
    }
  }

  async function findBucket(name: string): Promise<BucketRecord | undefined> {
    if (!isBucketName(name)) return undefined;
    const facts = await stat(bucketPath(name)).catch(() => undefined);
    if (!facts?.isDirectory()) return undefined;
    const stored = await readJson<BucketRecord>(bucketRecordPath(name));
    return stored ?? { name, region: '*', createdMs: Math.round(facts.birthtimeMs) };
  }

  return {
    incomingPath,
    filePath,
    findBucket,
    async createBucket(name, region) {
      if (!isBucketName(name)) throw new Error(`"${name}" is not a bucket name`);
      await mkdir(bucketPath(name), { recursive: true });
      const createdMs = (await findBucket(name))?.createdMs ?? Date.now();
      await writeRecord(bucketRecordPath(name), { name, region, createdMs });
    },
    commit: (bucket, key, file, object, onlyNew) =>
      lock(`${bucket}/${key}`, async () => {
        if (onlyNew && (await readRecord(bucket, key))) {
          await rm(file, { force: true });
          return false;
        }
        const { mtimeMs } = await stat(file);
        const record: StoredRecord = {
          key,
          ...object,
          lastModifiedMs: Math.round(mtimeMs),
          fileModifiedMs: mtimeMs,
        };
        await writeRecord(recordPath(bucket, key), record);
        await place(bucket, key, file);
        return true;
      }),
    find: (bucket, key) => lock(`${bucket}/${key}`, () => readRecord(bucket, key)),
    open: (bucket, key) =>
      lock(`${bucket}/${key}`, async () => {
        const record = await readRecord(bucket, key);
        return record && { record, file: await open(filePath(bucket, key), 'r') };
      }),
    delete: (bucket, key) =>
      lock(`${bucket}/${key}`, async () => {
        const path = filePath(bucket, key);
        const facts = await stat(path).catch(() => undefined);
        if (facts?.isFile()) await rm(path);
        await rm(recordPath(bucket, key), { force: true });
        await removeEmptyParents(bucket, path);
      }),
    async keys(bucket, prefix) {
      const entries = await readdir(bucketPath(bucket), { recursive: true, withFileTypes: true });
      const found: string[] = [];
      for (const entry of entries) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const relative = path.slice(bucketPath(bucket).length + 1).replaceAll(sep, '/');
        const key = relative.startsWith(`${hashedDirectory}/`)
          ? (await readJson<StoredRecord>(join(metaDirectory, 'objects', bucket, `${entry.name}.json`)))?.key
          : filePathToKey(relative);
        if (key?.startsWith(prefix)) found.push(key);
      }
      return found.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    },
  };
}

async function moveUnlessBlocked(file: string, target: string): Promise<boolean> {
  try {
    await mkdir(dirname(target), { recursive: true });
    await rename(file, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'ENOTEMPTY') return false;
    throw error;
  }
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

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
