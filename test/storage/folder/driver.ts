/** A second driver, which proves that the port is one: `folder://bucket/key` is a file in a folder of a directory on disk. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { KnownError } from '../../../src/errors.js';
import { formatOf } from '../../../src/media/kinds.js';
import type { FileFields, Right } from '../../../src/storage/file-value.js';
import { MissingFile } from '../../../src/storage/missing-file.js';
import { formatPath, isDirectory, type PathForm, type StoragePath } from '../../../src/storage/path.js';
import type { Driver, ObjectInfo, Store } from '../../../src/storage/storage.js';
import { canceled, saveFile } from './save-file.js';
import { serveSigned } from './signed-addresses.js';

/** What to_file takes beside the path: any text, and who asks. */
export const keeper = ['on disk', 'the keeper'] as const;

interface FolderRight extends Right {
  who: string;
}

const form: PathForm = {
  scheme: 'folder',
  called: 'a path of a folder',
  bucket: { pattern: /^[a-z]+$/, allowed: 'a bucket has lower-case letters only' },
  hint: 'Write folder://<bucket>/<path>.',
};

/** @param directory whose folders are the buckets */
export function folderDriver(directory: string): Driver<unknown> {
  return {
    form,
    readRight: (file: FileFields): FolderRight => ({ scheme: form.scheme, who: file.role_arn }),
    open: () => openFolder(directory),
  };
}

function openFolder(directory: string): Store {
  const fileOf = (name: string) => join(directory, name);
  const addresses = serveSigned(fileOf);
  const nameOf = (path: StoragePath) => `${path.bucket}/${path.key}`;

  /** The bucket's folder must be there, like the bucket of a real store. */
  async function requireUse(path: StoragePath, right: Right, signal: AbortSignal): Promise<string> {
    if (signal.aborted) throw canceled(signal);
    checkRight(right);
    if (!(await isThere(fileOf(path.bucket)))) throw missing(path, 'there is no such bucket');
    return fileOf(nameOf(path));
  }

  return {
    checkSettings: () => undefined,
    checkRight,

    async head(path, right, signal) {
      requireObject(path);
      const file = await requireUse(path, right, signal);
      return factsOf(file).catch(() => {
        throw missing(path, 'there is no such file');
      });
    },

    async list(directory, right, { recursive, after, signal }) {
      const folder = await requireUse(directory, right, signal);
      const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => []);
      const files = entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name));
      const keys = files.map((file) => relative(fileOf(directory.bucket), file)).sort();
      const behind = keys.filter((key) => after === undefined || key > after);
      const objects = behind.slice(0, pageLength).map(async (key) => {
        const path = { ...directory, key };
        return { path, ...(await factsOf(fileOf(nameOf(path)))) };
      });
      const next = behind.length > pageLength ? behind[pageLength - 1] : undefined;
      return { objects: await Promise.all(objects), next };
    },

    async beginning(path, right, bytes, signal) {
      requireObject(path);
      const content = await readFile(await requireUse(path, right, signal)).catch(() => {
        throw missing(path, 'there is no such file');
      });
      return content.subarray(0, bytes);
    },

    async presign(path, right, { expiresSeconds, signal }) {
      requireObject(path);
      await requireUse(path, right, signal);
      return addresses.sign(nameOf(path), Math.min(expiresSeconds, 3600));
    },

    async checkWritable(path, right, _headers, signal) {
      await requireUse(path, right, signal);
    },

    async save(path, right, open, options) {
      requireObject(path);
      const file = await requireUse(path, right, options.signal);
      const bytes = await saveFile(file, open, options);
      return { bytes, etag: (await this.head(path, right, options.signal)).etag };
    },

    close: addresses.close,
  };
}

/** Short, so that few objects make several pages. */
const pageLength = 2;

async function factsOf(file: string): Promise<ObjectInfo & { lastModified: Date }> {
  const [found, content] = await Promise.all([stat(file), readFile(file)]);
  return {
    bytes: found.size,
    etag: `"${createHash('sha256').update(content).digest('hex')}"`,
    contentType: formatOf(file)?.contentType,
    lastModified: found.mtime,
  };
}

function checkRight(right: Right): void {
  const { who } = right as FolderRight;
  if (who === keeper[1]) return;
  throw new KnownError({ kind: 'insufficientPrivilege', message: `"${who}" may not use the folder` });
}

function requireObject(path: StoragePath): void {
  if (!isDirectory(path)) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${formatPath(path)} is a directory, an object is needed`,
  });
}

function missing(path: StoragePath, says: string): KnownError {
  return new MissingFile({ message: `${formatPath(path)}: ${says}` });
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
