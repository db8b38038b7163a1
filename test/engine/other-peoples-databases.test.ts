/** Databases that other roles own: they get ai_gen, but nothing planted in them runs with the gateway's rights or keeps it from starting. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { refusal, startTestGateway } from '../gateway.js';

const ownSchemas = ['hologen', 'hologen_internal', 'hologen_names', 'hologen_caller', 'hologres'];

test.each(ownSchemas)(
  'a schema %s planted for the next start gives its owner nothing, and a database of another encoding stops nobody',
  async (planted) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
    await chmod(dataDir, 0o711);
    try {
      const first = await startTestGateway({ dataDir });
      const owner = await first.client();
      await owner.query("CREATE ROLE dev LOGIN CREATEDB PASSWORD 'dev'");
      const as = (database: string) =>
        first.client({ connectionString: address(first.url, 'dev', 'dev', database) });
      const dev = await as('hologen');
      // An encoding that ai_gen cannot be installed in leaves room for a schema of that name.
      await dev.query(
        "CREATE DATABASE trap ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0",
      );
      await dev.query('CREATE DATABASE plain');
      const trap = await as('trap');
      await trap.query(`CREATE SCHEMA ${planted};
      CREATE FUNCTION ${planted}.rise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE dev SUPERUSER'; RETURN new; END $$`);
      for (const [table, columns] of [
        ['migrations', 'name text PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT clock_timestamp()'],
        ['property_keys', 'property_key text PRIMARY KEY, pattern text, allowed text'],
      ])
        await trap.query(`CREATE TABLE ${planted}.${table} (${columns});
        CREATE TRIGGER rise BEFORE INSERT ON ${planted}.${table} FOR EACH ROW EXECUTE FUNCTION ${planted}.rise()`);
      await first.close();

      const second = await startTestGateway({ dataDir });
      const again = await second.client();
      const { rows } = await again.query("SELECT rolsuper FROM pg_roles WHERE rolname = 'dev'");
      expect(rows).toEqual([{ rolsuper: false }]);
      const plain = await second.client({ connectionString: address(second.url, 'dev', 'dev', 'plain') });
      expect((await plain.query("SELECT ai_gen('hello') AS said")).rows[0].said).toContain('hello');
      await second.close();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
);

test('a role sees its own jobs only, whatever functions it makes, and removes no model of another', async () => {
  await using gateway = await startTestGateway();
  const owner = await gateway.client();
  await owner.query("CREATE ROLE bob LOGIN PASSWORD 'bob'; CREATE SCHEMA bob AUTHORIZATION bob");
  await owner.query("SELECT ai_gen('a secret of the owner')");
  const bob = await gateway.client({ connectionString: address(gateway.url, 'bob', 'bob', 'hologen') });
  await bob.query(
    "CREATE FUNCTION bob.pg_has_role(name, oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
  );
  await bob.query('SET search_path = bob, pg_catalog');
  expect((await bob.query('SELECT * FROM hologen.jobs')).rows).toEqual([]);
  expect((await refusal(bob.query("CALL delete_external_model('qwen_plus')"))).code).toBe('42501');
  await bob.query(
    `CALL register_external_model('bobs', 'qwen-plus', 'bailian', '{"api_key": "sk-of-bob"}', 'chat/completions')`,
  );
  await bob.query("CALL delete_external_model('bobs')");
});

test('a key under a mistyped name is refused and not repeated', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const error = await refusal(
    client.query(
      `CALL register_external_model('typo', 'qwen-plus', 'bailian', '{"apiKey": "sk-verysecret"}', 'chat/completions')`,
    ),
  );
  expect(error.code).toBe('22023');
  expect(JSON.stringify(error) + error.message).not.toContain('verysecret');
});

function address(url: string, user: string, password: string, database: string): string {
  const { host } = new URL(url);
  return `postgresql://${user}:${password}@${host}/${database}`;
}
