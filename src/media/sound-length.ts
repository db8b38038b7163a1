/** How long a sound or video is, as the beginning of its file says: WAV, MP3 of a constant rate, MP4 and MOV whose index stands first. */

/** So much of a file has its headers in it. */
export const beginningBytes = 64 * 1024;

/** Seconds; undefined where the beginning does not say. `bytes`: of the whole file. */
export function lengthOf(beginning: Buffer, bytes: number): number | undefined {
  const word = (start: number) => beginning.toString('latin1', start, start + 4);
  if (word(0) === 'RIFF' && word(8) === 'WAVE') return wavSeconds(beginning, bytes);
  if (word(4) === 'ftyp') return mp4Seconds(beginning);
  return mp3Seconds(beginning, bytes);
}

/** Chunks of a name, a length and content; sound that is still being written has no length yet, and goes on to the end. */
function wavSeconds(beginning: Buffer, bytes: number): number | undefined {
  let bytesPerSecond = 0;
  for (let offset = 12; offset + 8 <= beginning.length; ) {
    const name = beginning.toString('latin1', offset, offset + 4);
    const length = beginning.readUInt32LE(offset + 4);
    if (name === 'fmt ' && offset + 20 <= beginning.length)
      bytesPerSecond = beginning.readUInt32LE(offset + 16);
    if (name === 'data')
      return bytesPerSecond > 0 ? Math.min(length, bytes - offset - 8) / bytesPerSecond : undefined;
    offset += 8 + length + (length % 2);
  }
  return undefined;
}

const boxHeaderBytes = 8;

/** The content of a box, which begins with its length and four letters. */
function boxIn(content: Buffer, wanted: string): Buffer | undefined {
  for (let offset = 0; offset + boxHeaderBytes <= content.length; ) {
    const length = content.readUInt32BE(offset);
    if (content.toString('latin1', offset + 4, offset + 8) === wanted)
      return content.subarray(offset + boxHeaderBytes, offset + length);
    // 0: to the end of the file; 1: 64 bits of length follow, which only what is large needs.
    if (length < boxHeaderBytes) return undefined;
    offset += length;
  }
  return undefined;
}

function mp4Seconds(beginning: Buffer): number | undefined {
  const index = boxIn(beginning, 'moov');
  const header = index && boxIn(index, 'mvhd');
  if (!header || header.length < 32) return undefined;
  const isLong = header[0] === 1;
  const scale = header.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  // One that is written in fragments says 0.
  return scale > 0 && duration > 0 ? duration / scale : undefined;
}

/** Kilobits a second of layer III, by the four bits of its frames: MPEG 1, and 2 and 2.5. */
const kilobits = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

function mp3Seconds(beginning: Buffer, bytes: number): number | undefined {
  const start = tagBytes(beginning);
  for (let offset = start; offset + 4 <= beginning.length; offset++) {
    const header = beginning.readUInt32BE(offset);
    // Eleven bits of ones, then layer III.
    if (header >>> 21 !== 0x7ff || ((header >>> 17) & 3) !== 1) continue;
    const isFirst = ((header >>> 19) & 3) === 3;
    const rate = kilobits[isFirst ? 0 : 1]?.[(header >>> 12) & 15];
    // A file of a varying rate says so in its first frame; its length is not known then.
    const frame = beginning.toString('latin1', offset, offset + 200);
    if (frame.includes('Xing') || frame.includes('VBRI')) return undefined;
    if (rate) return ((bytes - offset) * 8) / (rate * 1000);
  }
  return undefined;
}

/** An ID3 tag before the sound: its length in four times seven bits. */
function tagBytes(beginning: Buffer): number {
  if (beginning.toString('latin1', 0, 3) !== 'ID3' || beginning.length < 10) return 0;
  return 10 + [6, 7, 8, 9].reduce((length, index) => (length << 7) | (beginning[index] ?? 0), 0);
}
