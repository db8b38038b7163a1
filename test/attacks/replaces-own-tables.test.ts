/** hologen's own tables are out of the way of people's tools: none lists them, replaces them or proposes to drop them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startTestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const program = fileURLToPath(new URL('replace_own_tables.py', import.meta.url));
/** As hologen calls its own tables and views, now or formerly. */
const names = [
  ...['migrations', 'installed_code', 'job', 'statement', 'attempt', 'budget', 'deployed_models', 'gateway'],
  ...['jobs', 'usage', 'daily_usage', 'budgets', 'progress', 'queues', 'file', 'property_keys'],
];

test.each(['owner', 'ordinary role'])(
  'pandas, SQLAlchemy, Alembic and Django of the %s see none of them; tables of their names are replaced in public, and the gateway starts again',
  async (who) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'hologen-own-tables-'));
    try {
      const gateway = await startTestGateway({ dataDir });
      const owner = await gateway.client();
      await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'; GRANT CREATE ON SCHEMA public TO amy");
      await owner.query("SELECT ai_gen('qwen_plus', 'hello')");
      const url = who === 'owner' ? gateway.url : gateway.url.replace(/\/\/[^@]*@/, '//amy:secret@');
      const printed = await runProgram('/usr/bin/python3', [program, url, ...names], {});
      expect(JSON.parse(printed.stdout.trim().split('\n').at(-1) ?? '')).toEqual({
        SQLAlchemy: [],
        Alembic: [],
        Django: [],
        pandas: [...names].sort(),
      });
      await gateway.close();
      await using again = await startTestGateway({ dataDir });
      const client = await again.client();
      expect((await client.query('SELECT count(*)::int AS jobs FROM hologen.jobs')).rows[0].jobs).toBe(1);
      await client.query("SELECT ai_gen('qwen_plus', 'hello')");
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
);

/** What the two ask for the tables that a person has (RPostgres' dbListTables; Prisma's describer, for the schema of its datasource), and then drop. */
const listings = {
  'RPostgres, dbListTables': `SELECT table_name FROM information_schema.tables
    WHERE table_schema = ANY (current_schemas(true)) AND table_schema <> 'pg_catalog'`,
  'Prisma, db pull': `SELECT tbl.relname AS table_name FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace
    WHERE (tbl.relkind = 'r' AND tbl.relispartition = 'f' OR tbl.relkind IN ('p', 'f')) AND namespace.nspname = ANY (ARRAY[current_schema()::text])`,
};

test('R and Prisma are told of a person’s own tables alone, and a reset of Prisma leaves everything that is hologen’s', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  await client.query('CREATE TABLE mine (n int)');
  for (const [who, listing] of Object.entries(listings))
    expect([who, (await client.query(listing)).rows]).toEqual([who, [{ table_name: 'mine' }]]);
  // prisma migrate reset, where it may not make the database anew.
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await client.query("SELECT ai_gen('qwen_plus', 'hello')");
  expect((await client.query('SELECT model_name FROM hologen.jobs')).rows).toEqual([
    { model_name: 'qwen_plus' },
  ]);
});

test('they belong to a role that nobody can log in as', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const { rows } = await client.query(
    `SELECT DISTINCT pg_get_userbyid(relowner) AS owner, rolcanlogin AS "canLogin" FROM pg_class JOIN pg_roles r ON r.oid = relowner
     WHERE relkind = 'r' AND relnamespace = 'hologen_internal'::regnamespace`,
  );
  expect(rows).toEqual([{ owner: 'hologen_owner', canLogin: false }]);
});
