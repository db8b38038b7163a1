/** Paths of objects and directories as SQL writes them: oss://bucket/key. */

import { KnownError } from '../errors.js';

/** `key` is '' for the bucket's root and ends in '/' for a directory. */
export interface OssPath {
  bucket: string;
  key: string;
}

const bucketPattern = /^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/;
const maximumKeyBytes = 1023;
const pathHint =
  'Write oss://<bucket>/<path>, for example oss://my-bucket/pictures/ or oss://my-bucket/pictures/cat.png.';

/** What makes a key unusable, in the order in which it is looked for. */
const keyRules: { isBroken: (key: string) => boolean; allowed: string }[] = [
  {
    isBroken: (key) => Buffer.byteLength(key) > maximumKeyBytes,
    allowed: `the part after the bucket may have at most ${maximumKeyBytes} bytes`,
  },
  {
    isBroken: (key) => key.startsWith('/') || key.startsWith('\\'),
    allowed: 'the part after the bucket must not start with a slash or a backslash',
  },
  {
    isBroken: (key) => /[\p{Control}\p{Surrogate}]/u.test(key),
    allowed: 'the part after the bucket must be valid text without control characters',
  },
  {
    // URL parsers on the way resolve such segments: the request would name another object, even another bucket.
    isBroken: (key) => key.split('/').some((segment) => segment === '.' || segment === '..'),
    allowed: 'the segments "." and ".." are not allowed',
  },
];

function invalidPath(text: string, field: string, allowed: string): KnownError {
  return new KnownError({
    kind: 'invalidParameterValue',
    message: `${field} is not an OSS path: "${text}"; ${allowed}`,
    hint: pathHint,
  });
}

/**
 * Reads `oss://bucket/key`, `oss://bucket/directory/` or `oss://bucket`. The key is taken as it is written, without
 * percent-decoding. Naming rules: https://www.alibabacloud.com/help/en/oss/user-guide/object-naming-conventions
 * @throws KnownError 22023 that names `field`, the value and what is allowed
 */
export function parseOssPath(text: string, field: string): OssPath {
  const match = /^oss:\/\/([^/]*)(?:\/(.*))?$/s.exec(text);
  if (!match) throw invalidPath(text, field, 'it must start with oss:// and a bucket');
  const bucket = match[1] ?? '';
  const key = match[2] ?? '';
  if (!bucketPattern.test(bucket)) {
    throw invalidPath(text, field, 'a bucket has 3 to 63 lower-case letters, digits and inner hyphens');
  }
  const broken = keyRules.find((rule) => rule.isBroken(key));
  if (broken) throw invalidPath(text, field, broken.allowed);
  return { bucket, key };
}

/** The path as SQL writes it. */
export function formatOssPath(path: OssPath): string {
  return `oss://${path.bucket}/${path.key}`;
}

/** True for the bucket's root and for a key that ends in a slash. */
export function isDirectory(path: OssPath): boolean {
  return path.key === '' || path.key.endsWith('/');
}

/**
 * The path of a file in a directory, which may be written with or without its trailing slash.
 * @throws KnownError 22023 when the resulting path is not a valid one, e.g. too long
 */
export function joinOssPath(directory: OssPath, fileName: string): OssPath {
  const prefix = isDirectory(directory) ? directory.key : `${directory.key}/`;
  return parseOssPath(formatOssPath({ bucket: directory.bucket, key: prefix + fileName }), 'output path');
}
