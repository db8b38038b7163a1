/** Maps object keys to readable relative file paths and back, for keys a file system can hold. */
import { createHash } from 'node:crypto';

/** What an empty segment (`a//b`, or the end of `a/`) is called: never the encoding of another segment. */
const emptySegment = '%empty';
const longestNameBytes = 255;
const longestPathBytes = 1500;

/**
 * The relative path of a key's file, or undefined when a segment is too long for a file name. `.` and `..`,
 * control characters, backslashes and what Windows refuses are percent-encoded, so nothing leaves the directory.
 */
export function keyToFilePath(key: string): string | undefined {
  const segments = key.split('/').map(encodeSegment);
  const path = segments.join('/');
  const isTooLong = segments.some((segment) => Buffer.byteLength(segment) > longestNameBytes);
  return isTooLong || Buffer.byteLength(path) > longestPathBytes ? undefined : path;
}

/** The key whose file has this relative path; undefined when no key has it. */
export function filePathToKey(path: string): string | undefined {
  try {
    const key = path.split('/').map(decodeSegment).join('/');
    return keyToFilePath(key) === path ? key : undefined;
  } catch {
    return undefined;
  }
}

/** A name of fixed length for a key, for what cannot bear the key's own. */
export function hashedName(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function encodeSegment(segment: string): string {
  if (segment === '') return emptySegment;
  if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E');
  return segment.replace(/[\p{Cc}%\\:*?"<>|]/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code > 0x7f) return encodeURIComponent(character);
    return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function decodeSegment(segment: string): string {
  return segment === emptySegment ? '' : decodeURIComponent(segment);
}
