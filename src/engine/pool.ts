/** The gateway's own connections to the engine: migrations, catalogue, jobs. */
import pg from 'pg';
import type { EngineAddress } from './address.js';

export type EnginePool = pg.Pool;

/** A small pool; the connections carry a name of their own so that an operator can tell them from sessions. */
export function openEnginePool(address: EngineAddress, size = 4): EnginePool {
  const pool = new pg.Pool({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    ssl: address.tls ? { rejectUnauthorized: false } : false,
    application_name: 'hologen gateway',
    max: size,
  });
  // An idle connection that breaks (engine restarted) is replaced at the next use; without a listener Node would end the gateway.
  pool.on('error', () => {});
  return pool;
}

/** Creates `database` if the cluster lacks it, asked from the always-present `postgres` one. */
export async function ensureDatabase(address: EngineAddress): Promise<void> {
  const client = new pg.Client({ ...address, database: 'postgres', ssl: false });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [address.database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(address.database)}`);
  } finally {
    await client.end();
  }
}
