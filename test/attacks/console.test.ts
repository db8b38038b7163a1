/** Attack: a visitor of the console who may only read writes, and a stranger's page speaks to a console of this machine. */
import { request } from 'node:http';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../src/console/server/answers.js';
import { signIn } from '../console/visitor.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE reader LOGIN PASSWORD 'secret'");
  await owner.query('CREATE TABLE public.kept (n int); GRANT ALL ON public.kept TO reader');
  await owner.query('GRANT CREATE ON SCHEMA public TO reader');
});
afterAll(() => gateway?.close());

test.each([
  `DO $$ BEGIN SET default_transaction_read_only = off; INSERT INTO public.kept VALUES (1); END $$`,
  `DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO public.kept VALUES (1); END $$`,
  `DO $$ BEGIN PERFORM set_config('transaction_read_only', 'off', false); INSERT INTO public.kept VALUES (1); END $$`,
  `DO $$ BEGIN COMMIT; SET TRANSACTION READ WRITE; INSERT INTO public.kept VALUES (1); END $$`,
  `DO $$ BEGIN ROLLBACK; INSERT INTO public.kept VALUES (1); END $$`,
  'COMMIT',
])('a read-only session is not left by %s', async (statement) => {
  const visitor = await signIn(gateway, { role: 'reader', password: 'secret' });
  const { content } = await visitor.post<Run>('/api/run', { statement });
  const state = async () => (await visitor.get<Run>(`/api/run?id=${content.id}`)).content.state;
  await expect.poll(state).not.toBe('running');
  expect((await owner.query('SELECT * FROM public.kept')).rows).toEqual([]);
});

test('it reads, and asks for calls, as before', async () => {
  const visitor = await signIn(gateway, { role: 'reader', password: 'secret' });
  const { content } = await visitor.post<Run>('/api/run', {
    statement: "SELECT ai_gen('qwen_plus', 'hello')",
  });
  const run = async () => (await visitor.get<Run>(`/api/run?id=${content.id}`)).content;
  await expect.poll(async () => (await run()).state).toBe('done');
  expect((await run()).rowCount).toBe(1);
});

test('one login does not fill the console: beyond twenty sessions its idlest end, and nobody is kept out', async () => {
  const account = { role: 'reader', password: 'secret' };
  const first = await signIn(gateway, account);
  const second = await signIn(gateway, account);
  for (let more = 0; more < 18; more++) await signIn(gateway, account);
  expect((await first.get('/api/models')).status).toBe(200);
  const last = await Promise.all([1, 2, 3].map(() => signIn(gateway, account)));
  for (const visitor of last) expect((await visitor.get('/api/models')).status).toBe(200);
  // The first was seen after the second.
  expect([(await second.get('/api/models')).status, (await first.get('/api/models')).status]).toEqual([
    401, 200,
  ]);
  expect((await signIn(gateway)).who.administers).toBe(true);
});

test('a console of this machine answers to this machine’s names alone', async () => {
  const { port } = new URL(gateway.console);
  const statusFor = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      request({ host: '127.0.0.1', port, headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
    expect(await statusFor(host)).toBe(200);
  for (const host of [`evil.example:${port}`, 'localhost.evil.example', '10.0.0.1'])
    expect(await statusFor(host)).toBe(421);
});
