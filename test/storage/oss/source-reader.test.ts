import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createCrc64 } from '../../../src/storage/oss/crc64.js';
import { SourceFailure } from '../../../src/storage/oss/source-chunks.js';
import { createSourceReader } from '../../../src/storage/oss/source-reader.js';

const never = new AbortController().signal;

function crc64Of(bytes: Uint8Array): string {
  const crc64 = createCrc64();
  crc64.update(bytes);
  return crc64.digest();
}

test('parts are filled to the last byte whatever the sizes of the chunks are', async () => {
  const stream = Readable.from([
    Buffer.from('abcde'),
    Buffer.alloc(0),
    Buffer.from('fg'),
    Buffer.from('hij'),
  ]);
  const reader = createSourceReader({ stream }, undefined, 1000, never);
  const buffer = Buffer.alloc(4);
  const seen: string[] = [];
  for (let isLast = false; !isLast; ) {
    const part = await reader.fill(buffer);
    const bytes = buffer.subarray(0, part.bytes);
    expect(part.crc64).toBe(crc64Of(bytes));
    seen.push(bytes.toString());
    isLast = part.isLast;
  }
  expect(seen).toEqual(['abcd', 'efgh', 'ij']);
});

test('a source that fits a buffer exactly is one last part', async () => {
  const reader = createSourceReader({ stream: Readable.from([Buffer.from('abcd')]) }, 4, 1000, never);
  expect(await reader.fill(Buffer.alloc(4))).toEqual({
    bytes: 4,
    crc64: crc64Of(Buffer.from('abcd')),
    isLast: true,
  });
});

test('an empty source is one empty part', async () => {
  const reader = createSourceReader({ stream: Readable.from([]) }, 0, 1000, never);
  expect(await reader.fill(Buffer.alloc(4))).toMatchObject({ bytes: 0, isLast: true });
});

test.each([3, 5])('a source of 4 bytes that announced %d is a failure', async (announced) => {
  const reader = createSourceReader({ stream: Readable.from([Buffer.from('abcd')]) }, announced, 1000, never);
  await expect(reader.fill(Buffer.alloc(8))).rejects.toThrow(SourceFailure);
});

test('a source that is destroyed without an error is a failure and not an end', async () => {
  const stream = new PassThrough();
  const reader = createSourceReader({ stream }, undefined, 1000, never);
  stream.write('ab');
  const filled = reader.fill(Buffer.alloc(8));
  stream.once('drain', () => {});
  setImmediate(() => stream.destroy());
  await expect(filled).rejects.toThrow(SourceFailure);
});

test('a source that falls silent is ended after the idle limit', async () => {
  const stream = new PassThrough();
  const reader = createSourceReader({ stream }, undefined, 30, never);
  stream.write('ab');
  await expect(reader.fill(Buffer.alloc(8))).rejects.toThrow('the source sent nothing for 30 ms');
  expect(stream.destroyed).toBe(true);
});

test('an abort ends the source', async () => {
  const stream = new PassThrough();
  const controller = new AbortController();
  const reader = createSourceReader({ stream }, undefined, 10_000, controller.signal);
  const filled = reader.fill(Buffer.alloc(8));
  controller.abort();
  await expect(filled).rejects.toThrow(SourceFailure);
  expect(stream.destroyed).toBe(true);
});

test.each(['fill', 'pour'] as const)(
  'a source of other bytes than its checksum says is a failure (%s)',
  async (way) => {
    const bytes = Buffer.from('abcdefghij');
    const read = async (crc64: string) => {
      const stream = Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]);
      const reader = createSourceReader({ stream, crc64 }, undefined, 1000, never);
      const seen: string[] = [];
      if (way === 'pour') for await (const chunk of reader.pour(() => {})) seen.push(chunk.toString());
      else {
        const buffer = Buffer.alloc(4);
        for (let isLast = false; !isLast; ) {
          const part = await reader.fill(buffer);
          seen.push(buffer.toString('utf8', 0, part.bytes));
          isLast = part.isLast;
        }
      }
      return seen.join('');
    };
    expect(await read(crc64Of(bytes))).toBe('abcdefghij');
    await expect(read('1')).rejects.toThrow(/other bytes than it announced \(CRC-64 \d+ instead of 1\)/);
  },
);
