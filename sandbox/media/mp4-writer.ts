/** Puts H.264 frames into an MP4 file (ISO/IEC 14496-12 and -15) that plays while it still downloads: the index comes first. */

/** A video track; frames and parameter sets are NAL units without start codes. */
export interface VideoTrack {
  width: number;
  height: number;
  framesPerSecond: number;
  sequenceParameters: Buffer;
  pictureParameters: Buffer;
  frames: { unit: Buffer; isKey: boolean }[];
  /** The first frame as a picture file: players skip it, and it spares the object store a decoder. */
  poster: Buffer;
}

const TICKS_PER_FRAME = 512;
const MOVIE_TICKS_PER_SECOND = 1000;
const NO_TRANSFORMATION = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

/** The whole file. */
export function writeMp4(track: VideoTrack): Buffer {
  const samples = track.frames.map(({ unit }) => Buffer.concat([words(unit.length), unit]));
  const type = box('ftyp', Buffer.from('isom'), words(0x200), Buffer.from('isomiso2avc1mp41'));
  const chunks = chunksOf(samples, track.framesPerSecond);
  // The index holds the chunks' places, and its own length moves them: its length does not depend on the places.
  const indexLength = index(track, samples, chunks, 0).length;
  const dataStart = type.length + indexLength + 8;
  return Buffer.concat([
    type,
    index(track, samples, chunks, dataStart),
    box('mdat', ...samples),
    posterBox(track.poster),
  ]);
}

const posterMark = Buffer.from('poster:');

/** A box that players skip. */
function posterBox(poster: Buffer): Buffer {
  return box('free', posterMark, poster);
}

/** The picture that writeMp4 put in; undefined for any other file. */
export function posterOf(file: Buffer): Buffer | undefined {
  for (let at = 0; at + 8 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const content = file.subarray(at + 8, at + length);
    const isFree = file.toString('latin1', at + 4, at + 8) === 'free';
    if (isFree && content.subarray(0, posterMark.length).equals(posterMark))
      return content.subarray(posterMark.length);
    // 0 and 1 stand for lengths that this writer does not write.
    if (length < 8) return undefined;
    at += length;
  }
  return undefined;
}

// One chunk a second, so that a player need not read far to begin.
function chunksOf(samples: Buffer[], framesPerSecond: number): { offset: number; count: number }[] {
  const chunks: { offset: number; count: number }[] = [];
  let offset = 0;
  samples.forEach((sample, position) => {
    if (position % framesPerSecond === 0) chunks.push({ offset, count: 0 });
    (chunks.at(-1) as { count: number }).count++;
    offset += sample.length;
  });
  return chunks;
}

type Chunks = ReturnType<typeof chunksOf>;

function index(track: VideoTrack, samples: Buffer[], chunks: Chunks, dataStart: number): Buffer {
  const movieTicks = Math.round((samples.length / track.framesPerSecond) * MOVIE_TICKS_PER_SECOND);
  const mediaTicksPerSecond = track.framesPerSecond * TICKS_PER_FRAME;
  const undeterminedLanguage = 0x55c4;
  return box(
    'moov',
    full(
      'mvhd',
      0,
      words(0, 0, MOVIE_TICKS_PER_SECOND, movieTicks, 0x10000),
      halves(0x100, 0, 0, 0, 0, 0),
      words(...NO_TRANSFORMATION, 0, 0, 0, 0, 0, 0, 2),
    ),
    box(
      'trak',
      full(
        'tkhd',
        3,
        words(0, 0, 1, 0, movieTicks, 0, 0),
        halves(0, 0, 0, 0),
        words(...NO_TRANSFORMATION, track.width * 0x10000, track.height * 0x10000),
      ),
      box(
        'mdia',
        full(
          'mdhd',
          0,
          words(0, 0, mediaTicksPerSecond, samples.length * TICKS_PER_FRAME),
          halves(undeterminedLanguage, 0),
        ),
        full('hdlr', 0, words(0), Buffer.from('vide'), words(0, 0, 0), Buffer.from('VideoHandler\0')),
        box(
          'minf',
          full('vmhd', 1, words(0, 0)),
          box('dinf', full('dref', 0, words(1), full('url ', 1))),
          sampleTable(track, samples, chunks, dataStart),
        ),
      ),
    ),
  );
}

function sampleTable(track: VideoTrack, samples: Buffer[], chunks: Chunks, dataStart: number): Buffer {
  const keys = track.frames.flatMap(({ isKey }, position) => (isKey ? [position + 1] : []));
  // A run of equally long chunks is written once, by its first.
  const runs = chunks.flatMap(({ count }, position) =>
    position > 0 && chunks[position - 1]?.count === count ? [] : [position + 1, count, 1],
  );
  return box(
    'stbl',
    full('stsd', 0, words(1), sampleEntry(track)),
    full('stts', 0, words(1, samples.length, TICKS_PER_FRAME)),
    full('stss', 0, words(keys.length, ...keys)),
    full('stsc', 0, words(runs.length / 3, ...runs)),
    full('stsz', 0, words(0, samples.length, ...samples.map((sample) => sample.length))),
    full('stco', 0, words(chunks.length, ...chunks.map(({ offset }) => dataStart + offset))),
  );
}

function sampleEntry(track: VideoTrack): Buffer {
  const resolution = 72 * 0x10000;
  const { sequenceParameters, pictureParameters } = track;
  return box(
    'avc1',
    words(0),
    halves(0, 1, 0, 0),
    words(0, 0, 0),
    halves(track.width, track.height),
    words(resolution, resolution, 0),
    halves(1),
    Buffer.alloc(32), // compressor name
    halves(24, 0xffff),
    box(
      'avcC',
      // version, then profile, constraints and level as in the parameter set; 4-byte lengths; one set of each kind
      Buffer.from([1, ...sequenceParameters.subarray(1, 4), 0xff, 0xe1]),
      halves(sequenceParameters.length),
      sequenceParameters,
      Buffer.of(1),
      halves(pictureParameters.length),
      pictureParameters,
    ),
    box('colr', Buffer.from('nclx'), halves(1, 1, 1), Buffer.of(0)), // BT.709, limited range
    box('pasp', words(1, 1)),
  );
}

function box(type: string, ...content: Uint8Array[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([words(length), Buffer.from(type, 'latin1'), ...content]);
}

// A "full box" begins with a version (always 0 here) and flags.
function full(type: string, flags: number, ...content: Uint8Array[]): Buffer {
  return box(type, words(flags), ...content);
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, position) => {
    buffer.writeUInt32BE(value, position * 4);
  });
  return buffer;
}

function halves(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, position) => {
    buffer.writeUInt16BE(value, position * 2);
  });
  return buffer;
}
