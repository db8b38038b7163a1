/** Attack: a login has the gateway list what it may not see, or has code of its own run where somebody else refreshes an object table. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { putObject, rights } from '../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let mallory: pg.Client;
let alice: pg.Client;
let vic: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway({ allowedRoles: rights[1] as string });
  owner = await gateway.client();
  await owner.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
  const login = async (user: string, degree: string) => {
    await owner.query(`CREATE ROLE ${user} LOGIN PASSWORD 'secret'; GRANT ${degree} TO ${user}`);
    return gateway.clientOf(user);
  };
  mallory = await login('mallory', 'hologen_maker');
  alice = await login('alice', 'hologen_maker');
  vic = await login('vic', 'hologen_viewer');
  await putObject(gateway.dataDir, 'oss://bucket/alices/a.png', Buffer.from('a'));
  await alice.query(create('pictures'));
  await alice.query('REFRESH OBJECT TABLE pictures');
});
afterAll(() => gateway?.close());

const create = (name: string, role = rights[1]) =>
  `CREATE OBJECT TABLE ${name} WITH (path = 'oss://bucket/alices/', oss_endpoint = '${rights[0]}', role_arn = '${role}')`;
const question = `SELECT hologen_caller.ask(json_build_object('ask', 'list_objects', 'file',
  json_build_object('oss_path', 'oss://bucket/', 'oss_endpoint', '${rights[0]}', 'role_arn', '${rights[1]}')))`;
const denied = async (statement: Promise<unknown>) => expect((await refusal(statement)).code).toBe('42501');

test('who is no maker has nothing listed, be it by hand or by a table of somebody else’s making', async () => {
  await denied(vic.query(create('mine')));
  await denied(vic.query(question));
  // A table that only looks like one.
  await vic.query(`CREATE TABLE forged (object_uri text PRIMARY KEY, etag text, metadata jsonb,
    file hologen.file DEFAULT ROW('oss://bucket/alices/', '${rights[0]}', '${rights[1]}')::hologen.file)`);
  await denied(vic.query('REFRESH OBJECT TABLE forged'));
  await alice.query('GRANT SELECT, INSERT, UPDATE, DELETE ON pictures TO vic');
  await denied(vic.query('REFRESH OBJECT TABLE pictures'));
  await denied(vic.query("SELECT ai_gen('qwen_vl_plus', 'What is this?', file) FROM pictures"));
  expect((await vic.query('SELECT FROM pictures')).rows).toHaveLength(1);
});

test('a role that the operator does not allow is refused when the table is made, and when it is refreshed', async () => {
  await denied(mallory.query(create('borrowed', 'acs:ram::1:role/others')));
  await mallory.query(create('borrowed'));
  await mallory.query(
    `ALTER TABLE borrowed ALTER file SET DEFAULT ROW('oss://bucket/', '${rights[0]}', 'acs:ram::1:role/others')::hologen.file`,
  );
  await denied(mallory.query('REFRESH OBJECT TABLE borrowed'));
  await mallory.query('DROP OBJECT TABLE borrowed');
});

test('nobody refreshes or drops another’s table, and an owner’s code does not run as an administrator', async () => {
  await denied(mallory.query('REFRESH OBJECT TABLE pictures'));
  await denied(mallory.query('DROP OBJECT TABLE pictures'));
  await mallory.query(create('trap'));
  await mallory.query(`CREATE FUNCTION spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE mallory SUPERUSER; RETURN NEW; END $$;
    CREATE TRIGGER spring BEFORE INSERT ON trap FOR EACH ROW EXECUTE FUNCTION spring();
    CREATE FUNCTION jaws() RETURNS hologen.file LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE mallory SUPERUSER; RETURN NULL; END $$;
    ALTER TABLE trap ALTER file SET DEFAULT jaws()`);
  expect(await refusal(owner.query('REFRESH OBJECT TABLE trap'))).toMatchObject({
    code: '42501',
    message: 'must be owner of object table public.trap',
    hint: 'SET ROLE mallory, if you are a member.',
  });
  await owner.query('DROP OBJECT TABLE trap');
  const { rows } = await owner.query("SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'");
  expect(rows).toEqual([{ rolsuper: false }]);
});
