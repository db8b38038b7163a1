/** A gateway with the operator's own certificate and few places: what it shows, whom it turns away, who still gets through. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { cancelRequest, connectRaw, type Frame, fields, login, query, startup } from './raw-client.js';

const places = 3;
let gateway: TestGateway;
let folder: string;
let certificate: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hologen-certificate-'));
  const pair = await generate([{ name: 'commonName', value: 'sql.example.com' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'sql.example.com' }] }],
  });
  certificate = pair.cert;
  const files = { tlsCert: join(folder, 'server.crt'), tlsKey: join(folder, 'server.key') };
  await writeFile(files.tlsCert, pair.cert);
  await writeFile(files.tlsKey, pair.private, { mode: 0o600 });
  gateway = await startTestGateway({ ...files, maxConnections: String(places) });
});
afterAll(async () => {
  await gateway?.close();
  await rm(folder, { recursive: true, force: true });
});

async function whenFree<T>(attempt: () => Promise<T>): Promise<T> {
  let got: T | undefined;
  await expect
    .poll(async () => {
      got = await attempt().catch(() => undefined);
      return got;
    })
    .toBeDefined();
  return got as T;
}

test('a client that trusts only the operator’s certificate, and checks its name, is connected', async () => {
  const client = await gateway.client({ ssl: { ca: certificate, servername: 'sql.example.com' } });
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  const elsewhere = gateway.client({ ssl: { ca: certificate, servername: 'other.example.com' } });
  await expect(elsewhere).rejects.toThrow(/does not match certificate/);
});

test('clients above the limit are refused with 53300, over TLS and plain; a place that comes free is given again', async () => {
  const seated = await Promise.all(Array.from({ length: places }, () => whenFree(() => gateway.client())));
  const refused = { severity: 'FATAL', code: '53300', message: 'sorry, too many clients already' };
  await expect(gateway.client()).rejects.toMatchObject(refused);
  await expect(gateway.client({ ssl: { rejectUnauthorized: false } })).rejects.toMatchObject(refused);

  await seated[0]?.end();
  seated[0] = await whenFree(() => gateway.client());
  await Promise.all(seated.map((client) => client.end()));
});

test('a full gateway still takes cancel requests', async () => {
  const seated: pg.Client[] = [];
  for (let taken = 1; taken < places; taken += 1) seated.push(await whenFree(() => gateway.client()));
  const { client, key } = await whenFree(async () => {
    const client = await connectRaw(gateway.url);
    const hello = await login(client, gateway.url);
    return { client, key: hello.find(({ type }) => type === 'K') as Frame };
  });
  await expect(gateway.client()).rejects.toMatchObject({ code: '53300' });

  client.write(query('SELECT pg_sleep(60)'));
  await expect
    .poll(async () => {
      const { rows } = await (seated[0] as pg.Client).query(
        'SELECT wait_event FROM pg_stat_activity WHERE pid = $1',
        [key.body.readUInt32BE(0)],
      );
      return rows[0]?.wait_event;
    })
    .toBe('PgSleep');
  const canceller = await connectRaw(gateway.url);
  canceller.write(cancelRequest(key.body));
  expect(fields((await client.until('E')).at(-1) as Frame).C).toBe('57014');
  client.close();
  await Promise.all(seated.map((each) => each.end()));
});

test('connections that break the protocol or hang up leave no place taken', async () => {
  for (let knocks = 0; knocks < 4 * places; knocks += 1) {
    const visitor = await connectRaw(gateway.url);
    if (knocks % 2) visitor.socket.end(startup({ user: 'hologen' }).subarray(0, 9));
    else visitor.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await visitor.closed();
  }
  const seated = await Promise.all(Array.from({ length: places }, () => whenFree(() => gateway.client())));
  await Promise.all(seated.map((client) => client.end()));
});
