/** `hologen migrate` and `serve --engine-url` on a PostgreSQL that is not ours, as superuser and as a plain owner of a database. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { refusal } from '../gateway.js';

const password = "o'wner & Co";
const fast = { environment: { HOLOGEN_SANDBOX_IMAGE_MS: '1' } };
const picture = `SELECT ai_gen('qwen_image', '{"prompt":"a lake","output_dir":"oss://demo/"}',
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/test')) AS result`;

let postgres: DebianPostgres;

/** URL of a database, as superuser unless told otherwise. */
function engineUrl(database: string, user?: string, userPassword?: string): string {
  const url = new URL(postgres.url);
  url.pathname = database;
  if (user) url.username = user;
  if (userPassword) url.password = encodeURIComponent(userPassword);
  return url.href;
}

async function runAsSuperuser(database: string, ...statements: string[]): Promise<void> {
  const client = await connectTo(engineUrl(database));
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const directories: string[] = [];

beforeAll(async () => {
  postgres = await startDebianPostgres();
  await runAsSuperuser(
    'postgres',
    `CREATE ROLE owner LOGIN PASSWORD 'o''wner & Co'`,
    `CREATE ROLE analyst LOGIN PASSWORD 'analyst'`,
    'CREATE DATABASE first',
    'CREATE DATABASE owned OWNER owner',
    'CREATE DATABASE bare OWNER owner',
    'CREATE DATABASE careless OWNER owner',
  );
  await runAsSuperuser(
    'owned',
    'CREATE SCHEMA for_owner',
    'CREATE EXTENSION dblink SCHEMA for_owner',
    'GRANT USAGE ON SCHEMA for_owner TO owner',
  );
  await runAsSuperuser('careless', 'CREATE EXTENSION dblink SCHEMA public');
});
afterAll(async () => {
  await stopGateways();
  await postgres?.close();
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function serveOn(url: string): Promise<SpawnedGateway> {
  const directory = await makeDirectory();
  directories.push(directory);
  return serve(directory, ['--sandbox', '--engine-url', url], fast);
}

test('migrate installs the schema once, in one transaction, and says what it did', async () => {
  const args = ['migrate', '--engine-url', engineUrl('first')];
  const first = await hologen(args);
  expect(first.stderr).toBe('');
  expect(first.stdout).toMatch(/^installed tables\/everywhere\/0001-types\.sql$/m);
  expect(first.stdout).toMatch(/^installed tables\/home\/0001-tables\.sql$/m);
  const again = await hologen(args);
  expect([first.code, again.code, again.stdout]).toEqual([0, 0, 'up to date\n']);
});

test('migrate finds the engine that the settings file of the data directory names', async () => {
  const directory = await makeDirectory();
  directories.push(directory);
  await writeFile(join(directory, 'settings.env'), `HOLOGEN_ENGINE_URL=${engineUrl('first')}\n`);
  const { code, stderr } = await hologen(['migrate', '--data-dir', directory]);
  expect([code, stderr]).toEqual([0, '']);
});

test('what is migrated but not served says so', async () => {
  await hologen(['migrate', '--engine-url', engineUrl('owned', 'owner', password)]);
  await expect(runAsSuperuser('owned', "SELECT hologen.ai_gen('hello')")).rejects.toMatchObject({
    code: '57P03',
    message: 'no hologen gateway has served this database yet',
  });
});

test('a database without dblink and without the right to install it is left as it was, and the error says what to do', async () => {
  const { code, stderr } = await hologen(['migrate', '--engine-url', engineUrl('bare', 'owner', password)]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/dblink/);
  expect(stderr).toMatch(/superuser/i);
  await runAsSuperuser('bare', "DO $$ BEGIN ASSERT to_regnamespace('hologen') IS NULL; END $$");
});

test('a database where every role may use dblink is refused: whoever may, could speak to the gateway in another name', async () => {
  const { code, stderr } = await hologen([
    'migrate',
    '--engine-url',
    engineUrl('careless', 'owner', password),
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/dblink is installed in the schema public, where every role may use it/);
  expect(stderr).toMatch(/ALTER EXTENSION dblink SET SCHEMA/);
  await runAsSuperuser('careless', "DO $$ BEGIN ASSERT to_regnamespace('hologen') IS NULL; END $$");
});

test('migrate refuses with one sentence what it cannot enter', async () => {
  const wrong = await hologen(['migrate', '--engine-url', engineUrl('owned', 'owner', 'wrong')]);
  expect(wrong.stderr).toBe('hologen migrate: password authentication failed for user "owner"\n');
  expect(wrong.code).toBe(1);
});

test.each([
  ['a superuser', () => engineUrl('first')],
  ['the plain owner of a database', () => engineUrl('owned', 'owner', password)],
])('serve works on the database of %s', async (_who, url) => {
  const gateway = await serveOn(url());
  const client = await gateway.client();
  const { rows: version } = await client.query(
    "SELECT current_setting('server_version_num')::int / 10000 AS v",
  );
  expect(version[0].v).toBe(15);
  await client.query('BEGIN READ ONLY');
  const { rows } = await client.query(picture);
  await client.query('COMMIT');
  expect(JSON.parse(rows[0].result).image_oss_paths).toHaveLength(1);
  const jobs = await client.query('SELECT state, model_name FROM hologen.jobs');
  expect(jobs.rows).toEqual([{ state: 'succeeded', model_name: 'qwen_image' }]);
  await client.end();
  expect(gateway.printed.stderr).toMatch(/log_min_error_statement = error.*the engine can log statements/);
  gateway.kill('SIGTERM');
  expect(await gateway.exit).toBe(0);
});

test('a role of the engine comes through the gateway with its own password and sees its own jobs only', async () => {
  const gateway = await serveOn(engineUrl('first'));
  const url = new URL(gateway.url);
  url.username = 'analyst';
  url.password = 'analyst';
  const owner = await gateway.client();
  const client = await connectTo(url.href);
  await client.query('SET search_path = pg_catalog');
  const { rows } = await client.query("SELECT ai_gen('qwen_plus', 'hello') AS text");
  expect(rows[0].text).toContain('hello');
  const jobs = await client.query('SELECT DISTINCT role_name FROM hologen.jobs');
  expect(jobs.rows).toEqual([{ role_name: 'analyst' }]);
  const secret = await refusal(client.query('SELECT secret FROM hologen_internal.gateway'));
  expect(secret.code).toBe('42501');
  url.password = 'wrong';
  expect((await refusal(connectTo(url.href))).code).toBe('28P01');
  await Promise.all([client.end(), owner.end()]);
});

test('serve says when the engine cannot be reached, and leaves nothing behind', async () => {
  const directory = await makeDirectory();
  directories.push(directory);
  const args = ['serve', '--data-dir', directory, '--port', '0'];
  const { code, stderr } = await hologen([...args, '--engine-url', 'postgresql://u:p@127.0.0.1:1/d']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^hologen serve: .*127\.0\.0\.1:1/);
});

async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}
