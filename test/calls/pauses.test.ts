/** A paused model: nothing of it is sent until it is resumed, what runs goes on, and whoever waits is told by whom and since when. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let dataDir: string;
let gateway: TestGateway;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hologen-pauses-'));
  gateway = await startTestGateway({ dataDir });
});
beforeEach(() => gateway.forgetRequests());
afterAll(async () => {
  await gateway?.close();
  await rm(dataDir, { recursive: true, force: true });
});

const picture = (prompt: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}"}') AS made`;
const submits = async () => (await gateway.requests()).length;

test('a paused model sends nothing, says who paused it and why, and goes on when it is resumed', async () => {
  const [owner, client] = [await gateway.client(), await gateway.client()];
  await owner.query("CALL pause_model('qwen_image_2', 'the bill')");
  const told: string[] = [];
  client.on('notice', ({ message = '' }) => told.push(message));
  const made = client.query(`${picture('one')}, ai_gen('qwen_plus', 'meanwhile') AS said`);
  await expect.poll(() => told.join('\n')).toMatch(/is paused by hologen since 20.* UTC: the bill/);
  const waiting = await owner.query(
    'SELECT held_up, held_up_why, queued, held_up_since <= now() AS since FROM hologen.progress',
  );
  expect(waiting.rows).toMatchObject([{ held_up: '1', queued: '1', since: true }]);
  expect(waiting.rows[0].held_up_why).toMatch(/^qwen-image-2.0 is paused by hologen since .*: the bill$/);
  const queue =
    "SELECT queued, paused_by, paused_why FROM hologen.queues WHERE model_type = 'qwen-image-2.0'";
  expect((await owner.query(queue)).rows).toEqual([
    { queued: '1', paused_by: 'hologen', paused_why: 'the bill' },
  ]);
  // Other models go on.
  await expect.poll(submits).toBe(1);
  await owner.query("CALL resume_model('qwen_image_2')");
  expect(JSON.parse((await made).rows[0].made).image_urls).toHaveLength(1);
  expect(await submits()).toBe(2);
  expect((await owner.query(queue)).rows).toEqual([{ queued: '0', paused_by: null, paused_why: null }]);
});

test('what the provider works on when its model is paused is followed to its end', async () => {
  const [owner, client] = [await gateway.client(), await gateway.client()];
  const film = client.query(
    'SELECT ai_gen(\'wan26_t2v\', \'{"prompt": "rain [[sandbox:slow=700]]"}\') AS made',
  );
  await expect.poll(submits).toBe(1);
  await owner.query("CALL pause_model('wan2.6-t2v')");
  expect(JSON.parse((await film).rows[0].made).output.task_status).toBe('SUCCEEDED');
  await owner.query("CALL resume_model('wan2.6-t2v')");
});

test('a statement that waits for a paused model can be cancelled, and nothing is sent for it later', async () => {
  const [owner, client] = [await gateway.client(), await gateway.client()];
  await owner.query("CALL pause_model('qwen_image_2')");
  await client.query("SET statement_timeout = '300ms'");
  expect((await refusal(client.query(picture('given up')))).code).toBe('57014');
  await owner.query("CALL resume_model('qwen_image_2')");
  await owner.query(picture('after it'));
  expect(await submits()).toBe(1);
});

test('a pause holds over a restart, also for a call of ai_submit that waited before it', async () => {
  let owner = await gateway.client();
  await owner.query("CALL pause_model('qwen_image_2', 'until Monday')");
  const { rows } = await owner.query('SELECT ai_submit(\'qwen_image_2\', \'{"prompt": "kept"}\') AS handle');
  const told: string[] = [];
  owner.on('notice', ({ message = '' }) => told.push(message));
  await owner.query('SELECT ai_status($1)', [rows[0].handle]);
  expect(told.join()).toMatch(/qwen-image-2.0 is paused by hologen since .*: until Monday/);
  await gateway.close();
  gateway = await startTestGateway({ dataDir });
  owner = await gateway.client();
  const early = await owner.query("SELECT ai_wait($1, interval '300 ms') AS made", [rows[0].handle]);
  expect(early.rows).toEqual([{ made: null }]);
  expect(await submits()).toBe(0);
  await owner.query("CALL resume_model('qwen-image-2.0')");
  const { rows: made } = await owner.query('SELECT ai_wait($1) AS made', [rows[0].handle]);
  expect(JSON.parse(made[0].made).image_urls).toHaveLength(1);
});

test('only what is there can be paused, only what is paused resumed, and only by administrators', async () => {
  const owner = await gateway.client();
  expect((await refusal(owner.query("CALL pause_model('nobody')"))).code).toBe('42704');
  const unpaused = await refusal(owner.query("CALL resume_model('qwen_image_2')"));
  expect([unpaused.code, unpaused.hint]).toEqual(['42704', expect.stringContaining('Paused: none')]);
  expect((await refusal(owner.query(`CALL pause_model('qwen_image_2', '${'x'.repeat(201)}')`))).code).toBe(
    '22023',
  );
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  const amy = await gateway.clientOf('amy');
  expect((await refusal(amy.query("CALL pause_model('qwen_image_2')"))).code).toBe('42501');
});
