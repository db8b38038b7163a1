/** Installs sql/ into the engine's databases: tables step by step, code whenever it has changed, all of a database in one transaction. */
import pg, { type ClientBase } from 'pg';
import type { Logger } from 'pino';
import type { EngineAddress } from './address.js';
import { type Database, goesWithout, type NewDatabases, watchNewDatabases } from './new-databases.js';
import { clientOptions } from './pool.js';
import { type Part, readSqlFiles, type SqlFile } from './sql-files.js';
import { keepOutOfLog } from './statement-log.js';

/** What every database gets, and what only the gateway's own one has besides. */
const everywhere: Part[] = ['everywhere'];
const home: Part[] = ['everywhere', 'home'];
const oldestServer = 140_000;
const lockTimeout = '10s';

/** Where the functions of a database find the gateway. The embedded engine has one only, whose id stays the same. */
export interface Announcement {
  gatewayId: string;
  connectionString: string;
  secret: string;
}

/** Migrates the database of the address as the gateway's own. Returns the files installed now, none when it was up to date. */
export function migrateHome(address: EngineAddress, announcement?: Announcement): Promise<string[]> {
  return migrateDatabase(address, home, announcement);
}

/** Does all of it but the last step: rejects where migrateHome would, and leaves nothing. Returns the files that are missing. */
export function rehearseMigration(address: EngineAddress): Promise<string[]> {
  return migrateDatabase(address, home, undefined, 'ROLLBACK');
}

/**
 * The embedded engine: `ai_gen` is in every database, also in those made later, because template1 has it. The gateway's own
 * database is made when it is missing. What is returned migrates those that are made without template1.
 */
export async function migrateAll(
  address: EngineAddress,
  announcement: Announcement,
  log: Logger,
): Promise<NewDatabases> {
  const migrate = (database: string) => migrateDatabase({ ...address, database }, everywhere, announcement);
  const list = () => listDatabases(address);
  await migrate('template1');
  const databases = await list();
  if (!databases.some(({ name }) => name === address.database)) await createDatabase(address);
  await migrateHome(address, announcement);
  // Databases of other people: one that cannot have the functions (another encoding, say) does not keep the gateway from serving the rest.
  await Promise.all(
    databases
      .filter(({ name }) => name !== address.database)
      .map(({ name }) =>
        migrate(name).catch((error: Error) =>
          log.warn({ database: name, reason: error.message }, goesWithout),
        ),
      ),
  );
  return watchNewDatabases(databases, list, migrate, log);
}

const maintenanceDatabase = 'postgres';

/** All databases that can be entered, but for templates. */
function listDatabases(address: EngineAddress): Promise<Database[]> {
  return withClient({ ...address, database: maintenanceDatabase }, async (client) => {
    const { rows } = await client.query<Database>(
      'SELECT oid, datname AS name FROM pg_database WHERE datallowconn AND NOT datistemplate',
    );
    return rows;
  });
}

function createDatabase(address: EngineAddress): Promise<unknown> {
  return withClient({ ...address, database: maintenanceDatabase }, (client) =>
    client.query(`CREATE DATABASE ${pg.escapeIdentifier(address.database)}`),
  );
}

function migrateDatabase(
  address: EngineAddress,
  parts: Part[],
  announcement: Announcement | undefined,
  end: 'COMMIT' | 'ROLLBACK' = 'COMMIT',
): Promise<string[]> {
  return withClient(address, async (client) => {
    await refuseOldServers(client);
    const { tables, code } = await readSqlFiles(parts);
    await beginAlone(client);
    const installed = [...(await installTables(client, tables)), ...(await installCode(client, code))];
    if (installed.length > 0) await client.query(lastSteps);
    if (announcement) await announce(client, announcement);
    await client.query(end);
    return installed;
  });
}

/** Nothing is there yet, and somebody else has just made it. */
const madeMeanwhile = new Set(['23505', '42P06', '42P07']);

/**
 * Begins a transaction that no other migration is in. What it waits for only the schema's owner can hold, once there is a schema; an
 * advisory lock could be anybody's. At the first start PostgreSQL itself lets only one make the schema, and the other comes again.
 */
async function beginAlone(client: ClientBase, again = true): Promise<void> {
  await client.query('BEGIN');
  // In a database of other people a session may hold what this waits for, and logins wait for this.
  await client.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
  try {
    if (!(await schemaIsOurs(client))) await client.query('CREATE SCHEMA hologen');
    await client.query(firstSteps);
    await client.query('LOCK TABLE hologen_internal.migrations IN SHARE ROW EXCLUSIVE MODE');
  } catch (error) {
    if (!again || !madeMeanwhile.has((error as { code?: string }).code ?? '')) throw error;
    await client.query('ROLLBACK');
    await beginAlone(client, false);
  }
}

/** What an earlier layout kept among the views that clients see moves to where no client looks. */
const firstSteps = `
  CREATE SCHEMA IF NOT EXISTS hologen_internal;
  ALTER TABLE IF EXISTS hologen.migrations SET SCHEMA hologen_internal;
  ALTER TABLE IF EXISTS hologen.installed_code SET SCHEMA hologen_internal;
  CREATE TABLE IF NOT EXISTS hologen_internal.migrations (
    name text PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE TABLE IF NOT EXISTS hologen_internal.installed_code (
    name text PRIMARY KEY, hash text NOT NULL, installed_at timestamptz NOT NULL DEFAULT clock_timestamp())`;

const lastSteps = `
  SELECT hologen_internal.make_roles();
  SELECT hologen_internal.give_tables_to_owner();
  SELECT hologen_internal.keep_for_admins()`;

/** Steps of tables/ whose content an earlier layout of sql/ installed under these names. */
const formerNames: Record<string, string> = {
  'tables/everywhere/0001-types.sql': 'everywhere/0001-types.sql',
  'tables/everywhere/0002-gateway.sql': 'everywhere/0002-gateway.sql',
  'tables/everywhere/0003-hologres.sql': 'everywhere/0004-hologres-catalogue.sql',
  'tables/everywhere/0004-search-path.sql': 'everywhere/0009-unqualified-names.sql',
  'tables/home/0001-tables.sql': 'home/0001-tables.sql',
  'tables/home/0002-owner.sql': 'home/0003-owner.sql',
};

/** Each step runs once in a database. Returns those that ran now. */
async function installTables(client: ClientBase, files: SqlFile[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM hologen_internal.migrations');
  const known = new Set(rows.map((row) => row.name));
  const missing = files.filter(({ name }) => !known.has(name) && !known.has(formerNames[name] ?? ''));
  for (const file of missing) {
    await run(client, file);
    await client.query('INSERT INTO hologen_internal.migrations (name) VALUES ($1)', [file.name]);
  }
  return missing.map(({ name }) => name);
}

/** Installs every file again from the first whose text has changed: later ones may build on it. Returns those that were installed. */
async function installCode(client: ClientBase, files: SqlFile[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string; hash: string }>(
    'SELECT name, hash FROM hologen_internal.installed_code',
  );
  const hashes = new Map(rows.map(({ name, hash }) => [name, hash]));
  const whole = await bareNamesAreThere(client);
  const first = files.findIndex(({ name, hash }) => !whole || hashes.get(name) !== hash);
  const changed = first < 0 ? [] : files.slice(first);
  for (const file of changed) {
    await run(client, file);
    await client.query(
      `INSERT INTO hologen_internal.installed_code (name, hash) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, installed_at = clock_timestamp()`,
      [file.name, file.hash],
    );
  }
  return changed.map(({ name }) => name);
}

/**
 * False after a restore: pg_dump leaves out what is in pg_catalog and the database's search_path, but not the record of what was installed. Also
 * where the owner was a superuser and is none any more. The places are those of code/everywhere/0099-unqualified-names.sql and 0076-search-path.sql.
 */
async function bareNamesAreThere(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = 'ai_gen'
         AND n.nspname = CASE WHEN rolsuper THEN 'pg_catalog' ELSE 'hologen_names' END)
       AND EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
         WHERE d.datname = current_database() AND s.setrole = 0 AND s.setconfig::text LIKE '%search_path=%') AS there
     FROM pg_roles WHERE rolname = current_user`,
  );
  return rows[0]?.there ?? false;
}

async function run(client: ClientBase, { text }: SqlFile): Promise<void> {
  const schema = text.includes('@dblink@') ? await dblinkSchema(client) : '';
  await client.query(text.replaceAll('@dblink@', schema));
}

/**
 * False: there is none yet. One that belongs to somebody else is an error: the owner of a database could have planted a table with a trigger
 * in it, which would then run with the gateway's rights.
 */
async function schemaIsOurs(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ name: string; ours: boolean }>(
    `SELECT nspname AS name, pg_get_userbyid(nspowner) = current_user AS ours FROM pg_namespace
     WHERE nspname IN ('hologen', 'hologen_internal', 'hologen_caller', 'hologen_names', 'hologres')`,
  );
  const foreign = rows.find((row) => !row.ours);
  if (foreign)
    throw new Error(
      `the schema ${foreign.name} belongs to another role than the gateway's; rename or drop it, if it is not hologen's`,
    );
  return rows.some((row) => row.name === 'hologen');
}

/** Written only when it changed: copies of template1 have it already. */
async function announce(
  client: ClientBase,
  { gatewayId, connectionString, secret }: Announcement,
): Promise<void> {
  await client.query(
    `INSERT INTO hologen_internal.gateway (gateway_id, connection_string, secret) VALUES ($1, $2, $3)
     ON CONFLICT (gateway_id) DO UPDATE SET
       connection_string = excluded.connection_string, secret = excluded.secret, updated_at = clock_timestamp()
     WHERE (gateway.connection_string, gateway.secret) IS DISTINCT FROM ($2, $3)`,
    [gatewayId, connectionString, secret],
  );
}

/** A failed statement ends the connection, and with it its transaction. */
async function withClient<T>(address: EngineAddress, use: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientOptions(address));
  // The error comes back from the query too; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    await keepOutOfLog(client);
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

/**
 * Managed engines may have dblink installed already, in a schema of their choice. Where everybody may use it, everybody could take over the
 * connection on which the functions speak to the gateway.
 */
async function dblinkSchema(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ name: string; open: boolean }>(
    `SELECT quote_ident(n.nspname) AS name,
       has_schema_privilege('public', n.oid, 'USAGE') AND EXISTS (
         SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = 'dblink_connect'
           AND has_function_privilege('public', p.oid, 'EXECUTE')) AS open
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'dblink'`,
  );
  const [extension] = rows;
  if (!extension) throw new Error('the extension dblink is not installed in the engine');
  if (extension.open) {
    throw new Error(
      `dblink is installed in the schema ${extension.name}, where every role may use it and could speak to the gateway in another's name; ` +
        "ALTER EXTENSION dblink SET SCHEMA to one that only the gateway's role may use, or REVOKE EXECUTE on its functions FROM PUBLIC",
    );
  }
  return extension.name;
}
