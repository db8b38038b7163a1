/** What ai_estimate says will not be made, because a result is there or under way; what the next run then sends. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
});
afterAll(() => gateway?.close());

const submits = async () => (await gateway.requests()).length;

test('EXPLAIN (ai) and ai_estimate tell how many earlier results would be taken, and what they do not cost', async () => {
  await owner.query('CREATE TEMP TABLE drawn (made text)');
  const statement = (rows: number) =>
    `INSERT INTO drawn SELECT ai_gen('qwen_image_2_pro', json_build_object('prompt', 'taken ' || i, 'output_dir', 'oss://demo/taken/')::text, to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')) FROM generate_series(1, ${rows}) i`;
  const told = async (rows: number) =>
    (await owner.query('SELECT calls, taken, price, taken_price FROM ai_estimate($1)', [statement(rows)]))
      .rows;
  expect(await told(5)).toEqual([{ calls: '5', taken: '0', price: '2.5', taken_price: '0' }]);
  await owner.query('BEGIN');
  await owner.query(statement(3));
  await owner.query('ROLLBACK');
  expect(await told(5)).toEqual([{ calls: '5', taken: '3', price: '2.5', taken_price: '1.5' }]);
  const { rows } = await owner.query(`EXPLAIN (ai) ${statement(5)}`);
  expect(rows[0]['QUERY PLAN']).toContain('; 3 take earlier results, which is CNY 1.5 less');
  const before = await submits();
  await owner.query(statement(5));
  expect((await submits()) - before).toBe(2);
  expect(await told(5)).toEqual([{ calls: '5', taken: '0', price: '2.5', taken_price: '0' }]);
  await owner.query("SET ai_gen.reuse = 'on'");
  expect(await told(6)).toEqual([{ calls: '6', taken: '5', price: '3', taken_price: '2.5' }]);
  await owner.query('RESET ai_gen.reuse; DROP TABLE drawn');
});

test('with ai_gen.reuse on ai_estimate counts identical calls as one that is made', async () => {
  await owner.query("SET ai_gen.reuse = 'on'");
  const { rows } = await owner.query(
    `SELECT calls, taken FROM ai_estimate($$SELECT ai_gen('qwen_plus', 'the same fox') FROM generate_series(1, 4)$$)`,
  );
  await owner.query('RESET ai_gen.reuse');
  expect(rows).toEqual([{ calls: '4', taken: '3' }]);
});

test('ai_estimate does not count calls of ai_submit as taken, which are always made', async () => {
  await owner.query("SET ai_gen.reuse = 'on'");
  const { rows } = await owner.query(
    `SELECT calls, taken FROM ai_estimate($$SELECT ai_submit('qwen_plus', 'the same owl') FROM generate_series(1, 3)$$)`,
  );
  await owner.query('RESET ai_gen.reuse');
  expect(rows).toEqual([{ calls: '3', taken: '0' }]);
});

test('with ai_gen.reuse on ai_estimate counts what another session makes at this time as taken', async () => {
  const other = await gateway.client();
  const statement = "SELECT ai_gen('qwen_plus', '[[sandbox:slow=4000]] made elsewhere')";
  for (const each of [other, owner]) await each.query("SET ai_gen.reuse = 'on'");
  const running = other.query(statement);
  await vi.waitFor(
    async () => {
      const { rows } = await owner.query('SELECT running FROM hologen.progress');
      expect(rows).toEqual([{ running: '1' }]);
    },
    { timeout: 4_000 },
  );
  const { rows } = await owner.query('SELECT taken FROM ai_estimate($1)', [statement]);
  await owner.query('RESET ai_gen.reuse');
  await running;
  expect(rows).toEqual([{ taken: '1' }]);
});

test('ai_estimate prices a statement that catches that a file is not there', async () => {
  await owner.query(`CREATE FUNCTION caught(p text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    RETURN ai_gen('qwen_image_2_pro', json_build_object('prompt', p, 'reference_image', 'oss://demo/none.png')::text, to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
    EXCEPTION WHEN OTHERS THEN RETURN 'caught'; END $$`);
  const { rows } = await owner.query(
    `SELECT model_name FROM ai_estimate($$SELECT caught('x'), ai_gen('qwen_plus', 'beside')$$) ORDER BY 1`,
  );
  expect(rows.map(({ model_name: name }) => name)).toContain('qwen_plus');
});
