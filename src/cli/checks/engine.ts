/** Checks of a PostgreSQL of one's own: it lets us in, the schema could be installed, its functions can reach the gateway. */
import { createServer } from 'node:net';
import pg from 'pg';
import { listenAt, type NetworkPlace } from '../../callback/address.js';
import { type EngineAddress, parseEngineUrl } from '../../engine/address.js';
import { settleEncryption } from '../../engine/connect.js';
import { rehearseMigration } from '../../engine/migrate.js';
import { clientOptions } from '../../engine/pool.js';
import { findStatementLog } from '../../engine/statement-log.js';
import { type Check, misconfigured } from './report.js';

const noAnswer = 'No answer: check host and port of the engine URL, and the firewall in between.';
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
  ETIMEDOUT: noAnswer,
};

const loginHintsByMessage: [RegExp, string][] = [
  [/timeout|no connect within/, noAnswer],
  [/refuses TLS/, 'Turn ssl on in that PostgreSQL, or leave sslmode out of the engine URL.'],
];

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
export function engineCheck(url: string, callback: CallbackSettings | undefined): Check {
  const install: Check = {
    name: 'schema in the engine',
    async run() {
      try {
        const missing = await rehearseMigration(await settleEncryption(parseEngineUrl(url)));
        return missing.length > 0 ? 'not installed yet; it can be, and hologen serve will do it' : undefined;
      } catch (error) {
        throw explained(error as Failure, installHints, installHintsByMessage);
      }
    },
  };
  return {
    name: 'engine',
    run: () => withEngine(url, async () => undefined),
    next: [install, ...(callback ? [callbackCheck(url, callback)] : []), statementLogCheck(url)],
  };
}

/** Nothing that keeps hologen from working: whose log it is decides. */
function statementLogCheck(url: string): Check {
  return {
    name: 'log of the engine',
    run: () =>
      withEngine(url, async (client) => {
        const found = await findStatementLog(client);
        if (!found) return undefined;
        return [
          `statements can be logged, with API keys and prompts in them (${found.settings.join(', ')}); a superuser changes that with`,
          ...found.mend,
        ].join('\n        ');
      }),
  };
}

type Failure = Error & { code?: string; detail?: string; cause?: { code?: string } };

function explained(error: Failure, byCode: Record<string, string>, byMessage: [RegExp, string][]): Error {
  const code = error.code ?? error.cause?.code ?? '';
  const hint = byCode[code] ?? byMessage.find(([pattern]) => pattern.test(error.message))?.[1];
  return hint ? misconfigured(error.message || code, hint, error) : error;
}

async function withEngine<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(parseEngineUrl(url)).catch((error: Failure) => {
    throw explained(error, loginHints, loginHintsByMessage);
  });
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function connect(address: EngineAddress): Promise<pg.Client> {
  const options = clientOptions(await settleEncryption(address));
  const client = new pg.Client({ ...options, connectionTimeoutMillis: 2 * connectSeconds * 1000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}

type CallbackSettings = Omit<NetworkPlace, 'certificate'>;
/** The connection is ended before anything is said on it. */
const noCertificate = { cert: '', key: '' };

/** Listens where the gateway would, and lets the engine connect there. */
function callbackCheck(url: string, callback: CallbackSettings): Check {
  return {
    name: `way back from the engine to ${callback.host}`,
    run: () =>
      withEngine(url, async (client) => {
        const dblink = await findDblink(client);
        if (!dblink) return 'not tried: the engine has no dblink yet';
        let arrived = false;
        const server = createServer((socket) => {
          arrived = true;
          socket.on('error', () => {}).destroy();
        });
        const words = await listenAt(server, { ...callback, certificate: noCertificate });
        try {
          await client.query(`SELECT ${dblink}.dblink_connect($1)`, [
            `${words} password=none connect_timeout=${connectSeconds}`,
          ]);
        } catch (error) {
          // A connection that arrived proves the way; that it was ended at once is what dblink complains of then.
          if (arrived) return undefined;
          const { message, detail } = error as Failure;
          const reason = `the engine cannot connect to this gateway: ${detail ?? message}`;
          throw misconfigured(reason, callbackHint, error);
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
