/** Statements of more calls than are opened at once: all of them fit their budgets before the first is sent, and their jobs are opened as their turns come. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  const models = [
    ['quick', 'qwen-plus', 'chat/completions', { submits_per_second: 10_000, concurrent_tasks: 50 }],
    ['narrow', 'qwen-plus', 'chat/completions', { submits_per_second: 10_000, concurrent_tasks: 1 }],
    ['stuck', 'qwen-plus', 'chat/completions', { submits_per_second: 0.001 }],
    ['picture', 'qwen-image-2.0', 'image-generation', { submits_per_second: 10_000, concurrent_tasks: 50 }],
  ] as const;
  for (const [name, type, task, limits] of models)
    await client.query('CALL register_external_model($1, $2, $3, $4, $5)', [
      ...[name, type, 'bailian', JSON.stringify(limits), task],
    ]);
});
beforeEach(async () => {
  await client.query('RESET ALL');
  await client.query('SET ai_gen.max_calls = 5000');
  await client.query('DELETE FROM hologen_internal.budget');
  // What the gateway still writes of the test before is written in an order of its own.
  await client.query(`LOCK TABLE hologen_internal.job IN EXCLUSIVE MODE;
    UPDATE hologen_internal.job SET submitted_at = submitted_at - interval '400 days'`);
  await gateway.forgetRequests();
});
afterAll(() => gateway?.close());

let statements = 0;
const texts = (calls: number, model = 'quick') =>
  `SELECT n, ai_gen('${model}', 'statement ${++statements}, row ' || n) AS made FROM generate_series(1, ${calls}) n`;
const budgets = async () =>
  (await client.query('SELECT calls_used::int, money_used::float FROM hologen.budgets')).rows[0];
const reserved = async () =>
  (await client.query('SELECT coalesce(sum(calls), 0)::int AS calls FROM hologen_internal.reserved')).rows[0]
    .calls;
const opened = async () =>
  (
    await client.query(
      "SELECT count(*)::int AS jobs FROM hologen.jobs WHERE submitted_at > now() - interval '1 day'",
    )
  ).rows[0].jobs;

/** Asks again until it is so: what a statement has left is given back behind its answer. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

/** A statement that is cancelled as soon as it has sent something. */
async function cancelledWhileSending(statement: string): Promise<string | undefined> {
  const other = await gateway.client();
  await other.query('SET ai_gen.max_calls = 5000');
  const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
  const refused = refusal(other.query(statement));
  await until(async () => (await gateway.requests()).length > 0);
  await client.query('SELECT pg_cancel_backend($1)', [rows[0].pid]);
  return (await refused).code;
}

test('each of 1,100 rows has its own answer, made once, and counts once in its budget', async () => {
  await client.query('CALL set_budget(calls => 1100)');
  const { rows } = await client.query(texts(1100));
  expect(rows).toHaveLength(1100);
  expect(rows.filter(({ n, made }) => !made.includes(`row ${n}`))).toEqual([]);
  expect((await gateway.requests()).length).toBe(1100);
  expect((await budgets()).calls_used).toBe(1100);
  expect(await reserved()).toBe(0);
});

test('a statement that does not fit its budget sends nothing, and names what all of its calls need', async () => {
  await client.query('CALL set_budget(calls => 1299)');
  const error = await refusal(client.query(texts(1300)));
  expect(error.code).toBe('53400');
  expect(error.message).toContain('0 calls of 1299 calls are used, and these calls need 1300 calls more');
  expect(await opened()).toBe(0);
  expect((await gateway.requests()).length).toBe(0);
  expect(await reserved()).toBe(0);
});

/** Calls that the engine looks for before the first of them is made, and tells many at a time; that of one row is refused. */
const lookedFor = (calls: number, refused: number) =>
  texts(calls).replace("'quick'", `CASE n WHEN ${refused} THEN 'nobody' ELSE 'quick' END`);

test.each([1, 700, 1999, 2000])(
  'call %i of 2,000 that are looked for is refused: that is told, and nothing is sent',
  async (row) => {
    expect(await refusal(client.query(lookedFor(2000, row)))).toMatchObject({
      code: '42704',
      message: 'external model "nobody" does not exist',
    });
    expect(await gateway.requests()).toEqual([]);
    expect(await opened()).toBe(0);
    expect((await client.query(lookedFor(300, 0))).rows).toHaveLength(300);
  },
);

test('a statement that is cancelled while its calls are looked for leaves nothing behind', async () => {
  const other = await gateway.client();
  await other.query('SET ai_gen.max_calls = 100000');
  const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
  const refused = refusal(other.query(lookedFor(50_000, 0)));
  const { pid } = rows[0];
  const isKnown = async () =>
    ((await client.query('SELECT FROM hologen.progress WHERE engine_process_id = $1', [pid])).rowCount ?? 0) >
    0;
  await until(isKnown);
  await client.query('SELECT pg_cancel_backend($1)', [pid]);
  expect((await refused).code).toBe('57014');
  await until(async () => !(await isKnown()));
  expect((await other.query(lookedFor(300, 0))).rows).toHaveLength(300);
  expect(await isKnown()).toBe(false);
  expect(await gateway.requests()).toHaveLength(300);
});

test('what a statement has not opened yet is nobody else’s: another one is refused meanwhile, and not when the first is cancelled', async () => {
  await client.query('CALL set_budget(calls => 1400)');
  const other = await gateway.client();
  await other.query('SET ai_gen.max_calls = 5000');
  const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
  const first = refusal(other.query(texts(1300, 'narrow')));
  await until(async () => (await gateway.requests()).length > 0);
  expect(await budgets()).toMatchObject({ calls_used: 1300 });
  expect(await opened()).toBeLessThan(1300);
  expect((await refusal(client.query(texts(101)))).message).toContain('1300 calls of 1400 calls are used');
  expect((await refusal(client.query(texts(600)))).message).toContain('1300 calls of 1400 calls are used');
  await client.query('SELECT pg_cancel_backend($1)', [rows[0].pid]);
  expect((await first).code).toBe('57014');
  await until(async () => (await reserved()) === 0 && (await budgets()).calls_used < 800);
  expect((await client.query(texts(600))).rowCount).toBe(600);
});

test('a statement that is cancelled opens no more jobs', async () => {
  expect(await cancelledWhileSending(texts(1300, 'narrow'))).toBe('57014');
  await until(async () => (await reserved()) === 0);
  const jobs = await opened();
  expect(jobs).toBeLessThan(1300);
  expect((await client.query(texts(1))).rowCount).toBe(1);
  expect(await opened()).toBe(jobs + 1);
});

test('calls that fit a budget with what earlier ones have made are taken from there', async () => {
  const statement = texts(520);
  await client.query('BEGIN');
  await client.query(`CREATE TABLE undone AS ${statement}`);
  await client.query('ROLLBACK');
  await client.query('CALL set_budget(calls => 800)');
  expect((await client.query(statement)).rowCount).toBe(520);
  expect((await gateway.requests()).length).toBe(520);
  expect((await budgets()).calls_used).toBe(520);
});

test('with reuse on the same call in several portions is made once', async () => {
  await client.query('SET ai_gen.reuse = on');
  const { rows } = await client.query(
    `SELECT ai_gen('quick', 'statement ${++statements}, ' || n % 2) AS made FROM generate_series(1, 1100) n`,
  );
  expect(new Set(rows.map(({ made }) => made)).size).toBe(2);
  expect((await gateway.requests()).length).toBe(2);
});

test('a model whose line stands still holds up no other one of the same statement', async () => {
  const other = await gateway.client();
  await other.query('SET ai_gen.max_calls = 5000');
  const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
  const statement = refusal(
    other.query(
      `SELECT ai_gen(CASE n % 2 WHEN 0 THEN 'quick' ELSE 'stuck' END, 'statement ${++statements}, row ' || n) FROM generate_series(1, 1300) n`,
    ),
  );
  await until(async () => (await gateway.requests()).length >= 650);
  await client.query('SELECT pg_cancel_backend($1)', [rows[0].pid]);
  expect((await statement).code).toBe('57014');
});

test('what a session may spend is counted for all of a statement before it is sent, and once', async () => {
  const own = await gateway.client();
  const pictures = (calls: number) =>
    `SELECT ai_gen('picture', '{"prompt": "statement ${++statements}, ' || n || '"}', NULL) FROM generate_series(1, ${calls}) n`;
  await own.query(`SET ai_gen.max_calls = 5000; SET ai_gen.spend_at_most = '${(0.2 * 700).toFixed(2)}'`);
  expect((await refusal(own.query(pictures(701)))).message).toContain('CNY 0.00 of CNY 140.00 are used');
  expect(await opened()).toBe(0);
  expect((await own.query(pictures(600))).rowCount).toBe(600);
  expect((await refusal(own.query(pictures(101)))).message).toContain('CNY 120.00 of CNY 140.00 are used');
});

test('what a gateway that is gone had kept for its calls is everybody’s at the next start', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  try {
    await using first = await startTestGateway({ dataDir });
    const owner = await first.client();
    // As a gateway leaves it that is killed: its connection is gone, its rows are there.
    await owner.query(`INSERT INTO hologen_internal.living_gateway VALUES ('killed', 1, now());
      INSERT INTO hologen_internal.reserved VALUES (gen_random_uuid(), 'killed', 'hologen', '{}', 'qwen_plus', 'hologen', '', '', 'CNY', 10, 0)`);
    await owner.query('CALL set_budget(calls => 10)');
    expect((await refusal(owner.query("SELECT ai_gen('qwen_plus', 'hello')"))).code).toBe('53400');
    await first.close();
    await using next = await startTestGateway({ dataDir });
    const again = await next.client();
    expect((await again.query("SELECT ai_gen('qwen_plus', 'hello')")).rowCount).toBe(1);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
