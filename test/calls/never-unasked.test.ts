/** What is asked for is paid for: statements that only name ai_gen make no call, and each evaluation makes exactly one. */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bind,
  connectRaw,
  describe as describeFrame,
  execute,
  login,
  parse,
  query,
  sync,
  types,
} from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

const model = 'qwen_image_2_pro';
/** A call with a constant request: the worst temptation for a planner. */
const constantCall = `ai_gen('${model}', '{"prompt": "a fox"}', NULL)`;
/** A call a row, whose request tells which. */
const rowCall = `ai_gen('${model}', json_build_object('prompt', 'fox ' || i)::text, NULL)`;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());
beforeEach(async () => {
  client = await gateway.client();
  await client.query('CREATE TEMP TABLE foxes AS SELECT i FROM generate_series(1, 4) i');
  await gateway.forgetRequests();
  jobsBefore = await jobs();
});
afterEach(() => client.end());

let jobsBefore: number;

async function jobs(): Promise<number> {
  const { rows } = await client.query('SELECT count(*)::int AS jobs FROM hologen.jobs');
  return rows[0].jobs;
}

/** The prompts that reached the provider, sorted; as many jobs must have been written. */
async function promptsSent(): Promise<string[]> {
  const sent = await gateway.requests();
  expect((await jobs()) - jobsBefore).toBe(sent.length);
  return sent.map(({ body }) => promptOf(body)).sort();
}

function promptOf(body: unknown): string {
  const { input } = body as { input: { messages: { content: { text?: string }[] }[] } };
  return input.messages[0]?.content.find(({ text }) => text)?.text ?? '';
}

async function expectNoCall(): Promise<void> {
  expect(await gateway.requests('all')).toEqual([]);
  expect(await jobs()).toBe(jobsBefore);
}

describe('no call is made by', () => {
  test('Parse, Describe of the statement, Bind and Describe of the portal', async () => {
    const raw = await connectRaw(gateway.url);
    await login(raw, gateway.url);
    raw.write(parse('s', `SELECT ${constantCall}, ai_gen('${model}', $1)`), describeFrame('S', 's'), sync);
    expect(types(await raw.until('Z'))).toBe('1 t T Z');
    raw.write(bind('', 's', ['{"prompt": "a fox"}']), describeFrame('P', ''), sync);
    expect(types(await raw.until('Z'))).toBe('2 T Z');
    raw.close();
    await expectNoCall();
  });

  test.each([
    ['EXPLAIN', [`EXPLAIN SELECT ${constantCall}`]],
    ['EXPLAIN (VERBOSE, FORMAT JSON)', [`EXPLAIN (VERBOSE, FORMAT JSON) SELECT ${rowCall} FROM foxes`]],
    ['EXPLAIN of a write', [`EXPLAIN INSERT INTO foxes SELECT length(${rowCall}) FROM foxes`]],
    ['PREPARE', [`PREPARE p AS SELECT ${constantCall}`]],
    [
      'EXPLAIN of a prepared statement, with the custom and the generic plan',
      [
        `PREPARE p (text) AS SELECT ai_gen('${model}', $1)`,
        `EXPLAIN EXECUTE p ('{"prompt": "a fox"}')`,
        'SET plan_cache_mode = force_generic_plan',
        `EXPLAIN EXECUTE p ('{"prompt": "a fox"}')`,
      ],
    ],
    [
      'DECLARE and CLOSE of a cursor',
      ['BEGIN', `DECLARE c CURSOR FOR SELECT ${constantCall}`, 'CLOSE c', 'COMMIT'],
    ],
    [
      'CREATE VIEW',
      [`CREATE TEMP VIEW v AS SELECT ${constantCall} AS result`, 'SELECT count(*) FROM pg_views'],
    ],
    [
      'CREATE MATERIALIZED VIEW and CREATE TABLE AS without data',
      [
        `CREATE MATERIALIZED VIEW fox_album AS SELECT ${constantCall} AS result WITH NO DATA`,
        'DROP MATERIALIZED VIEW fox_album',
        `CREATE TEMP TABLE album AS SELECT ${constantCall} AS result WITH NO DATA`,
      ],
    ],
    [
      'CREATE FUNCTION and CREATE PROCEDURE, in SQL and PL/pgSQL',
      [
        `CREATE FUNCTION pg_temp.paint() RETURNS text LANGUAGE sql AS $$ SELECT ${constantCall} $$`,
        `CREATE FUNCTION pg_temp.draw() RETURNS text LANGUAGE sql RETURN ${constantCall}`,
        `CREATE FUNCTION pg_temp.sketch() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ${constantCall}; END $$`,
        `CREATE PROCEDURE pg_temp.hang() LANGUAGE sql AS $$ SELECT ${constantCall} $$`,
        'EXPLAIN SELECT pg_temp.paint(), pg_temp.draw(), pg_temp.sketch()',
      ],
    ],
    [
      'CREATE RULE, CREATE TRIGGER and a column default',
      [
        `CREATE RULE r AS ON DELETE TO foxes DO ALSO SELECT ${constantCall}`,
        `CREATE TEMP TABLE album (i int, result text DEFAULT ${constantCall})`,
        "INSERT INTO album VALUES (1, 'given')",
        `CREATE FUNCTION pg_temp.paint() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.i := length(${constantCall}); RETURN NEW; END $$`,
        'CREATE TRIGGER t BEFORE UPDATE ON foxes FOR EACH ROW EXECUTE FUNCTION pg_temp.paint()',
        'UPDATE foxes SET i = 5 WHERE i > 9',
      ],
    ],
  ])('%s', async (_name, statements) => {
    for (const statement of statements) await client.query(statement);
    await expectNoCall();
  });

  test.each([
    ['rows that WHERE leaves out', `SELECT ${rowCall} FROM foxes WHERE i > 9`],
    ['LIMIT 0', `SELECT ${rowCall} FROM foxes LIMIT 0`],
    [
      'the branch of CASE that is not taken',
      `SELECT CASE WHEN i > 9 THEN ${rowCall} ELSE 'no' END FROM foxes`,
    ],
    ['COALESCE that has its value', `SELECT coalesce(i::text, ${rowCall}) FROM foxes`],
    ['AND that is false already', `SELECT i FROM foxes WHERE i > 9 AND ${rowCall} IS NOT NULL`],
    ['a subquery nobody reads', `SELECT count(*) FROM (SELECT i, ${rowCall} FROM foxes WHERE false) s`],
    ['EXISTS on a call', `SELECT EXISTS (SELECT ${constantCall})`],
    ['COPY of no rows', `COPY (SELECT ${rowCall} FROM foxes WHERE false) TO PROGRAM 'cat > /dev/null'`],
  ])('%s', async (_name, statement) => {
    await client.query(statement);
    await expectNoCall();
  });

  test('a statement that the engine refuses', async () => {
    for (const statement of [
      `SELECT ${constantCall}, nothing`,
      `SELECT ${constantCall} FROM nowhere`,
      `SELECT ai_gen('${model}', 1, 2, 3)`,
      `SELECT ${constantCall}; SELEC 1`,
    ]) {
      await expect(client.query(statement)).rejects.toThrow();
    }
    await expectNoCall();
  });
});

describe('each evaluation is one call', () => {
  const four = ['fox 1', 'fox 2', 'fox 3', 'fox 4'];

  test.each([
    ['one row', `SELECT ${constantCall}`, ['a fox']],
    ['two items of one row', `SELECT ${constantCall}, ${constantCall}`, ['a fox', 'a fox']],
    ['rows', `SELECT ${rowCall} FROM foxes`, four],
    [
      'rows × items',
      `SELECT ${rowCall}, ${rowCall} FROM foxes WHERE i < 3`,
      ['fox 1', 'fox 1', 'fox 2', 'fox 2'],
    ],
    ['a constant request on every row', `SELECT ${constantCall} FROM foxes`, Array(4).fill('a fox')],
    ['LIMIT', `SELECT ${rowCall} FROM foxes ORDER BY i LIMIT 2`, ['fox 1', 'fox 2']],
    [
      'LIMIT and OFFSET behind a subquery',
      `SELECT ${rowCall} FROM (SELECT i FROM foxes ORDER BY i OFFSET 1 LIMIT 2) s`,
      ['fox 2', 'fox 3'],
    ],
    ['WHERE on a column', `SELECT ${rowCall} FROM foxes WHERE i % 2 = 0`, ['fox 2', 'fox 4']],
    ['WHERE on the call itself', `SELECT i FROM foxes WHERE ${rowCall} IS NULL`, four],
    [
      'the taken branches of CASE',
      `SELECT CASE WHEN i < 3 THEN ${rowCall} END FROM foxes`,
      ['fox 1', 'fox 2'],
    ],
    ['EXPLAIN ANALYZE', `EXPLAIN ANALYZE SELECT ${rowCall} FROM foxes WHERE i < 3`, ['fox 1', 'fox 2']],
    ['a scalar subquery', `SELECT (SELECT ${constantCall}) FROM foxes`, ['a fox']],
    ['a correlated subquery', `SELECT (SELECT ${rowCall}) FROM foxes`, four],
    ['an aggregate argument', `SELECT count(${rowCall}) FROM foxes`, four],
    [
      'a call on an aggregate',
      `SELECT ai_gen('${model}', json_build_object('prompt', 'foxes ' || count(*))::text) FROM foxes`,
      ['foxes 4'],
    ],
    ['LATERAL', `SELECT r FROM foxes, LATERAL (SELECT ${rowCall} AS r OFFSET 0) s`, four],
    [
      'a result used twice',
      `WITH s AS MATERIALIZED (SELECT ${rowCall} AS r FROM foxes) SELECT r, r::json->'usage' FROM s`,
      four,
    ],
    [
      'a CTE read twice',
      `WITH s AS (SELECT ${rowCall} AS r FROM foxes WHERE i = 1) SELECT * FROM s a, s b`,
      ['fox 1'],
    ],
    [
      'INSERT … SELECT … RETURNING',
      `INSERT INTO foxes SELECT length(${rowCall}) FROM foxes RETURNING i`,
      four,
    ],
    ['UPDATE', `UPDATE foxes SET i = length(${rowCall}) WHERE i > 2`, ['fox 3', 'fox 4']],
    ['CREATE TABLE AS', `CREATE TEMP TABLE album AS SELECT ${rowCall} AS r FROM foxes`, four],
    ['VALUES of several rows', `VALUES (${constantCall}), (${constantCall})`, ['a fox', 'a fox']],
    ['UNION ALL', `SELECT ${constantCall} UNION ALL SELECT ${constantCall}`, ['a fox', 'a fox']],
    ['DISTINCT', `SELECT DISTINCT ${rowCall} IS NULL FROM foxes`, four],
    ['ORDER BY the call', `SELECT i FROM foxes ORDER BY ${rowCall}`, four],
    ['a set of a function in FROM', `SELECT r FROM ${constantCall} r, foxes`, ['a fox']],
    [
      'a DO block',
      `DO $$ DECLARE i int; BEGIN FOR i IN 1..2 LOOP PERFORM ${rowCall}; END LOOP; END $$`,
      ['fox 1', 'fox 2'],
    ],
    [
      'several statements of one text',
      `SELECT ${constantCall}; SELECT 1; SELECT ${constantCall}`,
      ['a fox', 'a fox'],
    ],
  ])('%s', async (_name, statement, prompts) => {
    await client.query(statement);
    expect(await promptsSent()).toEqual(prompts);
  });

  test('FETCH from a cursor: as many as fetched', async () => {
    await client.query('BEGIN');
    await client.query(`DECLARE c NO SCROLL CURSOR FOR SELECT ${rowCall} FROM foxes ORDER BY i`);
    expect((await client.query('FETCH 1 FROM c')).rows).toHaveLength(1);
    expect((await client.query('FETCH 2 FROM c')).rows).toHaveLength(2);
    await client.query('COMMIT');
    expect(await promptsSent()).toEqual(four.slice(0, 3));
  });

  test('a portal with a row limit: as many as were asked for', async () => {
    const raw = await connectRaw(gateway.url);
    await login(raw, gateway.url);
    const limited = rowCall.replace("'fox ' ||", "'portal ' ||");
    raw.write(
      ...[parse('', `SELECT ${limited} FROM generate_series(1, 4) i`), bind('p', '')],
      ...[execute('p', 1), execute('p', 1), sync],
    );
    // That the second call is one by itself is told.
    expect(types(await raw.until('Z'))).toBe('1 2 D s N D s Z');
    raw.close();
    expect(await promptsSent()).toEqual(['portal 1', 'portal 2']);
  });

  test.each([
    [
      'INSERT … SELECT',
      (call: string) => `INSERT INTO kept SELECT ${call} FROM generate_series(1, 3) i`,
      '1 2 C Z',
    ],
    [
      'INSERT … RETURNING',
      (call: string) =>
        `INSERT INTO kept SELECT 'x' FROM generate_series(1, 3) i RETURNING ${call.replace('|| i', '|| made')}`,
      '1 2 D s Z',
    ],
    [
      'a CTE that writes',
      (call: string) =>
        `WITH w AS (INSERT INTO kept SELECT ${call} FROM generate_series(1, 3) i RETURNING made) SELECT made FROM w`,
      '1 2 D s Z',
    ],
  ])(
    '%s with a row limit, as JDBC sends it, runs to its end: all its calls at once',
    async (_name, statement, answers) => {
      await client.query('DROP TABLE IF EXISTS kept; CREATE TABLE kept (made text)');
      const raw = await connectRaw(gateway.url);
      await login(raw, gateway.url);
      raw.write(query('SET ai_gen.progress = off'));
      await raw.until('Z');
      const slow = rowCall.replace("'fox ' ||", "'[[sandbox:slow=6000]] ' ||");
      raw.write(parse('', statement(slow)), bind('', ''), execute('', 1), sync);
      // None has ended when the last one is sent.
      await expect.poll(async () => (await promptsSent()).length, { timeout: 5_500, interval: 20 }).toBe(3);
      expect(types(await raw.until('Z'))).toBe(answers);
      raw.close();
    },
  );

  test('each EXECUTE of a prepared statement, each look at a view, each run of a rule and a default', async () => {
    await client.query(`PREPARE p (int) AS SELECT ${rowCall.replace('|| i', '|| $1')}`);
    await client.query('EXECUTE p (7)');
    await client.query('EXECUTE p (8)');
    await client.query(`CREATE TEMP VIEW v AS SELECT i, ${rowCall} AS r FROM foxes`);
    await client.query('SELECT r FROM v WHERE i = 1');
    await client.query(`CREATE TEMP TABLE album (i int, r text DEFAULT ${constantCall})`);
    await client.query('INSERT INTO album (i) VALUES (1)');
    const deleted = rowCall.replace("'fox ' || i", "'deleted ' || OLD.i");
    await client.query(
      `CREATE RULE r AS ON DELETE TO foxes DO ALSO INSERT INTO album (r) VALUES (${deleted})`,
    );
    await client.query('DELETE FROM foxes WHERE i = 4');
    expect(await promptsSent()).toEqual(['a fox', 'deleted 4', 'fox 1', 'fox 7', 'fox 8']);
  });

  test('a prepared statement of a driver, run seven times so that its plan becomes generic', async () => {
    for (let i = 1; i <= 7; i += 1) {
      await client.query({
        name: 'fox',
        text: `SELECT ai_gen($1, $2, NULL)`,
        values: [model, `{"prompt": "fox ${i}"}`],
      });
    }
    expect(await promptsSent()).toEqual([1, 2, 3, 4, 5, 6, 7].map((i) => `fox ${i}`));
  });
});
