/** Writes H.264 syntax elements, bit by bit, and wraps them as a NAL unit. */

/** Bits in the making; grows as needed. */
export interface BitWriter {
  /** The lowest `count` (at most 32) bits of the value. */
  fixed(value: number, count: number): void;
  /** ue(v): Exp-Golomb code of a whole number from 0. */
  unsigned(value: number): void;
  /** se(v): Exp-Golomb code of any whole number. */
  signed(value: number): void;
  /** Zero bits up to the next whole byte. */
  align(): void;
  /** Whole bytes; only after `align`. */
  bytes(source: Uint8Array, start: number, count: number): void;
  /** The NAL unit: header, the bits, the stop bit, with emulation prevention (ITU-T H.264 7.4.1). */
  unit(header: number): Buffer;
}

/** An empty writer with room for so many bytes to begin with. */
export function bitWriter(capacityBytes: number): BitWriter {
  let buffer = Buffer.alloc(capacityBytes + 8);
  let length = 0; // whole bytes written
  let pending = 0;
  let pendingBits = 0;

  function room(count: number): void {
    if (length + count + 8 <= buffer.length) return;
    const larger = Buffer.alloc((buffer.length + count) * 2);
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }
  function fixed(value: number, count: number): void {
    room(4);
    for (let left = count - 1; left >= 0; left--) {
      pending = (pending << 1) | ((value >>> left) & 1);
      if (++pendingBits < 8) continue;
      buffer[length++] = pending;
      pending = 0;
      pendingBits = 0;
    }
  }
  function unsigned(value: number): void {
    const bits = 32 - Math.clz32(value + 1);
    fixed(0, bits - 1);
    fixed(value + 1, bits);
  }
  function align(): void {
    if (pendingBits > 0) fixed(0, 8 - pendingBits);
  }
  return {
    fixed,
    unsigned,
    signed: (value) => unsigned(value > 0 ? 2 * value - 1 : -2 * value),
    align,
    bytes(source, start, count) {
      room(count);
      buffer.set(source.subarray(start, start + count), length);
      length += count;
    },
    unit(header) {
      fixed(1, 1);
      align();
      return Buffer.concat([Buffer.of(header), escaped(buffer.subarray(0, length))]);
    },
  };
}

// Two zero bytes followed by 0..3 would look like a start code: a 3 goes in between.
function escaped(payload: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  let from = 0;
  let at = payload.indexOf('\0\0', 0, 'latin1');
  while (at >= 0 && at + 2 < payload.length) {
    if ((payload[at + 2] as number) <= 3) {
      parts.push(payload.subarray(from, at + 2), Buffer.of(3));
      from = at + 2;
      at = payload.indexOf('\0\0', from, 'latin1');
    } else {
      at = payload.indexOf('\0\0', at + 1, 'latin1');
    }
  }
  return parts.length === 0 ? payload : Buffer.concat([...parts, payload.subarray(from)]);
}
