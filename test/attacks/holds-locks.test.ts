/** Attack: any login takes the locks that a gateway might wait for, or that would make others believe it lives. */
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EngineAddress, parseEngineUrl } from '../../src/engine/address.js';
import { settleEncryption } from '../../src/engine/connect.js';
import { migrateHome } from '../../src/engine/migrate.js';
import { type Gateways, joinGateways } from '../../src/ledger/gateways.js';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { refusal } from '../gateway.js';

let postgres: DebianPostgres;
let superuser: pg.Client;
const clients: pg.Client[] = [];
const gateways: Gateways[] = [];
const log = pino({ level: 'silent' });

beforeAll(async () => {
  postgres = await startDebianPostgres();
  superuser = await connect({ connectionString: postgres.url });
  await superuser.query(
    "CREATE ROLE mallory LOGIN PASSWORD 'secret'; CREATE ROLE keeper LOGIN PASSWORD 'secret'",
  );
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  for (const client of clients) await client.end();
  await postgres?.close();
});

async function connect(options: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(options);
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

/** A database of its own that `keeper` owns, as whom the gateway enters, and mallory and a superuser in it. */
async function newDatabase(database: string) {
  await superuser.query(`CREATE DATABASE ${database} OWNER keeper`);
  const url = Object.assign(new URL(postgres.url), { pathname: database });
  const admin = await connect({ connectionString: url.href });
  await admin.query(
    'CREATE SCHEMA for_keeper; CREATE EXTENSION dblink SCHEMA for_keeper; GRANT USAGE ON SCHEMA for_keeper TO keeper',
  );
  Object.assign(url, { username: 'keeper', password: 'secret' });
  const account = { host: '127.0.0.1', port: postgres.port, database };
  return {
    address: await settleEncryption(parseEngineUrl(url.href)),
    mallory: await connect({ ...account, user: 'mallory', password: 'secret' }),
    admin,
  };
}

/** Of the gateway `id`: what it was told last of how many live, and which it was told are gone. */
async function join(address: EngineAddress, id: string) {
  const gateway = await joinGateways(address, id, log);
  gateways.push(gateway);
  const told = { live: 0, gone: [] as string[] };
  await gateway.watch({
    gone: async (ids) => void told.gone.push(...ids),
    cancel: async () => {},
    news: async () => {},
    missed: async () => {},
    counted: (live) => {
      told.live = live;
    },
  });
  return told;
}

/** The engine's processes that stand for gateways. */
async function processesOf(database: string): Promise<number[]> {
  const { rows } = await superuser.query(
    "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND application_name = 'hologen gateway'",
    [database],
  );
  return rows.map(({ pid }) => pid);
}

const lockOf = (id: string) => ({ text: 'SELECT pg_advisory_lock(7465164, hashtext($1))', values: [id] });
const patience = { timeout: 30_000 };

test('advisory locks keep nothing from being installed, also where two gateways start at once', async () => {
  const { address, mallory } = await newDatabase('fresh');
  await mallory.query('SELECT pg_advisory_lock(7465163)');
  const installed = await Promise.all([migrateHome(address), migrateHome(address), migrateHome(address)]);
  expect(installed.filter((files) => files.length > 0)).toHaveLength(1);
  expect(await migrateHome(address)).toEqual([]);
});

test('a schema that somebody has made and not committed ends the start with a reason, in seconds', async () => {
  const { address, admin } = await newDatabase('begun');
  await admin.query('BEGIN; CREATE SCHEMA hologen');
  await expect(migrateHome(address)).rejects.toThrow(/lock timeout/);
  await admin.query('ROLLBACK');
  expect((await migrateHome(address)).length).toBeGreaterThan(0);
});

test('two gateways at once take over once', async () => {
  const { address } = await newDatabase('twice');
  await migrateHome(address, { gatewayId: 'gone', connectionString: '', secret: '' });
  const both = await Promise.all([join(address, 'first'), join(address, 'second')]);
  expect(both.flatMap(({ gone }) => gone)).toEqual(['gone']);
});

test('who takes the advisory lock of a gateway neither keeps it from starting nor from coming back', async () => {
  const { address, mallory } = await newDatabase('back');
  await migrateHome(address);
  await mallory.query(lockOf('first'));
  const first = await join(address, 'first');
  const [process] = await processesOf('back');
  const second = await join(address, 'second');
  expect(second.live).toBe(2);
  await superuser.query('SELECT pg_terminate_backend($1)', [process]);
  await expect.poll(() => processesOf('back'), patience).not.toContain(process);
  await expect.poll(() => second.live, patience).toBe(2);
  await expect.poll(() => first.live, patience).toBe(2);
  expect(second.gone).toEqual([]);
}, 60_000);

test('a gateway that is dead does not live on in a lock of somebody else', async () => {
  const { address, mallory, admin } = await newDatabase('dead');
  await migrateHome(address, { gatewayId: 'first', connectionString: '', secret: '' });
  // As gateways leave it that were killed; the second one's process has another's number now.
  const { rows } = await mallory.query('SELECT pg_backend_pid() AS pid');
  await admin.query(
    `INSERT INTO hologen_internal.living_gateway VALUES ('first', 1, now()), ('second', $1, now()),
       ('third', $1, (SELECT backend_start FROM pg_stat_activity WHERE pid = $1))`,
    [rows[0].pid],
  );
  await mallory.query(lockOf('first'));
  const own = await join(address, 'own');
  expect({ ...own, gone: own.gone.sort() }).toEqual({ live: 1, gone: ['first', 'second', 'third'] });
  // An ordinary role has no way to make itself one of them.
  for (const statement of [
    'BEGIN; LOCK TABLE hologen_internal.living_gateway IN ACCESS SHARE MODE',
    'BEGIN; LOCK TABLE hologen_internal.migrations IN ACCESS SHARE MODE',
    "INSERT INTO hologen_internal.living_gateway VALUES ('mine', 1, now())",
    'SELECT FROM hologen_internal.living_gateway FOR UPDATE',
  ]) {
    expect((await refusal(mallory.query(statement))).code).toBe('42501');
    await mallory.query('ROLLBACK');
  }
});

test('no table or view can be locked so that anybody waits but who would replace it', async () => {
  const { address, mallory } = await newDatabase('lockable');
  await migrateHome(address);
  const own =
    await mallory.query(`SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname ~ '^holog' AND relkind IN ('r', 'v', 'm', 'p')`);
  expect(own.rows.length).toBeGreaterThan(20);
  const locked: string[] = [];
  for (const { name } of own.rows)
    for (const mode of ['ROW SHARE', 'ROW EXCLUSIVE', 'ACCESS EXCLUSIVE']) {
      await mallory.query('BEGIN');
      await mallory.query(`LOCK TABLE ${name} IN ${mode} MODE NOWAIT`).then(
        () => locked.push(`${name}: ${mode}`),
        () => {},
      );
      await mallory.query('ROLLBACK');
    }
  expect(locked).toEqual([]);
});
