/** Recognises sound and video files by their first bytes and reads their length from headers. */

export interface Clip {
  format: 'wav' | 'mp3' | 'mp4' | 'mov';
  /** Undefined when the headers do not say. */
  seconds: number | undefined;
}

const ascii = (bytes: Buffer, start: number, end: number) => bytes.toString('latin1', start, end);

function wavSeconds(bytes: Buffer): number | undefined {
  let bytesPerSecond: number | undefined;
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const size = bytes.readUInt32LE(offset + 4);
    const name = ascii(bytes, offset, offset + 4);
    if (name === 'fmt ' && offset + 20 <= bytes.length) bytesPerSecond = bytes.readUInt32LE(offset + 16);
    if (name === 'data') return bytesPerSecond ? size / bytesPerSecond : undefined;
    offset += 8 + size + (size % 2);
  }
  return undefined;
}

const kilobits = {
  version1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  version2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** Layer III with a constant bit rate is assumed: good enough to tell 2 seconds from 30. */
function mp3Seconds(bytes: Buffer): number | undefined {
  let start = 0;
  if (ascii(bytes, 0, 3) === 'ID3' && bytes.length > 10) {
    start = 10 + [6, 7, 8, 9].reduce((size, index) => (size << 7) | (bytes[index] ?? 0), 0);
  }
  for (let offset = start; offset + 4 <= Math.min(bytes.length, start + 8192); offset += 1) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(offset, offset + 3);
    if (first !== 0xff || (second & 0xe6) !== 0xe2) continue;
    const rates = (second & 0x18) === 0x18 ? kilobits.version1 : kilobits.version2;
    const rate = rates[third >> 4];
    if (rate) return ((bytes.length - offset) * 8) / (rate * 1000);
  }
  return undefined;
}

/** ISO base media: a box is a 32-bit length, four letters and content; length 1 means 64 bits follow. */
function findBox(bytes: Buffer, wanted: string): Buffer | undefined {
  for (let offset = 0; offset + 8 <= bytes.length; ) {
    let size = bytes.readUInt32BE(offset);
    let header = 8;
    if (size === 1 && offset + 16 <= bytes.length) {
      size = Number(bytes.readBigUInt64BE(offset + 8));
      header = 16;
    }
    if (size === 0) size = bytes.length - offset;
    if (size < header) return undefined;
    if (ascii(bytes, offset + 4, offset + 8) === wanted) {
      return bytes.subarray(offset + header, offset + size);
    }
    offset += size;
  }
  return undefined;
}

function mp4Seconds(bytes: Buffer): number | undefined {
  const movie = findBox(bytes, 'moov');
  const header = movie && findBox(movie, 'mvhd');
  if (!header || header.length < 32) return undefined;
  const version1 = header[0] === 1;
  const timescale = header.readUInt32BE(version1 ? 20 : 12);
  const duration = version1 ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  return timescale > 0 ? duration / timescale : undefined;
}

/** Returns undefined for anything that is not WAV, MP3, MP4 or MOV. */
export function readClip(encoded: Uint8Array): Clip | undefined {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WAVE') {
    return { format: 'wav', seconds: wavSeconds(bytes) };
  }
  if (ascii(bytes, 4, 8) === 'ftyp') {
    const format = ascii(bytes, 8, 12) === 'qt  ' ? 'mov' : 'mp4';
    return { format, seconds: mp4Seconds(bytes) };
  }
  const [first = 0, second = 0] = bytes;
  if (ascii(bytes, 0, 3) === 'ID3' || (first === 0xff && (second & 0xe6) === 0xe2)) {
    return { format: 'mp3', seconds: mp3Seconds(bytes) };
  }
  return undefined;
}
