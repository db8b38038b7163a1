/** Checks of a PostgreSQL of one's own: it lets us in, the schema could be installed, its functions can reach the gateway. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { parseEngineUrl } from '../../engine/address.js';
import { rehearseMigration } from '../../engine/migrate.js';
import { clientOptions } from '../../engine/pool.js';
import { portCheck } from './machine.js';
import { type Check, misconfigured } from './report.js';

/** By SQLSTATE, else by the system's code. */
const loginHints: Record<string, string> = {
  '28P01': 'Check user and password in --engine-url / HOLOGEN_ENGINE_URL; write special characters as %XX.',
  '28000':
    'pg_hba.conf of the engine must have a line for this user, database and address (and for SSL or not).',
  '3D000': 'Create the database, or name another one at the end of the engine URL.',
  '53300': 'The engine has no connection left: raise its max_connections, or end idle ones.',
  '57P03': 'The engine is starting or stopping: try again in a moment.',
  ECONNREFUSED: 'Check host and port of the engine URL, that PostgreSQL runs, and its listen_addresses.',
  ENOTFOUND: 'The host name of the engine URL is unknown on this machine.',
  ETIMEDOUT: 'No answer: check host and port of the engine URL, and the firewall in between.',
};

const installHints: Record<string, string> = {
  '0A000':
    'The engine has no dblink: install its contrib package (postgresql-contrib), or use the embedded engine.',
  '42501':
    'The role of the engine URL must be able to create schemas and the extension dblink: let a superuser run ' +
    'CREATE EXTENSION dblink SCHEMA … and GRANT USAGE on that schema to the role, or give hologen such a role.',
};

const installHintsByMessage: [RegExp, string][] = [
  [/needs 14 or newer/, 'Upgrade that server, or use the embedded engine.'],
  [
    /belongs to another role/,
    'Use the role that installed hologen there, or a database of its own for hologen.',
  ],
];

const callbackHint =
  'HOLOGEN_CALLBACK_HOST must be the address of this machine as the engine reaches it, and HOLOGEN_CALLBACK_PORT a port that ' +
  'the firewall lets through.';
const connectSeconds = 5;

/** `callback`: where the gateway would listen for the engine; undefined when a gateway listens there already. */
export function engineCheck(url: string, callback: { host: string; port: number } | undefined): Check {
  const install: Check = {
    name: 'schema in the engine',
    async run() {
      try {
        const missing = await rehearseMigration(parseEngineUrl(url));
        return missing.length > 0 ? 'not installed yet; it can be, and hologen serve will do it' : undefined;
      } catch (error) {
        const { code = '', message } = error as Error & { code?: string };
        const hint =
          installHints[code] ?? installHintsByMessage.find(([pattern]) => pattern.test(message))?.[1];
        throw hint ? misconfigured(message, hint, error) : error;
      }
    },
  };
  const wayBack = (at: { host: string; port: number }): Check => ({
    ...portCheck('HOLOGEN_CALLBACK_PORT', callbackAddress(at.host), at.port),
    next: [callbackCheck(url, at)],
  });
  return {
    name: 'engine',
    run: () => withEngine(url, async () => undefined),
    next: callback ? [install, wayBack(callback)] : [install],
  };
}

async function withEngine<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    ...clientOptions(parseEngineUrl(url)),
    connectionTimeoutMillis: 2 * connectSeconds * 1000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    const hint = loginHints[code] ?? (/timeout/.test(message) ? loginHints.ETIMEDOUT : undefined);
    throw hint ? misconfigured(message || code, hint, error) : error;
  }
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The address that the gateway listens on for an engine that knows it by this name. */
function callbackAddress(host: string): string {
  return host === '127.0.0.1' ? host : '0.0.0.0';
}

/** Listens where the gateway would, and lets the engine connect there. */
function callbackCheck(url: string, { host, port }: { host: string; port: number }): Check {
  return {
    name: `way back from the engine to ${host}`,
    run: () =>
      withEngine(url, async (client) => {
        const dblink = await findDblink(client);
        if (!dblink) return 'not tried: the engine has no dblink yet';
        let arrived = false;
        const server = createServer((socket) => {
          arrived = true;
          socket.on('error', () => {}).destroy();
        });
        await once(server.listen(port, callbackAddress(host)), 'listening');
        try {
          const { port: listening } = server.address() as AddressInfo;
          const words = `host=${host} port=${listening} password=none sslmode=disable connect_timeout=${connectSeconds}`;
          await client.query(`SELECT ${dblink}.dblink_connect($1)`, [words]);
        } catch (error) {
          // A connection that arrived proves the way; that it was ended at once is what dblink complains of then.
          if (arrived) return undefined;
          const { message, detail } = error as Error & { detail?: string };
          throw misconfigured(
            `the engine cannot connect to this gateway: ${detail ?? message}`,
            callbackHint,
          );
        } finally {
          server.close();
        }
        return undefined;
      }),
  };
}

/** The quoted schema of the extension, if it is installed. */
async function findDblink(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(n.nspname) AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'dblink'`,
  );
  return rows[0]?.name;
}
