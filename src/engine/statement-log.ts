/** Whether the engine writes statements, and with them API keys and prompts, into its own log; and that it does not with the gateway's. */
import pg, { type ClientBase } from 'pg';

/** Settings of PostgreSQL and of two extensions that log statements, and the one value of each with which nothing is logged. */
const quiet: Record<string, string> = {
  log_statement: 'none',
  // The statement that an error, a notice or a lost session belongs to. The default logs it for each error.
  log_min_error_statement: 'panic',
  // Details and contexts of errors quote requests and parameters.
  log_error_verbosity: 'terse',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  log_transaction_sample_rate: '0',
  debug_print_parse: 'off',
  debug_print_rewritten: 'off',
  debug_print_plan: 'off',
  'auto_explain.log_min_duration': '-1',
  'pgaudit.log': 'none',
};

export interface StatementLog {
  /** What is set otherwise: `log_statement = all`. */
  settings: string[];
  /** Statements for a superuser that mend it. */
  mend: string[];
}

/** A value of the server's own counts, where it is not set for the asking role alone; what is set for other roles is looked at too. */
const asksServer = `
  SELECT name, CASE WHEN source IN ('user', 'database user') THEN boot_val ELSE reset_val END AS value
  FROM pg_settings WHERE name = ANY ($1)`;
const asksRolesAndDatabases = `
  SELECT split_part(each, '=', 1) AS name, substr(each, strpos(each, '=') + 1) AS value, rolname AS role, datname AS database
  FROM pg_db_role_setting s CROSS JOIN unnest(setconfig) AS each
  LEFT JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase
  WHERE setdatabase = 0 OR datname = current_database()`;

interface Row {
  name: string;
  value: string;
  role?: string | null;
  database?: string | null;
}

/** Where it logs statements of clients. Undefined: nowhere. */
export async function findStatementLog(client: ClientBase): Promise<StatementLog | undefined> {
  const server = await client.query<Row>(asksServer, [Object.keys(quiet)]);
  const others = await client.query<Row>(asksRolesAndDatabases);
  const loud = [...others.rows, ...server.rows].filter(({ name, value }) => (quiet[name] ?? value) !== value);
  if (loud.length === 0) return undefined;
  return {
    settings: loud.map(({ name, value }) => `${name} = ${value}`),
    mend: [...new Set(loud.map(mendOf)), 'SELECT pg_reload_conf();'],
  };
}

function mendOf({ name, role, database }: Row): string {
  if (!role && !database) return `ALTER SYSTEM SET ${name} = '${quiet[name]}';`;
  const [ofRole, ofDatabase] = [role, database].map((each) => each && pg.escapeIdentifier(each));
  if (!ofRole) return `ALTER DATABASE ${ofDatabase} RESET ${name};`;
  return `ALTER ROLE ${ofRole}${ofDatabase ? ` IN DATABASE ${ofDatabase}` : ''} RESET ${name};`;
}

const names = Object.keys(quiet);
/** Superusers may, and who was granted it. */
const quieten = `DO $$ DECLARE each text[]; BEGIN
  FOREACH each SLICE 1 IN ARRAY ARRAY[${names.map((name) => `['${name}', '${quiet[name]}']`).join(', ')}] LOOP
    BEGIN
      IF pg_catalog.current_setting(each[1], true) OPERATOR(pg_catalog.<>) each[2] THEN
        PERFORM pg_catalog.set_config(each[1], each[2], false);
      END IF;
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END;
  END LOOP;
END $$`;

/** The gateway's own statements carry requests and secrets as parameters: a session of its own leaves them out of the log, where it may. */
export async function keepOutOfLog(client: ClientBase): Promise<void> {
  await client.query(quieten);
}
