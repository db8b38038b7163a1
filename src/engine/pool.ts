/** The gateway's own connections to the engine: migrations, catalogue, jobs. */
import pg from 'pg';
import type { EngineAddress } from './address.js';
import { keepOutOfLog } from './statement-log.js';

export type EnginePool = pg.Pool;

/**
 * How the gateway itself connects; the name lets an operator tell it from sessions. Names and operators are looked up in pg_catalog alone: in any
 * other schema somebody else may have planted one that fits better, and that would run with the gateway's rights.
 */
export function clientOptions({ host, port, user, password, database, tls }: EngineAddress): pg.ClientConfig {
  return {
    host,
    port,
    user,
    password,
    database,
    ssl: tls ? tls.options : false,
    sslnegotiation: tls?.direct ? 'direct' : 'postgres',
    application_name: 'hologen gateway',
    options: '-c search_path=pg_catalog,pg_temp',
  };
}

export function openEnginePool(address: EngineAddress, size = 4): EnginePool {
  const pool = new pg.Pool({ ...clientOptions(address), max: size, onConnect: keepOutOfLog });
  // An idle connection that breaks (engine restarted) is replaced at the next use; without a listener Node would end the gateway.
  pool.on('error', () => {});
  return pool;
}
