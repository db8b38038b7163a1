/** What the engine sends arrives as it was sent, also when its reads land in memory that a slow client's answers still wait in. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { startTestGateway } from '../gateway.js';
import { connectRaw, type Frame, frame, int16, int32, login, query } from './raw-client.js';

test('a long result, each row another, for a client that stops reading now and then', async () => {
  await using gateway = await startTestGateway();
  const watcher = await gateway.client();
  const client = await connectRaw(gateway.url);
  const hello = await login(client, gateway.url);
  const processId = (hello.find(({ type }) => type === 'K') as Frame).body.readUInt32BE(0);
  const engineWaits = () =>
    expect
      .poll(
        async () =>
          (await watcher.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [processId])).rows[0]
            ?.wait_event,
      )
      .toBe('ClientWrite');

  const rows = 30_000;
  const { socket } = client;
  socket.removeAllListeners('data').pause();
  client.write(query(`SELECT lpad(i::text, 1500) FROM generate_series(1, ${rows}) i`));
  await engineWaits();

  const expected = createHash('sha256');
  for (let row = 1; row <= rows; row += 1) {
    expected.update(frame('D', int16(1), int32(1500), Buffer.from(String(row).padStart(1500))));
  }
  const received = createHash('sha256');
  const rowBytes = 1500 + 11;
  let toSkip: number | undefined;
  let left = rows * rowBytes;
  let stalls = 3;
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      // RowDescription comes first, in the first chunk.
      toSkip ??= 1 + chunk.readUInt32BE(1);
      const part = chunk.subarray(toSkip, toSkip + left);
      toSkip = 0;
      received.update(part);
      left -= part.length;
      if (left === 0) resolve();
      if (stalls > 0 && left < (rows * rowBytes * (stalls + 4)) / 8) {
        stalls -= 1;
        socket.pause();
        engineWaits().then(() => socket.resume(), reject);
      }
    });
    socket.resume();
  });
  expect(received.digest('hex')).toBe(expected.digest('hex'));
  client.close();
});
