import { expect, test } from 'vitest';
import { KnownError } from '../../src/errors.js';
import { drivers } from '../../src/storage/drivers.js';
import { createPlaces } from '../../src/storage/open.js';
import { formatPath, isDirectory, joinPath } from '../../src/storage/path.js';

const { readPath } = createPlaces(drivers);

function refusal(text: string): KnownError {
  try {
    readPath(text, 'output_dir');
  } catch (error) {
    if (error instanceof KnownError) return error;
  }
  throw new Error(`${text} was accepted`);
}

test.each([
  ['oss://bucket/dir/cat.png', 'bucket', 'dir/cat.png'],
  ['oss://bucket/dir/', 'bucket', 'dir/'],
  ['oss://bucket/', 'bucket', ''],
  ['oss://bucket', 'bucket', ''],
  ['oss://hm-ai-xxx/holo content/ü+%20#?.png', 'hm-ai-xxx', 'holo content/ü+%20#?.png'],
  ['oss://xxx/a//b', 'xxx', 'a//b'],
])('the path %s is read as it is written', (text, bucket, key) => {
  expect(readPath(text, 'output_dir')).toEqual({ scheme: 'oss', bucket, key });
});

test('a path is printed as SQL writes it', () => {
  expect(formatPath(readPath('oss://bucket/a/b.png', 'f'))).toBe('oss://bucket/a/b.png');
  expect(formatPath(readPath('oss://bucket', 'f'))).toBe('oss://bucket/');
});

test.each([
  ['', 'start with oss://'],
  ['s3://bucket/a', 'start with oss://'],
  ['/etc/passwd', 'start with oss://'],
  ['oss://', '3 to 63'],
  ['oss:///key', '3 to 63'],
  ['oss://xx/key', '3 to 63'],
  ['oss://Bucket/key', '3 to 63'],
  ['oss://-bucket/key', '3 to 63'],
  ['oss://bucket-/key', '3 to 63'],
  ['oss://user@bucket/key', '3 to 63'],
  [`oss://${'b'.repeat(64)}/key`, '3 to 63'],
  ['oss://bucket//key', 'start with a slash'],
  ['oss://bucket/\\key', 'backslash'],
  ['oss://bucket/a/../b', '".."'],
  ['oss://bucket/./b', '"."'],
  ['oss://bucket/a\nb', 'control characters'],
  ['oss://bucket/a\ud800b', 'valid text'],
  [`oss://bucket/${'ü'.repeat(512)}`, '1023 bytes'],
])('the path %j is refused and the error says what is allowed', (text, allowed) => {
  const error = refusal(text);
  expect(error.sqlstate).toBe('22023');
  expect(error.message).toContain('output_dir');
  expect(error.message).toContain(`"${text}"`);
  expect(error.message).toContain(allowed);
  expect(error.hint).toContain('oss://');
});

test('the root of a bucket and a key with a slash at its end are directories', () => {
  expect(isDirectory({ scheme: 'oss', bucket: 'bucket', key: '' })).toBe(true);
  expect(isDirectory({ scheme: 'oss', bucket: 'bucket', key: 'a/' })).toBe(true);
  expect(isDirectory({ scheme: 'oss', bucket: 'bucket', key: 'a' })).toBe(false);
});

test('a file is joined to its directory with exactly one slash', () => {
  expect(joinPath({ scheme: 'oss', bucket: 'bucket', key: '' }, 'x.png').key).toBe('x.png');
  expect(joinPath({ scheme: 'oss', bucket: 'bucket', key: 'a/b' }, 'x.png').key).toBe('a/b/x.png');
  expect(joinPath({ scheme: 'oss', bucket: 'bucket', key: 'a/b/' }, 'x.png').key).toBe('a/b/x.png');
});

test('a joined path that climbs out of its directory is refused', () => {
  expect(() => joinPath({ scheme: 'oss', bucket: 'bucket', key: 'a' }, '../x.png')).toThrow(KnownError);
});
