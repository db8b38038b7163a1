/**
 * Writes H.264 (constrained baseline, lossless, progressive 4:2:0) without any codec: enough for drawn pictures.
 *
 * Every macroblock is coded in the cheapest way that restores it exactly: skipped (as in the last frame), moved sideways
 * since the last frame, repeated from the row above or the column to the left, or as raw samples (I_PCM). The first three
 * cost a few bits, the last 384 bytes. Since nothing is lost, the frame that is written is also the frame that a decoder
 * holds, so no reconstruction loop is needed.
 */
import { type BitWriter, bitWriter } from './bit-writer.js';
import { levelFor } from './h264-levels.js';
import { type VectorField, vectorField } from './h264-motion.js';
import { createFrame, type Frame, MACROBLOCK_SIZE, type Plane } from './yuv-frame.js';

/** Frames a second of everything this writer makes. */
export const FRAMES_PER_SECOND = 30;

/** An H.264 stream in the making; the parameter sets and frames are NAL units without start codes. */
export interface H264Writer {
  /** Sequence parameter set, for the container's decoder configuration. */
  sequenceParameters: Buffer;
  /** Picture parameter set. */
  pictureParameters: Buffer;
  /** The whole frame, decodable alone. Forgets which macroblocks have changed. */
  keyFrame(frame: Frame): Buffer;
  /**
   * What has changed in the frame since the last call. `shift` is how far a part of it may have moved to the right, in pixels,
   * an even number (chroma has half the resolution).
   */
  deltaFrame(frame: Frame, shift: number): Buffer;
}

// NAL unit headers (ITU-T H.264 table 7-1): nal_ref_idc << 5 | nal_unit_type.
const NAL = { sequence: 0x67, picture: 0x68, key: 0x65, delta: 0x41 } as const;
// mb_type of an I slice (table 7-11); a P slice adds its own five before them, of which the first is P_L0_16x16.
const P_TYPES = 5;
const P_16X16 = 0;
const INTRA_16X16 = 1;
const I_PCM = 25;
const LUMA = { vertical: 0, horizontal: 1 } as const;
const CHROMA = { horizontal: 1, vertical: 2 } as const;
const FRAME_NUMBER_BITS = 8;

/** Opens a stream of pictures of the given even size in pixels. */
export function openH264Writer(width: number, height: number): H264Writer {
  let frameNumber = 0;
  const last = createFrame(width, height);
  return {
    sequenceParameters: sequenceParameters(width, height),
    pictureParameters: pictureParameters(),
    keyFrame(frame) {
      frameNumber = 0;
      frame.changed.fill(1);
      return slice(frame, last, 'key', 0, 0);
    },
    deltaFrame(frame, shift) {
      frameNumber = (frameNumber + 1) % 2 ** FRAME_NUMBER_BITS;
      return slice(frame, last, 'delta', frameNumber, shift);
    },
  };
}

// Syntax of ITU-T H.264 7.3.2.1.1, with the colour description (BT.709, limited range) of annex E.
function sequenceParameters(width: number, height: number): Buffer {
  const columns = Math.ceil(width / MACROBLOCK_SIZE);
  const rows = Math.ceil(height / MACROBLOCK_SIZE);
  const bits = bitWriter(128);
  bits.fixed(66, 8); // baseline profile
  bits.fixed(0xc0, 8); // constraint sets 0 and 1: constrained baseline
  bits.fixed(levelFor(columns, rows, FRAMES_PER_SECOND), 8);
  // id, log2_max_frame_num_minus4, pic_order_cnt_type 2 (output order is coding order), one reference frame
  for (const value of [0, FRAME_NUMBER_BITS - 4, 2, 1]) bits.unsigned(value);
  bits.fixed(0, 1); // no gaps in frame_num
  bits.unsigned(columns - 1);
  bits.unsigned(rows - 1);
  bits.fixed(0b111, 3); // frames only, direct 8x8 inference, cropping follows
  const cropRight = (columns * MACROBLOCK_SIZE - width) / 2;
  const cropBottom = (rows * MACROBLOCK_SIZE - height) / 2;
  for (const value of [0, cropRight, 0, cropBottom]) bits.unsigned(value);
  videoUsability(bits);
  return bits.unit(NAL.sequence);
}

function videoUsability(bits: BitWriter): void {
  bits.fixed(1, 1); // VUI present
  bits.fixed(1, 1);
  bits.fixed(1, 8); // square samples
  bits.fixed(0, 1); // no overscan information
  bits.fixed(1, 1);
  bits.fixed(0b1010, 4); // video format unspecified, limited range
  bits.fixed(1, 1);
  bits.fixed(0x010101, 24); // BT.709 primaries, transfer, matrix
  bits.fixed(0, 1); // default chroma location
  bits.fixed(1, 1);
  bits.fixed(1, 32); // two ticks a frame
  bits.fixed(FRAMES_PER_SECOND * 2, 32);
  bits.fixed(0b1000, 4); // fixed frame rate; no HRD parameters, no pic_struct
  bits.fixed(0b11, 2); // bitstream restrictions: vectors may leave the picture
  for (const value of [0, 0, 10, 10, 0, 1]) bits.unsigned(value); // no size limits, no reordering
}

function pictureParameters(): Buffer {
  const bits = bitWriter(16);
  bits.unsigned(0);
  bits.unsigned(0);
  bits.fixed(0, 2); // CAVLC, no bottom field order
  for (let index = 0; index < 3; index++) bits.unsigned(0); // one slice group, one reference
  bits.fixed(0, 3); // no weighted prediction
  for (let index = 0; index < 3; index++) bits.signed(0); // initial quantisers
  bits.fixed(0b100, 3); // deblocking is controlled by the slice header
  return bits.unit(NAL.picture);
}

function sliceHeader(bits: BitWriter, kind: 'key' | 'delta', frameNumber: number): void {
  bits.unsigned(0); // first macroblock
  bits.unsigned(kind === 'key' ? 7 : 5); // all slices of the picture are I, or P
  bits.unsigned(0);
  bits.fixed(frameNumber, FRAME_NUMBER_BITS);
  if (kind === 'key')
    bits.unsigned(0); // idr_pic_id
  else bits.fixed(0, 2); // default number and order of references
  bits.fixed(0, kind === 'key' ? 2 : 1); // reference marking: sliding window
  bits.signed(0); // quantiser as the picture parameters say
  bits.unsigned(1); // no deblocking: it would alter exact samples
}

/** What the macroblocks of a slice share while it is written. */
interface Slice {
  bits: BitWriter;
  frame: Frame;
  last: Frame;
  shift: number;
  vectors: VectorField;
  raw: Uint8Array;
  typeOffset: number;
}

function slice(frame: Frame, last: Frame, kind: 'key' | 'delta', frameNumber: number, shift: number): Buffer {
  const isDelta = kind === 'delta';
  const { columns, rows, changed } = frame;
  const bits = bitWriter(4096);
  sliceHeader(bits, kind, frameNumber);
  const vectors = vectorField(columns, rows);
  const raw = new Uint8Array(columns * rows);
  const state: Slice = { bits, frame, last, shift, vectors, raw, typeOffset: isDelta ? P_TYPES : 0 };
  let skipped = 0;
  for (let index = 0; index < columns * rows; index++) {
    const vector = isDelta ? vectorOf(state, index) : undefined;
    if (vector !== undefined && vector === vectors.whenSkipped(index)) {
      skipped++;
    } else {
      if (isDelta) bits.unsigned(skipped);
      skipped = 0;
      if (vector === undefined) intraMacroblock(state, index);
      else movedMacroblock(state, index, vector);
    }
    if (vector !== undefined) vectors.set(index, vector);
  }
  if (skipped > 0) bits.unsigned(skipped);
  for (let index = 0; index < columns * rows; index++) if (changed[index]) copyMacroblock(frame, last, index);
  changed.fill(0);
  return bits.unit(isDelta ? NAL.delta : NAL.key);
}

/** The vector into the last frame that restores the macroblock exactly; undefined when none does. */
function vectorOf({ frame, last, shift }: Slice, index: number): number | undefined {
  if (!frame.changed[index]) return 0;
  const column = index % frame.columns;
  const isInside = column * MACROBLOCK_SIZE >= shift && (column + 1) * MACROBLOCK_SIZE - shift <= frame.width;
  if (shift === 0 || !isInside) return undefined;
  const row = Math.floor(index / frame.columns);
  const isMoved =
    equals(frame.luma, last.luma, column, row, shift) &&
    equals(frame.blue, last.blue, column, row, shift / 2) &&
    equals(frame.red, last.red, column, row, shift / 2);
  return isMoved ? -shift : undefined;
}

function movedMacroblock({ bits, vectors }: Slice, index: number, vector: number): void {
  bits.unsigned(P_16X16);
  bits.signed((vector - vectors.expected(index)) * 4); // quarter pixels
  bits.signed(0);
  bits.unsigned(0); // no residual
}

function intraMacroblock({ bits, frame, raw, typeOffset }: Slice, index: number): void {
  const column = index % frame.columns;
  const row = Math.floor(index / frame.columns);
  const luma = matchingMode(frame.luma, column, row, LUMA);
  const chroma = luma === undefined ? undefined : matchingMode(frame.blue, column, row, CHROMA);
  if (
    luma !== undefined &&
    chroma !== undefined &&
    predicts(frame.red, column, row, chroma === CHROMA.vertical)
  ) {
    bits.unsigned(typeOffset + INTRA_16X16 + luma);
    bits.unsigned(chroma);
    bits.signed(0); // quantiser unchanged
    noCoefficients(
      bits,
      column > 0 ? raw[index - 1] : undefined,
      row > 0 ? raw[index - frame.columns] : undefined,
    );
    return;
  }
  raw[index] = 1;
  bits.unsigned(typeOffset + I_PCM);
  bits.align();
  for (const plane of [frame.luma, frame.blue, frame.red]) {
    const start = offsetOf(plane, column, row);
    for (let line = 0; line < plane.block; line++) {
      bits.bytes(plane.samples, start + line * plane.stride, plane.block);
    }
  }
}

// coeff_token for "no coefficients" (table 9-5). A raw neighbour counts as 16 coefficients, any other as none.
function noCoefficients(bits: BitWriter, left: number | undefined, above: number | undefined): void {
  if (left || above) bits.fixed(0b000011, 6);
  else bits.fixed(1, 1);
}

function matchingMode<Mode extends number>(
  plane: Plane,
  column: number,
  row: number,
  modes: { vertical: Mode; horizontal: Mode },
): Mode | undefined {
  if (predicts(plane, column, row, true)) return modes.vertical;
  return predicts(plane, column, row, false) ? modes.horizontal : undefined;
}

/** Whether the block equals the line above it, repeated downwards, or the column left of it, repeated rightwards. */
function predicts(plane: Plane, column: number, row: number, vertical: boolean): boolean {
  if (vertical ? row === 0 : column === 0) return false;
  const { samples, stride, block } = plane;
  const step = vertical ? stride : 1;
  let offset = offsetOf(plane, column, row);
  for (let line = 0; line < block; line++, offset += stride) {
    for (let position = offset; position < offset + block; position++) {
      if (samples[position] !== samples[position - step]) return false;
    }
  }
  return true;
}

function equals(plane: Plane, last: Plane, column: number, row: number, shift: number): boolean {
  const { samples, stride, block } = plane;
  let offset = offsetOf(plane, column, row);
  for (let line = 0; line < block; line++, offset += stride) {
    for (let position = offset; position < offset + block; position++) {
      if (samples[position] !== last.samples[position - shift]) return false;
    }
  }
  return true;
}

function copyMacroblock(from: Frame, to: Frame, index: number): void {
  for (const name of ['luma', 'blue', 'red'] as const) {
    const { samples, stride, block } = from[name];
    const start = offsetOf(from[name], index % from.columns, Math.floor(index / from.columns));
    for (let offset = start; offset < start + block * stride; offset += stride) {
      to[name].samples.set(samples.subarray(offset, offset + block), offset);
    }
  }
}

function offsetOf(plane: Plane, column: number, row: number): number {
  return row * plane.block * plane.stride + column * plane.block;
}
