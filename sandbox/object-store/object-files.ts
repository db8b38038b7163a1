/** Objects as plain files under `<directory>/<bucket>/<key>`, with what a file cannot hold beside, in `.meta`. */
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { filePathToKey } from './file-names.js';
import { createKeyedLock } from './keyed-lock.js';
import { hashedDirectory, type ObjectPaths, objectPaths } from './object-paths.js';
import { type ObjectRecord, readJson, readRecord, writeRecord } from './object-records.js';
import { isBucketName } from './request.js';

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
  /** By name. */
  buckets(): Promise<BucketRecord[]>;
  /** Of one that is empty. */
  deleteBucket(name: string): Promise<void>;
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

/** Opens the directory: buckets are its subdirectories. Uploads cut off by an earlier end are cleared away. */
export async function openObjectFiles(directory: string): Promise<ObjectFiles> {
  const paths = objectPaths(directory);
  await rm(paths.incomingDirectory, { recursive: true, force: true });
  await mkdir(paths.incomingDirectory, { recursive: true });
  const lock = createKeyedLock();
  return {
    incomingPath: paths.incoming,
    filePath: paths.file,
    findBucket: (name) => findBucket(paths, name),
    async buckets() {
      const names = (await readdir(directory)).sort();
      const found = await Promise.all(names.map((name) => findBucket(paths, name)));
      return found.filter((bucket) => bucket !== undefined);
    },
    async deleteBucket(name) {
      await rm(paths.bucket(name), { recursive: true, force: true });
      await rm(paths.bucketRecord(name), { force: true });
    },
    async createBucket(name, region) {
      if (!isBucketName(name)) throw new Error(`"${name}" is not a bucket name`);
      await mkdir(paths.bucket(name), { recursive: true });
      const createdMs = (await findBucket(paths, name))?.createdMs ?? Date.now();
      await writeRecord(paths, paths.bucketRecord(name), { name, region, createdMs });
    },
    commit: (bucket, key, file, object, onlyNew) =>
      lock(`${bucket}/${key}`, async () => {
        if (onlyNew && (await readRecord(paths, bucket, key))) {
          await rm(file, { force: true });
          return false;
        }
        const { mtimeMs } = await stat(file);
        const times = { lastModifiedMs: Math.round(mtimeMs), fileModifiedMs: mtimeMs };
        await writeRecord(paths, paths.record(bucket, key), { key, ...object, ...times });
        await place(paths, bucket, key, file);
        return true;
      }),
    find: (bucket, key) => lock(`${bucket}/${key}`, () => readRecord(paths, bucket, key)),
    open: (bucket, key) =>
      lock(`${bucket}/${key}`, async () => {
        const record = await readRecord(paths, bucket, key);
        return record && { record, file: await open(paths.file(bucket, key), 'r') };
      }),
    delete: (bucket, key) => lock(`${bucket}/${key}`, () => remove(paths, bucket, key)),
    keys: (bucket, prefix) => keysUnder(paths, bucket, prefix),
  };
}

async function findBucket(paths: ObjectPaths, name: string): Promise<BucketRecord | undefined> {
  if (!isBucketName(name)) return undefined;
  const facts = await stat(paths.bucket(name)).catch(() => undefined);
  if (!facts?.isDirectory()) return undefined;
  const stored = await readJson<BucketRecord>(paths.bucketRecord(name));
  return stored ?? { name, region: '*', createdMs: Math.round(facts.birthtimeMs) };
}

/** Moves a file to the key's readable path, or to its hashed one when a directory or file is in the way. */
async function place(paths: ObjectPaths, bucket: string, key: string, file: string): Promise<void> {
  const natural = paths.natural(bucket, key);
  const hashed = paths.hashed(bucket, key);
  if (natural !== undefined && (await moveUnlessBlocked(file, natural))) {
    await rm(hashed, { force: true });
    return;
  }
  await mkdir(dirname(hashed), { recursive: true });
  await rename(file, hashed);
}

async function remove(paths: ObjectPaths, bucket: string, key: string): Promise<void> {
  const path = paths.file(bucket, key);
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile()) await rm(path);
  await rm(paths.record(bucket, key), { force: true });
  await removeEmptyParents(paths.bucket(bucket), path);
}

async function removeEmptyParents(top: string, path: string): Promise<void> {
  for (let parent = dirname(path); parent.startsWith(top + sep); parent = dirname(parent)) {
    const isRemoved = await rmdir(parent).then(
      () => true,
      () => false,
    );
    if (!isRemoved) return;
  }
}

async function keysUnder(paths: ObjectPaths, bucket: string, prefix: string): Promise<string[]> {
  const top = paths.bucket(bucket);
  const found: string[] = [];
  for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const relative = join(entry.parentPath, entry.name)
      .slice(top.length + 1)
      .replaceAll(sep, '/');
    const key = relative.startsWith(`${hashedDirectory}/`)
      ? (await readJson<ObjectRecord>(paths.recordOfHashed(bucket, entry.name)))?.key
      : filePathToKey(relative);
    if (key?.startsWith(prefix)) found.push(key);
  }
  const inOrder = found.map((key) => Buffer.from(key)).sort(Buffer.compare);
  return inOrder.map((key) => key.toString());
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
