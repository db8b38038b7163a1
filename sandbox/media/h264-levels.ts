/** The levels of H.264 (ITU-T H.264 table A-1): how large and how fast a stream a decoder must be able to play. */

// level_idc, macroblocks a second, macroblocks a frame.
const LEVELS: readonly (readonly [number, number, number])[] = [
  [30, 40_500, 1_620],
  [31, 108_000, 3_600],
  [32, 216_000, 5_120],
  [40, 245_760, 8_192],
  [42, 522_240, 8_704],
  [50, 589_824, 22_080],
  [51, 983_040, 36_864],
  [52, 2_073_600, 36_864],
  [60, 4_177_920, 139_264],
];

/** The lowest level_idc for frames of so many macroblocks; RangeError when there is none. */
export function levelFor(columns: number, rows: number, framesPerSecond: number): number {
  const size = columns * rows;
  const level = LEVELS.find(
    ([, rate, frame]) =>
      size <= frame && size * framesPerSecond <= rate && Math.max(columns, rows) ** 2 <= 8 * frame,
  );
  if (!level) throw new RangeError(`no H.264 level allows ${columns * 16}x${rows * 16}`);
  return level[0];
}
