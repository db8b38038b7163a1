/** Installs sql/ into the engine's databases: every file once, in order, all of a database in one transaction. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg, { type ClientBase } from 'pg';
import type { EngineAddress } from './address.js';
import { clientOptions } from './pool.js';

/** sql/ lies beside src/ and dist/, in a checkout and in the npm package alike. */
const root = fileURLToPath(new URL('../../sql/', import.meta.url));
/** What every database gets, and what only the gateway's own one has besides. */
const everywhere = ['everywhere'];
const home = ['everywhere', 'home'];
/** Any number will do, as long as two gateways on one engine take the same lock. */
const migrationLock = 7_465_163;
const oldestServer = 140_000;

/** Where the functions of a database find the gateway. */
export interface Announcement {
  connectionString: string;
  secret: string;
}

/** Migrates the database of the address as the gateway's own. Returns the files installed now, none when it was up to date. */
export function migrateHome(address: EngineAddress, announcement?: Announcement): Promise<string[]> {
  return migrateDatabase(address, home, announcement);
}

/**
 * The embedded engine: `ai_gen` is in every database, also in those made later, because template1 has it. The gateway's own
 * database is made when it is missing.
 */
export async function migrateAll(address: EngineAddress, announcement: Announcement): Promise<void> {
  await migrateDatabase({ ...address, database: 'template1' }, everywhere, announcement);
  const others = await listDatabases(address);
  await Promise.all([
    ...others.map((database) => migrateDatabase({ ...address, database }, everywhere, announcement)),
    migrateHome(address, announcement),
  ]);
}

/** All databases that can be entered, but for templates and the gateway's own. Creates the latter when it is missing. */
async function listDatabases(address: EngineAddress): Promise<string[]> {
  return withClient({ ...address, database: 'postgres' }, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE datallowconn AND NOT datistemplate',
    );
    const names = rows.map((row) => row.name);
    if (!names.includes(address.database)) {
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(address.database)}`);
    }
    return names.filter((name) => name !== address.database);
  });
}

function migrateDatabase(
  address: EngineAddress,
  folders: string[],
  announcement: Announcement | undefined,
): Promise<string[]> {
  return withClient(address, async (client) => {
    await refuseOldServers(client);
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS hologen;
      CREATE TABLE IF NOT EXISTS hologen.migrations
        (name text PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
    const { rows } = await client.query<{ name: string }>('SELECT name FROM hologen.migrations');
    const installed = new Set(rows.map((row) => row.name));
    const missing = (await listFiles(folders)).filter((name) => !installed.has(name));
    for (const name of missing) {
      const text = await readFile(join(root, name), 'utf8');
      await client.query(
        text.replaceAll('@dblink@', text.includes('@dblink@') ? await dblinkSchema(client) : ''),
      );
      await client.query('INSERT INTO hologen.migrations (name) VALUES ($1)', [name]);
    }
    if (announcement) await announce(client, announcement);
    await client.query('COMMIT');
    return missing;
  });
}

/** Written only when it changed: copies of template1 have it already. */
async function announce(client: ClientBase, { connectionString, secret }: Announcement): Promise<void> {
  await client.query(
    `INSERT INTO hologen_internal.gateway (connection_string, secret) VALUES ($1, $2)
     ON CONFLICT (only_row) DO UPDATE SET
       connection_string = excluded.connection_string, secret = excluded.secret, updated_at = clock_timestamp()
     WHERE (gateway.connection_string, gateway.secret) IS DISTINCT FROM ($1, $2)`,
    [connectionString, secret],
  );
}

async function listFiles(folders: string[]): Promise<string[]> {
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder))).sort().map((name) => `${folder}/${name}`),
    ),
  );
  return files.flat().filter((name) => name.endsWith('.sql'));
}

/** A failed statement ends the connection, and with it its transaction. */
async function withClient<T>(address: EngineAddress, use: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientOptions(address));
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function refuseOldServers(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ number: number }>(
    "SELECT current_setting('server_version_num')::int AS number",
  );
  const number = rows[0]?.number ?? 0;
  if (number < oldestServer) {
    throw new Error(`the engine is PostgreSQL ${Math.floor(number / 10_000)}; hologen needs 14 or newer`);
  }
}

/** Managed engines may have dblink installed already, in a schema of their choice. */
async function dblinkSchema(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(n.nspname) AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'dblink'`,
  );
  if (!rows[0]) throw new Error('the extension dblink is not installed in the engine');
  return rows[0].name;
}
