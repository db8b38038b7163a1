/** Budgets of every period and subject, several at once, hard and soft: exact, before the first call, whatever name the model is called by. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
const posted: Record<string, unknown>[] = [];
/** It fails at first, as addresses of the web do. */
let webhookFailures = 1;
const webhook = createServer(async (request, response) => {
  const body = JSON.parse(await text(request));
  response.statusCode = webhookFailures-- > 0 ? 502 : 204;
  if (response.statusCode === 204) posted.push(body);
  response.end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  const budgetWebhook = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`;
  gateway = await startTestGateway({ budgetWebhook });
  owner = await gateway.client();
  await owner.query(`CREATE ROLE amy LOGIN PASSWORD 'secret'; CREATE ROLE ben LOGIN PASSWORD 'secret'; CREATE ROLE team;
    GRANT team TO amy, ben`);
  await owner.query('CREATE DATABASE shop');
});
beforeEach(async () => {
  await owner.query('RESET ALL');
  await owner.query('DELETE FROM hologen_internal.budget');
  await owner.query(`UPDATE hologen_internal.job SET submitted_at = submitted_at - interval '400 days'`);
});
afterAll(async () => {
  await gateway?.close();
  webhook.close();
});

let prompts = 0;
const pictures = (count: number, model = 'qwen_image_2') =>
  `SELECT ai_gen('${model}', json_build_object('prompt', 'p${++prompts} ' || i)::text) AS made FROM generate_series(1, ${count}) i`;
const code = async (client: pg.Client, statement: string) =>
  client.query(statement).then(
    () => 'made',
    (error) => error.code as string,
  );

test.each([
  ['hour', "date_trunc('hour', now()) - interval '1 second'"],
  ['day', "date_trunc('day', now()) - interval '1 second'"],
  ['week', "date_trunc('week', now()) - interval '1 second'"],
  ['month', "date_trunc('month', now()) - interval '1 second'"],
])('a budget of a %s counts what was made since it began, and nothing before', async (period, before) => {
  await owner.query(pictures(2));
  const newest = "submitted_at > now() - interval '1 day'";
  await owner.query(`UPDATE hologen_internal.job SET submitted_at = ${before} WHERE ${newest}`);
  await owner.query('CALL set_budget(period => $1, calls => 3)', [period]);
  expect(await code(owner, pictures(2))).toBe('made');
  expect(await code(owner, pictures(2))).toBe('53400');
  expect(await code(owner, pictures(1))).toBe('made');
  const { rows } = await owner.query('SELECT calls_used::int, calls_left::int FROM hologen.budgets');
  expect(rows).toEqual([{ calls_used: 3, calls_left: 0 }]);
});

test('a budget in total counts all that was ever made', async () => {
  await owner.query("SET ai_gen.tag = 'from the first day'");
  await owner.query(pictures(2));
  await owner.query(`UPDATE hologen_internal.job SET submitted_at = submitted_at - interval '5 years'`);
  await owner.query("CALL set_budget(tag => 'from the first day', period => 'total', calls => 3)");
  expect(await code(owner, pictures(2))).toBe('53400');
  expect(await code(owner, pictures(1))).toBe('made');
});

test('what came to nothing and cost what nobody can tell counts as it was reckoned', async () => {
  await owner.query("CALL set_budget(period => 'total', calls => 1000000, money => 1000000)");
  const used = async () => {
    const { rows } = await owner.query(
      'SELECT calls_used::int AS calls, money_used::float AS money FROM hologen.budgets',
    );
    return rows[0];
  };
  const before = await used();
  await owner.query(pictures(2));
  const job = `hologen_internal.job SET state = 'failed', price = $1 WHERE request ->> 'prompt' LIKE 'p${prompts} %'`;
  await owner.query(`UPDATE ${job}`, [null]);
  const { calls, money } = await used();
  expect([calls - before.calls, Number((money - before.money).toFixed(2))]).toEqual([2, 0.4]);
  await owner.query(`UPDATE ${job}`, [0]);
  expect(await used()).toEqual(before);
});

test('several hold at once, each for what it is for: role, group, model, database, application and tag', async () => {
  const amy = await gateway.clientOf('amy');
  const ben = await gateway.clientOf('ben');
  const inShop = await gateway.client({ connectionString: gateway.url.replace(/[^/]*$/, 'shop') });
  const bi = await gateway.client({ application_name: 'bi tool' });
  await owner.query("CALL set_budget('amy', calls_per_day => 2)");
  await owner.query("CALL set_budget('team', period => 'month', calls => 3)");
  await owner.query("CALL set_budget(database_name => 'shop', calls => 1)");
  await owner.query("CALL set_budget(application_name => 'bi tool', calls => 1)");
  await owner.query("CALL set_budget(tag => 'spring', period => 'week', calls => 1)");
  // A member's own, and what is left of the group's.
  expect(await code(amy, pictures(3))).toBe('53400');
  expect(await code(amy, pictures(2))).toBe('made');
  const refused = await refusal(ben.query(pictures(2)));
  expect(refused.message).toContain("this month's budget of role team: 2 calls of 3 calls are used");
  expect(await code(ben, pictures(1))).toBe('made');
  for (const [client, statements] of [
    [inShop, []],
    [bi, []],
    [owner, ["SET ai_gen.tag = 'spring'"]],
  ] as const) {
    for (const statement of statements) await client.query(statement);
    expect(await code(client, pictures(1))).toBe('made');
    expect(await code(client, pictures(1))).toBe('53400');
  }
  await owner.query('RESET ai_gen.tag');
  expect(await code(owner, pictures(1))).toBe('made');
  const { rows } = await amy.query(
    'SELECT period, role_name, calls_left::int FROM hologen.my_budget ORDER BY 2',
  );
  // What is for another database is not hers; what is for an application or a tag may be.
  expect(rows.filter(({ role_name }) => role_name !== null)).toEqual([
    { period: 'day', role_name: 'amy', calls_left: 0 },
    { period: 'month', role_name: 'team', calls_left: 0 },
  ]);
  const { rows: tagged } = await owner.query(
    "SELECT DISTINCT tag FROM hologen.jobs JOIN hologen.usage USING (job_id, tag) WHERE tag = 'spring'",
  );
  expect(tagged).toEqual([{ tag: 'spring' }]);
});

test('who leaves a group frees nothing of its budget, who joins it brings nothing, and a call that fails later is taken out where it was counted', async () => {
  const [amy, ben] = [await gateway.clientOf('amy'), await gateway.clientOf('ben')];
  await owner.query("CALL set_budget('team', calls => 4)");
  const used = async () =>
    (await owner.query("SELECT calls_used::int AS used FROM hologen.budgets WHERE role_name = 'team'"))
      .rows[0].used;
  expect(await code(amy, pictures(3))).toBe('made');
  await owner.query('REVOKE team FROM amy');
  try {
    expect(await used()).toBe(3);
    // Her own affair, now and when she comes back.
    expect(await code(amy, pictures(2))).toBe('made');
    expect(await used()).toBe(3);
    expect(await code(ben, pictures(2))).toBe('53400');
    await owner.query('GRANT team TO amy');
    expect(await used()).toBe(3);
    expect(await code(amy, pictures(2))).toBe('53400');
    const { rows } = await amy.query('SELECT ai_submit(\'wan26_t2v\', \'{"prompt": "one"}\') AS handle');
    await owner.query('REVOKE team FROM amy');
    expect(await used()).toBe(4);
    await amy.query('SELECT ai_wait($1)', [rows[0].handle]);
    await owner.query(`UPDATE hologen_internal.job SET state = 'cancelled', price = 0 WHERE job_id = $1`, [
      rows[0].handle,
    ]);
    expect(await used()).toBe(3);
    const nested =
      'CREATE ROLE all_teams; GRANT all_teams TO team; CREATE ROLE cleo LOGIN IN ROLE team PASSWORD $$secret$$';
    await owner.query(nested);
    await owner.query("CALL set_budget('all_teams', calls => 1)");
    expect(await code(await gateway.clientOf('cleo'), pictures(1))).toBe('made');
    await owner.query('REVOKE team FROM cleo');
    expect(await code(ben, pictures(1))).toBe('53400');
    await owner.query("CALL remove_budget('all_teams'); DROP ROLE all_teams");
  } finally {
    await owner.query('GRANT team TO amy');
  }
});

test('a soft budget lets calls go: a NOTICE each time, one event and one POST in its period', async () => {
  await owner.query('CALL set_budget(calls => 1, soft => true)');
  const listening = await gateway.client();
  const events: string[] = [];
  listening.on('notification', ({ payload }) => events.push(payload ?? ''));
  await listening.query('LISTEN hologen_budgets');
  const notices: string[] = [];
  owner.on('notice', ({ message }) => notices.push(message ?? ''));
  await owner.query(pictures(1));
  expect(notices.filter((notice) => notice.includes('budget'))).toEqual([]);
  await owner.query(pictures(2));
  await owner.query(pictures(1));
  expect(notices.filter((notice) => notice.includes('budget'))).toEqual([
    "ai_gen: today's budget of all roles and models is passed: with these calls 3 calls of 1 call are used; it is a soft one, and they are made",
    "ai_gen: today's budget of all roles and models is passed: with these calls 4 calls of 1 call are used; it is a soft one, and they are made",
  ]);
  await expect
    .poll(() => posted, { timeout: 10_000 })
    .toEqual([
      expect.objectContaining({
        event: 'budget_passed',
        what: 'calls',
        budget: expect.objectContaining({ period: 'day', soft: true }),
      }),
    ]);
  await expect.poll(() => events).toHaveLength(1);
  expect(JSON.parse(events[0] ?? '')).toMatchObject({ period: 'day' });
});

test('a budget of money refuses a model that has no price in its currency, and a soft one lets it go', async () => {
  await owner.query('CALL set_budget(money => 100)');
  expect(await refusal(owner.query("SELECT ai_gen('qwen_plus', 'hello')"))).toMatchObject({
    code: '53400',
    message:
      'today\'s budget of all roles and models is of money, and cannot count the model "qwen_plus": what a call of it costs in CNY is not known before it is made',
    hint: expect.stringContaining('budget of calls'),
  });
  await owner.query('CALL remove_budget()');
  await owner.query('CALL set_budget(money => 100, soft => true)');
  expect(await code(owner, "SELECT ai_gen('qwen_plus', 'hello')")).toBe('made');
});

test('a budget of money counts a text by the most it can cost, then by what it did, and refuses what has no bound', async () => {
  const price = '{"price": {"input_per_million": 1, "output_per_million": 1000}}';
  for (const type of ['qwen-plus', 'qwq-plus', 'qwen3.6-plus'])
    await owner.query("CALL register_external_model($1, $2, 'bailian', $3, 'chat/completions')", [
      `priced-${type}`,
      type,
      price,
    ]);
  await owner.query('CALL set_budget(money => 3)');
  const say = (parameters: object, model = 'priced-qwen-plus') =>
    code(
      owner,
      `SELECT ai_gen('${model}', '${JSON.stringify({ prompt: `hello ${++prompts}`, parameters })}')`,
    );
  expect(await say({})).toBe('53400');
  expect(await say({ max_tokens: 1000, enable_search: true })).toBe('53400');
  expect(await say({ max_tokens: 1000, enable_thinking: true })).toBe('53400');
  expect(await say({ max_tokens: 1000 }, 'priced-qwq-plus')).toBe('53400');
  expect(await say({ max_tokens: 1000 }, 'priced-qwen3.6-plus')).toBe('53400');
  expect(await say({ max_tokens: 3000 })).toBe('53400');
  expect(await say({ max_tokens: 1000, enable_thinking: true, thinking_budget: 2000 })).toBe('53400');
  const three = `SELECT ai_gen('priced-qwen-plus', json_build_object('prompt', 'at once ' || i, 'parameters', json_build_object('max_tokens', 1000))::text)
    FROM generate_series(1, 3) i`;
  expect(await code(owner, three)).toBe('53400');
  expect(await code(owner, three.replace('3) i', '2) i'))).toBe('made');
  const { rows } =
    await owner.query(`SELECT bool_and(price < 0.5 AND estimated_price BETWEEN 1 AND 1.001) AS told,
    (SELECT money_used FROM hologen.budgets) = sum(price) AS counted FROM hologen.jobs WHERE model_name = 'priced-qwen-plus'`);
  expect(rows).toEqual([{ told: true, counted: true }]);
  expect(await say({ max_completion_tokens: 1000, enable_thinking: true })).toBe('made');
});

test('a limit and a right of a model hold under each name that its type has on the gateway’s key', async () => {
  await owner.query(
    "CALL register_external_model('another_name', 'qwen-image-2.0', 'bailian', '{}', 'image-generation')",
  );
  await owner.query("CALL set_budget(model_name => 'qwen_image_2', calls => 2)");
  expect(await code(owner, pictures(1, 'another_name'))).toBe('made');
  expect(await code(owner, pictures(2))).toBe('53400');
  expect(await code(owner, pictures(2, 'qwen-image-2.0'))).toBe('53400');
  await owner.query("CALL remove_budget(model_name => 'qwen_image_2')");
  await owner.query("CALL grant_model('qwen_image_2', 'amy')");
  const [amy, ben] = [await gateway.clientOf('amy'), await gateway.clientOf('ben')];
  expect(await code(ben, pictures(1, 'another_name'))).toBe('42501');
  expect(await code(amy, pictures(1, 'another_name'))).toBe('made');
});

test.each([
  ["period => 'year', calls => 1", 'period must be one of hour, day, week, month, total, not "year"'],
  [
    "period => 'month', calls_per_day => 1",
    'period must be \'day\' where calls_per_day or money_per_day is given, not "month"',
  ],
  ["role_name => '', calls => 1", 'role_name must be a name, or NULL for all, not ""'],
  [
    'calls => 9223372036854775807',
    'calls must be a number of at least 0, or NULL for no limit, not 9223372036854776000',
  ],
  ['calls => 1, calls_per_day => 2', 'calls_per_day must be left out where calls is given, not 2'],
  ["period => 'month'", 'a budget needs a limit of calls, of money, or both'],
  ['calls => -1', 'calls must be a number of at least 0, or NULL for no limit, not -1'],
])('set_budget(%s) is refused', async (given, message) => {
  expect(await refusal(owner.query(`CALL set_budget(${given})`))).toMatchObject({ code: '22023', message });
});
