/** What an UPDATE by chance may meet: other sessions, policies, rules, triggers, views, narrow rights. Rewritten it does what it does as written. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rewriteCalls } from '../../src/rewriter/calls.js';
import { unedited } from '../../src/rewriter/spliced-text.js';
import { type RecordedEngine, startRecordedEngine } from './recorded-engine.js';

let engine: RecordedEngine;
let client: pg.Client;
let other: pg.Client;

beforeAll(async () => {
  engine = await startRecordedEngine();
  client = await engine.connect();
  other = await engine.connect();
});
afterAll(() => engine?.close());

beforeEach(async () => {
  await client.query(`
    RESET ROLE;
    DROP SCHEMA IF EXISTS tried CASCADE;
    CREATE SCHEMA tried;
    CREATE TABLE tried.foxes (id int PRIMARY KEY, p text, r text, n int DEFAULT 0, owner text DEFAULT current_user);
    INSERT INTO tried.foxes (id, p) SELECT i, 'fox ' || i FROM generate_series(1, 4) i`);
  engine.take();
});

/** Only an UPDATE in which something is turned by chance is rewritten; this changes no prompt. */
function byChance(text: string): string {
  return text.replace(/ai_gen\('(\w+)', (?!ai_gen)/g, "ai_gen('$1', left(random()::text, 0) || ");
}

function rewritten(statement: string): string {
  const text = byChance(statement);
  const result = rewriteCalls(unedited(text)).text;
  expect(result).not.toBe(text);
  return result;
}

async function foxes(): Promise<string[]> {
  const { rows } = await client.query('SELECT id, p, r FROM tried.foxes ORDER BY id');
  return rows.map(({ id, p, r }) => `${id} ${p}: ${r}`);
}

/** Runs the statement while another session holds changed rows, which it commits when the statement waits for it. */
async function duringChange(statement: string, change: string, isolation = 'READ COMMITTED') {
  await other.query(`BEGIN; ${change}`);
  await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const done = client.query(statement).then(
    (result) => `${result.command} ${result.rowCount}`,
    (error: pg.DatabaseError) => `${error.code} ${error.message}`,
  );
  await expect
    .poll(
      async () =>
        (
          await other.query(
            "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'",
            [rows[0].pid],
          )
        ).rows[0].waiting,
      { timeout: 60_000 },
    )
    .toBe(1);
  await other.query('COMMIT');
  const outcome = await done;
  await client.query('COMMIT');
  return { outcome, foxes: await foxes(), calls: engine.take().calls.sort() };
}

describe('another session changes rows meanwhile', () => {
  const twoCalls = "UPDATE tried.foxes SET r = ai_gen('m', p) || ai_gen('m2', p) WHERE id > 1";
  const change = "UPDATE tried.foxes SET p = 'new fox' WHERE id = 3";
  test.each([
    ['the new version is evaluated once more', "UPDATE tried.foxes SET r = ai_gen('m', p)", change],
    ['and with several calls', twoCalls, change],
    [
      'and with calls of calls',
      "UPDATE tried.foxes SET r = ai_gen('m2', ai_gen('m', p)) WHERE id > 1",
      change,
    ],
    [
      'and with joined tables',
      "UPDATE tried.foxes f SET r = ai_gen('m', f.p || o.id) FROM tried.foxes o WHERE o.id = 5 - f.id",
      change,
    ],
    ['a deleted row is left out', twoCalls, 'DELETE FROM tried.foxes WHERE id = 3'],
    [
      'a row that does not fit any more is left out',
      "UPDATE tried.foxes SET r = ai_gen('m', p) WHERE n = 0",
      'UPDATE tried.foxes SET n = 1 WHERE id = 2',
    ],
  ])('%s', async (_name, statement, change) => {
    const before = await duringChange(statement, change);
    await client.query(
      `DELETE FROM tried.foxes; INSERT INTO tried.foxes (id, p) SELECT i, 'fox ' || i FROM generate_series(1, 4) i`,
    );
    engine.take();
    expect(await duringChange(rewritten(statement), change)).toEqual(before);
  });

  test('a change that no call depends on makes no second call', async () => {
    const statement = rewritten("UPDATE tried.foxes SET r = ai_gen('m', p)");
    const { outcome, calls } = await duringChange(
      statement,
      "UPDATE tried.foxes SET n = 1, r = 'old' WHERE id = 2",
    );
    expect(outcome).toBe('UPDATE 4');
    expect(calls).toEqual(['m(fox 1)', 'm(fox 2)', 'm(fox 3)', 'm(fox 4)']);
  });

  test('REPEATABLE READ refuses', async () => {
    const statement = rewritten("UPDATE tried.foxes SET r = ai_gen('m', p)");
    const { outcome } = await duringChange(statement, change, 'REPEATABLE READ');
    expect(outcome).toBe('40001 could not serialize access due to concurrent update');
  });
});

describe('the engine is asked for the same calls', () => {
  const painter = 'CREATE ROLE painter; GRANT USAGE ON SCHEMA tried TO painter;';
  test.each<[name: string, setup: string, statement: string, calls: string[]]>([
    [
      'where a policy lets rows be seen, but not changed',
      `${painter} GRANT SELECT, UPDATE ON tried.foxes TO painter;
       ALTER TABLE tried.foxes ENABLE ROW LEVEL SECURITY;
       UPDATE tried.foxes SET owner = 'painter' WHERE id = 2;
       CREATE POLICY see ON tried.foxes FOR SELECT USING (true);
       CREATE POLICY change ON tried.foxes FOR UPDATE USING (owner = current_user);
       SET ROLE painter`,
      "UPDATE tried.foxes SET r = ai_gen('m', p)",
      ['m(fox 2)'],
    ],
    [
      'with rights to some columns only',
      `${painter} GRANT SELECT (p, n), UPDATE (r) ON tried.foxes TO painter; SET ROLE painter`,
      "UPDATE tried.foxes SET r = ai_gen('m', p) WHERE n = 0",
      ['m(fox 1)', 'm(fox 2)', 'm(fox 3)', 'm(fox 4)'],
    ],
    [
      'with a rule that adds a statement',
      `CREATE TABLE tried.log (r text);
       CREATE RULE log AS ON UPDATE TO tried.foxes DO ALSO INSERT INTO tried.log SELECT 'changed ' || OLD.id`,
      "UPDATE tried.foxes SET r = ai_gen('m', p) WHERE id = 1",
      ['m(fox 1)'],
    ],
    [
      'with a rule that does nothing',
      'CREATE RULE never AS ON UPDATE TO tried.foxes DO INSTEAD NOTHING',
      "UPDATE tried.foxes SET r = ai_gen('m', p)",
      [],
    ],
    [
      'through a view with a trigger',
      `CREATE VIEW tried.pack AS SELECT max(id) AS id, string_agg(p, ',' ORDER BY id) AS p, min(r) AS r FROM tried.foxes GROUP BY n;
       CREATE FUNCTION tried.paint() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN UPDATE tried.foxes SET r = NEW.r WHERE id = NEW.id; RETURN NEW; END $$;
       CREATE TRIGGER paint INSTEAD OF UPDATE ON tried.pack FOR EACH ROW EXECUTE FUNCTION tried.paint()`,
      "UPDATE tried.pack SET r = ai_gen('m', p)",
      ['m(fox 1,fox 2,fox 3,fox 4)'],
    ],
    [
      'with children that have more columns',
      `CREATE TABLE tried.arctic (fur text) INHERITS (tried.foxes);
       INSERT INTO tried.arctic (id, p, fur) VALUES (7, 'fox 7', 'white')`,
      "UPDATE tried.foxes SET r = ai_gen('m', p) WHERE id > 3",
      ['m(fox 4)', 'm(fox 7)'],
    ],
    [
      'when nothing is to be changed',
      '',
      "UPDATE tried.foxes SET r = ai_gen('m', p), p = ai_gen('m', p) WHERE id > 9",
      [],
    ],
  ])('%s', async (_name, setup, statement, calls) => {
    const outcomes = [];
    for (const text of [statement, rewritten(statement)]) {
      await client.query(`BEGIN; ${setup}`);
      const { command, rowCount } = await client.query(text);
      await client.query('RESET ROLE');
      outcomes.push({ tag: `${command} ${rowCount}`, foxes: await foxes() });
      await client.query('ROLLBACK');
      const taken = engine.take();
      expect(taken.calls.sort()).toEqual(calls);
      expect(taken.waits.sort()).toEqual(calls);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  test('the calls of all rows come before the first wait, also in the second of two stages', async () => {
    await client.query(rewritten("UPDATE tried.foxes SET r = ai_gen('m', p), p = ai_gen('m2', p)"));
    expect(engine.take()).toMatchObject({ ahead: 8 });
    await client.query(rewritten("UPDATE tried.foxes SET r = ai_gen('video', ai_gen('picture', id::text))"));
    const { calls, waits } = engine.take();
    expect(calls.slice(0, 4).sort()).toEqual(['picture(1)', 'picture(2)', 'picture(3)', 'picture(4)']);
    expect(calls).toHaveLength(8);
    expect(waits.slice(0, 4).sort()).toEqual(calls.slice(0, 4).sort());
  });

  test('of rows that are alike each has its own call', async () => {
    await client.query(rewritten("UPDATE tried.foxes SET r = ai_gen('m', n::text)"));
    expect(engine.take().calls).toEqual(['m(0)', 'm(0)', 'm(0)', 'm(0)']);
  });
});
