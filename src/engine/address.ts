/** Where an engine is and as whom the gateway itself enters it. */
import { UsageError } from '../settings.js';

export interface EngineAddress {
  /** Host name, IP address, or the absolute folder of a unix socket. */
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  tls: boolean;
}

/** Reads `postgresql://user:password@host:port/database?sslmode=…`; a UsageError says what is missing. */
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
  const sslMode = url.searchParams.get('sslmode') ?? 'disable';
  return {
    host: url.searchParams.get('host') ?? url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 5432),
    user,
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    tls: !['disable', 'allow'].includes(sslMode),
  };
}

/** What net.connect and tls.connect take to reach the engine. */
export function socketTarget(address: EngineAddress): { path: string } | { host: string; port: number } {
  return address.host.startsWith('/')
    ? { path: `${address.host}/.s.PGSQL.${address.port}` }
    : { host: address.host, port: address.port };
}
