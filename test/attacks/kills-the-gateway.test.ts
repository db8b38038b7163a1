/** Attack: visitors and clients make the engine send what no process can hold. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../src/console/server/answers.js';
import { connect, newDirectory, spawnGateway } from '../calls/crash-run.js';
import { ownerOf, signIn } from '../console/visitor.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

test('three visitors try a value of 600 MB at once: each is told, and the gateway goes on', async () => {
  const visitors = await Promise.all([1, 2, 3].map(() => signIn(gateway, ownerOf(gateway))));
  await Promise.all(
    visitors.map(async (visitor) => {
      const statement = "SELECT repeat('x', 600000000)";
      const { content } = await visitor.post<Run>('/api/run', { statement });
      const ended = async () => (await visitor.get<Run>(`/api/run?id=${content.id}`)).content;
      await expect.poll(async () => (await ended()).state, { timeout: 60_000 }).toBe('failed');
      expect((await ended()).problem).toMatchObject({
        sqlstate: '54000',
        message: expect.stringContaining('at most 16 MiB'),
      });
    }),
  );
  const client = await gateway.client();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('a value of 8 MB is shown as far as there is room', async () => {
  const visitor = await signIn(gateway, ownerOf(gateway));
  const { content } = await visitor.post<Run>('/api/run', { statement: "SELECT repeat('x', 8000000)" });
  const run = async () => (await visitor.get<Run>(`/api/run?id=${content.id}`)).content;
  await expect.poll(async () => (await run()).state).toBe('done');
});

test('a question of more than 64 MiB is refused before the gateway has it', async () => {
  const client = await gateway.client();
  for (const question of [
    "hologen_caller.ask(json_build_object('ask', 'call_status', 'handle', repeat('x', 70000000)))",
    "ai_gen('qwen_plus', repeat('x', 70000000))",
  ])
    expect(await refusal(client.query(`SELECT ${question}`))).toMatchObject({
      code: '54000',
      message: expect.stringContaining('at most 64 MiB'),
    });
});

test('a function that changes a setting for each call asks for no more than 64 MiB in all', async () => {
  const client = await gateway.client();
  await client.query(`CREATE FUNCTION greedy() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    FOR i IN 1..8 LOOP
      BEGIN
        PERFORM set_config('ai_gen.tag', i::text, true);
        PERFORM ai_gen('nobody', repeat('x', 9000000));
      EXCEPTION WHEN undefined_object THEN
        NULL;
      WHEN program_limit_exceeded THEN
        RETURN SQLERRM;
      END;
    END LOOP;
    RETURN 'never refused';
  END $$`);
  const { rows } = await client.query('SELECT greedy()');
  expect(rows).toEqual([{ greedy: 'the requests of the statement are more than 64 MiB together' }]);
});

test('a statement of more calls than there is memory for is refused, and the gateway goes on', async () => {
  const directory = await newDirectory();
  const small = spawnGateway(directory, {
    HOLOGEN_SANDBOX: 'on',
    HOLOGEN_LOG_LEVEL: 'error',
    NODE_OPTIONS: '--max-old-space-size=256',
  });
  try {
    expect(await small.ready).toBe(true);
    const client = await connect(directory);
    await client.query("SET ai_gen.max_calls = 100000000; SET ai_gen.dry_run = 'on'");
    const many = "SELECT count(ai_gen('qwen_plus', 'x' || g)) FROM generate_series(1, 100000) g";
    expect(await refusal(client.query(many))).toMatchObject({
      code: '54000',
      message: expect.stringMatching(/^the gateway has memory for \d+ calls of running statements/),
    });
    await client.query("SELECT count(ai_gen('qwen_plus', 'x' || g)) FROM generate_series(1, 1000) g");
    await client.end();
  } finally {
    small.child.kill('SIGTERM');
    await small.ended;
    await rm(directory, { recursive: true, force: true });
  }
});
