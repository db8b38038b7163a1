/** Mistakes that would leave a limit without effect, and keys that would lie open. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
});
afterAll(() => gateway?.close());

test('a budget of a role or model that does not exist is refused, with the known names', async () => {
  expect(await refusal(owner.query("CALL set_budget('nobody', NULL, 5)"))).toMatchObject({
    code: '42704',
    message: 'role "nobody" does not exist',
    hint: expect.stringContaining('hologen'),
  });
  expect(await refusal(owner.query("CALL set_budget(NULL, 'qwen_plsu', 5)"))).toMatchObject({
    code: '42704',
    message: 'external model "qwen_plsu" does not exist',
    hint: expect.stringContaining('qwen_plus'),
  });
  expect((await owner.query('SELECT * FROM hologen.budgets')).rows).toEqual([]);
});

test('what is left out of set_budget is no limit', async () => {
  await owner.query('CALL set_budget(money_per_day => 5)');
  await owner.query("CALL set_budget(model_name => 'qwen_plus', calls_per_day => 7)");
  const { rows } = await owner.query(
    'SELECT role_name, model_name, calls::int, money::float8 FROM hologen.budgets ORDER BY 2 NULLS FIRST',
  );
  expect(rows).toEqual([
    { role_name: null, model_name: null, calls: null, money: 5 },
    { role_name: null, model_name: 'qwen_plus', calls: 7, money: null },
  ]);
});

test.each(['token', 'authorization', 'access_credential', 'bearer', 'dashscope_key'])(
  'a secret in config under the name "%s" is refused and not repeated',
  async (name) => {
    const config = JSON.stringify({ [name]: 'hush-hush-1234' });
    const error = await refusal(
      owner.query(`CALL register_external_model('m', 'qwen-plus', 'bailian', $1, 'chat/completions')`, [
        config,
      ]),
    );
    expect(error.code).toBe('22023');
    expect(JSON.stringify(error)).not.toContain('hush-hush');
  },
);

test('what somebody makes on a key of one’s own, at whatever price, uses up no budget but one’s own', async () => {
  await owner.query("CREATE ROLE mallory LOGIN PASSWORD 'secret'");
  await owner.query("CALL set_budget(period => 'month', money => 1000)");
  await owner.query("CALL set_budget('mallory', period => 'month', calls => 1)");
  const mallory = await gateway.clientOf('mallory');
  await mallory.query(
    `CALL register_external_model('dear', 'qwen-image-2.0-pro', 'bailian', '{"api_key": "sk-own", "price": {"per_picture": 999}}', 'image-generation')`,
  );
  const paint = `SELECT ai_gen('dear', '{"prompt": "gold"}')`;
  await mallory.query(paint);
  expect((await refusal(mallory.query(paint))).message).toContain('budget of role mallory');
  await owner.query(`SELECT ai_gen('qwen_image_2', '{"prompt": "tin"}')`);
  const { rows } = await owner.query(
    "SELECT role_name, calls_used::int, money_used::float8 FROM hologen.budgets WHERE period = 'month' ORDER BY 1 NULLS FIRST",
  );
  expect(rows).toEqual([
    { role_name: null, calls_used: 1, money_used: 0.2 },
    { role_name: 'mallory', calls_used: 1, money_used: 999 },
  ]);
});

test('of several statements in one text each has the tag that was SET before it, and its budget', async () => {
  await owner.query("CALL set_budget(tag => 'nothing', calls => 0)");
  const paint = (word: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${word}"}')`;
  const both = `SET ai_gen.tag = 'much'; ${paint('one')}; SET ai_gen.tag = 'nothing'; ${paint('two')}`;
  expect((await refusal(owner.query(both))).message).toContain('budget of tag nothing');
  await owner.query('RESET ai_gen.tag');
});

test('the requests of a statement are bounded together, and nothing of them is sent', async () => {
  const long =
    "SELECT count(hologen_caller.submit_call('qwen_plus', repeat('x', 40000000) || i, NULL)) FROM generate_series(1, 3) i";
  expect(await refusal(owner.query(long))).toMatchObject({
    code: '54000',
    hint: expect.stringContaining('LIMIT'),
  });
});
