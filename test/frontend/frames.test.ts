/** The bytes themselves: streams of frames cut anywhere, frames replaced on the way, broken lengths; packets before the first frame. */
import { describe, expect, test } from 'vitest';
import { createFrameStream, type FrameWatcher, isBetweenFrames, pushChunk } from '../../src/wire/frames.js';
import { readInitialPacket, withParameters } from '../../src/wire/startup.js';
import { cancelRequest, frame, gssRequest, int32, packet, query, sslRequest, startup } from './raw-client.js';

/** Mulberry32: the same numbers for the same seed, everywhere. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function randomFrames(random: (below: number) => number): Buffer[] {
  return Array.from({ length: 1 + random(12) }, () => {
    const bytes = [0, 1, 3, 4, 5, 40, 700][random(7)] as number;
    const body = Buffer.from(Array.from({ length: bytes }, () => random(256)));
    return frame('QPSDd'[random(5)] as string, body);
  });
}

function cut(stream: Buffer, random: (below: number) => number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const bytes = 1 + random([1, 4, 9, 300][random(4)] as number);
    chunks.push(stream.subarray(at, at + bytes));
    at += bytes;
  }
  return chunks;
}

const hopOver: FrameWatcher = { wants: () => false, see: () => undefined };

describe('a watcher that takes its time', () => {
  test('holds up what follows, and the stream is the one of a watcher that does not', async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = randomNumbers(seed);
      const sent = Buffer.concat(randomFrames(random));
      const replaced = (whole: Buffer) => (whole.length % 2 === 0 ? undefined : frame('R', whole));
      const wants = (type: number) => type === 0x51 || type === 0x50;
      const atOnce = createFrameStream({ wants, see: (_type, whole) => replaced(whole) });
      const expected = Buffer.concat(pushChunk(atOnce, sent));
      const stream = createFrameStream({
        wants,
        see: (_type, whole) => (random(2) === 0 ? replaced(whole) : Promise.resolve(whole).then(replaced)),
      });
      const passed: Buffer[] = [];
      for (const chunk of cut(sent, random)) {
        passed.push(...pushChunk(stream, chunk));
        while (stream.replacing) passed.push(...(await stream.replacing));
      }
      expect(Buffer.concat(passed).equals(expected), `seed ${seed}`).toBe(true);
      expect(isBetweenFrames(stream)).toBe(true);
    }
  });
});

describe('a stream cut anywhere', () => {
  test('passes byte for byte, and every wanted frame is seen once, whole and in order', () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      const random = randomNumbers(seed);
      const frames = randomFrames(random);
      const seen: Buffer[] = [];
      const stream = createFrameStream({
        wants: (type) => type === 0x51 || type === 0x50,
        see: (_type, whole) => {
          seen.push(Buffer.from(whole));
          return undefined;
        },
      });
      const sent = Buffer.concat(frames);
      const passed = cut(sent, random).flatMap((chunk) => pushChunk(stream, chunk));
      expect(Buffer.concat(passed).equals(sent), `seed ${seed}`).toBe(true);
      expect(seen, `seed ${seed}`).toEqual(
        frames.filter((each) => 'QP'.includes(String.fromCharCode(each[0] as number))),
      );
      expect(isBetweenFrames(stream)).toBe(true);
    }
  });

  test('carries replaced frames of another length in their places', () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      const random = randomNumbers(seed);
      const frames = randomFrames(random);
      const replace = (whole: Buffer) =>
        whole.length % 2 ? frame('Q', Buffer.from(`instead of ${whole.length} bytes`)) : undefined;
      const stream = createFrameStream({
        wants: (type) => type === 0x51,
        see: (_type, whole) => replace(whole),
      });
      const expected = frames.map((each) => (each[0] === 0x51 && replace(each)) || each);
      const passed = cut(Buffer.concat(frames), random).flatMap((chunk) => pushChunk(stream, chunk));
      expect(Buffer.concat(passed).equals(Buffer.concat(expected)), `seed ${seed}`).toBe(true);
    }
  });

  test('is told of each frame once, with the length of its body', () => {
    const told: [number, number][] = [];
    const stream = createFrameStream({
      wants: (type, bytes) => {
        told.push([type, bytes]);
        return false;
      },
      see: () => undefined,
    });
    for (const byte of Buffer.concat([query('SELECT 1'), frame('S')])) pushChunk(stream, Buffer.from([byte]));
    expect(told).toEqual([
      [0x51, 9],
      [0x53, 0],
    ]);
  });

  test('a wanted frame that comes in pieces is asked for once', () => {
    let asked = 0;
    const stream = createFrameStream({
      wants: () => {
        asked += 1;
        return true;
      },
      see: () => undefined,
    });
    const out = [...query('SELECT 1')].flatMap((byte) => pushChunk(stream, Buffer.from([byte])));
    expect(Buffer.concat(out)).toEqual(query('SELECT 1'));
    expect(asked).toBe(1);
  });
});

test('an unwanted frame is passed on as it comes, not held until it is whole', () => {
  const stream = createFrameStream(hopOver);
  const beginning = frame('d', Buffer.alloc(1000)).subarray(0, 400);
  expect(Buffer.concat(pushChunk(stream, beginning))).toEqual(beginning);
  expect(isBetweenFrames(stream)).toBe(false);
});

test('a whole chunk passes without being copied', () => {
  const stream = createFrameStream(hopOver);
  const chunk = Buffer.concat([query('a'), query('b')]);
  expect(pushChunk(stream, chunk)[0]).toBe(chunk);
});

test.each([0, 1, 3])('a length of %i breaks the stream: bytes pass unseen from there on', (length) => {
  const seen: number[] = [];
  const stream = createFrameStream({
    wants: (type) => {
      seen.push(type);
      return false;
    },
    see: () => undefined,
  });
  const sent = [Buffer.concat([query('a'), Buffer.from('Q'), int32(length)]), query('b')];
  expect(Buffer.concat(sent.flatMap((chunk) => pushChunk(stream, chunk)))).toEqual(Buffer.concat(sent));
  expect(stream.broken).toBe(true);
  expect(isBetweenFrames(stream)).toBe(false);
  expect(seen).toEqual([0x51]);
});

test('a length of 4 GiB is hopped over without taking memory', () => {
  const stream = createFrameStream(hopOver);
  pushChunk(stream, Buffer.concat([Buffer.from('d'), int32(0xffffffff)]));
  const chunk = Buffer.alloc(1000);
  expect(pushChunk(stream, chunk)[0]).toBe(chunk);
  expect(stream.broken).toBe(false);
});

describe('the first packet', () => {
  const hello = startup({ user: 'ada', database: 'works', options: '-c hg_x=on' });

  test.each([
    ['SSLRequest', sslRequest, 'ssl'],
    ['GSSENCRequest', gssRequest, 'gss'],
    ['CancelRequest', cancelRequest(Buffer.alloc(8)), 'cancel'],
    ['CancelRequest with the 32-byte key of protocol 3.2', cancelRequest(Buffer.alloc(36)), 'cancel'],
    ['StartupMessage', hello, 'startup'],
  ])('%s is told from its first bytes on, however it is cut', (_name, whole, kind) => {
    for (let bytes = 0; bytes < whole.length; bytes += 1) {
      expect(readInitialPacket(whole.subarray(0, bytes))).toEqual({ kind: 'incomplete' });
    }
    expect(readInitialPacket(whole)).toMatchObject({ kind, bytes: whole.length });
    expect(readInitialPacket(Buffer.concat([whole, Buffer.from('more')]))).toMatchObject({
      kind,
      bytes: whole.length,
    });
  });

  test('its parameters are read, and can be replaced with the version kept', () => {
    const version = (3 << 16) | 2;
    const read = readInitialPacket(startup({ user: 'ada', options: '', database: '' }, version));
    expect(read).toMatchObject({
      parameters: new Map([
        ['user', 'ada'],
        ['options', ''],
        ['database', ''],
      ]),
    });
    const other = new Map([['user', 'grace']]);
    expect(withParameters(startup({ user: 'ada' }, version), other)).toEqual(
      startup({ user: 'grace' }, version),
    );
  });

  test.each([
    ['a length that leaves no room for a code', int32(7)],
    ['a length above PostgreSQL’s limit', int32(10_005)],
    ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\n')],
  ])('%s is malformed', (_name, bytes) => {
    expect(readInitialPacket(bytes)).toEqual({ kind: 'malformed' });
  });

  test('a major version other than 3 has no parameters to read', () => {
    expect(readInitialPacket(packet(int32(2 << 16), Buffer.alloc(8)))).toMatchObject({
      kind: 'startup',
      parameters: undefined,
    });
  });
});
