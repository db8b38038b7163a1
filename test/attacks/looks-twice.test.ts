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
    CREATE OPERATOR own.|| (LEFTARG = own.pair, RIGHTARG = int, FUNCTION = own.equal);
    CREATE TYPE own.told AS (a int, b int);
    CREATE FUNCTION own.tells(x own.told) RETURNS text VOLATILE LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('own.s'); RETURN x.a; END $$;
    CREATE CAST (own.told AS text) WITH FUNCTION own.tells(own.told) AS IMPLICIT;
    CREATE TABLE own.tolds AS SELECT i, p, ROW(i, i)::own.told AS t, ARRAY[ROW(i, i)::own.told] AS list FROM rows;
    CREATE VIEW own.hashed AS SELECT p, md5(t) AS hash FROM own.tolds;
    CREATE FUNCTION own.makes(x int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN md5(ROW(x, x)::own.told); END $$;
    CREATE FUNCTION own.asks(x int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN own.makes(x); END $$;
    CREATE FUNCTION own.declares(x int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ DECLARE r own.tolds; BEGIN r.t := ROW(x, x); RETURN md5(r.t); END $$;
    CREATE FUNCTION own.builds(x int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
      $$ DECLARE r text; BEGIN EXECUTE format('SELECT md5(ROW($1, $1)::own.%s)', 'to' || 'ld') INTO r USING x; RETURN r; END $$;
    CREATE FUNCTION own.reads(x int) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT hash FROM own.hashed WHERE p = 'p' || x); END $$;
    CREATE FUNCTION own.row_of(x int) RETURNS own.told IMMUTABLE LANGUAGE sql AS 'SELECT ROW(x, x)::own.told';
    CREATE FUNCTION own.same(a int, b int) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('own.s'); RETURN true; END $$;
    CREATE OPERATOR own.= (LEFTARG = int, RIGHTARG = int, FUNCTION = own.same);
    SET search_path = own, public, pg_catalog;
    CREATE VIEW own.compared AS SELECT p, CASE i WHEN i + 0 THEN 1 END AS c FROM rows;
    CREATE FUNCTION own.compares(x int) RETURNS int IMMUTABLE SET search_path = own, pg_catalog LANGUAGE plpgsql AS $$ BEGIN RETURN CASE x WHEN x + 0 THEN 1 END; END $$;
    RESET search_path`);
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
  'a cast of a column': `SELECT count(CASE WHEN md5(t) <> '' THEN ${call('q')} END) FROM own.tolds`,
  'a cast of what stands in an array': `SELECT count(CASE WHEN md5(list[1]) <> '' THEN ${call('r')} END) FROM own.tolds`,
  'a cast in a view': `SELECT count(CASE WHEN hash <> '' THEN ${call('s')} END) FROM own.hashed`,
  'a cast of what is written': `SELECT count(CASE WHEN md5(ROW(i, i)::own.told) <> '' THEN ${call('t')} END) FROM rows`,
  'a cast of a list’s column': `SELECT count(CASE WHEN (SELECT md5(r.b) FROM json_to_record(json_build_object('b', json_build_object('a', i))) AS r(b own.told)) <> '-' THEN ${call('z')} END) FROM rows`,
  'a cast of what a function gives': `SELECT count(CASE WHEN md5(own.row_of(i)) <> '' THEN ${call('u')} END) FROM rows`,
  'a cast in a function': `SELECT count(CASE WHEN own.makes(i) <> '' THEN ${call('v')} END) FROM rows`,
  'a cast in a function of a function': `SELECT count(CASE WHEN own.asks(i) <> '' THEN ${call('w')} END) FROM rows`,
  'a cast of a variable': `SELECT count(CASE WHEN own.declares(i) <> '' THEN ${call('x')} END) FROM rows`,
  'a cast in a text that a function runs': `SELECT count(CASE WHEN own.builds(i) <> '' THEN ${call('y')} END) FROM rows`,
  'a cast in a view that a function reads': `SELECT count(CASE WHEN own.reads(i) <> '' THEN ${call('1')} END) FROM rows`,
  'a comparison in a view': `SELECT count(CASE WHEN c = 1 THEN ${call('2')} END) FROM own.compared`,
  'a comparison in a function': `SELECT count(CASE WHEN own.compares(i) = 1 THEN ${call('3')} END) FROM rows`,
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
