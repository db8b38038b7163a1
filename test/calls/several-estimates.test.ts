/** Estimates beside each other: each tells of its own statement, whatever was estimated before it in the same statement, text or block. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query(`CREATE FUNCTION estimate_or_why(statement text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    RETURN (SELECT sum(calls)::text FROM ai_estimate(statement)); EXCEPTION WHEN OTHERS THEN RETURN SQLERRM; END $$`);
});
beforeEach(async () => {
  await owner.query('RESET ALL');
  await gateway.forgetRequests();
});
afterAll(() => gateway?.close());

const calls = (count: number, prompt: string) =>
  `SELECT ai_gen('qwen_plus', '${prompt} ' || i) FROM generate_series(1, ${count}) i`;
const saved = (name: string, prompt: string) =>
  `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}", "name": "${name}", "output_dir": "oss://demo/several/"}', to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))`;

test('estimates for each row of a statement do not add up', async () => {
  const { rows } = await owner.query(
    'SELECT n, calls::int FROM unnest($1::text[]) WITH ORDINALITY AS q (s, n), LATERAL ai_estimate(q.s) ORDER BY n',
    [[calls(1, 'a'), calls(3, 'b'), calls(2, 'a')]],
  );
  expect(rows).toEqual([
    { n: '1', calls: 1 },
    { n: '2', calls: 3 },
    { n: '3', calls: 2 },
  ]);
});

test('two EXPLAIN (ai) in one text tell each of its own statement', async () => {
  const results = (await owner.query(
    `EXPLAIN (ai) ${calls(2, 'a')}; EXPLAIN (ai) ${calls(1, 'b')}`,
  )) as unknown as pg.QueryResult[];
  const lines = results.map(({ rows }) => rows[0]['QUERY PLAN']);
  expect(lines).toEqual([
    expect.stringMatching(/^AI: 2 calls of qwen_plus/),
    expect.stringMatching(/^AI: 1 call of qwen_plus/),
  ]);
});

test('a loop may estimate more calls in all than one statement may make', async () => {
  await owner.query('SET ai_gen.max_calls = 5; CREATE TEMP TABLE told (calls int)');
  await owner.query(`DO $do$ BEGIN FOR i IN 1..4 LOOP
    INSERT INTO told SELECT e.calls FROM ai_estimate($$${calls(4, 'loop')}$$) e; END LOOP; END $do$`);
  expect((await owner.query('SELECT array_agg(calls) AS told FROM told')).rows).toEqual([
    { told: [4, 4, 4, 4] },
  ]);
  const error = await refusal(owner.query('SELECT FROM ai_estimate($1)', [calls(6, 'too many')]));
  expect(error.message).toBe('the statement makes more than 5 calls');
});

test('an estimate that failed and was caught counts in no other', async () => {
  await owner.query('SET ai_gen.max_calls = 5');
  const { rows } = await owner.query('SELECT estimate_or_why(s) AS told FROM unnest($1::text[]) AS s', [
    [calls(6, 'too many'), `${calls(3, 'broken')} WHERE 1 / (i - 3) < 9`, calls(4, 'good')],
  ]);
  expect(rows.map(({ told }) => told)).toEqual([
    'the statement makes more than 5 calls',
    'division by zero',
    '4',
  ]);
});

test('statements that would save the same file can be estimated beside each other', async () => {
  const { rows } = await owner.query('SELECT estimate_or_why(s) AS told FROM unnest($1::text[]) AS s', [
    [saved('fox', 'a fox'), saved('fox', 'another fox')],
  ]);
  expect(rows.map(({ told }) => told)).toEqual(['1', '1']);
});

test('a statement that is a dry run tells of its own calls and not of those that it estimates', async () => {
  const notices: (string | undefined)[] = [];
  owner.on('notice', (notice) => notices.push(notice.message));
  await owner.query('SET ai_gen.dry_run = on');
  const { rows } = await owner.query(
    `SELECT (SELECT calls::int FROM ai_estimate($1)) AS estimated, ai_gen('qwen_image_2', '{"prompt": "dry"}')`,
    [calls(3, 'a')],
  );
  expect(rows[0].estimated).toBe(3);
  expect(notices).toContain('ai_gen: dry run: 1 call, 1 picture, CNY 0.20; nothing is sent');
});

test('an estimate of an estimate tells the inner one, and itself makes no calls', async () => {
  const inner = `CREATE TEMP TABLE inner_told AS SELECT calls FROM ai_estimate($$${calls(2, 'inner')}$$)`;
  expect((await owner.query('SELECT calls FROM ai_estimate($1)', [inner])).rows).toEqual([]);
  expect(await gateway.requests()).toEqual([]);
});
