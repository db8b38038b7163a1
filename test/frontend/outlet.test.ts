/** Writes that go past the stream arrive whole and in order, beside what goes through it: the way to the handle is not documented. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { handleOf } from '../../src/frontend/node-handles.js';
import { createOutlet } from '../../src/frontend/outlet.js';
import { connection } from './connection.js';
import { pick, randomNumbers, seed } from './random-bytes.js';

/** All that comes until the other side has ended. */
async function received(far: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  far.on('data', (chunk) => chunks.push(chunk));
  far.resume();
  await once(far, 'end');
  return Buffer.concat(chunks);
}

/** Pieces of different lengths, each of which tells its number again and again. */
const piece = (number: number, bytes: number) => Buffer.alloc(bytes, `${number},`);

test('this Node has the handles that a plain connection is written to', async () => {
  const { client: near } = await connection();
  expect(handleOf(near)).toBeDefined();
});

test('a small write is the system’s at once; of one that it has no room for the memory is kept, until drain', async () => {
  const { client: near, accepted: far } = await connection();
  const outlet = createOutlet(near);
  expect(outlet.write(Buffer.from('small'))).toBe(true);
  expect(outlet.keeps()).toBe(false);
  const large = Buffer.alloc(64 * 1024, 'large');
  let written = 0;
  let hasRoom = true;
  while (hasRoom) {
    hasRoom = outlet.write(large);
    written += 1;
  }
  expect(outlet.keeps()).toBe(true);
  const drained = once(near, 'drain');
  const arrives = received(far);
  await drained;
  expect(outlet.keeps()).toBe(false);
  near.end();
  expect((await arrives).equals(Buffer.concat([Buffer.from('small'), ...Array(written).fill(large)]))).toBe(
    true,
  );
});

test('behind what the stream has, held back and let go in any order: all arrives, in the order written', async () => {
  const random = randomNumbers(seed);
  for (let round = 0; round < 40; round += 1) {
    const { client: near, accepted: far } = await connection();
    // What was written before may still wait in the stream.
    const expected = Array.from({ length: random(4) }, (_, index) =>
      piece(1_000 + index, 1 + random(3_000_000)),
    );
    for (const bytes of expected) near.write(bytes);
    const outlet = createOutlet(near);
    let holds = 0;
    const steps = 60;
    let arrives: Promise<Buffer> | undefined;
    for (let step = 0; step < steps; step += 1) {
      const bytes = piece(step, 1 + random(pick(random, [10, 1_000, 200_000])));
      const what = pick(random, ['write', 'write', 'write', 'hold', 'release', 'turn'] as const);
      if (what === 'hold') {
        outlet.hold();
        holds += 1;
      } else if (what === 'release' && holds > 0) {
        outlet.release();
        holds -= 1;
      } else if (what === 'turn') {
        await new Promise(setImmediate);
        // From somewhere on the other side reads.
        if (random(10) === 0) arrives ??= received(far);
      } else {
        outlet.write(bytes);
        expected.push(bytes);
      }
    }
    for (; holds > 0; holds -= 1) outlet.release();
    arrives ??= received(far);
    near.end();
    expect((await arrives).equals(Buffer.concat(expected)), `round ${round}, seed ${seed}`).toBe(true);
  }
});

test('a write to a connection that the other side has broken closes it, as through the stream', async () => {
  const { client: near, accepted: far } = await connection();
  const outlet = createOutlet(near);
  near.on('error', () => near.destroy());
  const closed = new Promise((resolve) => near.once('close', resolve));
  far.resetAndDestroy();
  const writing = setInterval(() => outlet.write(Buffer.from('into the void')), 1);
  await closed;
  clearInterval(writing);
  expect(outlet.write(Buffer.from('and later'))).toBe(false);
});
