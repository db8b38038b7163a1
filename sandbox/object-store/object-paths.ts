/** Where a bucket, an object and what is told of them lie below the store's directory. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hashedName, keyToFilePath } from './file-names.js';

/** Where objects lie whose keys no file path can bear (too long, or `a` beside `a/b`), by hash of the key. */
export const hashedDirectory = '%keys';

export type ObjectPaths = ReturnType<typeof objectPaths>;

export function objectPaths(directory: string) {
  const meta = join(directory, '.meta');
  const incomingDirectory = join(meta, 'incoming');
  const bucketPath = (bucket: string) => join(directory, bucket);
  const hashed = (bucket: string, key: string) => join(bucketPath(bucket), hashedDirectory, hashedName(key));
  const recordOfHashed = (bucket: string, name: string) => join(meta, 'objects', bucket, `${name}.json`);
  function natural(bucket: string, key: string): string | undefined {
    const path = keyToFilePath(key);
    return path === undefined ? undefined : join(bucketPath(bucket), path);
  }
  return {
    incomingDirectory,
    incoming: () => join(incomingDirectory, randomUUID()),
    bucket: bucketPath,
    bucketRecord: (bucket: string) => join(meta, 'buckets', `${bucket}.json`),
    recordOfHashed,
    record: (bucket: string, key: string) => recordOfHashed(bucket, hashedName(key)),
    natural,
    hashed,
    /** Where the object is, or would be. */
    file(bucket: string, key: string): string {
      const path = hashed(bucket, key);
      return existsSync(path) ? path : (natural(bucket, key) ?? path);
    },
  };
}
