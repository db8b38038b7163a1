/** Installs sql/ into an engine's database: every file once, in order, all in one transaction. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PoolClient } from 'pg';
import type { EnginePool } from './pool.js';

/** sql/ lies beside src/ and dist/, in a checkout and in the npm package alike. */
const folder = fileURLToPath(new URL('../../sql/', import.meta.url));
/** Any number will do, as long as two gateways on one engine take the same lock. */
const migrationLock = 7_465_163;
const oldestServer = 140_000;

/** Names of the files that were installed now, in order; none when the database is up to date. */
export async function migrate(pool: EnginePool): Promise<string[]> {
  const client = await pool.connect();
  try {
    await refuseOldServers(client);
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS hologen;
      CREATE TABLE IF NOT EXISTS hologen.migrations
        (name text PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
    const { rows } = await client.query<{ name: string }>('SELECT name FROM hologen.migrations');
    const installed = new Set(rows.map((row) => row.name));
    const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
    const missing = files.filter((name) => !installed.has(name));
    for (const name of missing) {
      const text = await readFile(new URL(name, `file://${folder}`), 'utf8');
      await client.query(
        text.replaceAll('@dblink@', text.includes('@dblink@') ? await dblinkSchema(client) : ''),
      );
      await client.query('INSERT INTO hologen.migrations (name) VALUES ($1)', [name]);
    }
    await client.query('COMMIT');
    return missing;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

async function refuseOldServers(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ number: number }>(
    "SELECT current_setting('server_version_num')::int AS number",
  );
  const number = rows[0]?.number ?? 0;
  if (number < oldestServer) {
    throw new Error(`the engine is PostgreSQL ${Math.floor(number / 10_000)}; hologen needs 14 or newer`);
  }
}

/** Managed engines may have dblink installed already, in a schema of their choice. */
async function dblinkSchema(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(n.nspname) AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'dblink'`,
  );
  if (!rows[0]) throw new Error('the extension dblink is not installed in the engine');
  return rows[0].name;
}
