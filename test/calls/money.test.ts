/** Nothing is spent by surprise: budgets, estimates, dry runs, and a ledger that has every attempt with its price. */

import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query('CREATE ROLE painter; CREATE ROLE designer');
});
beforeEach(async () => {
  await gateway.forgetRequests();
  await owner.query('RESET ALL; RESET ROLE');
  for (const { role_name, model_name } of (await owner.query('TABLE hologen.budgets')).rows)
    await owner.query('CALL remove_budget($1, $2)', [role_name, model_name]);
  await owner.query(`UPDATE hologen_internal.job SET submitted_at = submitted_at - interval '2 days'`);
});
afterAll(() => gateway?.close());

const submits = async () => (await gateway.requests()).length;
const pictures = (count: number, prompt: string, model = 'qwen_image_2') =>
  `SELECT ai_gen('${model}', json_build_object('prompt', '${prompt} ' || i)::text) AS made FROM generate_series(1, ${count}) i`;

async function as(role: string): Promise<pg.Client> {
  const client = await gateway.client();
  await client.query(`SET ROLE ${role}`);
  return client;
}

test('a statement that would go over a budget of calls is refused before the first call, and the rest can be spent', async () => {
  await owner.query('CALL set_budget(NULL, NULL, 3, NULL)');
  const error = await refusal(owner.query(pictures(4, 'too many')));
  expect(error).toMatchObject({
    code: '53400',
    message:
      "the statement would go over today's budget of all roles and models: 0 calls of 3 calls are used, and these calls need 4 calls more",
    detail: 'None of these calls was sent.',
  });
  expect(error.hint).toContain('hologen.my_budget');
  expect(await submits()).toBe(0);
  expect((await owner.query(pictures(3, 'just enough'))).rowCount).toBe(3);
  expect((await refusal(owner.query(pictures(1, 'one more')))).code).toBe('53400');
  expect(await submits()).toBe(3);
});

test('a budget of money counts what was made by its price, and what is under way by its estimate', async () => {
  await owner.query("CALL set_budget('painter', 'qwen_image_2', NULL, 0.5)");
  const painter = await as('painter');
  await painter.query(pictures(2, 'cheap'));
  expect((await owner.query('TABLE hologen.budgets')).rows).toEqual([
    {
      role_name: 'painter',
      model_name: 'qwen_image_2',
      ...{ database_name: null, application_name: null, tag: null, period: 'day', soft: false },
      ...{ calls: null, money: '0.5', currency: 'CNY', calls_used: '2', money_used: '0.4' },
      ...{ calls_left: null, money_left: '0.1', since: expect.any(Date) },
    },
  ]);
  expect((await refusal(painter.query(pictures(1, 'dear')))).message).toContain(
    'CNY 0.40 of CNY 0.50 are used',
  );
  // Another role and another model are no matter of this budget.
  expect((await owner.query(pictures(3, 'owner'))).rowCount).toBe(3);
  expect((await painter.query(pictures(1, 'other', 'qwen_image_2_pro'))).rowCount).toBe(1);
});

test('two statements at once do not both take what is left', async () => {
  await owner.query('CALL set_budget(NULL, NULL, 10, NULL)');
  const outcomes = await Promise.allSettled(
    [1, 2, 3, 4, 5, 6].map(async (number) => (await as('designer')).query(pictures(3, `race ${number}`))),
  );
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(3);
  expect(await submits()).toBe(9);
});

test('calls that take an earlier result cost nothing and need no budget', async () => {
  await owner.query('CREATE TEMP TABLE made (made text)');
  await owner.query('BEGIN');
  const { rows } = await owner.query(`INSERT INTO made ${pictures(2, 'again')} RETURNING *`);
  await owner.query('ROLLBACK');
  await owner.query('CALL set_budget(NULL, NULL, 2, NULL)');
  expect((await owner.query(pictures(2, 'again'))).rows).toEqual(rows);
  expect(await submits()).toBe(2);
});

test('a budget holds for ai_submit at once', async () => {
  await owner.query('CALL set_budget(NULL, NULL, 1, NULL)');
  const submit = `SELECT ai_submit('qwen_image_2', '{"prompt": "x"}')`;
  await owner.query(submit);
  expect((await refusal(owner.query(submit))).code).toBe('53400');
});

test('only administrators set budgets; bad ones are refused; there is something to remove or an error', async () => {
  const painter = await as('painter');
  const denied = { code: '42501', message: expect.stringMatching(/permission denied for procedure/) };
  expect(await refusal(painter.query('CALL set_budget(NULL, NULL, 1, 1)'))).toMatchObject(denied);
  expect(await refusal(painter.query('CALL remove_budget(NULL, NULL)'))).toMatchObject(denied);
  expect(await refusal(owner.query('CALL set_budget(NULL, NULL, -1, NULL)'))).toMatchObject({
    code: '22023',
    message: 'calls_per_day must be a number of at least 0, or NULL for no limit, not -1',
  });
  expect((await refusal(owner.query('CALL set_budget(NULL, NULL, NULL, NULL)'))).code).toBe('22023');
  expect((await refusal(owner.query("CALL remove_budget('painter', NULL)"))).code).toBe('42704');
  await owner.query("CALL set_budget('painter', NULL, 1, 1); CALL set_budget('painter', NULL, 2, NULL)");
  const { rows } = await painter.query('SELECT calls::int, money FROM hologen.budgets');
  expect(rows).toEqual([{ calls: 2, money: null }]);
});

test.each([
  ['at once', `SELECT ai_gen('qwen_plus', 'fox ' || i) FROM generate_series(1, 4) i`],
  ['at once', `SELECT ai_gen('qwen_plus', 'fox ' || random()) FROM generate_series(1, 4) i`],
  [
    'at once in 2 stages, and results decide how many calls follow',
    `SELECT ai_gen('qwen_plus', 'again ' || i) FROM generate_series(1, 4) i WHERE ai_gen('qwen_plus', 'good? ' || i) <> ''`,
  ],
  [
    'at once, as many at a time as rows are still wanted',
    `SELECT i FROM generate_series(1, 4) i WHERE ai_gen('qwen_plus', 'good? ' || i) <> '' LIMIT 2`,
  ],
  [
    'one after another: a result decides how far is read',
    `SELECT i FROM generate_series(1, 4) i WHERE ai_gen('qwen_plus', 'good? ' || i) <> '' LIMIT 1`,
  ],
  [
    'one after another: random may give something else each time',
    `SELECT count(ai_gen('qwen_plus', 'fox ' || random())) FROM generate_series(1, 4) i`,
  ],
  [null, `DO $$ BEGIN PERFORM ai_gen('qwen_plus', 'fox'); END $$`],
])('ai_estimate tells how: %s', async (how, statement) => {
  const { rows } = await owner.query('SELECT how FROM ai_estimate($1)', [statement]);
  expect(rows).toEqual([{ how }]);
});

test('ai_estimate tells how of a PL/pgSQL function that is called for each row', async () => {
  const made = (body: string) =>
    owner.query(
      `CREATE OR REPLACE FUNCTION drawn(p text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`,
    );
  const how = async (statement = "SELECT drawn('fox ' || i) FROM generate_series(1, 4) i") => {
    return (await owner.query('SELECT how FROM ai_estimate($1)', [statement])).rows[0].how;
  };
  await made("RETURN ai_gen('qwen_plus', p);");
  expect(await how()).toBe('at once');
  await owner.query(`CREATE FUNCTION also(p text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('qwen_plus', 'a ' || p); END $$;
    CREATE FUNCTION slug(p text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN lower(p); END $$`);
  expect(await how("SELECT drawn(p), also(p) FROM (VALUES ('a'), ('b')) AS t (p)")).toBe('at once');
  expect(await how("SELECT also(drawn(p)) FROM (VALUES ('a'), ('b')) AS t (p)")).toBe('at once in 2 stages');
  expect(await how("SELECT drawn(p), slug(p) FROM (VALUES ('a'), ('b')) AS t (p)")).toMatch(
    /^one after another: .* may give something else each time$/,
  );
  await owner.query('DROP FUNCTION also(text); DROP FUNCTION slug(text)');
  await made("RETURN ai_gen('qwen_plus', 'again ' || ai_gen('qwen_plus', p));");
  expect(await how()).toBe('at once in 2 stages');
  await made("PERFORM nextval('numbers'); RETURN ai_gen('qwen_plus', p);");
  await owner.query('CREATE SEQUENCE numbers');
  expect(await how()).toBe('one after another: drawn: it does more than compute a value');
  await owner.query('DROP FUNCTION drawn(text); DROP SEQUENCE numbers');
});

test.each(['sql', 'plpgsql'])(
  'ai_estimate does not guess how of a function in %s that has its own queries',
  async (language) => {
    const query = "SELECT ai_gen('qwen_plus', 'fox ' || i) FROM generate_series(1, 3) i";
    const body = language === 'sql' ? query : `BEGIN RETURN QUERY ${query}; END`;
    await owner.query(`CREATE FUNCTION foxes() RETURNS SETOF text LANGUAGE ${language} AS $$ ${body} $$`);
    const { rows } = await owner.query("SELECT calls::int, how FROM ai_estimate('SELECT * FROM foxes()')");
    expect(rows).toEqual([{ calls: 3, how: null }]);
    await owner.query('DROP FUNCTION foxes()');
  },
);

test('a LIMIT of a large table is at once where scans begin at its beginning, and else one after another', async () => {
  // The catalogue believes it to be large.
  await owner.query(`CREATE TABLE great AS SELECT i FROM generate_series(1, 4) i;
    UPDATE pg_class SET relpages = 1000000 WHERE oid = 'great'::regclass`);
  const how = async () => {
    const statement = "SELECT ai_gen('qwen_plus', 'fox ' || i) FROM great LIMIT 3";
    return (await owner.query('SELECT how FROM ai_estimate($1)', [statement])).rows[0].how;
  };
  await owner.query('SET synchronize_seqscans = off');
  expect(await how()).toBe('at once');
  await owner.query('SET synchronize_seqscans = on');
  expect(await how()).toMatch(/^one after another: LIMIT without ORDER BY on public.great/);
  await owner.query('RESET synchronize_seqscans; DROP TABLE great');
});

test('EXPLAIN (ai) tells what the calls of a statement come to, then its plan, and sends nothing', async () => {
  const before = await submits();
  const { rows, command } = await owner.query(
    "/* what would it cost? */ EXPLAIN (ai) SELECT ai_gen('qwen_image_2_pro', json_build_object('prompt', 'it''s ' || i, 'output_dir', 'oss://demo/explained/')::text, to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')) FROM generate_series(1, 3) i",
  );
  expect(command).toBe('EXPLAIN');
  const [calls, plan] = rows.map((row) => row['QUERY PLAN']);
  expect(calls).toMatch(
    /^AI: 3 calls of qwen_image_2_pro \(qwen-image-2\.0-pro\), 3 pictures, CNY 1\.5, at once/,
  );
  expect(plan).toMatch(/^Function Scan on generate_series/);
  expect(await submits()).toBe(before);
  const { rows: one } = await owner.query("EXPLAIN (ai) SELECT ai_gen('qwen_image_2_pro', 'a bell')");
  expect(one[0]['QUERY PLAN']).toMatch(/^AI: 1 call of qwen_image_2_pro \(\S+\), 1 picture, CNY 0\.5/);
  const { rows: none } = await owner.query('explain ( ai ) SELECT 1');
  expect(none[0]).toEqual({ 'QUERY PLAN': 'AI: no calls' });
});

test('ai_estimate tells about how long, by the latest calls of the model', async () => {
  await owner.query(`SELECT ai_gen('qwen_plus', 'how long ' || i) FROM generate_series(1, 3) i`);
  const { rows } = await owner.query(
    `SELECT extract(epoch FROM about)::float8 AS seconds FROM ai_estimate($$SELECT ai_gen('qwen_plus', 'fox ' || i) FROM generate_series(1, 4) i$$)`,
  );
  expect(rows).toEqual([{ seconds: expect.any(Number) }]);
});

test('ai_estimate tells calls, pictures, seconds and price of a statement, sends nothing and leaves nothing behind', async () => {
  await owner.query('CREATE TABLE kept (made text)');
  const { rows } = await owner.query(
    'SELECT model_name, model_type, calls, pictures, seconds, price, currency, how FROM ai_estimate($1) ORDER BY model_name',
    [
      `WITH drawn AS (
       SELECT ai_gen('qwen_image_2_pro', json_build_object('prompt', 'p ' || i, 'parameters', json_build_object('n', 2),
         'output_dir', 'oss://demo/estimate/')::text,
         to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json AS r
       FROM generate_series(1, 3) i)
     INSERT INTO kept SELECT ai_gen('wan26_i2v', json_build_object('prompt', 'move', 'img_url', r -> 'image_oss_paths' ->> 0,
         'parameters', json_build_object('duration', 4, 'resolution', '720P'))::text,
         to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')) FROM drawn`,
    ],
  );
  const inStages = { how: 'at once in 2 stages' };
  expect(rows).toEqual([
    {
      model_name: 'qwen_image_2_pro',
      model_type: 'qwen-image-2.0-pro',
      calls: '3',
      pictures: '6',
      seconds: '0',
      price: '3',
      currency: 'CNY',
      ...inStages,
    },
    {
      model_name: 'wan26_i2v',
      model_type: 'wan2.6-i2v',
      calls: '3',
      pictures: '0',
      seconds: '12',
      price: '7.2',
      currency: 'CNY',
      ...inStages,
    },
  ]);
  expect(await submits()).toBe(0);
  expect((await owner.query('TABLE kept')).rows).toEqual([]);
  expect((await owner.query('SHOW ai_gen.dry_run')).rows[0]).not.toEqual({ 'ai_gen.dry_run': 'on' });
  expect((await owner.query(pictures(1, 'real again'))).rows[0].made).toContain('image_urls');
});

test('what the gateway does, and nobody could undo, is not done in an estimate', async () => {
  await owner.query("CALL set_budget('painter', calls_per_day => 1000)");
  const handle = (await owner.query("SELECT ai_submit('qwen_image_2', 'kept') AS handle")).rows[0].handle;
  for (const statement of [
    "CALL remove_budget('painter')",
    "CALL pause_model('qwen_plus', 'why')",
    `SELECT ai_cancel('${handle}')`,
  ])
    await expect(owner.query('SELECT * FROM ai_estimate($1)', [statement])).rejects.toMatchObject({
      code: '25006',
      message: expect.stringContaining('in a dry run, nor in what is estimated'),
    });
  expect((await owner.query("SELECT FROM hologen.budgets WHERE role_name = 'painter'")).rowCount).toBe(1);
  // Its submit is none of the next test's.
  await owner.query('SELECT ai_wait($1)', [handle]);
  await owner.query("CALL remove_budget('painter')");
});

test('an estimate beside a real call of the same statement sends only the real one', async () => {
  await owner.query(
    `SELECT ai_gen('qwen_image_2', '{"prompt": "real"}'), (SELECT sum(price) FROM ai_estimate($1))`,
    [pictures(5, 'estimated')],
  );
  expect(await submits()).toBe(1);
});

test('SET ai_gen.dry_run = on prices each call in its place and the statement in a NOTICE', async () => {
  const notices: (string | undefined)[] = [];
  owner.on('notice', (notice) => notices.push(notice.message));
  await owner.query('SET ai_gen.dry_run = on');
  const { rows } = await owner.query(pictures(3, 'dry'));
  expect(JSON.parse(rows[0].made)).toMatchObject({
    image_urls: [],
    dry_run: { pictures: 1, price: 0.2, currency: 'CNY' },
  });
  expect(notices).toContain('ai_gen: dry run: 3 calls, 3 pictures, CNY 0.60; nothing is sent');
  expect(await submits()).toBe(0);
  expect(
    (await owner.query("SELECT count(*)::int AS n FROM hologen.jobs WHERE request ->> 'prompt' LIKE 'dry%'"))
      .rows,
  ).toEqual([{ n: 0 }]);
});

test('hologen.usage has a row for each attempt, with who, what, outcome, units and price', async () => {
  const client = await gateway.client({ application_name: 'a notebook' });
  await client.query(pictures(1, 'usage [[sandbox:busy=1]]')).catch(() => {});
  await refusal(client.query(pictures(1, 'usage [[sandbox:refuse]]')));
  await client.query('SET ai_gen.reuse = on');
  await client.query(pictures(1, 'usage plain'));
  await client.query(pictures(1, 'usage plain'));
  const { rows } = await client.query(
    `SELECT outcome, model_type, application_name, price::float, units ->> 'pictures' AS pictures, error ->> 'code' AS code,
       statement LIKE 'SELECT ai_gen(%' AS own_words, provider_request_id IS NOT NULL AS requested
     FROM hologen.usage WHERE statement LIKE '%usage plain%' OR statement LIKE '%usage [[sandbox:refuse%' ORDER BY sent_at`,
  );
  const common = { model_type: 'qwen-image-2.0', application_name: 'a notebook', own_words: true };
  expect(rows).toEqual([
    {
      ...common,
      outcome: 'failed',
      price: 0,
      pictures: null,
      code: 'DataInspectionFailed',
      requested: false,
    },
    { ...common, outcome: 'succeeded', price: 0.2, pictures: '1', code: null, requested: true },
    { ...common, outcome: 'reused', price: 0, pictures: null, code: null, requested: false },
  ]);
  const daily = await client.query(
    `SELECT calls > 0 AS calls, reused::int, price > 0 AS price FROM hologen.daily_usage WHERE model_name = 'qwen_image_2' AND role_name = 'hologen'`,
  );
  expect(daily.rows).toEqual([{ calls: true, reused: expect.any(Number), price: true }]);
});

test('a role sees its own usage only', async () => {
  const designer = await as('designer');
  const { rows } = await designer.query('SELECT DISTINCT role_name FROM hologen.usage');
  expect(rows).toEqual([{ role_name: 'designer' }]);
});

test('hologen.progress tells what a running statement is doing, to its role and the owner', async () => {
  const painter = await as('painter');
  const running = painter.query(pictures(3, 'progress [[sandbox:slow=5000]]'));
  const look = async () =>
    (await owner.query('SELECT role_name, calls::int, running::int, statement FROM hologen.progress')).rows;
  await expect.poll(look).toEqual([
    {
      role_name: 'painter',
      calls: 3,
      running: 3,
      statement: pictures(3, 'progress [[sandbox:slow=5000]]'),
    },
  ]);
  const designer = await as('designer');
  expect((await designer.query('TABLE hologen.progress')).rows).toEqual([]);
  const queues = await designer.query(
    "SELECT queued::int, running::int FROM hologen.queues WHERE model_type = 'qwen-image-2.0'",
  );
  expect(queues.rows).toEqual([{ queued: 0, running: 3 }]);
  // A model has a queue also before anybody has called it.
  const missing = await designer.query(
    'SELECT model_type FROM list_external_models() WHERE model_type NOT IN (SELECT model_type FROM hologen.queues)',
  );
  expect(missing.rows).toEqual([]);
  await running;
  await expect.poll(look).toEqual([]);
});
