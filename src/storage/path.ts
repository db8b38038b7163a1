/** Paths of objects and directories as SQL writes them, `scheme://bucket/key`; what a scheme allows is told by its driver. */

import { KnownError } from '../errors.js';

/** `key` is '' for the bucket's root and ends in '/' for a directory. */
export interface StoragePath {
  /** Chooses the driver, e.g. `oss`. */
  scheme: string;
  bucket: string;
  key: string;
}

/** How the paths of one driver look. */
export interface PathForm {
  scheme: string;
  /** As errors call such a path, e.g. `an OSS path`. */
  called: string;
  bucket: { pattern: RegExp; allowed: string };
  hint: string;
}

const maximumKeyBytes = 1023;

/** What makes a key unusable in every store, in the order in which it is looked for. */
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

/**
 * Reads `scheme://bucket/key`, `scheme://bucket/directory/` or `scheme://bucket`. The key is taken as it is written,
 * without percent-decoding.
 * @param forms of the schemes that are known
 * @throws KnownError 22023 that names `field`, the value and what is allowed
 */
export function parsePath(text: string, field: string, forms: PathForm[]): StoragePath {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(?:\/(.*))?$/s.exec(text);
  const [, scheme, bucket = '', key = ''] = match ?? [];
  const form = forms.find((each) => each.scheme === scheme);
  if (!form) {
    const schemes = forms.map((each) => `${each.scheme}://`).join(' or ');
    throw invalidPath(text, field, forms, `it must start with ${schemes} and a bucket`);
  }
  if (!form.bucket.pattern.test(bucket)) throw invalidPath(text, field, [form], form.bucket.allowed);
  const broken = keyRules.find((rule) => rule.isBroken(key));
  if (broken) throw invalidPath(text, field, [form], broken.allowed);
  return { scheme: form.scheme, bucket, key };
}

/** The path as SQL writes it. */
export function formatPath(path: StoragePath): string {
  return `${path.scheme}://${path.bucket}/${path.key}`;
}

/** True for the bucket's root and for a key that ends in a slash. */
export function isDirectory(path: StoragePath): boolean {
  return path.key === '' || path.key.endsWith('/');
}

/** True for what can be the key of a path: a store may hold objects under others, which SQL has no name for. */
export function isKey(key: string): boolean {
  return !keyRules.some((rule) => rule.isBroken(key));
}

/**
 * The path of a file in a directory, which may be written with or without its trailing slash.
 * @throws KnownError 22023 when the resulting path is not a valid one, e.g. too long
 */
export function joinPath(directory: StoragePath, fileName: string): StoragePath {
  const prefix = isDirectory(directory) ? directory.key : `${directory.key}/`;
  const path = { ...directory, key: prefix + fileName };
  const broken = keyRules.find((rule) => rule.isBroken(path.key));
  if (!broken) return path;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `there can be no file "${formatPath(path)}"; ${broken.allowed}`,
    hint: 'Choose a shorter directory, and a plain file name.',
  });
}

function invalidPath(text: string, field: string, forms: PathForm[], allowed: string): KnownError {
  return new KnownError({
    kind: 'invalidParameterValue',
    message: `${field} is not ${forms.map((form) => form.called).join(' or ')}: "${text}"; ${allowed}`,
    hint: forms.map((form) => form.hint).join(' '),
  });
}
