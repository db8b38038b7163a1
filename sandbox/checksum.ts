/** CRC-64 of contents as OSS tells it in x-oss-hash-crc64ecma: the CRC-64/XZ of the catalogues, as an unsigned decimal number. */
import { createReadStream } from 'node:fs';
import { createCRC64 } from 'hash-wasm';

export interface Checksum {
  update(bytes: Uint8Array): void;
  digest(): string;
}

export async function createChecksum(): Promise<Checksum> {
  const hash = await createCRC64();
  hash.init();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => BigInt(`0x${hash.digest('hex')}`).toString(),
  };
}

export async function checksumOfFile(path: string): Promise<string> {
  const checksum = await createChecksum();
  for await (const chunk of createReadStream(path)) checksum.update(chunk as Buffer);
  return checksum.digest();
}

/** The polynomial of ECMA-182, its bits reversed; the highest bit of a number stands for x⁰. */
const polynomial = 0xc96c5795d7870f42n;
const one = 1n << 63n;

/** The checksum of two contents one behind the other: the first's, moved on by the length of the second, plus the second's. */
export function joinChecksums(first: string, second: string, secondLengthBytes: number): string {
  return (multiply(BigInt(first), powerOfX(8 * secondLengthBytes)) ^ BigInt(second)).toString();
}

/** xⁿ modulo the polynomial, by repeated squaring. */
function powerOfX(exponent: number): bigint {
  let result = one;
  let square = one >> 1n;
  for (let rest = BigInt(exponent); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

/** The product of two polynomials modulo the polynomial. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = one; bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}
