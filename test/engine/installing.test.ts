/** What a start does to sql/ in an engine that has it already: tables stay, code that has changed is installed again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AiFunction, aiFunctions } from '../../src/rewriter/ai-functions.js';
import { startTestGateway } from '../gateway.js';

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hologen-installing-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function withGateway<T>(use: (client: pg.Client, other: pg.Client) => Promise<T>): Promise<T> {
  await using gateway = await startTestGateway({ dataDir });
  const elsewhere = gateway.url.replace(/\/[^/]*$/, '/postgres');
  return await use(await gateway.client(), await gateway.client({ connectionString: elsewhere }));
}

const installedAt = async (client: pg.Client) =>
  (await client.query('SELECT name, installed_at FROM hologen_internal.installed_code ORDER BY name')).rows;
const progressFile = 'code/everywhere/0006-progress.sql';

test('code that has not changed is not installed again; code that has is, and what stands behind it, in every database', async () => {
  const before = await withGateway(async (client, other) => {
    for (const each of [client, other]) {
      // As after an upgrade: the database has an older text of this file.
      await each.query("UPDATE hologen_internal.installed_code SET hash = 'older' WHERE name = $1", [
        progressFile,
      ]);
      await each.query(
        "CREATE OR REPLACE FUNCTION hologen.hg_version() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'kept' $$",
      );
    }
    await client.query(
      'CREATE OR REPLACE FUNCTION hologen.instance_max_connections() RETURNS integer LANGUAGE sql AS $$ SELECT -1 $$',
    );
    await client.query(
      'CREATE VIEW mine AS SELECT job_id, ai_gen(state) FROM hologen.jobs, hologen.progress',
    );
    return installedAt(client);
  });
  await withGateway(async (client, other) => {
    const after = await installedAt(client);
    const again = after.filter((row, index) => row.installed_at > before[index]?.installed_at);
    expect(again.map(({ name }) => name)).toEqual(
      before.map(({ name }) => name).filter((name) => name >= progressFile),
    );
    // It stands before the changed file, and nobody has touched it.
    expect((await other.query('SELECT hologen.hg_version() AS version')).rows[0].version).toBe('kept');
    expect((await client.query('SELECT instance_max_connections() > 0 AS mended')).rows[0].mended).toBe(true);
    expect((await client.query('SELECT count(*)::int AS rows FROM mine')).rows[0].rows).toBe(0);
  });
});

test('a database with the layout of earlier files is taken as it is, with every row', async () => {
  await withGateway(async (client, other) => {
    await client.query("SELECT ai_gen('qwen_plus', 'hello')");
    // What later steps have made is not there yet.
    await client.query('DROP TABLE hologen_internal.used CASCADE');
    await client.query('DROP TABLE hologen_internal.prompt CASCADE');
    await client.query(
      'DROP FUNCTION hologen_internal.grams, hologen_internal.owned, hologen_internal.grams_of_all_and_own CASCADE',
    );
    await client.query('DROP TABLE hologen_internal.review CASCADE');
    await client.query('DROP TABLE hologen_internal.pause');
    await client.query('DROP TRIGGER end_is_told ON hologen_internal.job');
    await client.query('DROP TABLE hologen_internal.webhook, hologen_internal.webhook_message CASCADE');
    await client.query(
      'ALTER TABLE hologen_internal.job DROP COLUMN webhook CASCADE, DROP COLUMN priority CASCADE, DROP COLUMN wanted_by CASCADE, DROP COLUMN retried_as CASCADE, DROP COLUMN retried_at CASCADE',
    );
    await client.query('DROP TABLE hologen_internal.reserved CASCADE');
    await client.query(
      'DROP INDEX hologen_internal.attempt_open, hologen_internal.job_unsuccessful_of_model',
    );
    for (const trigger of ['made_counts', 'no_longer_counts', 'now_counts'])
      await client.query(`DROP TRIGGER ${trigger} ON hologen_internal.attempt`);
    for (const trigger of ['opened_is_found', 'made_is_found', 'removed_is_not_found'])
      await client.query(`DROP TRIGGER ${trigger} ON hologen_internal.job`);
    await client.query(
      'DROP TABLE hologen_internal.spent, hologen_internal.spent_by_day, hologen_internal.counted_member, hologen_internal.setting CASCADE',
    );
    await client.query('DROP VIEW IF EXISTS hologen.budgets, hologen.my_budget, hologen_internal.budget_use');
    await client.query('ALTER TABLE hologen_internal.budget RENAME calls TO calls_per_day');
    await client.query('ALTER TABLE hologen_internal.budget RENAME money TO money_per_day');
    await client.query(`ALTER TABLE hologen_internal.budget DROP period, DROP database_name, DROP application_name, DROP tag, DROP soft,
      DROP told_at`);
    await client.query(
      "CREATE UNIQUE INDEX budget_subject ON hologen_internal.budget (coalesce(role_name, ''), coalesce(model_name, ''))",
    );
    await client.query(
      'ALTER TABLE hologen_internal.attempt DROP tag CASCADE, DROP COLUMN key_name CASCADE, DROP COLUMN role_oid CASCADE',
    );
    await client.query('ALTER TABLE hologen_internal.model_grant DROP COLUMN role_oid CASCADE');
    await client.query('ALTER TABLE hologen_internal.deployed_models DROP COLUMN deployed_by_oid');
    await client.query(
      'ALTER TABLE hologen_internal.job DROP COLUMN hold_up CASCADE, DROP COLUMN abandoned, DROP COLUMN cancel_asked, DROP COLUMN tag, DROP COLUMN label CASCADE, DROP COLUMN shared, DROP COLUMN groups, DROP COLUMN key_name CASCADE, DROP COLUMN role_oid CASCADE, DROP COLUMN model_deployed_at, DROP COLUMN transaction_id',
    );
    await client.query('DROP TABLE hologen_internal.removed_models');
    await client.query('DROP TABLE hologen_internal.living_gateway');
    await client.query('DROP TABLE hologen_internal.place CASCADE');
    await client.query('DROP TABLE hologen_internal.caller CASCADE');
    await client.query('DROP INDEX hologen_internal.job_unsuccessful');
    await client.query('DROP INDEX hologen_internal.job_open');
    await client.query('DROP INDEX hologen_internal.job_task');
    await client.query('DROP TRIGGER opened_counts ON hologen_internal.job');
    await client.query('DROP TRIGGER changed_counts ON hologen_internal.job');
    await client.query(
      "DELETE FROM hologen_internal.migrations WHERE name ~ '^tables/home/(000[3-9]|00[1-9])'",
    );
    await client.query(`CREATE FUNCTION hologen_caller.list_queues() RETURNS TABLE (model_type text, queued bigint) LANGUAGE sql AS
      $$SELECT q.model_type, q.queued FROM json_to_recordset(hologen_caller.ask('{"ask": "queues"}')) AS q (model_type text, queued bigint)$$; ALTER FUNCTION hologen_caller.list_queues() OWNER TO hologen_owner`);
    await client.query('CREATE VIEW queued AS SELECT model_type, queued FROM hologen_caller.list_queues()');
    for (const each of [client, other]) {
      // That layout had the parts of functions among those for clients.
      const { rows } = await each.query<{ name: string }>(
        `SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'hologen_caller'::regnamespace AND
         proname ~ '^(submit_call|describe_call|wait_call|list_|script_|create_table|table_born)'`,
      );
      for (const { name } of rows) await each.query(`ALTER ROUTINE ${name} SET SCHEMA hologen`);
      await each.query('DROP SCHEMA hologen_caller CASCADE');
      await each.query('DROP SCHEMA hologen_names CASCADE');
      await each.query('DROP TABLE hologen_internal.proof_secret');
      await each.query(
        "DELETE FROM hologen_internal.migrations WHERE name ~ '^tables/everywhere/(000[5-9]|00[237])'",
      );
      await each.query(`DROP TABLE hologres.logically_partitioned, hologres.partition_properties CASCADE;
        DELETE FROM hologres.property_keys WHERE property_key LIKE 'partition%'`);
      await each.query('DROP TABLE hologen_internal.installed_code');
      await each.query(`ALTER TABLE hologres.declared_properties ENABLE ROW LEVEL SECURITY;
        CREATE POLICY seen_by_all ON hologres.declared_properties FOR SELECT USING (true);
        CREATE POLICY written_by_owners ON hologres.declared_properties USING (pg_has_role((SELECT relowner FROM pg_class WHERE oid = table_oid), 'USAGE'));
        GRANT INSERT, UPDATE, DELETE ON hologres.declared_properties TO PUBLIC`);
      await each.query("UPDATE hologen_internal.migrations SET name = replace(name, 'tables/', '')");
      await each.query(
        "UPDATE hologen_internal.migrations SET name = 'everywhere/0004-hologres-catalogue.sql' WHERE name = 'everywhere/0003-hologres.sql'",
      );
      await each.query(
        "UPDATE hologen_internal.migrations SET name = 'everywhere/0009-unqualified-names.sql' WHERE name = 'everywhere/0004-search-path.sql'",
      );
      await each.query(
        "UPDATE hologen_internal.migrations SET name = 'home/0003-owner.sql' WHERE name = 'home/0002-owner.sql'",
      );
      await each.query('ALTER TABLE hologen_internal.migrations SET SCHEMA hologen');
      const { database } = each;
      await each.query(`ALTER DATABASE ${database} SET search_path = "$user", public, hologen`);
    }
    for (const table of ['job', 'statement', 'attempt', 'budget', 'deployed_models', 'model_grant'])
      await client.query(`ALTER TABLE hologen_internal.${table} SET SCHEMA hologen`);
  });
  await withGateway(async (client, other) => {
    for (const each of [client, other]) {
      const parts =
        "SELECT proname FROM pg_proc WHERE pronamespace = 'hologen'::regnamespace AND proname ~ '^(submit|wait|script)_|^list_(queue|progress)'";
      expect((await each.query(parts)).rows).toEqual([]);
    }
    const counts =
      'SELECT (SELECT count(*) FROM queued) AS mine, (SELECT count(*) FROM hologen.queues) AS theirs';
    const [{ mine, theirs }] = (await client.query(counts)).rows;
    expect(mine).toBe(theirs);
    expect((await client.query('SELECT model_name FROM hologen.jobs')).rows).toEqual([
      { model_name: 'qwen_plus' },
    ]);
    // What there was before the sums is in them.
    expect((await client.query('SELECT model_name, calls FROM hologen.daily_usage')).rows).toEqual([
      { model_name: 'qwen_plus', calls: '1' },
    ]);
    expect((await client.query('SELECT prompt FROM hologen.prompts')).rows).toEqual([{ prompt: 'hello' }]);
    const { rows: whose } = await client.query(
      `SELECT j.role_oid::regrole::text AS job, a.role_oid::regrole::text AS attempt FROM hologen_internal.job j
       JOIN hologen_internal.attempt a USING (job_id)`,
    );
    expect(whose).toEqual([{ job: 'hologen', attempt: 'hologen' }]);
    expect((await installedAt(client)).length).toBeGreaterThan(8);
    // "hologen" has views and functions only, and is on no path.
    const tables =
      "SELECT relname FROM pg_class WHERE relnamespace = 'hologen'::regnamespace AND relkind = 'r'";
    expect((await client.query(tables)).rows).toEqual([]);
    expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'public, hologen_names' }]);
    // Only what is newer than that layout was made now.
    const { rows } = await client.query(
      "SELECT name FROM hologen_internal.migrations WHERE name LIKE 'tables/%' AND name !~ '^tables/(home/(000[3-9]|00[1-9])|everywhere/(000[5-9]|00[237]))'",
    );
    expect(rows).toEqual([]);
  });
});

test('a row in the list of AI functions is a function that is at once like ai_gen', async () => {
  const loudly: AiFunction = {
    ...(aiFunctions[0] as AiFunction),
    name: 'ai_gen_loudly',
    detached: undefined,
  };
  const list = aiFunctions as AiFunction[];
  list.push(loudly);
  try {
    await withGateway(async (client, other) => {
      // One after another the four calls would take four seconds, and each other's results.
      const slow = "'[[sandbox:slow=1000]] ' || n";
      const startedAt = performance.now();
      const { rows } = await client.query(
        `SELECT ai_gen_loudly('qwen_plus', ${slow}) AS said FROM generate_series(1, 4) n`,
      );
      expect(rows).toHaveLength(4);
      expect(performance.now() - startedAt).toBeLessThan(3000);
      await expect(client.query("SELECT ai_gen_loudly('nobody', 'hello')")).rejects.toThrow(
        '"nobody" does not exist',
      );
      await other.query('SET search_path = pg_catalog');
      await expect(other.query("SELECT ai_gen_loudly('nobody', 'hello')")).rejects.toThrow(
        '"nobody" does not exist',
      );
    });
  } finally {
    list.splice(list.indexOf(loudly), 1);
  }
});
