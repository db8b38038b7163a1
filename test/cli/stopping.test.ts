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
