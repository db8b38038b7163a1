/** How the calls of a statement would be made, and about how long: ai_estimate and EXPLAIN (ai) say what then happens, or nothing. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query(`CREATE TABLE words AS SELECT 'word ' || i AS p FROM generate_series(1, 4) i;
    CREATE VIEW shown AS TABLE words;
    CREATE TABLE answers (p text, answer text);
    CREATE TABLE by_default (p text, answer text DEFAULT ai_gen('qwen_plus', 'by default'));
    CREATE TABLE by_trigger (p text, answer text);
    CREATE FUNCTION answered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.answer := ai_gen('qwen_plus', NEW.p); RETURN NEW; END $$;
    CREATE TRIGGER answered BEFORE INSERT ON by_trigger FOR EACH ROW EXECUTE FUNCTION answered()`);
  // So that it is known how long one takes.
  await owner.query("SELECT ai_gen('qwen_plus', p) FROM words");
});
beforeEach(() => owner.query('RESET ALL'));
afterAll(() => gateway?.close());

const each = "SELECT ai_gen('qwen_plus', 'fox ' || p) FROM words";

async function told(statement: string): Promise<{ how: string | null; about: number | null; calls: number }> {
  const { rows } = await owner.query(
    'SELECT how, extract(epoch FROM about)::float8 AS about, calls::int FROM ai_estimate($1)',
    [statement],
  );
  return rows[0];
}

test('with ai_gen.at_once off calls are told to be made one after another, but for those that are rewritten', async () => {
  await owner.query('SET ai_gen.at_once = off');
  const off = 'one after another: ai_gen.at_once is off';
  expect((await told(each)).how).toBe(off);
  expect((await told(`${each}; ${each}`)).how).toBe(off);
  expect((await told("SELECT ai_gen('qwen_plus', p || random()) FROM words")).how).toBe('at once');
  expect((await told("SELECT ai_gen('qwen_plus', 'a single one')")).how).toBeNull();
});

test.each(['by_default', 'by_trigger'])(
  'calls of a table (%s) that is written to are told to be made one after another',
  async (table) => {
    expect(await told(`INSERT INTO ${table} (p) SELECT p FROM words`)).toMatchObject({
      calls: 4,
      how: 'one after another: they stand in a default, a trigger or the like, and not in the statement',
    });
  },
);

test('calls that a trigger or a default makes for each row are told beside those of the statement', async () => {
  const insert = (into: string) => `INSERT INTO ${into} SELECT ai_gen('qwen_plus', 'of ' || p) FROM words`;
  const beside = (what: string) => ({ calls: 8, how: `at once; one after another: ${what}`, about: null });
  expect(await told(insert('by_trigger (p)'))).toEqual(beside('trigger answered of public.by_trigger'));
  expect(await told(insert('by_default (p)'))).toEqual(beside('the default of answer'));
  expect(await told(insert('by_default'))).toEqual(beside('the default of answer'));
  expect((await told(insert('by_default (answer)'))).how).toBe('at once');
  const random = insert('by_trigger (p)').replace("'of '", 'random()');
  expect(await told(random)).toEqual(beside('trigger answered of public.by_trigger'));
  const set = "UPDATE by_trigger SET answer = ai_gen('qwen_plus', p)";
  await owner.query("INSERT INTO by_trigger VALUES ('a'), ('b')");
  expect((await told(set)).how).toBe('at once');
  await owner.query(`CREATE FUNCTION indirectly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.p := asked(NEW.p); RETURN NEW; END $$;
    CREATE FUNCTION asked(p text) RETURNS text LANGUAGE sql AS $$ SELECT ai_gen('qwen_plus', p) $$;
    CREATE TRIGGER set_p BEFORE UPDATE OF p ON by_trigger FOR EACH ROW EXECUTE FUNCTION indirectly()`);
  expect((await told(set)).how).toBe('at once');
  expect((await told(set.replace('SET answer', 'SET p'))).how).toBe(
    'at once; one after another: trigger set_p of public.by_trigger',
  );
  const { rows } = await owner.query(`EXPLAIN (ai) ${insert('by_trigger (p)')}`);
  expect(rows[0]['QUERY PLAN']).toMatch(
    /, at once; one after another: trigger answered of public\.by_trigger$/,
  );
});

test('about is not told where it is not known how, but of one call and of those of ai_submit', async () => {
  const block = `DO $$ BEGIN PERFORM ai_gen('qwen_plus', p) FROM words; END $$`;
  expect(await told(block)).toEqual({ calls: 4, how: null, about: null });
  const { rows } = await owner.query(`EXPLAIN (ai) SELECT ai_gen('qwen_plus', 'a single one')`);
  expect(rows[0]['QUERY PLAN']).toMatch(/, about /);
  const submit = await told("SELECT ai_submit('qwen_plus', p) FROM words");
  expect(submit).toEqual({ calls: 4, how: null, about: expect.any(Number) });
});

test('of several statements in one text it is told what becomes of them together', async () => {
  const insert = `INSERT INTO answers ${each.replace('SELECT', 'SELECT p,')}`;
  expect((await told(`${each}; ${each}`)).how).toBe('at once');
  expect((await told(`${insert}; ${insert}`)).how).toBe('at once');
  expect((await told(`${insert}; SELECT ai_gen('qwen_plus', p) FROM answers`)).how).toBe(
    'one after another: public.answers is read and written',
  );
  expect((await told(`${each}; CREATE TEMP TABLE between_them (); ${each}`)).how).toMatch(
    /^one after another: /,
  );
  const nested = "SELECT ai_gen('qwen_plus', ai_gen('qwen_plus', p)) FROM words";
  expect(await told(`${nested}; ${nested}`)).toEqual({ calls: 16, how: null, about: null });
});

test('random() beside a call is told to be at once for a table, and one after another for a view', async () => {
  const statement = (from: string) => `SELECT random(), ai_gen('qwen_plus', p) FROM ${from}`;
  expect((await told(statement('words'))).how).toBe('at once');
  expect((await told(statement('shown'))).how).toBe(
    'one after another: random may give something else each time',
  );
});

test('of statements that are rewritten the stages are told, too', async () => {
  const nested = "ai_gen('qwen_plus', ai_gen('qwen_plus', p || random()))";
  expect((await told(`SELECT ${nested} FROM words`)).how).toBe('at once in 2 stages');
  expect((await told(`SELECT ai_gen('qwen_plus', ${nested}) FROM words`)).how).toBe('at once in 3 stages');
  const insert = "INSERT INTO answers SELECT p, ai_gen('qwen_plus', p) FROM words RETURNING";
  expect((await told(`${insert} ai_gen('qwen_plus', answer)`)).how).toBe('at once in 2 stages');
  expect((await told("INSERT INTO answers SELECT p FROM words RETURNING ai_gen('qwen_plus', p)")).how).toBe(
    'at once',
  );
});

test('each stage of a statement takes as long as a call', async () => {
  const nested = "SELECT ai_gen('qwen_plus', ai_gen('qwen_plus', ai_gen('qwen_plus', p))) FROM words";
  await owner.query("UPDATE hologen_internal.job SET finished_at = started_at + interval '10 s'");
  expect(await told(each)).toEqual({ calls: 4, how: 'at once', about: 10 });
  expect(await told(nested)).toEqual({ calls: 12, how: 'at once in 3 stages', about: 30 });
});

test('about reckons with the rates of all keys of a pool, and with requests that carry several calls', async () => {
  const key = (name: string) => ({ name, api_key: `sk-${name}-0123456789` });
  const pool = { submits_per_second: 1, pool: [key('first'), key('second')] };
  const named = {
    pooled: ['qwen-plus', pool, 'chat/completions'],
    packed: ['text-embedding-v4', { submits_per_second: 1 }, 'embedding'],
  };
  for (const [name, [type, config, task]] of Object.entries(named))
    await owner.query("CALL register_external_model($1, $2, 'bailian', $3, $4)", [name, type, config, task]);
  await owner.query("SELECT ai_gen('pooled', 'one'), ai_gen('packed', 'one')");
  await owner.query("UPDATE hologen_internal.job SET finished_at = started_at + interval '10 s'");
  const rows = (model: string) => `SELECT ai_gen('${model}', 'row ' || i) FROM generate_series(1, 21) i`;
  expect(await told(rows('pooled'))).toEqual({ calls: 21, how: 'at once', about: 20 });
  expect(await told(rows('packed'))).toEqual({ calls: 21, how: 'at once', about: 12 });
});
