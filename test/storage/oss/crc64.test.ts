import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { combineCrc64, createCrc64 } from '../../../src/storage/oss/crc64.js';

function crc64(...chunks: Uint8Array[]): string {
  const checksum = createCrc64();
  for (const chunk of chunks) checksum.update(chunk);
  return checksum.digest();
}

/** Bit by bit, as the definition of CRC-64/XZ reads. */
function slowCrc64(bytes: Uint8Array): string {
  let state = 0xffffffffffffffffn;
  for (const byte of bytes) {
    state ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) state = state & 1n ? (state >> 1n) ^ 0xc96c5795d7870f42n : state >> 1n;
  }
  return (state ^ 0xffffffffffffffffn).toString();
}

test('the check value of CRC-64/XZ comes out', () => {
  expect(crc64(Buffer.from('123456789'))).toBe('11051210869376104954');
  expect(crc64()).toBe('0');
});

test('random bytes at odd offsets and in odd pieces give what the definition gives', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = randomBytes(length + 3).subarray(3);
    const cut = Math.floor(length / 3);
    expect(crc64(bytes)).toBe(slowCrc64(bytes));
    expect(crc64(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(slowCrc64(bytes));
  }
});

test('digest may be asked in between', () => {
  const checksum = createCrc64();
  checksum.update(Buffer.from('12345'));
  checksum.digest();
  checksum.update(Buffer.from('6789'));
  expect(checksum.digest()).toBe('11051210869376104954');
});

test('the checksums of two pieces combine into the checksum of both', () => {
  for (const [first, second] of [
    [0, 0],
    [0, 5],
    [5, 0],
    [1, 1],
    [1000, 12_345],
    [200_000, 131_072],
  ] as const) {
    const bytes = randomBytes(first + second);
    const left = crc64(bytes.subarray(0, first));
    const right = crc64(bytes.subarray(first));
    expect(combineCrc64(left, right, second)).toBe(crc64(bytes));
  }
});
