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
    ['text', 'name'],
    ['name', 'text'],
    ['text', 'text'],
    ['uuid', 'text'],
    ['timestamptz', 'timestamptz'],
  ]) {
    const name = `same_${left}_${right}`;
    await plant(`${name}(a ${left}, b ${right}) RETURNS boolean`, 'RETURN false;');
    for (const operator of ['=', '<>'])
      await mallory.query(
        `CREATE OPERATOR public.${operator} (LEFTARG = ${left}, RIGHTARG = ${right}, FUNCTION = public.${name})`,
      );
  }
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
