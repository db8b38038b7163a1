/** Bytes for fuzz tests: the same for the same seed, cut anywhere, true and lying; and what the process holds after them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { int32 } from './raw-client.js';

/** HOLOGEN_FUZZ_SEED repeats a run. */
export const seed = Number(process.env.HOLOGEN_FUZZ_SEED ?? Date.now() % 1_000_000_000);

/** Mulberry32: the same numbers for the same seed, everywhere. */
export type Random = (below: number) => number;
export function randomNumbers(from: number): Random {
  let state = from;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const noise = Buffer.from(
  Array.from(
    { length: 65_536 },
    (
      (random) => () =>
        random(256)
    )(randomNumbers(seed)),
  ),
);
export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;
export const garbage = (random: Random, most: number): Buffer => {
  const at = random(noise.length - most);
  return noise.subarray(at, at + random(most + 1));
};

export function cut(stream: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  // Single bytes only of short streams: a long one would take the time of hundreds of cases.
  const most = stream.length < 60 ? 1 + random(12) : pick(random, [20, 150, 500]);
  for (let at = 0; at < stream.length; ) {
    const bytes = Math.min(1 + random(most), stream.length - at);
    chunks.push(stream.subarray(at, at + bytes));
    at += bytes;
  }
  return chunks;
}

/** What a frame may say of itself and not keep. */
const lies = [0, 1, 2, 3, 5, 64, 299, 301, 9_999, 8 * 2 ** 20 + 5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
export const lyingFrame = (random: Random): Buffer =>
  Buffer.concat([
    Buffer.from(pick(random, ['Q', 'P', 'S', 'd', 'X', '\0', '\xff']), 'latin1'),
    int32(pick(random, lies)),
  ]);

/** Bytes of heap and buffers once garbage is collected; buffers are given back in the background, so it looks until nothing more goes. */
export async function collected(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let unchanged = 0; unchanged < 5; unchanged += 1) {
    collect();
    await nextTurn();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external < least * 0.99) unchanged = 0;
    least = Math.min(least, heapUsed + external);
  }
  return least;
}
