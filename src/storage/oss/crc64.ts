/** CRC-64/XZ (ECMA-182 reflected), the checksum OSS reports as `x-oss-hash-crc64ecma`. */

export interface Crc64 {
  update(chunk: Uint8Array): void;
  /** The checksum of everything so far, as an unsigned decimal number (the form OSS uses). */
  digest(): string;
}

const polynomial = 0xc96c5795d7870f42n;
const sliceCount = 8;
const { low: lowTable, high: highTable } = buildTables();

/**
 * Starts an incremental checksum. Eight bytes are taken at a time ("slicing by 8") and the 64-bit state is
 * kept as two 32-bit halves, because BigInt arithmetic would be a hundred times slower.
 * Check value: "123456789" gives 11051210869376104954.
 */
export function createCrc64(): Crc64 {
  let low = -1;
  let high = -1;
  return {
    update(chunk) {
      const end = chunk.length;
      const wordsEnd = end - (end % sliceCount);
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let position = 0;
      for (; position < wordsEnd; position += sliceCount) {
        const a = low ^ view.getInt32(position, true);
        const b = high ^ view.getInt32(position + 4, true);
        low = slice(lowTable, a, b);
        high = slice(highTable, a, b);
      }
      for (; position < end; position++) {
        const index = (low ^ (chunk[position] as number)) & 255;
        low = ((low >>> 8) | (high << 24)) ^ (lowTable[index] as number);
        high = (high >>> 8) ^ (highTable[index] as number);
      }
    },
    digest() {
      return toUnsigned(~high, ~low).toString();
    },
  };
}

/**
 * The checksum of two pieces laid end to end, from the checksums of the pieces (both as `digest` gives them):
 * the first one is multiplied by x^(8 · secondLengthBytes) modulo the polynomial, then the second is added.
 */
export function combineCrc64(first: string, second: string, secondLengthBytes: number): string {
  let factor = 1n << 63n;
  let power = 1n << 55n;
  for (let rest = secondLengthBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) factor = multiply(power, factor);
    power = multiply(power, power);
  }
  return (multiply(factor, BigInt(first)) ^ BigInt(second)).toString();
}

/** Of no bytes. */
export const emptyCrc64 = '0';

function slice(table: Int32Array, a: number, b: number): number {
  return (
    (table[1792 + (a & 255)] as number) ^
    (table[1536 + ((a >>> 8) & 255)] as number) ^
    (table[1280 + ((a >>> 16) & 255)] as number) ^
    (table[1024 + (a >>> 24)] as number) ^
    (table[768 + (b & 255)] as number) ^
    (table[512 + ((b >>> 8) & 255)] as number) ^
    (table[256 + ((b >>> 16) & 255)] as number) ^
    (table[b >>> 24] as number)
  );
}

/** Row k of a table holds the state after a byte and k zero bytes. */
function buildTables(): { low: Int32Array; high: Int32Array } {
  const states = new BigUint64Array(sliceCount * 256);
  for (let byte = 0; byte < 256; byte++) {
    let state = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) state = halve(state);
    states[byte] = state;
  }
  for (let index = 256; index < states.length; index++) {
    const previous = states[index - 256] as bigint;
    states[index] = (previous >> 8n) ^ (states[Number(previous & 255n)] as bigint);
  }
  return {
    low: Int32Array.from(states, (state) => Number(BigInt.asIntN(32, state))),
    high: Int32Array.from(states, (state) => Number(BigInt.asIntN(32, state >> 32n))),
  };
}

function multiply(left: bigint, right: bigint): bigint {
  let product = 0n;
  let shifted = right;
  for (let bit = 63n; bit >= 0n; bit--) {
    if ((left >> bit) & 1n) product ^= shifted;
    shifted = halve(shifted);
  }
  return product;
}

function halve(value: bigint): bigint {
  return value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
}

function toUnsigned(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
