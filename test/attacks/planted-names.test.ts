/** Attack: a login that may create in public plants functions and operators that fit the gateway's own statements better than PostgreSQL's. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signIn, type Visitor } from '../console/visitor.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let mallory: pg.Client;
let visitor: Visitor;

/** What runs wherever it is called: with the rights of a superuser it makes one of mallory. */
const rise = `IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN ALTER ROLE mallory SUPERUSER; END IF;`;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE mallory LOGIN PASSWORD 'secret'; GRANT CREATE ON SCHEMA public TO mallory");
  mallory = await gateway.clientOf('mallory');
  const plant = (head: string, body: string) =>
    mallory.query(`CREATE FUNCTION public.${head} LANGUAGE plpgsql AS $f$ BEGIN ${rise} ${body} END $f$`);
  for (const type of ['json', 'jsonb', 'text']) {
    await plant(`json_array_elements(t ${type}, OUT value json) RETURNS SETOF json`, 'RETURN;');
    await plant(`json_to_recordset(t ${type}) RETURNS SETOF record`, 'RETURN;');
    await plant(`json_to_record(t ${type}) RETURNS record`, 'RETURN NULL;');
  }
  await plant('clock_timestamp() RETURNS timestamptz', 'RETURN NULL;');
  await plant('current_setting(t text) RETURNS text', "RETURN 'UTC';");
  await plant('pg_cancel_backend(t text) RETURNS boolean', 'RETURN true;');
  await plant('pg_has_role(a oid, b name, c text) RETURNS boolean', 'RETURN true;');
  for (const [left, right] of [
    ['oid', 'regrole'],
    ['oid', 'regclass'],
    ['oid', 'regproc'],
    ['regproc', 'oid'],
    ['oid', 'int4'],
    ['int8', 'int4'],
    ['"char"', 'text'],
    ['text', 'name'],
    ['name', 'text'],
    ['text', 'text'],
    ['uuid', 'text'],
    ['timestamptz', 'timestamptz'],
  ]) {
    const name = `same_${left?.replaceAll('"', '')}_${right}`;
    await plant(`${name}(a ${left}, b ${right}) RETURNS boolean`, 'RETURN false;');
    for (const operator of ['=', '<>', '>='])
      await mallory.query(
        `CREATE OPERATOR public.${operator} (LEFTARG = ${left}, RIGHTARG = ${right}, FUNCTION = public.${name})`,
      );
  }
  await plant('hashtextextended(t text, n int4) RETURNS int8', 'RETURN 1;');
  await plant('unnest(n name[]) RETURNS SETOF name', 'RETURN;');
  await plant('cardinality(n name[]) RETURNS int', 'RETURN 1;');
  await plant('format(t text, n name) RETURNS text', 'RETURN t;');
  await plant('array_to_string(n name[], t text) RETURNS text', 'RETURN t;');
  await plant('text_behind(n int8, t text) RETURNS text', 'RETURN t;');
  await mallory.query(
    'CREATE OPERATOR public.|| (LEFTARG = int8, RIGHTARG = text, FUNCTION = public.text_behind)',
  );
  visitor = await signIn(gateway);
});
afterAll(() => gateway?.close());

const rises = async () =>
  (
    await owner.query(
      "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) 'mallory'",
    )
  ).rows[0].rolsuper;

test('calls, submits, budgets, deployments and looks for others of the gateway itself do not find them', async () => {
  await mallory.query("SELECT ai_gen('qwen_plus', 'hello')");
  await mallory.query(
    "SELECT ai_gen('qwen_image_2', json_build_object('prompt', 'p ' || i)::text) FROM generate_series(1, 3) i",
  );
  const { rows } = await mallory.query("SELECT ai_submit('qwen_plus', 'later') AS handle");
  await mallory.query('SELECT ai_wait($1)', [rows[0].handle]);
  await mallory.query(
    `CALL register_external_model('own', 'qwen-plus', 'bailian', '{"api_key": "sk-own"}', 'chat/completions')`,
  );
  await mallory.query("CALL delete_external_model('own')");
  const looks = async () =>
    (
      await owner.query(
        "SELECT pg_catalog.count(*)::int AS n FROM pg_catalog.pg_stat_activity WHERE application_name OPERATOR(pg_catalog.=) 'hologen gateway'",
      )
    ).rows[0].n;
  expect(await looks()).toBeGreaterThan(0);
  expect(await rises()).toBe(false);
});

test('nor do the forms in which a client’s own statements run', async () => {
  await owner.query(`CREATE TABLE things (id int PRIMARY KEY, p text, r text);
    INSERT INTO things SELECT n, 'p ' || n::text, NULL FROM generate_series(1, 3) n;
    CREATE TABLE parted (k int NOT NULL, v text) LOGICAL PARTITION BY LIST (k)`);
  for (const statement of [
    "UPDATE things SET r = ai_gen('qwen_image_2', json_build_object('prompt', p)::text)",
    "UPDATE things SET p = 'new' WHERE id > 1 RETURNING ai_gen('qwen_image_2', json_build_object('prompt', p)::text), random()",
    "INSERT INTO things (id, p) VALUES (1, 'x'), (2, 'y') ON CONFLICT (id) DO UPDATE SET r = ai_gen('qwen_image_2', json_build_object('prompt', things.p || excluded.p)::text)",
    "DELETE FROM things WHERE ai_gen('qwen_image_2', json_build_object('prompt', p)::text) = 'none'",
    "EXPLAIN (ai) SELECT ai_gen('qwen_image_2', json_build_object('prompt', p)::text) FROM things",
    'SELECT * FROM hologres.hg_table_properties',
    "CALL set_table_property('parted', 'partition_require_filter', 'true')",
    "SELECT * FROM hologres.hg_list_logical_partition('parted')",
    "SELECT hologres.hg_relation_size('things')",
    "ALTER TABLE parted PARTITION (k = 1) SET (keep_alive = 'true')",
  ])
    await owner.query(statement);
  expect(await rises()).toBe(false);
});

test.each(['gallery', 'gallery?text=hello', 'choices', 'now', 'models', 'money', 'people'])(
  'the console’s page %s, seen by the owner, does not find them',
  async (page) => {
    expect((await visitor.get(`/api/${page}`)).status).toBe(200);
    expect(await rises()).toBe(false);
  },
);

test('the console cancels by PostgreSQL’s own function', async () => {
  await visitor.post('/api/cancel', { engineProcessId: 1 });
  expect(await rises()).toBe(false);
});
