/** The context of errors tells of the functions that people wrote, and of none of ours. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await client.query(`
    CREATE FUNCTION asks(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('nobody', t); END $$;
    CREATE FUNCTION asks_by_statement(t text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE said text; BEGIN
      EXECUTE 'SELECT hologen.ai_gen(''nobody'', $1)' INTO said USING t; RETURN said; END $$;
    CREATE FUNCTION asks_in_sql(t text) RETURNS text LANGUAGE sql SET work_mem = '4MB' AS $$ SELECT ai_gen('nobody', t) $$;
    CREATE PROCEDURE deploys() LANGUAGE plpgsql AS $$ BEGIN CALL delete_external_model('nobody'); END $$;
    CREATE FUNCTION to_file_of(place text) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN RETURN to_file(place, 'nowhere', 'nobody'); END $$`);
});
afterAll(() => gateway?.close());

const place = "'oss://demo/', 'nowhere', 'nobody'";

test.each([
  "SELECT ai_gen('nobody', 'hello')",
  "SELECT ai_gen('nobody', 'hello ' || n) FROM generate_series(1, 3) n",
  "SELECT CASE WHEN n > 1 THEN ai_gen('nobody', 'hello ' || n) END FROM generate_series(1, 3) n",
  `SELECT to_file(${place})`,
  "SELECT ai_submit('nobody', 'hello', NULL)",
  "SELECT ai_embed('nobody', 'hello')",
  "SELECT ai_classify('hello', NULL)",
  "SELECT ai_summarize('qwen_plus', 'hello', -1)",
  "SELECT ai_chunk('hello', -1)",
  "CALL set_budget('nobody', calls => 1)",
  "CALL hologen.set_budget('nobody', calls => 1)",
  "CALL set_table_property('nothing', 'orientation', 'row')",
  "CREATE TABLE sideways (a int) WITH (orientation = 'sideways')",
  "SELECT hg_dump_script('nothing')",
  "SELECT hologres.hg_relation_size('nothing')",
  "SELECT hologres.hg_relation_size('pg_class', 'half')",
  "SELECT share_job('00000000-0000-0000-0000-000000000000')",
])('nothing of ours is behind the error of %s', async (statement) => {
  for (const query of [statement, { text: statement, values: [] }]) {
    const { where, internalQuery, internalPosition } = await refusal(client.query(query));
    expect([where, internalQuery, internalPosition]).toEqual([undefined, undefined, undefined]);
  }
});

test('functions that people wrote are told, and what they run', async () => {
  const where = async (statement: string) => (await refusal(client.query(statement))).where;
  expect(await where("SELECT asks('hello')")).toBe('PL/pgSQL function asks(text) line 1 at RETURN');
  expect(await where("SELECT asks_in_sql('hello')")).toBe('SQL function "asks_in_sql" statement 1');
  expect(await where("SELECT ai_gen('qwen_plus', asks('hello')) FROM generate_series(1, 2)")).toBe(
    'PL/pgSQL function asks(text) line 1 at RETURN',
  );
  expect(await where("SELECT asks_by_statement('hello')")).toBe(
    `SQL statement "SELECT hologen.ai_gen('nobody', $1)"\nPL/pgSQL function asks_by_statement(text) line 2 at EXECUTE`,
  );
  expect(await where('CALL deploys()')).toBe(
    `SQL statement "CALL delete_external_model('nobody')"\nPL/pgSQL function deploys() line 1 at CALL`,
  );
  expect(await where("SELECT to_file_of('oss://demo/')")).toBe(
    'PL/pgSQL function to_file_of(text) line 2 at RETURN',
  );
  expect(await where("DO $$ BEGIN\nPERFORM asks('hello'); END $$")).toBe(
    'PL/pgSQL function asks(text) line 1 at RETURN\nSQL statement "SELECT asks(\'hello\')"\nPL/pgSQL function inline_code_block line 2 at PERFORM',
  );
});

test('what ai_estimate was given to run is told, with the place of a mistake in it', async () => {
  const mistaken = await refusal(client.query("SELECT * FROM ai_estimate('SELECT nothing')"));
  expect(mistaken).toMatchObject({ code: '42703', internalQuery: 'SELECT nothing', internalPosition: '8' });
  expect(mistaken.where).toBeUndefined();
  const calling = "SELECT ai_gen('nobody', 'hello')";
  const called = await refusal(client.query('SELECT * FROM ai_estimate($1)', [calling]));
  expect(called.where).toBe(`SQL statement "${calling}"`);
  const divided = await refusal(client.query("SELECT * FROM ai_estimate('SELECT 1/0')"));
  expect(divided.where).toBe('SQL statement "SELECT 1/0"');
});

test('a right that is missing is told without what asked for it', async () => {
  await client.query("CREATE ROLE alice LOGIN PASSWORD 'secret'");
  await client.query('REVOKE EXECUTE ON FUNCTION hologen.ai_gen(text) FROM PUBLIC');
  const alice = await gateway.clientOf('alice');
  const error = await refusal(alice.query("SELECT ai_gen('hello')"));
  await client.query('GRANT EXECUTE ON FUNCTION hologen.ai_gen(text) TO PUBLIC');
  expect(error).toMatchObject({ code: '42501', message: 'permission denied for function ai_gen' });
  expect([error.where, error.internalQuery]).toEqual([undefined, undefined]);
});

test('notices tell nothing of ours either', async () => {
  const notices: pg.DatabaseError[] = [];
  client.on('notice', (notice) => notices.push(notice as pg.DatabaseError));
  await client.query("SET ai_gen.on_error = 'capture'");
  await client.query("SELECT ai_embed('text_embedding_v4', '[[sandbox:refuse]]')").catch(() => {});
  await client.query('RESET ai_gen.on_error');
  expect(notices.length).toBeGreaterThan(0);
  expect(notices.filter(({ where }) => where?.includes('hologen'))).toEqual([]);
});
