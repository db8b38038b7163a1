/** A session that was opened to spend no more than so much spends no more, whatever its statements say. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway.close());

/** Each costs CNY 0.20. */
const pictures = (count: number, word = 'lake') =>
  `SELECT ai_gen('qwen_image_2', json_build_object('prompt', '${word} ' || i)::text) FROM generate_series(1, ${count}) i`;
const limited = (amount: string) => gateway.client({ options: `-c ai_gen.spend_at_most=${amount}` });

test('statements go on up to the limit of the session, and the one that would pass it sends nothing', async () => {
  const client = await limited('0.5');
  expect((await client.query(pictures(2))).rowCount).toBe(2);
  const error = await refusal(client.query(pictures(1, 'hill')));
  expect(error).toMatchObject({
    code: '53400',
    message: expect.stringContaining('CNY 0.40 of CNY 0.50 are used, and these calls need CNY 0.20 more'),
  });
  expect(await gateway.requests()).toHaveLength(2);
  const another = await limited('0.5');
  expect((await another.query(pictures(1, 'hill'))).rowCount).toBe(1);
});

test('a session opened to spend nothing spends nothing by any statement', async () => {
  const client = await limited('0');
  await client.query('SET ai_gen.spend_at_most = 100');
  await client.query("SELECT set_config('ai_gen.spend_at_most', '', false), set_config('hg.x', '', false)");
  await client.query('RESET ALL');
  await client.query('DISCARD ALL');
  for (const statement of [
    pictures(1, 'door'),
    `SELECT ai_submit('qwen_image_2', '{"prompt": "a door"}')`,
    `CREATE TABLE doors AS ${pictures(1, 'door')}`,
    "SELECT ai_gen('qwen_plus', 'a word of unknown price')",
    `DO $$ BEGIN PERFORM set_config('ai_gen.spend_at_most', '5', true); PERFORM ai_gen('qwen_image_2', '{"prompt": "a door"}'); END $$`,
  ])
    expect(await refusal(client.query(statement)), statement).toMatchObject({ code: '53400' });
  expect(await gateway.requests()).toHaveLength(0);
  const { rows } = await client.query('SELECT calls, price FROM ai_estimate($1)', [pictures(3)]);
  expect(rows).toEqual([{ calls: '3', price: '0.6' }]);
});

test('a session may lower what it may spend, and a value that is no amount is told', async () => {
  const client = await limited('10');
  await client.query('SET ai_gen.spend_at_most = 0.1');
  expect((await refusal(client.query(pictures(1, 'roof')))).code).toBe('53400');
  await client.query("SET ai_gen.spend_at_most = 'a lot'");
  expect(await refusal(client.query(pictures(1, 'roof')))).toMatchObject({
    code: '22023',
    message: expect.stringContaining('ai_gen.spend_at_most must be an amount in CNY'),
  });
  await client.query('RESET ai_gen.spend_at_most');
  expect((await client.query(pictures(1, 'roof'))).rowCount).toBe(1);
});

test('a result that was paid for before costs the session nothing', async () => {
  const payer = await gateway.client();
  await payer.query(pictures(1, 'tower'));
  const client = await limited('0');
  await client.query('SET ai_gen.reuse = on');
  expect((await client.query(pictures(1, 'tower'))).rowCount).toBe(1);
});

test('what has cost nothing is given back, and what has cost less than was reckoned in part', async () => {
  const client = await limited('0.5');
  // Cancelled before it is sent, refused, rolled back.
  await client.query("CALL pause_model('qwen_image_2')");
  await client.query("SET statement_timeout = '500ms'");
  expect((await refusal(client.query(pictures(2, 'paused')))).code).toBe('57014');
  await client.query("RESET statement_timeout; CALL resume_model('qwen_image_2')");
  expect((await refusal(client.query(pictures(2, '[[sandbox:refuse]]')))).code).toBe('22H01');
  await client.query('BEGIN');
  await client.query(
    `SELECT ai_submit('qwen_image_2', '{"prompt": "rolled back"}') FROM generate_series(1, 2)`,
  );
  await client.query('ROLLBACK');
  const spent = async () => {
    const { rows } = await client.query(
      'SELECT spent::float FROM hologen.sessions WHERE engine_process_id = pg_backend_pid()',
    );
    return rows[0].spent;
  };
  await expect.poll(spent).toBe(0);
  expect((await client.query(pictures(2, 'made'))).rowCount).toBe(2);
  expect(await spent()).toBe(0.4);

  const words = await limited('10');
  const request = JSON.stringify({
    messages: [{ role: 'user', content: 'few' }],
    parameters: { max_tokens: 8000 },
  });
  await words.query("SELECT ai_gen('qwen_plus', $1)", [request]);
  const { rows } = await words.query(
    `SELECT j.price::float, j.estimated_price::float, s.spent::float FROM hologen.jobs j, hologen.sessions s
     WHERE j.model_name = 'qwen_plus' AND s.engine_process_id = pg_backend_pid()`,
  );
  expect(rows[0].spent).toBeLessThan(rows[0].estimated_price);
  expect(rows[0].spent).toBe(rows[0].price);
});
