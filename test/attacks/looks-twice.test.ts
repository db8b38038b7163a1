/** What looking ahead must not do: run what is volatile a second time, wherever it hides, nor be switched off for others by what they do not use. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let mallory: pg.Client;
let alice: pg.Client;
let notices: string[];
beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '1' });
  const owner = await gateway.client();
  await owner.query(`
    CREATE ROLE mallory LOGIN PASSWORD 'secret';
    CREATE ROLE alice LOGIN PASSWORD 'secret';
    GRANT CREATE ON DATABASE hologen TO mallory;
    CREATE TABLE public.rows AS SELECT i, 'p' || i AS p FROM generate_series(1, 3) AS i;
    GRANT SELECT ON public.rows TO PUBLIC`);
  mallory = await gateway.clientOf('mallory');
  await mallory.query(`
    CREATE SCHEMA own;
    CREATE SEQUENCE own.s;
    CREATE FUNCTION own.counts(x int) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('own.s'); RETURN true; END $$;
    CREATE FUNCTION own.step(a int, x text) RETURNS int VOLATILE LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('own.s'); RETURN a + 1; END $$;
    CREATE AGGREGATE own.total(text) (SFUNC = own.step, STYPE = int, INITCOND = '0');
    CREATE DOMAIN own.checked AS int CHECK (own.counts(VALUE));
    CREATE DOMAIN own.drawn AS int CHECK (nextval('own.s') + VALUE > 0);
    CREATE TYPE own.pair AS (a int, b own.checked);
    CREATE FUNCTION own.takes(x own.checked) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
    CREATE FUNCTION own.lower(a int, b int) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION own.equal(a own.pair, b int) RETURNS boolean VOLATILE LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR own.|| (LEFTARG = own.pair, RIGHTARG = int, FUNCTION = own.equal)`);
  alice = await gateway.clientOf('alice');
  for (const client of [mallory, alice]) client.on('notice', ({ message }) => notices.push(message ?? ''));
});
afterAll(() => gateway?.close());

const call = (name: string) => `ai_gen('qwen_image_2', '${name} ' || p)`;
const hiding: Record<string, string> = {
  'a domain': `SELECT count(CASE WHEN i::own.checked > 0 THEN ${call('a')} END) FROM rows`,
  'a domain that draws numbers': `SELECT count(CASE WHEN i::own.drawn > 0 THEN ${call('b')} END) FROM rows`,
  'a row with a domain in it': `SELECT count(CASE WHEN ('(1,' || i || ')')::own.pair IS NOT NULL THEN ${call('c')} END) FROM rows`,
  'an array of a domain': `SELECT count(CASE WHEN ARRAY[i]::own.checked[] IS NOT NULL THEN ${call('d')} END) FROM rows`,
  'a row made of JSON': `SELECT count(CASE WHEN json_populate_record(NULL::own.pair, json_build_object('a', 1, 'b', i)) IS NOT NULL THEN ${call('e')} END) FROM rows`,
  'a list of columns': `SELECT count(CASE WHEN EXISTS (SELECT FROM json_to_record(json_build_object('b', i)) AS r(b own.checked)) THEN ${call('f')} END) FROM rows`,
  'an argument': `SELECT count(CASE WHEN own.takes(i) THEN ${call('g')} END) FROM rows`,
  'an aggregate': `SELECT own.total(${call('h')}) FROM rows`,
  'a window': `SELECT count(t) FROM (SELECT own.total(p) OVER (ORDER BY i) AS t, CASE WHEN i > 0 THEN ${call('i')} END AS made FROM rows OFFSET 0) AS x WHERE made IS NOT NULL`,
  'a list of volatile values': `SELECT count(CASE WHEN nextval('own.s') IN (SELECT i FROM rows) THEN ${call('k')} ELSE ${call('l')} END) FROM rows`,
  'a list of volatile values that is read for each row': `SELECT count(CASE WHEN nextval('own.s') IN (SELECT r.i FROM rows AS r WHERE r.p = t.p) THEN ${call('n')} ELSE ${call('o')} END) FROM rows AS t`,
};

test.each(Object.entries(hiding))('what is volatile in %s runs once', async (_what, statement) => {
  notices = [];
  await mallory.query("SELECT setval('own.s', 100)");
  expect((await mallory.query(statement)).rows[0]).toEqual({
    [statement.includes('own.total(ai') ? 'total' : 'count']: statement.includes('own.total(ai') ? 3 : '3',
  });
  expect((await mallory.query("SELECT nextval('own.s')::int AS next")).rows).toEqual([{ next: 104 }]);
});

test('what somebody else has made in a schema of his own makes nobody’s calls one after another', async () => {
  notices = [];
  const { rows } = await alice.query(
    `SELECT count(CASE WHEN lower(p || '') <> '' THEN ${call('m')} END)::int FROM rows`,
  );
  expect([rows, notices]).toEqual([[{ count: 3 }], []]);
});
