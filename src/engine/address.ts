/** Where an engine is and as whom the gateway itself enters it. */
import { UsageError } from '../errors.js';
import { type EngineTls, readEngineTls } from './tls.js';

export interface EngineAddress {
  /** Host name, IP address, or the absolute folder of a unix socket. */
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Undefined: the connection is not encrypted. */
  tls: EngineTls | undefined;
}

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=…`, and the files its TLS parameters name; a UsageError says what is missing
 * or cannot be used.
 */
export function parseEngineUrl(text: string): EngineAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError('the engine URL is not of the form postgresql://user:password@host:port/database');
  }
  if (!['postgres:', 'postgresql:'].includes(url.protocol)) {
    throw new UsageError(`the engine URL begins with ${url.protocol}// instead of postgresql://`);
  }
  const user = decodeURIComponent(url.username);
  if (!user) throw new UsageError('the engine URL names no user');
  const host = url.searchParams.get('host') ?? url.hostname.replace(/^\[|\]$/g, '');
  const tls = readEngineTls(url.searchParams);
  return {
    host,
    port: Number(url.port || 5432),
    user,
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    // PostgreSQL has none on unix sockets, and libpq asks for none there.
    tls: host.startsWith('/') ? undefined : tls,
  };
}

/** What net.connect and tls.connect take to reach the engine. */
export function socketTarget(address: EngineAddress): { path: string } | { host: string; port: number } {
  return address.host.startsWith('/')
    ? { path: `${address.host}/.s.PGSQL.${address.port}` }
    : { host: address.host, port: address.port };
}
