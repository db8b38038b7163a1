/** The gateway's own connections to the engine: migrations, catalogue, jobs. */
import pg, { type ClientBase } from 'pg';
import type { EngineAddress } from './address.js';
import { keepOutOfLog } from './statement-log.js';

export type EnginePool = pg.Pool;

/**
 * What an engine, a database or a role may have for sessions, and the gateway's own connections go without. Names and operators are looked up in
 * pg_catalog alone: in any other schema somebody else may have planted one that fits better, and that would run with the gateway's rights. Times
 * are told so that they can be read; budgets are looked at as they are, not as they were; no limit of a person's statements ends a write; and jobs
 * are found by their keys.
 */
const ownSettings: Record<string, string> = {
  search_path: 'pg_catalog,pg_temp',
  datestyle: 'ISO',
  default_transaction_isolation: 'read\\ committed',
  default_transaction_read_only: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  // What was planned while the ledger was short, or for many calls at a time, would read all of a long one for each call.
  enable_seqscan: 'off',
  jit: 'off',
};

/** An engine that vanishes without a word (a machine that loses its power, a network that is cut) is noticed some ten seconds later. */
export const silentMs = 15_000;

/** How the gateway itself connects; the name lets an operator tell it from sessions. */
export function clientOptions({ host, port, user, password, database, tls }: EngineAddress): pg.ClientConfig {
  return {
    host,
    port,
    user,
    password,
    database,
    ...{ keepAlive: true, keepAliveInitialDelayMillis: silentMs },
    ssl: tls ? tls.options : false,
    sslnegotiation: tls?.direct ? 'direct' : 'postgres',
    application_name: 'hologen gateway',
    options: Object.entries(ownSettings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  };
}

/** Where the engine is told not to wait for the disk, a kill of it would take the last moments of the ledger along, and they are paid for. */
const waitForDisk = `
  SELECT set_config('synchronous_commit', CASE wish WHEN 'off' THEN 'on' ELSE wish END, false) FROM current_setting('synchronous_commit') AS wish`;

async function onConnect(client: ClientBase): Promise<void> {
  await keepOutOfLog(client);
  await client.query(waitForDisk);
}

export function openEnginePool(address: EngineAddress, size = 4): EnginePool {
  const pool = new pg.Pool({ ...clientOptions(address), max: size, onConnect });
  // An idle connection that breaks (engine restarted) is replaced at the next use; without a listener Node would end the gateway.
  pool.on('error', () => {});
  return pool;
}
