/** A connection that a server accepted can read into one buffer, on this Node as on those before: the way to it is not documented. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createLanding, landOn } from '../../src/frontend/landing.js';
import { connection } from './connection.js';

/** Resolves when the landing has taken so many bytes. */
function taken(landing: ReturnType<typeof createLanding>, bytes: number, seen: (chunk: Buffer) => void) {
  let left = bytes;
  return new Promise<void>((resolve) => {
    landing.take = (chunk) => {
      seen(chunk);
      left -= chunk.length;
      if (left === 0) resolve();
      return true;
    };
  });
}

test('one read after another lands in the same memory; other memory while something still refers to the last', async () => {
  const { accepted, client } = await connection();
  const landing = createLanding();
  const landed = landOn(accepted, landing) as Socket;
  expect(landed).toBeDefined();
  const at: ArrayBufferLike[] = [];
  let keeps = false;
  landing.keeps = () => keeps;
  for (const word of ['one', 'two', 'three', 'four']) {
    const arrived = taken(landing, word.length, (chunk) => {
      expect(chunk.toString()).toBe(word);
      at.push(chunk.buffer);
    });
    keeps = word === 'two';
    landed.resume();
    client.write(word);
    await arrived;
  }
  expect(at[1]).toBe(at[0]);
  expect(at[2]).not.toBe(at[1]);
  expect(at[3]).toBe(at[2]);
});

test('reads that fill the memory make it wider, and nothing is lost on the way', async () => {
  const { accepted, client } = await connection();
  const landing = createLanding();
  const landed = landOn(accepted, landing) as Socket;
  const sent = Buffer.from(Array.from({ length: 2 ** 20 }, (_, index) => index % 251));
  const received: Buffer[] = [];
  const arrived = taken(landing, sent.length, (chunk) => received.push(Buffer.from(chunk)));
  client.write(sent);
  landed.resume();
  await arrived;
  expect(Buffer.concat(received).equals(sent)).toBe(true);
  expect(Math.max(...received.map(({ length }) => length))).toBeGreaterThan(8 * 1024);
});

test('it ends, answers after its end and closes like the socket that it was, which closes with it', async () => {
  const { accepted, client } = await connection();
  const landed = landOn(accepted, createLanding()) as Socket;
  const [ended, closed] = [once(landed, 'end'), once(accepted, 'close')];
  landed.on('data', () => {});
  landed.resume();
  client.end();
  await ended;
  landed.end('farewell');
  expect(String(await once(client, 'data'))).toBe('farewell');
  await closed;
  expect(landed.destroyed).toBe(true);
});

test('a socket that holds bytes already stays as it is', async () => {
  const { accepted, client } = await connection();
  client.write('early');
  accepted.resume().pause();
  await once(accepted, 'readable');
  expect(landOn(accepted, createLanding())).toBeUndefined();
  expect(String(accepted.read())).toBe('early');
});

test('who destroys the socket that it was destroys the connection', async () => {
  const { accepted, client } = await connection();
  const landed = landOn(accepted, createLanding()) as Socket;
  const closed = Promise.all([once(client.resume(), 'close'), once(landed, 'close')]);
  accepted.destroy();
  await closed;
});
