/** ai_gen.reuse = on takes earlier results again as long as they are what the call would make: same request, same media, still there. */
import { createHash, randomUUID } from 'node:crypto';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await client.query('SET ai_gen.reuse = on');
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const toFile = `to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')`;
/** Objects of the sandbox are plain files, which a person may change or remove. */
const fileOf = (ossPath: string) => join(gateway.dataDir, 'sandbox', 'oss', ossPath.slice('oss://'.length));
const submits = async () => (await gateway.requests()).length;

async function made(model: string, request: Record<string, unknown>, file = 'NULL'): Promise<string> {
  const { rows } = await client.query(`SELECT ai_gen($1, $2, ${file}) AS made`, [
    model,
    JSON.stringify(request),
  ]);
  return rows[0].made;
}

test('a delivered result is taken again, however its fields are ordered, and the ledger says it cost nothing', async () => {
  const first = await made('qwen_image_2', { prompt: 'twice', parameters: { n: 2 } });
  expect(await made('qwen_image_2', { parameters: { n: 2 }, prompt: 'twice' })).toBe(first);
  expect(await submits()).toBe(1);
  const { rows } = await client.query(
    `SELECT outcome, usage.price::float FROM hologen.usage JOIN hologen.jobs USING (job_id) WHERE request ->> 'prompt' = 'twice' ORDER BY sent_at`,
  );
  expect(rows).toEqual([
    { outcome: 'succeeded', price: 0.4 },
    { outcome: 'reused', price: 0 },
  ]);
});

test('another model or another request makes a new one, and texts are taken again too', async () => {
  await made('qwen_image_2', { prompt: 'other' });
  await made('qwen_image_2_pro', { prompt: 'other' });
  await made('qwen_image_2', { prompt: 'other', parameters: { seed: 7 } });
  expect(await submits()).toBe(3);
});

test('media that were replaced meanwhile make a new one', async () => {
  const path = `reuse/${randomUUID()}.png`;
  const { rows } = await client.query(
    `SELECT ai_gen('qwen_image_2', $1, ${toFile})::json -> 'image_oss_paths' ->> 0 AS path`,
    [JSON.stringify({ prompt: 'a reference', output_dir: `oss://demo/${path}/` })],
  );
  const edit = { prompt: 'edit it', reference_urls: [rows[0].path] };
  const first = await made('qwen_image_2', edit, toFile);
  expect(await made('qwen_image_2', edit, toFile)).toBe(first);
  const before = await submits();
  await appendFile(fileOf(rows[0].path), 'another end');
  expect(await made('qwen_image_2', edit, toFile)).not.toBe(first);
  expect(await submits()).toBe(before + 1);
});

test('a saved result whose file is gone from OSS is no result any more', async () => {
  const request = { prompt: 'saved', output_dir: 'oss://demo/gone/' };
  const first = await made('qwen_image_2', request, toFile);
  expect(await made('qwen_image_2', request, toFile)).toBe(first);
  await rm(fileOf(JSON.parse(first).image_oss_paths[0]));
  expect(await made('qwen_image_2', request, toFile)).not.toBe(first);
  expect(await submits()).toBe(2);
});

test('file_url signs an output with the right of the call that saved it, and any other object with the file’s own', async () => {
  const saved = JSON.parse(
    await made('qwen_image_2', { prompt: 'linked', output_dir: 'oss://demo/linked/' }, toFile),
  );
  const [path] = saved.image_oss_paths;
  const { rows } = await client.query(
    "SELECT file_url($1) AS short, file_url($1, interval '5 min') AS timed",
    [path],
  );
  const inBucket = await read(rows[0].short);
  expect(inBucket.subarray(1, 4).toString()).toBe('PNG');
  expect(hash(await read(rows[0].timed))).toBe(hash(inBucket));
  const { rows: own } = await client.query(
    `SELECT file_url(to_file($1, 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')) AS url`,
    [path],
  );
  expect(hash(await read(own[0].url))).toBe(hash(inBucket));

  expect(await refusal(client.query("SELECT file_url('oss://demo/stranger.png')"))).toMatchObject({
    code: '42704',
    hint: expect.stringContaining('file_url(to_file('),
  });
  expect((await refusal(client.query("SELECT file_url($1, interval '2 hours')", [path]))).code).toBe('22023');
  await client.query('CREATE ROLE reader; SET ROLE reader');
  expect((await refusal(client.query('SELECT file_url($1)', [path]))).code).toBe('42704');
  await client.query('RESET ROLE');
});

test('a model that is granted is for its roles, their members and the owner; public opens it again', async () => {
  await client.query(`CREATE ROLE studio; CREATE ROLE member IN ROLE studio; CREATE ROLE outsider`);
  const call = `SELECT ai_gen('qwen_image_plus', '{"prompt": "granted"}')`;
  const as = async (role: string) => {
    await client.query(`SET ROLE ${role}`);
    const outcome = await client.query(call).then(
      () => 'served',
      (error: pg.DatabaseError) => error.code,
    );
    await client.query('RESET ROLE');
    return outcome;
  };
  expect(await as('outsider')).toBe('served');
  await client.query(`CALL grant_model('qwen_image_plus', 'studio')`);
  expect([await as('studio'), await as('member'), await as('outsider'), await as('hologen')]).toEqual([
    'served',
    'served',
    '42501',
    'served',
  ]);
  await client.query(`CALL revoke_model('qwen_image_plus', 'studio')`);
  expect([await as('member'), await as('hologen')]).toEqual(['42501', 'served']);
  await client.query(`CALL grant_model('qwen_image_plus', 'public')`);
  expect(await as('outsider')).toBe('served');
  expect((await refusal(client.query(`CALL grant_model('qwen_image_plus', 'nobody here')`))).code).toBe(
    '42704',
  );
  expect((await refusal(client.query(`CALL grant_model('no model', 'studio')`))).code).toBe('42704');
  await client.query('SET ROLE outsider');
  expect((await refusal(client.query(`CALL grant_model('qwen_image_plus', 'outsider')`))).code).toBe('42501');
  await client.query('RESET ROLE');
});

async function read(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('identical calls of one statement are one call', async () => {
  const { rows } = await client.query(
    `SELECT ai_gen('qwen_image_2', '{"prompt": "one of five"}') AS made FROM generate_series(1, 5)`,
  );
  expect(new Set(rows.map(({ made }) => made)).size).toBe(1);
  expect(rows).toHaveLength(5);
  expect(await submits()).toBe(1);
  const { rows: outcomes } = await client.query(
    `SELECT outcome, count(*)::int AS n FROM hologen.usage JOIN hologen.jobs USING (job_id)
     WHERE request ->> 'prompt' = 'one of five' GROUP BY 1 ORDER BY 1`,
  );
  expect(outcomes).toEqual([
    { outcome: 'reused', n: 4 },
    { outcome: 'succeeded', n: 1 },
  ]);
});

test('identical calls of statements that run at the same time are one call, and one that is given up does not end the others', async () => {
  const slow = `SELECT ai_gen('qwen_image_2', '{"prompt": "shared [[sandbox:slow=1500]]"}') AS made`;
  const clients = await Promise.all(
    [1, 2, 3].map(async () => {
      const each = await gateway.client();
      await each.query('SET ai_gen.reuse = on');
      return each;
    }),
  );
  const [first, ...others] = clients as [pg.Client, ...pg.Client[]];
  const { rows } = await first.query('SELECT pg_backend_pid() AS pid');
  const given = refusal(first.query(slow));
  await expect.poll(submits).toBe(1);
  const results = Promise.all(others.map((each) => each.query(slow)));
  await client.query('SELECT pg_cancel_backend($1)', [rows[0].pid]);
  expect((await given).code).toBe('57014');
  expect(new Set((await results).map(({ rows: [row] }) => row.made)).size).toBe(1);
  expect(await submits()).toBe(1);
});

test('a result that an open transaction has taken, or a session without reuse, is taken by others too', async () => {
  const first = await made('qwen_image_2', { prompt: 'shared by all' });
  const other = await gateway.client();
  await other.query('SET ai_gen.reuse = on; BEGIN; CREATE TABLE shared (made text)');
  const picture = `SELECT ai_gen('qwen_image_2', '{"prompt": "shared by all"}', NULL) AS made`;
  await other.query(`INSERT INTO shared ${picture}`);
  expect(await made('qwen_image_2', { prompt: 'shared by all' })).toBe(first);
  await other.query('ROLLBACK; RESET ai_gen.reuse');
  expect(await submits()).toBe(1);

  await other.query('BEGIN; CREATE TABLE shared (made text)');
  const { rows } = await other.query(
    `INSERT INTO shared ${picture.replace('by all', 'by two')} RETURNING made`,
  );
  await other.query('ROLLBACK');
  await other.query('BEGIN; CREATE TABLE shared (made text)');
  await other.query(`INSERT INTO shared ${picture.replace('by all', 'by two')}`);
  expect(await made('qwen_image_2', { prompt: 'shared by two' })).toBe(rows[0].made);
  await other.query('COMMIT; DROP TABLE shared');
  expect(await submits()).toBe(2);
});

test('twins of a call that is refused are refused like it, and a budget counts one', async () => {
  await client.query("CALL set_budget(NULL, 'qwen_image_2_pro', 1, NULL)");
  const many = (prompt: string) =>
    client.query(
      `SELECT ai_gen('qwen_image_2_pro', '{"prompt": "${prompt}"}') AS made FROM generate_series(1, 3)`,
    );
  const used = await client.query(
    "SELECT calls_used::int AS n FROM hologen.budgets WHERE model_name = 'qwen_image_2_pro'",
  );
  await client.query("CALL set_budget(NULL, 'qwen_image_2_pro', $1, NULL)", [used.rows[0].n + 1]);
  expect((await many('within')).rows).toHaveLength(3);
  expect((await refusal(many('beyond'))).code).toBe('53400');
  await client.query("CALL remove_budget(NULL, 'qwen_image_2_pro')");
  await gateway.forgetRequests();
  expect((await refusal(many('[[sandbox:refuse]]'))).code).toBe('22H01');
  expect(await submits()).toBe(1);
});
