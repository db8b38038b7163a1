/** Attack: a login that only makes things in a schema of its own, so that everybody else's calls are made one after another. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let mallory: pg.Client;
let alice: pg.Client;
let notices: string[];
let runs = 0;
beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '1' });
  const owner = await gateway.client();
  await owner.query(`
    CREATE ROLE mallory LOGIN PASSWORD 'secret';
    CREATE ROLE alice LOGIN PASSWORD 'secret';
    GRANT CREATE ON DATABASE hologen TO mallory, alice`);
  mallory = await gateway.clientOf('mallory');
  alice = await gateway.clientOf('alice');
  await alice.query(`
    CREATE SCHEMA alice;
    CREATE TABLE rows AS SELECT i, 'p' || i AS p, 'a'::text AS r FROM generate_series(1, 4) AS i;
    CREATE TABLE made (i int, r text);
    CREATE FUNCTION plain(x text) RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN lower(x || ''); END $$`);
  // Not what is under way.
  alice.on('notice', ({ message = '' }) => !message.startsWith('ai_gen: ') && notices.push(message));
});
beforeEach(async () => {
  notices = [];
  runs += 1;
  await mallory.query(
    'DROP SCHEMA IF EXISTS own CASCADE; CREATE SCHEMA own; GRANT USAGE ON SCHEMA own TO PUBLIC',
  );
});
afterAll(() => gateway?.close());

/** Of each run another picture. */
const call = (name: string) => `ai_gen('qwen_image_2', '${name} ${runs} ' || p)`;
const statements: Record<string, () => string> = {
  'a query': () =>
    `SELECT count(CASE WHEN lower(p || '') <> '' AND i::text <> '' THEN ${call('a')} END) FROM rows`,
  'a query with a function of one’s own': () =>
    `SELECT count(CASE WHEN plain(p) <> '' THEN ${call('b')} END) FROM rows`,
  'an INSERT': () => `INSERT INTO made SELECT i, ${call('c')} FROM rows`,
  'an UPDATE': () => `UPDATE rows SET r = ${call('d')}`,
  'a DELETE': () => `DELETE FROM made WHERE ${call('h').replace('p)', 'r)')} = 'no'`,
  'a CREATE TABLE … AS': () => `CREATE TEMP TABLE kept${runs} AS SELECT i, ${call('k')} FROM rows`,
  'statements that are sent together': () =>
    `INSERT INTO made SELECT i, ${call('e')} FROM rows; INSERT INTO made SELECT i, ${call('f')} FROM rows`,
  'a cursor': () =>
    `BEGIN; DECLARE c CURSOR FOR SELECT ${call('g')} FROM rows; FETCH 2 FROM c; FETCH 2 FROM c; COMMIT`,
};
/** The statements of a text that are sent one by one. */
const run = async (text: string) => {
  for (const each of text.startsWith('BEGIN') ? text.split('; ') : [text]) await alice.query(each);
};

const pair = `CREATE TYPE own.pair AS (a int, b int);`;
const reads = (head: string, body = 'RETURN NULL;', how = 'VOLATILE') =>
  `CREATE FUNCTION own.${head} ${how} LANGUAGE plpgsql AS $f$ BEGIN ${body} END $f$;`;
const planted: Record<string, string> = {
  'a volatile cast': `${pair} ${reads('told(x own.pair) RETURNS text')} CREATE CAST (own.pair AS text) WITH FUNCTION own.told(own.pair) AS IMPLICIT`,
  'a volatile cast to a type with the name of another one': `CREATE TYPE own.int4 AS (a int, b int); CREATE TYPE own.text AS (a int);
    ${reads('told(x own.int4) RETURNS own.text')} CREATE CAST (own.int4 AS own.text) WITH FUNCTION own.told(own.int4) AS IMPLICIT`,
  'a volatile comparison': `${pair} ${reads('same(a own.pair, b own.pair) RETURNS boolean')}
    CREATE OPERATOR own.= (LEFTARG = own.pair, RIGHTARG = own.pair, FUNCTION = own.same)`,
  'a volatile comparison of numbers': `${reads('same(a int, b int) RETURNS boolean')} CREATE OPERATOR own.= (LEFTARG = int, RIGHTARG = int, FUNCTION = own.same)`,
  'a domain with a volatile check': `${reads('fits(x int) RETURNS boolean')} CREATE DOMAIN own.checked AS int CHECK (own.fits(VALUE))`,
  'a function that sets the search path': reads(
    'sets() RETURNS int',
    `PERFORM set_config('search_path', 'own', false); SET LOCAL timezone = 'UTC'; RETURN 1;`,
  ),
  'a default that sets something': `CREATE TABLE own.t (a text DEFAULT set_config('my.own', 'a', false)); ${reads('sets() RETURNS int', `RESET ALL; RETURN 1;`)}`,
  'a table of the same name': 'CREATE TABLE own.rows (i int, p text); GRANT SELECT ON own.rows TO PUBLIC',
  'a function that speaks of cursors': reads(
    'speaks() RETURNS int',
    `-- MOVE c;\n /* FETCH 2 FROM c; */ RETURN length('--') + 1;`,
  ),
  'volatile functions with names of others': `${reads('lower(a int, b int) RETURNS int')} ${reads('plain(x int) RETURNS int', 'RETURN random();', 'IMMUTABLE')}`,
  'functions with the names of AI functions': `${reads('ai_gen(a text, b int) RETURNS text')} ${reads('ai_embed(a int) RETURNS text')}`,
};
const all = Object.entries(planted).flatMap(([what, made]) =>
  Object.entries(statements).map(([of, statement]) => ({ what, made, of, statement })),
);

test.each(all)('$what of somebody else leaves the calls of $of at once', async ({ made, statement }) => {
  await mallory.query(made);
  await run(statement());
  expect(notices).toEqual([]);
});
