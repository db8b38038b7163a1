/** A gateway that is told to stop waits for what will end, and for nothing else. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { makeDirectory, serve, stopGateways } from './spawned-gateway.js';

/** A test that waits for it fails. */
const aDay = { environment: { HOLOGEN_DRAIN_MS: '86400000' } };
let directory: string;
beforeAll(async () => {
  directory = await makeDirectory();
});
afterAll(async () => {
  await stopGateways();
  await rm(directory, { recursive: true, force: true });
});

test('calls of a paused model keep no gateway from stopping: statements end, and calls of ai_submit wait for the next start', async () => {
  const gateway = await serve(directory, ['--sandbox'], aDay);
  const [owner, statement, collecting, runs] = await Promise.all(Array.from({ length: 4 }, gateway.client));
  if (!owner || !statement || !collecting || !runs) throw new Error('four clients');
  await owner.query("CALL pause_model('qwen_image_2', 'the bill')");
  const { rows } = await owner.query('SELECT ai_submit(\'qwen_image_2\', \'{"prompt": "kept"}\') AS handle');
  const { handle } = rows[0];
  const ended = [
    refusal(statement.query('SELECT ai_gen(\'qwen_image_2\', \'{"prompt": "left"}\')')),
    refusal(collecting.query('SELECT ai_wait($1)', [handle])),
  ];
  const film = runs.query('SELECT ai_gen(\'wan26_t2v\', \'{"prompt": "goes on"}\') AS made');
  const states = "SELECT state FROM hologen.jobs ORDER BY request ->> 'prompt'";
  await expect
    .poll(async () => (await owner.query(states)).rows.map(({ state }) => state))
    .toEqual(['running', 'submitted', 'submitted']);
  gateway.kill('SIGTERM');
  expect(JSON.parse((await film).rows[0].made).output.task_status).toBe('SUCCEEDED');
  expect((await Promise.all(ended)).map(({ code }) => code)).toEqual(['57P01', '57P01']);
  expect(await gateway.exit).toBe(0);

  const next = await serve(directory, ['--sandbox'], aDay);
  const client = await next.client();
  await client.query("CALL resume_model('qwen_image_2')");
  const { rows: made } = await client.query('SELECT ai_wait($1) AS made', [handle]);
  expect(JSON.parse(made[0].made).image_urls).toHaveLength(1);
  expect((await client.query(`${states}`)).rows.map(({ state }) => state)).toEqual([
    'succeeded',
    'succeeded',
    'cancelled',
  ]);
  await client.end();
});

test('an answer that comes while the gateway stops is written down, though its statement was ended: the next start has it', async () => {
  const soon = { environment: { HOLOGEN_DRAIN_MS: '300' } };
  const own = await makeDirectory();
  const gateway = await serve(own, ['--sandbox'], soon);
  const client = await gateway.client();
  const slowly = "SELECT ai_gen('qwen_plus', 'an answer meanwhile [[sandbox:slow=3000]]') AS said";
  const ended = refusal(client.query(slowly));
  const states = "SELECT state, attempts FROM hologen.jobs WHERE model_name = 'qwen_plus'";
  const watcher = await gateway.client();
  await expect
    .poll(async () => (await watcher.query(states)).rows)
    .toEqual([{ state: 'running', attempts: 1 }]);
  gateway.kill('SIGTERM');
  expect((await ended).code).toBe('57P01');
  expect(await gateway.exit).toBe(0);

  const next = await serve(own, ['--sandbox'], soon);
  const again = await next.client();
  expect((await again.query(states)).rows).toEqual([{ state: 'succeeded', attempts: 1 }]);
  expect((await again.query(slowly)).rows[0].said).toContain('an answer meanwhile');
  expect((await again.query(states)).rows).toHaveLength(1);
  await again.end();
  next.kill('SIGTERM');
  await next.exit;
  await rm(own, { recursive: true, force: true });
});

test('so is the answer to a call that an earlier run has left', async () => {
  const soon = { environment: { HOLOGEN_DRAIN_MS: '300' } };
  const own = await makeDirectory();
  const first = await serve(own, ['--sandbox'], soon);
  const client = await first.client();
  await client.query("CALL pause_model('qwen_plus')");
  await client.query("SELECT ai_submit('qwen_plus', 'left behind [[sandbox:slow=3000]]')");
  await client.end();
  first.kill('SIGTERM');
  await first.exit;

  const second = await serve(own, ['--sandbox'], soon);
  const watcher = await second.client();
  const states = "SELECT state, attempts FROM hologen.jobs WHERE model_name = 'qwen_plus'";
  await watcher.query("CALL resume_model('qwen_plus')");
  await expect
    .poll(async () => (await watcher.query(states)).rows)
    .toEqual([{ state: 'running', attempts: 1 }]);
  second.kill('SIGTERM');
  await second.exit;

  const third = await serve(own, ['--sandbox'], soon);
  const last = await third.client();
  expect((await last.query(states)).rows).toEqual([{ state: 'succeeded', attempts: 1 }]);
  await last.end();
  third.kill('SIGTERM');
  await third.exit;
  await rm(own, { recursive: true, force: true });
});
