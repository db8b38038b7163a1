/** A hostile wire, in memory: more than a million made-up streams, first packets, visitors and sessions; nothing crashes, grows or is mixed up. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { welcome } from '../../src/frontend/door.js';
import { type Encryption, ensureOwnCertificate, openEncryption } from '../../src/frontend/encryption.js';
import { joinSession } from '../../src/frontend/session.js';
import { mapStartupParameters } from '../../src/rewriter/session-settings.js';
import { createFrameStream, isBetweenFrames, pushChunk } from '../../src/wire/frames.js';
import { readInitialPacket, withParameters } from '../../src/wire/startup.js';
import { quietEvents } from './quiet-events.js';
import { collected, cut, garbage, lyingFrame, pick, randomNumbers, seed } from './random-bytes.js';
import { frame, gssRequest, int32, packet, query, startup, sync } from './raw-client.js';

const cases = {
  streams: 1_000_000,
  startups: 200_000,
  visitors: 10_000,
  sessions: 5_000,
};
const mostGrowth = 48 * 2 ** 20;

/**
 * The independent reading of a stream that the product is compared with: whole frames one after another; a length below four ends
 * the framing, and what is behind it passes; of a frame that never became whole the end says whether it is one of those held back.
 */
function expectStream(
  stream: Buffer,
  rewritten: (type: string, whole: Buffer) => Buffer | undefined,
): Buffer {
  const passed: Buffer[] = [];
  let rest = stream;
  while (rest.length >= 5) {
    const length = rest.readUInt32BE(1);
    if (length < 4) return Buffer.concat([...passed, rest]);
    const whole = rest.subarray(0, 1 + length);
    const type = rest.toString('latin1', 0, 1);
    const held = (type === 'Q' || type === 'P') && length - 4 <= longestHeld;
    if (whole.length < 1 + length) return Buffer.concat(held ? passed : [...passed, whole]);
    passed.push((held && rewritten(type, whole)) || whole);
    rest = rest.subarray(1 + length);
  }
  return Buffer.concat(passed);
}
const longestHeld = 300;

const said: string[] = [];
const note = (line: string) => said.push(line);

let folder: string;
let encryption: Encryption;
let atStart: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hologen-fuzz-'));
  encryption = openEncryption(await ensureOwnCertificate(folder), {
    minVersion: 'TLSv1.2',
    clientCa: undefined,
  });
  atStart = await collected();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  console.log(`fuzz seed ${seed} (HOLOGEN_FUZZ_SEED repeats it): ${said.join(', ')}`);
});

test('a million streams of frames, true and lying, cut anywhere: what passes is what an unfiltered stream carries', () => {
  const random = randomNumbers(seed);
  // Every other seen frame gets another text; which ones, the bytes themselves decide.
  const swap = (type: string, whole: Buffer) =>
    (whole[5] ?? 0) % 2 === 1 ? frame(type, Buffer.from('another text')) : undefined;
  for (let count = 0; count < cases.streams; count += 1) {
    const parts: Buffer[] = [];
    for (let frames = random(4); frames >= 0; frames -= 1) {
      parts.push(
        frame(pick(random, ['Q', 'P', 'S', 'd', 'B']), garbage(random, pick(random, [0, 4, 30, 400]))),
      );
    }
    const ending = random(4);
    if (ending === 0) parts.push(lyingFrame(random), garbage(random, 40));
    if (ending === 1) parts.push(garbage(random, 9));
    let stream = Buffer.concat(parts);
    if (ending === 2) stream = stream.subarray(0, random(stream.length + 1));

    const frames = createFrameStream({
      wants: (type, bytes) => (type === 0x51 || type === 0x50) && bytes <= longestHeld,
      see: (type, whole) => swap(String.fromCharCode(type), whole),
    });
    const passed = Buffer.concat(cut(stream, random).flatMap((chunk) => pushChunk(frames, chunk)));
    if (!passed.equals(expectStream(stream, swap))) {
      expect(passed.toString('hex'), `case ${count}`).toBe(expectStream(stream, swap).toString('hex'));
    }
  }
  note(`${cases.streams} streams`);
});

test('a long text that comes byte by byte is held in about its own size, one that is only announced in none', async () => {
  const frames = createFrameStream({ wants: () => true, see: () => undefined });
  const text = query('x'.repeat(4 * 2 ** 20));
  const before = await collected();
  for (let at = 0; at < text.length - 1; at += 1) pushChunk(frames, Buffer.from([text[at] as number]));
  expect((await collected()) - before).toBeLessThan(2.5 * text.length);
  expect(Buffer.concat(pushChunk(frames, text.subarray(-1))).equals(text)).toBe(true);

  const announced = Array.from({ length: 1_000 }, () => {
    const stream = createFrameStream({ wants: () => true, see: () => undefined });
    pushChunk(stream, Buffer.concat([Buffer.from('Q'), int32(8 * 2 ** 20)]));
    return stream;
  });
  expect((await collected()) - before).toBeLessThan(8 * 2 ** 20);
  expect(announced.every((stream) => !isBetweenFrames(stream))).toBe(true);
});

test('of a client that the engine has not let in yet no long text is held: the engine gets it as it comes, to refuse it', async () => {
  const [client, clientSide] = connection();
  const [engine, engineSide] = connection();
  joinSession({ client: clientSide, engine: engineSide, first: Buffer.alloc(0) }, quietEvents, () => {});
  const sent = query('x'.repeat(2 ** 20)).subarray(0, -1);
  client.write(sent);
  let heard = 0;
  for await (const chunk of engine) {
    heard += (chunk as Buffer).length;
    if (heard === sent.length) break;
  }
  expect(heard).toBe(sent.length);
  client.destroy();
});

test('first packets of any bytes are read, refused or waited for; those with parameters go on byte for byte', () => {
  const random = randomNumbers(seed + 1);
  for (let count = 0; count < cases.startups; count += 1) {
    const words = Array.from({ length: random(7) }, () => garbage(random, 12));
    const layout = pick(random, ['true', 'open', 'behind']);
    const body = Buffer.concat([
      ...words.map((word) => Buffer.concat([word.filter((byte) => byte !== 0), Buffer.alloc(1)])),
      layout === 'open' ? Buffer.alloc(0) : Buffer.alloc(1),
      layout === 'behind' ? garbage(random, 5) : Buffer.alloc(0),
    ]);
    const whole = packet(
      int32(pick(random, [0x30000, 0x30002, 0x3ffff, 80_877_102, 80_877_104, 0x20000])),
      body,
    );
    const lie = pick(random, [undefined, undefined, 0, 7, 8, 10_004, 10_005, 2 ** 31, 2 ** 32 - 1]);
    if (lie !== undefined) whole.writeUInt32BE(lie, 0);
    const given = random(3) ? whole : whole.subarray(0, random(whole.length + 1));

    const read = readInitialPacket(given);
    const announced = given.length < 4 ? undefined : given.readUInt32BE(0);
    const malformed = announced !== undefined && (announced < 8 || announced > 10_004);
    const incomplete = announced === undefined || announced > given.length;
    const what = malformed
      ? 'malformed'
      : incomplete
        ? 'incomplete'
        : { 80877102: 'cancel', 80877104: 'gss' }[given.readUInt32BE(4)];
    if (read.kind !== (what ?? 'startup'))
      expect(read, `case ${count}`).toMatchObject({ kind: what ?? 'startup' });
    if (read.kind !== 'startup' || !read.parameters) continue;
    const names = [...read.parameters.keys()];
    const mapped = mapStartupParameters(read.parameters);
    const rebuilt = withParameters(given.subarray(0, read.bytes), mapped);
    const distinct = words.length === 2 * names.length;
    if (distinct && !rebuilt.equals(given.subarray(0, read.bytes)))
      expect(rebuilt.toString('hex'), `case ${count}`).toBe(given.toString('hex', 0, read.bytes));
  }
  note(`${cases.startups} first packets`);
});

/** Two ends of a connection in memory. */
function connection(): [Socket, Socket] {
  return duplexPair({ allowHalfOpen: false }).map((end: Duplex) => {
    end.on('error', () => {});
    return Object.assign(end, { destroySoon: () => void end.end(() => end.destroy()) });
  }) as unknown as [Socket, Socket];
}

test('whoever stands at the door with garbage is let in, refused or let go, each as its bytes deserve', async () => {
  const random = randomNumbers(seed + 2);
  for (let count = 0; count < cases.visitors; count += 1) {
    const [near, far] = connection();
    const hello = startup({ user: `u${count}`, application_name: 'x'.repeat(random(50)) });
    const behind = garbage(random, 20);
    const intent = pick(random, ['session', 'gss first', 'half', 'too long', 'noise', 'cancel'] as const);
    const noisy = Buffer.concat([int32(pick(random, [0, 7, 10_005, 2 ** 31])), garbage(random, 40)]);
    const sent = {
      session: [hello, behind],
      'gss first': [gssRequest, hello],
      half: [hello.subarray(0, random(hello.length))],
      'too long': [packet(int32(3 << 16), Buffer.alloc(9_997 + random(500)))],
      noise: [noisy],
      cancel: [packet(int32(80_877_102), garbage(random, 12))],
    }[intent];
    const visited = welcome(near, encryption, 60_000);
    if (intent === 'gss first') {
      for (const chunk of cut(gssRequest, random)) far.write(chunk);
      await new Promise<void>((resolve) => far.once('data', () => resolve()));
      far.write(hello);
    } else {
      for (const chunk of cut(Buffer.concat(sent), random)) far.write(chunk);
    }
    if (intent === 'half') far.end();
    const visitor = await visited;
    if (intent === 'session' || intent === 'gss first') {
      if (visitor?.kind !== 'session' || !visitor.startup.equals(hello))
        expect(visitor, `case ${count}`).toBe(hello);
    } else if (intent === 'cancel') {
      expect(visitor?.kind).toBe('cancel');
    } else if (visitor) {
      expect(visitor, `case ${count}: ${intent}`).toBeUndefined();
    }
    near.destroy();
    far.destroy();
  }
  note(`${cases.visitors} visitors`);
});

test('sessions side by side: each engine gets its own client’s bytes, texts rewritten once, each client its own engine’s', async () => {
  const random = randomNumbers(seed + 3);
  const texts = ['SELECT 1', 'SET hg_x = 1', 'SHOW hg_y', "SELECT 'hg_z é'", '', 'hg_'];
  async function session(number: number): Promise<void> {
    const [client, clientSide] = connection();
    const [engine, engineSide] = connection();
    const mark = (text: string) => `${text} -- session ${number}`;
    const rewritten = (type: string, whole: Buffer) => {
      const start = type === 'Q' ? 5 : whole.indexOf(0, 5) + 1;
      const end = whole.indexOf(0, start);
      if (start === 0 || end < 0 || !whole.toString('latin1', start, end).includes('hg_')) return undefined;
      const text = Buffer.from(mark(whole.toString('utf8', start, end)));
      return frame(type, whole.subarray(5, start), text, whole.subarray(end));
    };
    const requests = Array.from({ length: 1 + random(6) }, () => {
      const text = Buffer.from(`${pick(random, texts)}\0`);
      return pick(random, [
        frame('Q', text),
        frame('P', Buffer.from('\0'), text, int32(0).subarray(2)),
        sync,
        frame('B', garbage(random, 60)),
        frame('Q', garbage(random, 30)),
      ]);
    });
    if (random(4) === 0)
      requests.push(Buffer.concat([Buffer.from('S'), int32(random(4)), garbage(random, 60)]));
    const answers = Array.from({ length: random(8) }, () =>
      pick(random, [
        frame('K', int32(number), int32(7)),
        frame('Z', Buffer.from('I')),
        frame('D', garbage(random, 90)),
      ]),
    );
    const [sent, answered] = [Buffer.concat(requests), Buffer.concat(answers)];
    const first = sent.subarray(0, random(sent.length + 1));
    const heard: { engine: Buffer[]; client: Buffer[] } = { engine: [], client: [] };
    const { closed } = joinSession(
      { client: clientSide, engine: engineSide, first },
      {
        ...quietEvents,
        rewrite: (text) =>
          text.includes('hg_')
            ? { text: mark(text), isOther: true, translateError: () => {}, tagOf: () => undefined }
            : undefined,
        started: (processId) => expect(processId).toBe(number),
      },
      () => {},
    );
    engine.on('data', (chunk) => heard.engine.push(chunk));
    client.on('data', (chunk) => heard.client.push(chunk));
    for (const chunk of cut(answered, random)) engine.write(chunk);
    await new Promise<void>((resolve) => engine.write('', () => resolve()));
    for (const chunk of cut(sent.subarray(first.length), random)) client.write(chunk);
    const engineOver = new Promise((resolve) => engine.once('end', resolve));
    client.end();
    await engineOver;
    engine.end();
    await closed;
    const expected = expectStream(sent, rewritten);
    const [atEngine, atClient] = [Buffer.concat(heard.engine), Buffer.concat(heard.client)];
    if (!atEngine.equals(expected)) expect(atEngine.toString('latin1')).toBe(expected.toString('latin1'));
    if (!atClient.equals(answered)) expect(atClient.toString('hex')).toBe(answered.toString('hex'));
  }
  for (let count = 0; count < cases.sessions; count += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => session(count + index)));
  }
  note(`${cases.sessions} sessions in memory`);
});

test('after all that the gateway holds no more memory than before', async () => {
  const growth = (await collected()) - atStart;
  note(`${Math.round(growth / 2 ** 20)} MiB more heap`);
  expect(growth).toBeLessThan(mostGrowth);
});
