/** Attack: whoever reads the log of an engine that is not embedded looks for keys and prompts in it. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { findStatementLog } from '../../src/engine/statement-log.js';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

const key = 'sk-marked0123456789abcdef';
const prompt = 'MarkedPrompt';
const failing = [
  `CALL register_external_model('bad name', 'qwen-image-2.0-pro', 'bailian', '{"api_key": "${key}"}', 'image-generation')`,
  `CALL register_external_model('other', 'qwen-image-2.0-pro', 'bailian', '{"api_key": "${key}"', 'image-generation')`,
  `SELECT ai_gen('qwen_image', '{"prompt": "${prompt}", oops')`,
  `DO $$ BEGIN EXECUTE 'SELECT ai_gen(''no_such_model'', ''${prompt}'')'; END $$`,
];

let postgres: DebianPostgres | undefined;
let gateway: TestGateway | undefined;
let admin: pg.Client | undefined;
afterEach(async () => {
  await gateway?.close();
  await admin?.end();
  await postgres?.close();
  gateway = admin = postgres = undefined;
});

async function start(settings: string[], logLevel = 'error') {
  postgres = await startDebianPostgres([], settings);
  admin = new pg.Client(postgres.url);
  await admin.connect();
  await admin.query('CREATE DATABASE shop');
  const url = Object.assign(new URL(postgres.url), { pathname: 'shop' });
  gateway = await startTestGateway({ engineUrl: url.href, logLevel });
  await (await gateway.client()).query("CREATE ROLE alice LOGIN PASSWORD 'secret'");
  return { postgres, gateway, admin };
}

/** Statements of the owner and of a role that fail, one that works, and one whose session is ended. */
async function sayMarkedWords({ gateway, admin }: { gateway: TestGateway; admin: pg.Client }): Promise<void> {
  for (const client of [await gateway.client(), await gateway.clientOf('alice')]) {
    for (const statement of failing) expect((await refusal(client.query(statement))).code).toMatch(/^\w{5}$/);
    await refusal(client.query('SELECT ai_gen($1, $2)', ['no_such_model', prompt]));
    await client.query(`SELECT ai_gen('qwen_plus', '${prompt}')`);
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const ended = refusal(client.query(`SELECT pg_sleep(600), '${prompt}'`));
    const runs = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
    await expect.poll(async () => (await admin.query(runs, [rows[0].pid])).rowCount).toBe(1);
    await admin.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    expect((await ended).code).toBe('57P01');
  }
}

/** Everything that was logged until now. */
async function logOf({ admin, postgres }: { admin: pg.Client; postgres: DebianPostgres }): Promise<string> {
  await admin.query("DO $$ BEGIN RAISE LOG 'up to here'; END $$");
  await expect.poll(() => /LOG: +up to here/.test(postgres.log())).toBe(true);
  return postgres.log();
}

function expectNoMarks(text: string): void {
  for (const mark of [key, prompt])
    expect(text.split('\n').filter((line) => line.includes(mark))).toEqual([]);
}

test('the engine of docker-compose.yml is set to keep them out', async () => {
  const compose = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const settings = [...compose.matchAll(/"-c", "(\w+)=(\w+)"/g)].map(
    ([, name, value]) => `${name} = ${value}`,
  );
  const engine = await start(settings);
  expect(await findStatementLog(engine.admin)).toBeUndefined();
  await sayMarkedWords(engine);
  await expect((await engine.gateway.client()).query(`SELECT '${prompt}'::int`)).rejects.toThrow();
  expectNoMarks(await logOf(engine));
});

test('what is said to change on another engine is enough, also where it logs everything', async () => {
  const engine = await start([
    'log_statement = all',
    'log_min_duration_statement = 0',
    'debug_print_parse = on',
  ]);
  await engine.admin.query(
    "ALTER ROLE alice SET log_duration = on; ALTER ROLE alice SET log_statement = 'mod'",
  );
  await engine.admin.query('ALTER DATABASE shop SET log_min_duration_statement = 5');
  const inShop = new pg.Client(Object.assign(new URL(engine.postgres.url), { pathname: 'shop' }).href);
  await inShop.connect();
  const found = await findStatementLog(inShop);
  // A gateway whose role is an ordinary one is told the same.
  await inShop.query("CREATE ROLE ordinary LOGIN PASSWORD 'secret'; SET SESSION AUTHORIZATION ordinary");
  expect(await findStatementLog(inShop)).toEqual(found);
  await inShop.query('RESET SESSION AUTHORIZATION');
  expect(found?.settings).toEqual(
    expect.arrayContaining(['log_statement = all', 'log_statement = mod', 'log_min_error_statement = error']),
  );
  for (const statement of found?.mend ?? []) await inShop.query(statement);
  await inShop.end();
  const again = new pg.Client(Object.assign(new URL(engine.postgres.url), { pathname: 'shop' }).href);
  await again.connect();
  await expect.poll(() => findStatementLog(again)).toBeUndefined();
  await again.end();
  const before = engine.postgres.log().length;
  await sayMarkedWords(engine);
  expectNoMarks((await logOf(engine)).slice(before));
});

test('the gateway’s own sessions keep requests and secrets out of a log that has everything', async () => {
  const engine = await start([
    'log_statement = all',
    'log_min_duration_statement = 0',
    "log_line_prefix = '%m app=%a '",
  ]);
  await sayMarkedWords(engine);
  const { rows } = await (await engine.gateway.client()).query('SELECT secret FROM hologen_internal.gateway');
  expect(rows[0].secret.length).toBeGreaterThan(20);
  const log = await logOf(engine);
  expect(log.includes(prompt)).toBe(true);
  expect(log.includes(rows[0].secret)).toBe(false);
  const own = log.split(/^(?=\d{4}-)/m).filter((entry) => entry.includes('app=hologen gateway'));
  expectNoMarks(own.join('\n'));
});
