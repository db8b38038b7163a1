/** Ordinary roles: they may use everything that is meant for clients, see their own jobs only, and reach nothing behind it. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let painter: pg.Client;
let writer: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query(`
    CREATE ROLE painter LOGIN PASSWORD 'a "good" one: 1';
    CREATE ROLE writer LOGIN PASSWORD 'another';
    GRANT writer TO painter;
    CREATE ROLE auditor NOLOGIN;`);
  painter = await gateway.clientOf('painter', 'a "good" one: 1');
  writer = await gateway.clientOf('writer', 'another');
});
afterAll(() => gateway?.close());

async function column(client: pg.Client, text: string): Promise<unknown[]> {
  const { rows } = await client.query({ text, rowMode: 'array' });
  return rows.map((row) => row[0]);
}

const file =
  "to_file('oss://bucket/output/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')";

test('a wrong password is refused as by any PostgreSQL', async () => {
  const error = await refusal(gateway.clientOf('painter', 'wrong'));
  expect([error.code, error.message]).toEqual(['28P01', 'password authentication failed for user "painter"']);
});

test('a role without any right of its own calls everything', async () => {
  const request = `'{"prompt": "a fox", "output_dir": "oss://bucket/output/"}'`;
  const { rows } = await painter.query({
    text: `SELECT ai_gen('hello'), ai_gen('qwen_plus', 'hello'), ai_gen('qwen_image_2_pro', ${request}, ${file}),
      ai_gen(${request}, ${file}), hg_version(), (SELECT count(*)::int FROM list_external_models()),
      (SELECT count(*)::int FROM hologen.supported_models)`,
    rowMode: 'array',
  });
  const [text, sameText, picture, samePicture, version, deployed, supported] = rows[0] as [
    ...[string, string, string, string, string],
    ...[number, number],
  ];
  expect([text, sameText].map((answer) => answer.split(': ').at(-1))).toEqual(['hello', 'hello']);
  for (const made of [picture, samePicture]) expect(JSON.parse(made).image_oss_paths).toHaveLength(1);
  expect(version).toMatch(/^Hologres \d/);
  expect(Math.min(deployed, supported)).toBeGreaterThan(5);
});

test('a role deploys a model and removes it, and is named as who did', async () => {
  await painter.query(
    `CALL register_external_model('painters', 'qwen-plus', 'bailian', '{"api_key": "sk-secret"}', 'chat/completions')`,
  );
  const models = await column(
    owner,
    "SELECT row_to_json(m) FROM list_external_models() m WHERE model_name = 'painters'",
  );
  expect(models).toEqual([
    expect.objectContaining({ model_name: 'painters', model_type: 'qwen-plus', deployed_by: 'painter' }),
  ]);
  expect(JSON.stringify(models)).not.toContain('sk-secret');
  await painter.query("CALL delete_external_model('painters')");
});

test('everyone sees the jobs of the role in force, the owner sees all', async () => {
  await owner.query("SELECT ai_gen('qwen_plus', 'by the owner')");
  await writer.query("SELECT ai_gen('qwen_plus', 'by the writer')");
  await painter.query("SELECT ai_gen('qwen_plus', 'by the painter')");
  await painter.query('SET ROLE writer');
  await painter.query("SELECT ai_gen('qwen_plus', 'by the painter as the writer')");
  const requests = 'SELECT DISTINCT request #>> $${}$$ FROM hologen.jobs ORDER BY 1';
  const ofWriter = ['by the painter as the writer', 'by the writer'];
  expect(await column(painter, requests)).toEqual(ofWriter);
  await painter.query('RESET ROLE');
  expect(await column(writer, requests)).toEqual(ofWriter);
  expect(await column(painter, requests)).toContain('by the painter');
  expect(await column(painter, 'SELECT DISTINCT role_name FROM hologen.jobs')).toEqual(['painter']);
  expect(await column(owner, requests)).toEqual(
    expect.arrayContaining([...ofWriter, 'by the owner', 'by the painter']),
  );
});

test('SET ROLE by the owner: the call is the other role’s, and so is the view', async () => {
  const own = await gateway.client();
  await own.query('SET ROLE auditor');
  expect(await column(own, 'SELECT job_id FROM hologen.jobs')).toEqual([]);
  expect(await column(own, "SELECT ai_gen('qwen_plus', 'audit')")).toEqual([expect.stringMatching(/audit$/)]);
  expect(await column(own, 'SELECT role_name FROM hologen.jobs')).toEqual(['auditor']);
});

test('a call in a SECURITY DEFINER function is its owner’s, as everything that such a function does', async () => {
  await owner.query(`CREATE FUNCTION ask_for_me(question text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
    $$ SELECT ai_gen('qwen_plus', question) $$`);
  await writer.query("SELECT ask_for_me('through a definer')");
  const asker = "SELECT role_name FROM hologen.jobs WHERE request #>> '{}' = 'through a definer'";
  expect(await column(owner, asker)).toEqual(['hologen']);
});

test('a view of a role over hologen.jobs shows no more than its reader may see', async () => {
  await painter.query('CREATE TEMP TABLE seen AS SELECT role_name FROM hologen.jobs');
  expect(await column(painter, "SELECT role_name FROM seen WHERE role_name <> 'painter'")).toEqual([]);
  const peek = `SELECT job_id FROM hologen.jobs WHERE pg_temp.peek(role_name)`;
  const heard: string[] = [];
  painter.on('notice', ({ message }) => heard.push(message ?? ''));
  await painter.query(`CREATE FUNCTION pg_temp.peek(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
    $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$`);
  await painter.query(peek);
  expect([...new Set(heard)]).toEqual(['painter']);
});

const forbidden: [what: string, text: string][] = [
  ['the ledger', 'SELECT * FROM hologen_internal.job'],
  ['the ledger, writing', "UPDATE hologen_internal.job SET state = 'failed'"],
  ['the catalogue with its keys', 'SELECT api_key FROM hologen_internal.deployed_models'],
  ['the list of migrations', 'SELECT * FROM hologen_internal.migrations'],
  ['the secret', 'SELECT secret FROM hologen_internal.gateway'],
  ['the callback', `SELECT hologen_caller.ask_as('{"ask": "list_models"}', 'hologen', 'x')`],
  ['dblink', "SELECT * FROM hologen_internal.dblink('hologen', 'x') AS t(answer text)"],
  ['a dblink connection', "SELECT hologen_internal.dblink_connect('mine', 'host=/tmp')"],
  ['the list of dblink connections', 'SELECT hologen_internal.dblink_get_connections()'],
  ['dblink, moving it', 'ALTER EXTENSION dblink SET SCHEMA public'],
  ['another way out of the engine', 'CREATE EXTENSION postgres_fdw'],
  [
    'the schema hologen, adding to it',
    'CREATE FUNCTION hologen.mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  ],
  [
    'ai_gen, replacing it',
    'CREATE OR REPLACE FUNCTION hologen.ai_gen(prompt text) RETURNS text LANGUAGE sql AS $$ SELECT $1 $$',
  ],
  ['the type file, dropping it', 'DROP TYPE hologen.file'],
];

test.each(forbidden)('a role does not reach %s', async (_what, text) => {
  const error = await refusal(painter.query(text));
  expect(error.code).toBe('42501');
});

test('a handle is of use only to the role and the statement that made it', async () => {
  const [handle] = await column(painter, "SELECT hologen_caller.submit_call('qwen_plus', 'mine', NULL)");
  const error = await refusal(writer.query('SELECT hologen_caller.wait_call($1)', [handle]));
  expect(error.code).toBe('42704');
  expect(await column(writer, "SELECT job_id FROM hologen.jobs WHERE request #>> '{}' = 'mine'")).toEqual([]);
});
