/** What the engine has found out of a plan's names is not found out again, and holds until one of them means something else. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let alice: pg.Client;
let notices: string[] = [];
let runs = 0;

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '1' });
  owner = await gateway.client();
  await owner.query("CREATE ROLE alice LOGIN PASSWORD 'secret'");
  alice = await gateway.clientOf('alice');
  // Not what is under way.
  alice.on('notice', ({ message = '' }) => !message.startsWith('ai_gen: ') && notices.push(message));
});
beforeEach(async () => {
  await owner.query(`
    DROP SCHEMA IF EXISTS shop CASCADE; DROP SCHEMA IF EXISTS other CASCADE;
    CREATE SCHEMA shop; CREATE SCHEMA other; GRANT ALL ON SCHEMA shop, other TO alice;
    SET search_path = shop, public;
    CREATE TABLE rows AS SELECT i, 'p' || i AS p FROM generate_series(1, 4) AS i;
    CREATE TABLE made (i int, r text);
    CREATE FUNCTION plain(x text) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN lower(x); END $$;
    CREATE FUNCTION joined(a text, b int) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN a || b; END $$;
    CREATE SEQUENCE numbers; GRANT USAGE ON SEQUENCE numbers TO alice;
    CREATE OPERATOR ||| (LEFTARG = text, RIGHTARG = int, FUNCTION = joined);
    CREATE VIEW seen AS SELECT i, p FROM rows;
    GRANT ALL ON ALL TABLES IN SCHEMA shop TO alice`);
  await alice.query('RESET ALL; SET search_path = shop, public');
});
afterAll(() => gateway?.close());

/** Of each run another picture. */
const call = (prompt: string) => `ai_gen('qwen_image_2', 'run ${++runs}, ' || ${prompt})`;
const query = (from = 'rows') =>
  `SELECT count(CASE WHEN plain(p) <> '' AND i > 0 THEN ${call('(p ||| i)')} END) FROM ${from}`;
const volatile =
  'CREATE OR REPLACE FUNCTION shop.plain(x text) RETURNS text VOLATILE LANGUAGE plpgsql AS $$ BEGIN RETURN lower(x) || random(); END $$';

/** Whether its calls were at once. */
async function isAtOnce(statement: string, client = alice): Promise<boolean> {
  notices = [];
  await client.query(statement);
  return notices.length === 0;
}

const changes: Record<string, { change: string; statement?: () => string; undone?: string }> = {
  'a function': { change: volatile },
  'a function’s volatility': {
    change: 'ALTER FUNCTION shop.plain VOLATILE',
    undone: 'ALTER FUNCTION shop.plain STABLE',
  },
  'a function that stands behind an operator': { change: 'ALTER FUNCTION shop.joined VOLATILE' },
  'what a function’s text says': {
    change:
      "CREATE OR REPLACE FUNCTION shop.plain(x text) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN lower(x) || nextval('numbers'); END $$",
  },
  'a view': {
    change:
      'CREATE OR REPLACE VIEW shop.seen AS SELECT i, p FROM shop.rows LIMIT (SELECT floor(random() + 9))',
    statement: () => query('seen'),
  },
  'a rule of the table that is written': {
    change: 'CREATE RULE noted AS ON INSERT TO shop.made WHERE new.i = 2 DO ALSO SELECT 1',
    statement: () => `INSERT INTO made SELECT i, ${call('p')} FROM rows`,
    undone: 'DROP RULE noted ON shop.made',
  },
};

test.each(Object.entries(changes))(
  '%s that is changed in another session counts at once, and no longer when that is undone',
  async (_, { change, statement = query, undone }) => {
    expect([await isAtOnce(statement()), await isAtOnce(statement())]).toEqual([true, true]);
    await owner.query(change);
    expect(await isAtOnce(statement())).toBe(false);
    if (!undone) return;
    await owner.query(undone);
    expect(await isAtOnce(statement())).toBe(true);
  },
);

test('what the transaction itself changes counts at once: twice, and when a savepoint takes it back', async () => {
  await owner.query('ALTER FUNCTION plain OWNER TO alice');
  const stable = 'ALTER FUNCTION plain STABLE';
  expect(await isAtOnce(query())).toBe(true);
  await alice.query('BEGIN');
  const found: boolean[] = [];
  for (const change of [
    stable,
    'ALTER FUNCTION plain VOLATILE',
    stable,
    'SAVEPOINT s',
    volatile,
    'ROLLBACK TO s',
  ]) {
    await alice.query(change);
    found.push(await isAtOnce(query()));
  }
  await alice.query('ROLLBACK');
  expect(found).toEqual([true, false, true, true, false, true]);
});

test('a change that is taken back leaves no older one in its place', async () => {
  await owner.query('ALTER FUNCTION plain OWNER TO alice');
  for (const text of ['BEGIN', 'ALTER FUNCTION plain STABLE']) await alice.query(text);
  expect(await isAtOnce(query())).toBe(true);
  for (const text of [
    'ALTER FUNCTION plain VOLATILE',
    'COMMIT',
    'BEGIN',
    'ALTER FUNCTION plain COST 5',
    'ROLLBACK',
  ])
    await alice.query(text);
  expect(await isAtOnce(query())).toBe(false);
});

test('what a savepoint takes back behind other writes is not taken for what was there before', async () => {
  await owner.query('ALTER FUNCTION plain OWNER TO alice');
  for (const text of ['BEGIN', "INSERT INTO made VALUES (1, 'x')", 'ALTER FUNCTION plain STABLE'])
    await alice.query(text);
  expect(await isAtOnce(query())).toBe(true);
  for (const text of [
    'ALTER FUNCTION plain VOLATILE',
    'SAVEPOINT s',
    'ALTER FUNCTION plain STABLE',
    'ROLLBACK TO s',
  ])
    await alice.query(text);
  expect(await isAtOnce(query())).toBe(false);
  await alice.query('ROLLBACK');
});

test('another search_path is another catalogue', async () => {
  await owner.query(volatile.replace('shop.plain', 'other.plain'));
  expect(await isAtOnce(query())).toBe(true);
  await alice.query('SET search_path = other, shop, public');
  expect(await isAtOnce(query())).toBe(false);
  await alice.query('SET search_path = shop, public');
  expect(await isAtOnce(query())).toBe(true);
});

test('the same statement asks the engine about its names once, in whatever session of its role', async () => {
  await owner.query('ALTER ROLE alice SET track_functions = "all"');
  const looks = async () => {
    await owner.query('SELECT pg_stat_clear_snapshot()');
    const { rows } = await owner.query(
      "SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_user_functions WHERE funcname = 'unsure_names'",
    );
    return rows[0].calls;
  };
  const before = await looks();
  for (let session = 0; session < 2; session++) {
    const client = await gateway.clientOf('alice');
    await client.query('SET search_path = shop, public');
    for (let run = 0; run < 2; run++) await client.query(query());
    await client.end();
  }
  // An engine process has told what it counted when it is gone.
  const sessions = async () =>
    (await owner.query("SELECT FROM pg_stat_activity WHERE usename = 'alice'")).rowCount;
  await expect.poll(sessions).toBe(1);
  await expect.poll(looks).toBeGreaterThan(before);
  expect((await looks()) - before).toBe(1);
});
