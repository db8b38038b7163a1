/** Paid results that reached nobody are taken by the next identical call of the same role, and by nobody else. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway.close());

const picture = (prompt: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}"}') AS made`;
const submits = async () => (await gateway.requests()).length;

test('a result whose client got it is not given twice', async () => {
  const client = await gateway.client();
  const first = (await client.query(picture('delivered'))).rows[0].made;
  const second = (await client.query(picture('delivered'))).rows[0].made;
  expect(second).not.toBe(first);
  expect(await submits()).toBe(2);
});

test('a cancelled statement pays once: the same statement again takes what was made meanwhile', async () => {
  const client = await gateway.client();
  const slow = picture('cancelled [[sandbox:slow=3000]]');
  const { rows: session } = await client.query('SELECT pg_backend_pid() AS pid');
  const cancelled = refusal(client.query(slow));
  await expect.poll(submits).toBe(1);
  const other = await gateway.client();
  await other.query('SELECT pg_cancel_backend($1)', [session[0].pid]);
  expect((await cancelled).code).toBe('57014');
  const notices: (string | undefined)[] = [];
  client.on('notice', (notice) => notices.push(notice.message));
  const { rows } = await client.query(slow);
  expect(JSON.parse(rows[0].made).image_urls).toHaveLength(1);
  expect(await submits()).toBe(1);
  expect(notices.join()).toContain('nothing was paid');
});

test('what was only read is delivered, also by clients that end every read with ROLLBACK', async () => {
  const client = await gateway.client();
  const reads = [
    (prompt: string) => client.query(picture(prompt)),
    (prompt: string) => client.query(`WITH asked AS (${picture(prompt)}) SELECT made FROM asked`),
    (prompt: string) => client.query({ text: picture(prompt), values: [] }),
  ];
  for (const [index, read] of reads.entries()) {
    const results = new Set<string>();
    for (let run = 0; run < 2; run++) {
      await client.query('BEGIN');
      results.add((await read(`read ${index}`)).rows[0].made);
      await client.query('ROLLBACK');
    }
    expect(results.size).toBe(2);
  }
});

test('what a function of one’s own has taken may have been written, and waits after a rollback', async () => {
  const client = await gateway.client();
  await client.query(`CREATE SCHEMA kept; CREATE TEMP TABLE kept_answers (made text);
    CREATE FUNCTION "keepAnswer"(made text) RETURNS text LANGUAGE sql AS 'INSERT INTO kept_answers VALUES (made) RETURNING made';
    CREATE FUNCTION 保存(made text) RETURNS text LANGUAGE sql AS 'INSERT INTO kept_answers VALUES (made) RETURNING made';
    CREATE FUNCTION kept.lower(made text) RETURNS text LANGUAGE sql AS 'INSERT INTO kept_answers VALUES (made) RETURNING made'`);
  const before = await submits();
  const names = [
    '"keepAnswer"',
    '保存',
    'kept.lower',
    '保存/* so */',
    `'it''s' || "keepAnswer"`,
    `E'\\'' || 保存`,
  ];
  for (const [index, name] of names.entries()) {
    for (let run = 0; run < 2; run++) {
      await client.query('BEGIN');
      await client.query(`SELECT ${name}(made) FROM (${picture(`kept ${index}`)}) AS drawn`);
      await client.query('ROLLBACK');
    }
  }
  expect((await submits()) - before).toBe(names.length);
});

test('a cursor’s rows that were fetched are delivered', async () => {
  const client = await gateway.client();
  const results = new Set<string>();
  for (let run = 0; run < 2; run++) {
    await client.query('BEGIN');
    await client.query(`DECLARE made CURSOR FOR ${picture('fetched')}`);
    results.add((await client.query('FETCH 1 FROM made')).rows[0].made);
    await client.query('ROLLBACK');
  }
  expect(results.size).toBe(2);
});

test('a rolled back transaction leaves unclaimed what was to be written, a committed one does not', async () => {
  const client = await gateway.client();
  await client.query('CREATE TEMP TABLE made (made text)');
  const writes = [
    (prompt: string) => `INSERT INTO made ${picture(prompt)} RETURNING made`,
    (prompt: string) =>
      `WITH kept AS (INSERT INTO made ${picture(prompt)} RETURNING made) SELECT made FROM kept`,
  ];
  for (const [index, write] of writes.entries()) {
    const prompt = `rolled back ${index}`;
    await client.query('BEGIN');
    const rolledBack = (await client.query(write(prompt))).rows[0].made;
    await client.query('ROLLBACK');
    expect((await client.query(write(prompt))).rows[0].made).toBe(rolledBack);
  }
  expect(await submits()).toBe(2);
  await client.query('BEGIN');
  const committed = (await client.query(picture('committed'))).rows[0].made;
  await client.query('COMMIT');
  expect((await client.query(picture('committed'))).rows[0].made).not.toBe(committed);
});

test('what COMMIT AND CHAIN has committed is delivered, also where the next transaction is rolled back', async () => {
  const client = await gateway.client();
  await client.query('CREATE TEMP TABLE chained (made text)');
  const results = new Set<string>();
  for (const ending of ['ROLLBACK', 'COMMIT']) {
    await client.query('BEGIN');
    await client.query(`INSERT INTO chained ${picture('chained')}`);
    await client.query('COMMIT AND CHAIN');
    await client.query('SELECT 1');
    await client.query(ending);
  }
  for (const { made } of (await client.query('SELECT made FROM chained')).rows) results.add(made);
  expect(results.size).toBe(2);
  await client.query(`BEGIN; INSERT INTO chained ${picture('chained')}`);
  await expect(client.query('COMMIT AND CHAIN; SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
  await client.query(`ROLLBACK; INSERT INTO chained ${picture('chained')}`);
  for (const { made } of (await client.query('SELECT made FROM chained')).rows) results.add(made);
  expect(results.size).toBe(4);
});

test('a transaction that fails before its client has the rows leaves them unclaimed', async () => {
  const client = await gateway.client();
  await client.query('BEGIN');
  await refusal(client.query(`${picture('failed')}; SELECT 1 / 0`));
  await client.query('ROLLBACK');
  await client.query(picture('failed'));
  expect(await submits()).toBe(1);
});

test('the neighbours of a row that the provider refused are not lost', async () => {
  const client = await gateway.client();
  const campaign = (last: string) =>
    client.query(
      `SELECT p, ai_gen('qwen_image_2', json_build_object('prompt', p)::text) FROM unnest(ARRAY['one', 'two', '${last}']) p`,
    );
  expect((await refusal(campaign('[[sandbox:refuse]]'))).code).toBe('22H01');
  await gateway.forgetRequests();
  expect((await campaign('three')).rows).toHaveLength(3);
  expect(await submits()).toBe(1);
});

test('another role does not get them, and ai_gen.reuse = off does without them', async () => {
  const owner = await gateway.client();
  await owner.query("CREATE ROLE stranger LOGIN PASSWORD 'secret'");
  await owner.query('CREATE TEMP TABLE made (made text)');
  await owner.query('BEGIN');
  await owner.query(`INSERT INTO made ${picture('mine')}`);
  await owner.query('ROLLBACK');
  const stranger = await gateway.clientOf('stranger');
  await stranger.query(picture('mine'));
  expect(await submits()).toBe(2);
  await owner.query('SET ai_gen.reuse = off');
  await owner.query(picture('mine'));
  expect(await submits()).toBe(3);
});

test('identical calls of one statement are calls of their own', async () => {
  const client = await gateway.client();
  await client.query(`SELECT ai_gen('qwen_image_2', '{"prompt": "twins"}') FROM generate_series(1, 3)`);
  expect(await submits()).toBe(3);
});

test('of many calls that ask for the same each takes a result of its own, and those that are too many are made', async () => {
  const own = await gateway.client();
  await own.query(
    `CALL register_external_model('as_fast', 'qwen-plus', 'bailian', '{"submits_per_second": 10000, "concurrent_tasks": null}', 'chat/completions')`,
  );
  await own.query('CREATE TEMP TABLE said (said text)');
  const say = (count: number) =>
    own.query(`INSERT INTO said SELECT ai_gen('as_fast', 'the same') FROM generate_series(1, ${count})`);
  await gateway.forgetRequests();
  await own.query('BEGIN');
  await say(230);
  await own.query('ROLLBACK');
  const { rows: estimated } = await own.query(
    `SELECT calls::int, taken::int FROM ai_estimate($$INSERT INTO said SELECT ai_gen('as_fast', 'the same') FROM generate_series(1, 240)$$)`,
  );
  expect(estimated).toEqual([{ calls: 240, taken: 230 }]);
  await say(240);
  expect(await gateway.requests('all')).toHaveLength(240);
  const { rows } = await own.query(
    `SELECT count(DISTINCT job_id)::int AS jobs, count(*)::int AS times FROM hologen.usage WHERE outcome = 'reused' AND model_name = 'as_fast'`,
  );
  expect(rows).toEqual([{ jobs: 230, times: 230 }]);
});
