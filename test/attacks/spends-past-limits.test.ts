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
