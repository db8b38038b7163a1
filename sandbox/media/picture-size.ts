/** Reads a picture's format and size from its header, without decoding it. */

/** Size in pixels as stored, that is, before any EXIF rotation. */
export interface PictureSize {
  width: number;
  height: number;
  format: 'png' | 'jpeg' | 'webp' | 'bmp' | 'gif' | 'tiff';
}

type Size = [width: number, height: number];

const READERS: readonly {
  format: PictureSize['format'];
  magic: RegExp;
  read: (bytes: Buffer) => Size | undefined;
}[] = [
  // biome-ignore-start lint/suspicious/noControlCharactersInRegex: file signatures are control characters
  {
    format: 'png',
    magic: /^\x89PNG\r\n\x1a\n/,
    read: (bytes) => [bytes.readUInt32BE(16), bytes.readUInt32BE(20)],
  },
  { format: 'jpeg', magic: /^\xff\xd8\xff/, read: readJpeg },
  { format: 'webp', magic: /^RIFF.{4}WEBP/s, read: readWebp },
  { format: 'bmp', magic: /^BM/, read: readBmp },
  { format: 'gif', magic: /^GIF8[79]a/, read: (bytes) => [bytes.readUInt16LE(6), bytes.readUInt16LE(8)] },
  { format: 'tiff', magic: /^(II\*\0|MM\0\*)/, read: readTiff },
  // biome-ignore-end lint/suspicious/noControlCharactersInRegex: file signatures are control characters
];

/** Format and size of an encoded picture; undefined when it is none of the known formats, or its header is broken. */
export function pictureSize(encoded: Uint8Array): PictureSize | undefined {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const start = bytes.toString('latin1', 0, 16);
  const reader = READERS.find(({ magic }) => magic.test(start));
  try {
    const [width = 0, height = 0] = reader?.read(bytes) ?? [];
    return reader && width > 0 && height > 0 ? { width, height, format: reader.format } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // the file ends within its header
    throw error;
  }
}

// Segment after segment up to the frame header (ITU-T T.81, B.1.1.3: SOF0..SOF15 without DHT, JPG and DAC).
function readJpeg(bytes: Buffer): Size | undefined {
  let offset = 2;
  while (bytes.readUInt8(offset) === 0xff) {
    const marker = bytes.readUInt8(offset + 1);
    if (marker === 0xff) {
      offset++; // fill byte
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [bytes.readUInt16BE(offset + 7), bytes.readUInt16BE(offset + 5)];
    offset += 2 + bytes.readUInt16BE(offset + 2);
  }
  return undefined;
}

// Lossy, lossless and extended files (RFC 9649) keep the size in three ways.
function readWebp(bytes: Buffer): Size | undefined {
  const chunk = bytes.toString('latin1', 12, 16);
  if (chunk === 'VP8X') return [bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1];
  if (chunk === 'VP8 ') return [bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff];
  if (chunk !== 'VP8L') return undefined;
  const packed = bytes.readUInt32LE(21);
  return [(packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1];
}

// The oldest header has 16-bit sizes; in the others a negative height means "top row first".
function readBmp(bytes: Buffer): Size {
  if (bytes.readUInt32LE(14) === 12) return [bytes.readUInt16LE(18), bytes.readUInt16LE(20)];
  return [bytes.readInt32LE(18), Math.abs(bytes.readInt32LE(22))];
}

// The first directory's ImageWidth (256) and ImageLength (257), each a 16- or 32-bit number (TIFF 6.0).
function readTiff(bytes: Buffer): Size | undefined {
  const isLittle = bytes.readUInt8(0) === 0x49;
  const half = (offset: number) => (isLittle ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset));
  const word = (offset: number) => (isLittle ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
  const directory = word(4);
  const found = new Map<number, number>();
  for (let entry = 0; entry < half(directory); entry++) {
    const offset = directory + 2 + entry * 12;
    const isHalf = half(offset + 2) === 3;
    found.set(half(offset), isHalf ? half(offset + 8) : word(offset + 8));
  }
  const [width, height] = [found.get(256), found.get(257)];
  return width && height ? [width, height] : undefined;
}
