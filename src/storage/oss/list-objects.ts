/** One page of what lies in a directory of a bucket, in the name of a role. */

import type OSS from 'ali-oss';
import { isDirectory, isKey, type StoragePath } from '../path.js';
import type { ListedObject, ObjectPage, Store } from '../storage.js';
import { toSqlError } from './error.js';
import type { OssRight } from './right.js';
import type { RoleRequests } from './role-requests.js';

/** The most that OSS gives at once: https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectsv2 */
const pageLength = 1000;

/** A directory may be written without its slash. */
export async function listObjects(
  { send }: RoleRequests,
  directory: StoragePath,
  right: OssRight,
  { recursive, after, signal }: Parameters<Store['list']>[2],
): Promise<ObjectPage> {
  const prefix = isDirectory(directory) ? directory.key : `${directory.key}/`;
  const query: OSS.ListV2ObjectsQuery = {
    // ali-oss signs an empty one otherwise than it sends it.
    ...(prefix !== '' && { prefix }),
    // Without a delimiter all that begins with the prefix is listed.
    ...(!recursive && { delimiter: '/' }),
    ...(after !== undefined && { 'continuation-token': after }),
    'max-keys': pageLength,
    // What XML cannot hold may stand in a key.
    'encoding-type': 'url',
  };
  const scope = { roleArn: right.roleArn, bucket: directory.bucket, purpose: 'read' as const };
  try {
    // A copy for each try: ali-oss takes the token out of the query it is given.
    const page = await send(scope, right, (client) => client.listV2({ ...query }), signal);
    const listed = page.objects.map((object) => asListed(object, directory));
    return {
      objects: listed.filter(({ path }) => isKey(path.key) && !isDirectory(path)),
      next: page.nextContinuationToken ?? undefined,
    };
  } catch (error) {
    throw toSqlError(error, 'cannot list', directory);
  }
}

function asListed({ name, size, etag, lastModified }: OSS.ObjectMeta, directory: StoragePath): ListedObject {
  const path = { ...directory, key: decodeURIComponent(name) };
  return { path, bytes: size, etag, lastModified: new Date(lastModified) };
}
