/** The sandbox reckons checksums by another library than the product: they agree, or one of them is wrong. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createChecksum, joinChecksums } from '../../sandbox/checksum.js';
import { createCrc64 } from '../../src/storage/oss/crc64.js';

async function checksumOf(...chunks: Buffer[]): Promise<string> {
  const checksum = await createChecksum();
  for (const chunk of chunks) checksum.update(chunk);
  return checksum.digest();
}

test('the check value of CRC-64/XZ', async () => {
  expect(await checksumOf(Buffer.from('123456789'))).toBe(String(0x995dc9bbdf1939fan));
});

test.each([0, 1, 7, 1000, 1_000_003])(
  '%d random bytes have the checksum that the product reckons',
  async (bytes) => {
    const content = randomBytes(bytes);
    const own = createCrc64();
    own.update(content);
    expect(await checksumOf(content)).toBe(own.digest());
  },
);

test.each([
  [0, 5],
  [5, 0],
  [1000, 1],
  [65_537, 100_003],
])('the checksums of %d and %d bytes join to that of all of them', async (first, second) => {
  const [a, b] = [randomBytes(first), randomBytes(second)];
  expect(joinChecksums(await checksumOf(a), await checksumOf(b), second)).toBe(await checksumOf(a, b));
});
