/** What a look has found or waited for, and the statement has not come to or not read, is neither sent nor lost. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
const told: string[] = [];

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  client.on('notice', ({ message }) => told.push(message ?? ''));
  const wide = JSON.stringify({ submits_per_second: 10_000, concurrent_tasks: 50 });
  for (const name of ['a', 'b', 'm'])
    await client.query(
      `CALL register_external_model('${name}', 'qwen-plus', 'bailian', '${wide}', 'chat/completions')`,
    );
  await client.query(`CREATE TABLE asked (id int PRIMARY KEY, p text);
    INSERT INTO asked SELECT i, 'fox ' || i FROM generate_series(1, 6) i;
    CREATE TABLE kept (id int, r text)`);
});
beforeEach(async () => {
  await gateway.forgetRequests();
  told.length = 0;
});
afterAll(() => gateway?.close());

/** The prompts that the provider was sent. */
async function prompts(): Promise<string[]> {
  const requests = await gateway.requests();
  return requests.map(({ body }) => {
    const { messages } = body as { messages: { content: string }[] };
    return messages.at(-1)?.content ?? '';
  });
}

test('what a look alone has read waits for the next run', async () => {
  const run = () =>
    client.query(`DO $$ BEGIN
      BEGIN INSERT INTO kept SELECT id, ai_gen('b', CASE WHEN id = 2 THEN '[[sandbox:refuse]] ' END || ai_gen('a', 'first ' || p)) FROM asked;
      EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'refused'; END;
    END $$`);
  await run();
  const first = (await prompts()).filter((prompt) => prompt.startsWith('first'));
  await run();
  const all = (await prompts()).filter((prompt) => prompt.startsWith('first'));
  // Two of them were read, by the statement that failed.
  expect({ first: first.length, again: all.length - first.length <= 2 }).toEqual({ first: 6, again: true });
});

test('where one of the calls that a look found is refused, the others are not sent with what is called behind it', async () => {
  await client.query(`DO $$ BEGIN
    BEGIN PERFORM ai_gen('m', CASE WHEN id < 6 THEN 'refused: ' || p ELSE '' END) FROM asked;
    EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'refused'; END;
    PERFORM ai_gen('m', 'something else');
  END $$`);
  expect(told).toContain('refused');
  expect(await prompts()).toEqual(['something else']);
});

test('what a cursor’s function has written and a rollback undone waits for the next run', async () => {
  await client.query(
    `CREATE FUNCTION saved(id int, r text) RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO kept VALUES (id, r); RETURN id; END'`,
  );
  const run = async () => {
    await client.query('BEGIN');
    await client.query("DECLARE c CURSOR FOR SELECT saved(id, ai_gen('m', 'saved ' || p)) FROM asked");
    await client.query('FETCH 3 FROM c');
    await client.query('ROLLBACK');
  };
  await run();
  expect((await prompts()).length).toBe(3);
  await run();
  expect((await prompts()).length).toBe(3);
});

test('what a FETCH has only read is read', async () => {
  const run = async () => {
    await client.query('BEGIN');
    await client.query("DECLARE c CURSOR FOR SELECT id, ai_gen('m', 'read ' || p) FROM asked");
    const { rows } = await client.query('FETCH 3 FROM c');
    await client.query('ROLLBACK');
    return rows.length;
  };
  expect(await run()).toBe(3);
  expect(await run()).toBe(3);
  expect((await prompts()).length).toBe(6);
});

test('the settings of a statement are those of its calls, whichever AI function is the first', async () => {
  await client.query("SET ai_gen.tag = 'mixed'");
  await client.query("SELECT ai_summarize(p), ai_gen('m', ai_gen('a', 'mixed ' || p)) FROM asked");
  await client.query('RESET ai_gen.tag');
  expect(told.filter((notice) => notice.includes('one after another'))).toEqual([]);
  expect((await prompts()).filter((prompt) => prompt.startsWith('mixed')).length).toBe(6);
});

test('a look that comes upon other calls than the one that began it sends none of them', async () => {
  await client.query(`CREATE TABLE brands (name text); INSERT INTO brands VALUES ('old');
    CREATE FUNCTION brand() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT name FROM brands'`);
  await client.query("PREPARE branded AS SELECT ai_gen('m', 'of ' || brand() || ': ' || p) FROM asked");
  await client.query("UPDATE brands SET name = 'new'");
  await client.query('EXECUTE branded');
  const before = await prompts();
  await client.query("UPDATE brands SET name = 'newest'");
  await gateway.forgetRequests();
  await client.query('SET ai_gen.reuse = off');
  await client.query('EXECUTE branded');
  await client.query('RESET ai_gen.reuse');
  // PostgreSQL keeps what the function gave when the statement was planned.
  expect((await prompts()).toSorted()).toEqual(before.toSorted());
});

test('what a view submits and waits for is not submitted by a look', async () => {
  await client.query(
    "CREATE VIEW awaited AS SELECT id, p, ai_wait(ai_submit('m', 'awaited ' || p)) AS r FROM asked",
  );
  await client.query("SELECT ai_gen('a', 'title of ' || p), r FROM awaited");
  expect((await prompts()).filter((prompt) => prompt.startsWith('awaited')).length).toBe(6);
});

test('a statement whose first row asks for a call of a later stage is at once all the same', async () => {
  await client.query(`SELECT id FROM asked
    WHERE (id <> 1 AND ai_gen('a', 'either ' || p) = 'y') OR (id < 3 AND ai_gen('b', 'or ' || p) = 'y') ORDER BY id`);
  expect(told.filter((notice) => notice.includes('one after another'))).toEqual([]);
  expect((await prompts()).length).toBe(7);
});

test('an estimate sends nothing, whatever the statement does with the settings', async () => {
  const inBlock = `SELECT * FROM ai_estimate('DO $d$ BEGIN RESET ALL; PERFORM ai_gen(''m'', ''estimated''); END $d$')`;
  const error = await refusal(client.query(inBlock));
  expect({ code: error.code, message: error.message }).toEqual({
    code: '0A000',
    message: 'a statement that is estimated has taken back the settings of its estimate, and calls',
  });
  await client.query(
    `CREATE FUNCTION insists() RETURNS text LANGUAGE plpgsql SET ai_gen.dry_run = off AS $$ BEGIN RETURN ai_gen('m', 'insists'); END $$`,
  );
  const { rows } = await client.query("SELECT model_name, calls::int FROM ai_estimate('SELECT insists()')");
  expect(rows).toEqual([{ model_name: 'm', calls: 1 }]);
  await client.query('BEGIN');
  const submitted = await client.query("SELECT ai_submit('m', 'submitted') AS handle");
  await client.query("SELECT * FROM ai_estimate(format('SELECT ai_wait(%L)', $1::text))", [
    submitted.rows[0].handle,
  ]);
  await client.query('ROLLBACK');
  await client.query(
    `CREATE FUNCTION pauses() RETURNS void LANGUAGE plpgsql SET ai_gen.dry_run = off AS $$ BEGIN PERFORM ai_cancel(gen_random_uuid()::text); END $$`,
  );
  for (const statement of ['SELECT pauses()', "DO 'BEGIN RESET ALL; PERFORM pauses(); END'"])
    expect((await refusal(client.query('SELECT FROM ai_estimate($1)', [statement]))).code).toBe('25006');
  expect(await prompts()).toEqual([]);
  // It is over, also where the estimate has failed and its client goes on.
  await client.query(`DO $$ BEGIN
    BEGIN PERFORM FROM ai_estimate('SELECT ai_gen(''m'', ''estimated'') || 1 / 0'); EXCEPTION WHEN OTHERS THEN NULL; END;
    PERFORM ai_gen('m', 'made');
  END $$`);
  expect(await prompts()).toEqual(['made']);
});

test('what stays is not done by a look, whatever its function says of itself', async () => {
  await client.query(`CREATE FUNCTION left_behind(p text) RETURNS text LANGUAGE plpgsql STABLE AS
    $$ BEGIN RETURN ai_submit('b', 'behind ' || p); END $$`);
  const { rows } = await client.query(
    "SELECT ai_gen('a', 'beside ' || p) AS r, left_behind(p) AS handle FROM asked WHERE id < 4",
  );
  for (const { handle } of rows) await client.query('SELECT ai_wait($1)', [handle]);
  const sent = await prompts();
  expect(sent.filter((prompt) => prompt.startsWith('behind')).length).toBe(3);
  expect(sent.length).toBe(6);
});
