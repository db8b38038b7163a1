/** `hologen check` of a PostgreSQL of one's own: what keeps hologen from using it, and that looking leaves it as it was. */
import { rm } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { runCheck } from './run-check.js';
import { hologen, makeDirectory } from './spawned-gateway.js';

let postgres: DebianPostgres;
let folder: string;

const url = (changes: {
  user?: string;
  password?: string;
  database?: string;
  port?: string;
  parameters?: string;
}) => {
  const engine = new URL(postgres.url);
  if (changes.user) engine.username = changes.user;
  if (changes.password) engine.password = changes.password;
  if (changes.port) engine.port = changes.port;
  if (changes.database) engine.pathname = changes.database;
  if (changes.parameters) engine.search = changes.parameters;
  return engine.href;
};
const run = async (database: string, ...statements: string[]) => {
  const client = new pg.Client(url({ database }));
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
};

function check(engineUrl: string, environment: NodeJS.ProcessEnv = {}) {
  return runCheck(['--sandbox', '--engine-url', engineUrl], {
    ...{ HOLOGEN_DATA_DIR: folder, HOLOGEN_PORT: '0', ...environment },
  });
}

beforeAll(async () => {
  folder = await makeDirectory();
  postgres = await startDebianPostgres(['host all stranger 127.0.0.1/32 reject']);
  await run(
    'postgres',
    "CREATE ROLE plain LOGIN PASSWORD 'plain'",
    "CREATE ROLE stranger LOGIN PASSWORD 'stranger'",
    'CREATE DATABASE plain OWNER plain',
    'CREATE DATABASE careless',
    'CREATE DATABASE taken',
    'CREATE DATABASE ready',
  );
  await run('careless', 'CREATE EXTENSION dblink SCHEMA public');
  await run('taken', 'CREATE SCHEMA hologen AUTHORIZATION plain');
});
afterAll(async () => {
  await postgres?.close();
  await rm(folder, { recursive: true, force: true });
});

const faults: [string, Parameters<typeof url>[0], string, RegExp][] = [
  ['unreachable', { port: '1' }, 'engine', /ECONNREFUSED.*\n.*listen_addresses/],
  ['a wrong password', { password: 'wrong' }, 'engine', /authentication failed.*\n.*user and password/],
  ['refused by pg_hba.conf', { user: 'stranger', password: 'stranger' }, 'engine', /pg_hba\.conf.*\n.*line/],
  ['an engine without TLS', { parameters: 'sslmode=require' }, 'engine', /refuses TLS.*\n.*ssl on/],
  ['a missing database', { database: 'nowhere' }, 'engine', /does not exist\n.*Create the database/],
  [
    'a role that may not install',
    { user: 'plain', password: 'plain', database: 'plain' },
    'schema',
    /permission denied.*\n.*superuser/,
  ],
  ['dblink open to everybody', { database: 'careless' }, 'schema', /dblink.*every role/],
  ['a schema of somebody else', { database: 'taken' }, 'schema', /belongs to another role.*\n.*of its own/],
];
test.each(faults)('%s', async (_what, changes, name, said) => {
  const { code, of } = await check(url(changes));
  expect(of(name)).toEqual({ outcome: 'failed', said: expect.stringMatching(said) });
  if (name === 'engine') expect(of('schema').outcome).toBe('not tried');
  expect(code).toBe(1);
});

test('an engine that can log statements is noted, with the lines that change it', async () => {
  const { code, of } = await check(url({}));
  expect(of('log of the engine')).toEqual({
    outcome: 'note',
    said: expect.stringMatching(
      /keys and prompts.*log_min_error_statement = error[\s\S]*\n +ALTER SYSTEM SET log_min_error_statement = 'panic';\n[\s\S]* +SELECT pg_reload_conf\(\);/,
    ),
  });
  expect(code).toBe(0);
});

test('one that can be used is left as it was; once it serves, the way back to the gateway is tried too', async () => {
  const engine = url({ database: 'ready' });
  const before = await check(engine);
  expect(before.of('schema')).toEqual({
    outcome: 'note',
    said: expect.stringMatching(/not installed yet/),
  });
  expect(before.code).toBe(0);
  const client = new pg.Client(engine);
  await client.connect();
  const { rows } = await client.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'hologen%'");
  await client.end();
  expect(rows).toEqual([]);

  expect((await hologen(['migrate', '--engine-url', engine])).code).toBe(0);
  const after = await check(engine);
  expect([after.of('schema').outcome, after.of('way back').outcome]).toEqual(['ok', 'ok']);
  const wrongHost = { HOLOGEN_CALLBACK_HOST: 'no-such-host.invalid' };
  const lost = await check(engine, wrongHost);
  expect(lost.of('way back')).toEqual({
    outcome: 'failed',
    said: expect.stringMatching(/no-such-host\.invalid.*\n[\s\S]*HOLOGEN_CALLBACK_HOST/),
  });
});
