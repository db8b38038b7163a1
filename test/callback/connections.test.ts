/** Connections of one engine process behind one another: what was asked on the one that it has left is given up before the next question is answered. */
import { createConnection, type Socket } from 'node:net';
import pg from 'pg';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { listenForEngine, type Question } from '../../src/callback/endpoint.js';

const secret = 'the secret of a test';

/** `unanswered`: what is asked for and never answered. */
async function listening(unanswered: string[] = []) {
  const events: string[] = [];
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const certificate = { cert: 'unused', key: 'unused' };
  const callback = await listenForEngine({
    secret,
    place: { host: '127.0.0.1', port: 0, certificate, rootCertificate: undefined },
    async answer({ ask }: Question) {
      events.push(`asked ${ask}`);
      if (ask === 'submit_detached') await finished;
      if (unanswered.includes(ask)) await new Promise(() => {});
      return ask;
    },
    gone: (_caller, unread) => events.push(`left ${unread?.ask}`),
    log: pino({ level: 'silent' }),
  });
  const connect = async () => {
    const words = Object.fromEntries(callback.connectionString.split(' ').map((word) => word.split('=')));
    const { host, port, user, password } = words;
    const client = new pg.Client({ host, port: Number(port), user, password, database: 'hologen' });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const question = (ask: string, id?: string) =>
    JSON.stringify({ secret: callback.secret, id, caller: { engineProcessId: 7 }, question: { ask } });
  return { callback, connect, question, events, finish };
}

test('a question on a next connection ends the one before, though its close is heard later', async () => {
  const { callback, connect, question, events } = await listening();
  const [first, second] = [await connect(), await connect()];
  await first.query(question('one'));
  await second.query(question('two'));
  expect(events).toEqual(['asked one', 'left one', 'asked two']);
  // It is told once.
  await first.end();
  await second.query(question('three'));
  expect(events).toEqual(['asked one', 'left one', 'asked two', 'asked three']);
  await second.end();
  await callback.close();
});

test.each(['heard', 'not heard yet'])(
  'what is asked once more because its connection broke is done once (its close is %s)',
  async (close) => {
    const { callback, connect, question, events, finish } = await listening();
    const [first, second] = [await connect(), await connect()];
    const lost = first.query(question('submit_detached', 'a')).catch((error: Error) => error.message);
    await expect.poll(() => events).toContain('asked submit_detached');
    if (close === 'heard') {
      (first as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      await lost;
      await expect.poll(() => events).toContain('left submit_detached');
    }
    const again = second.query(question('submit_detached', 'a'));
    finish();
    expect((await again).rows).toEqual([{ answer: '{"value":"submit_detached"}' }]);
    expect((await second.query(question('two', 'b'))).rows).toEqual([{ answer: '{"value":"two"}' }]);
    expect((await second.query(question('two', 'c'))).rows).toEqual([{ answer: '{"value":"two"}' }]);
    expect(events.filter((event) => event.startsWith('asked'))).toEqual([
      'asked submit_detached',
      'asked two',
      'asked two',
    ]);
    await second.end();
    await callback.close();
  },
);

test.each([
  ['the same', 'a', ['asked wait', 'asked wait']],
  ['something else', 'b', ['asked wait', 'left wait', 'asked wait']],
])(
  'whose connection is reset under a wait and asks %s on the next has left it only in the second case',
  async (_what, id, told) => {
    const { callback, connect, question, events } = await listening(['wait']);
    const [first, second] = [await connect(), await connect()];
    void first.query(question('wait', 'a')).catch(() => {});
    await expect.poll(() => events).toContain('asked wait');
    (first as unknown as { connection: { stream: Socket } }).connection.stream.resetAndDestroy();
    void second.query(question('wait', id)).catch(() => {});
    await expect.poll(() => events).toEqual(told);
    await callback.close();
  },
);

test('one whose connection is reset under a wait and does not come again has left it', async () => {
  const { callback, connect, question, events } = await listening(['wait']);
  const first = await connect();
  void first.query(question('wait', 'a')).catch(() => {});
  await expect.poll(() => events).toContain('asked wait');
  (first as unknown as { connection: { stream: Socket } }).connection.stream.resetAndDestroy();
  await expect.poll(() => events, { timeout: 10_000 }).toEqual(['asked wait', 'left wait']);
  await callback.close();
});

test('a stranger who says that his message is long is not listened to, and who knows the password may ask at length', async () => {
  const { callback, connect, question, events } = await listening();
  const port = Number(/port=(\d+)/.exec(callback.connectionString)?.[1]);
  const stranger = createConnection({ host: '127.0.0.1', port });
  const closed = new Promise((resolve) => stranger.once('close', resolve));
  stranger.on('error', () => {});
  const head = Buffer.alloc(4);
  head.writeUInt32BE(1 << 30);
  stranger.write(head);
  let written = 0;
  const more = () => {
    while (!stranger.destroyed && written < 1 << 28 && stranger.write(Buffer.alloc(65_536)))
      written += 65_536;
  };
  stranger.on('drain', more);
  more();
  await closed;
  expect(written).toBeLessThan(1 << 28);
  const client = await connect();
  await client.query(question('x'.repeat(1_000_000)));
  expect(events).toEqual([`asked ${'x'.repeat(1_000_000)}`]);
  await client.end();
  await callback.close();
});
