/** One short program on each PostgreSQL from 14 to 18 as a remote engine, entered as the plain owner of a database and as superuser. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hologen } from '../cli/spawned-gateway.js';
import {
  copyOfPrograms,
  type DebianPostgres,
  presentPrograms,
  startDebianPostgres,
} from '../debian-postgres.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

describe.each(presentPrograms())('PostgreSQL %i', (version, folder) => {
  let copy: string | undefined;
  let postgres: DebianPostgres;
  let gateway: TestGateway;
  let gatewayOfSuperuser: TestGateway;

  const urlOf = (base: string, parts: Partial<Record<'username' | 'password' | 'pathname', string>>) =>
    Object.assign(new URL(base), parts).href;

  beforeAll(async () => {
    if (version !== 15) copy = await copyOfPrograms(folder);
    postgres = await startDebianPostgres([], [], join(copy ?? folder, 'bin'));
    const admin = new pg.Client(postgres.url);
    await admin.connect();
    for (const statement of [
      "CREATE ROLE owner LOGIN PASSWORD 'owner'",
      "CREATE ROLE analyst LOGIN PASSWORD 'analyst'",
      'CREATE DATABASE owned OWNER owner',
      'CREATE DATABASE of_superuser',
    ])
      await admin.query(statement);
    await admin.end();
    const inOwned = new pg.Client(urlOf(postgres.url, { pathname: 'owned' }));
    await inOwned.connect();
    await inOwned.query('CREATE SCHEMA for_owner; CREATE EXTENSION dblink SCHEMA for_owner');
    await inOwned.query('GRANT USAGE ON SCHEMA for_owner TO owner');
    await inOwned.end();
    const owned = urlOf(postgres.url, { pathname: 'owned', username: 'owner', password: 'owner' });
    const args = ['migrate', '--engine-url', owned];
    expect((await hologen(args)).stdout).toMatch(/^installed tables\/everywhere\/0001-types\.sql$/m);
    expect(await hologen(args)).toEqual({ code: 0, stdout: 'up to date\n', stderr: '' });
    gateway = await startTestGateway({ engineUrl: owned, sandboxVideoMs: '60000' });
    const superuser = urlOf(postgres.url, { pathname: 'of_superuser' });
    gatewayOfSuperuser = await startTestGateway({ engineUrl: superuser });
  });
  afterAll(async () => {
    await Promise.all([gateway?.close(), gatewayOfSuperuser?.close()]);
    await postgres?.close();
    if (copy) await rm(copy, { recursive: true, force: true });
  });

  const place = `to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/test')`;
  const pictures = `SELECT n, ai_gen('qwen_image', json_build_object('prompt', 'number ' || n, 'output_dir', 'oss://demo/')::text, ${place}) AS result
    FROM generate_series(1, 5) AS n ORDER BY n DESC`;

  test('is what it is said to be', async () => {
    const client = await gateway.client();
    const { rows } = await client.query("SELECT current_setting('server_version_num')::int / 10000 AS major");
    expect(rows).toEqual([{ major: version }]);
    await client.end();
  });

  test('calls of materialized views, of queries in functions, of MERGE and of several statements are found before they are made', async () => {
    const client = await gateway.client();
    const said: string[] = [];
    client.on('notice', ({ message }) => said.push(message ?? ''));
    await gateway.forgetRequests();
    await client.query('BEGIN; CREATE TABLE foxes AS SELECT i AS id, NULL AS r FROM generate_series(1, 3) i');
    const asked = "ai_gen('qwen_plus', 'fox ' || id)";
    await client.query(`CREATE MATERIALIZED VIEW asked AS SELECT ${asked} AS r FROM foxes`);
    await client.query('REFRESH MATERIALIZED VIEW asked');
    await client.query(`DO $$ DECLARE x record; BEGIN UPDATE foxes SET r = ${asked}; PERFORM ${asked} FROM foxes;
      FOR x IN SELECT ${asked} FROM foxes LOOP NULL; END LOOP; END $$`);
    const merge = `MERGE INTO foxes USING (SELECT id AS i FROM foxes) s ON s.i = id WHEN MATCHED THEN UPDATE SET r = ${asked}`;
    if (version >= 15) await client.query(merge);
    const update = (id: number) => `UPDATE foxes SET r = ai_gen('qwen_plus', 'owl ' || id) WHERE id = ${id}`;
    await client.query([1, 2, 3].map(update).join('; '));
    await client.query('ROLLBACK');
    expect(await gateway.requests()).toHaveLength(version >= 15 ? 21 : 18);
    expect(said.filter((each) => /one after another/.test(each))).toEqual([]);
    await client.end();
  });

  test('calls of several rows run at once, in a read-only transaction too, in their order', async () => {
    for (const each of [gateway, gatewayOfSuperuser]) {
      await each.forgetRequests();
      const client = await each.client();
      await client.query('BEGIN READ ONLY');
      const { rows } = await client.query<{ n: number; result: string }>(pictures);
      await client.query('COMMIT');
      expect(rows.map(({ n }) => n)).toEqual([5, 4, 3, 2, 1]);
      for (const { result } of rows) expect(JSON.parse(result).image_oss_paths).toHaveLength(1);
      expect(await each.requests()).toHaveLength(5);
      await client.end();
    }
  });

  test('INSERT … SELECT, a view, a procedure, a prepared statement', async () => {
    const client = await gateway.client();
    await client.query('CREATE SCHEMA mine; CREATE TABLE mine.made (n int, said text)');
    const insert =
      "INSERT INTO mine.made SELECT n, ai_gen('qwen_plus', 'word ' || n) FROM generate_series(1, 3) n";
    expect((await client.query(insert)).rowCount).toBe(3);
    await client.query(`CREATE VIEW mine.spoken AS SELECT ai_gen('qwen_plus', 'viewed') AS said`);
    expect((await client.query('SELECT said FROM mine.spoken')).rows[0].said).toContain('viewed');
    await client.query(`CREATE PROCEDURE mine.fill() LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO mine.made VALUES (4, ai_gen('qwen_plus', 'called')); COMMIT; END $$`);
    await client.query('CALL mine.fill()');
    const { rows } = await client.query({
      name: 'ask',
      text: 'SELECT ai_gen($1, $2) AS said',
      values: ['qwen_plus', 'bound'],
    });
    expect(rows[0].said).toContain('bound');
    expect((await client.query('SELECT count(*)::int AS made FROM mine.made')).rows).toEqual([{ made: 4 }]);
    await client.end();
  });

  test('COPY out of a query with calls and into a table', async () => {
    const out = `\\copy (SELECT n, ai_gen('qwen_plus', 'copied ' || n) FROM generate_series(1, 2) n ORDER BY n) TO STDOUT`;
    const { stdout } = await runProgram('psql', ['-X', '-q', gateway.url, '-c', out]);
    expect(stdout).toMatch(/^1\t.*copied 1.*\n2\t.*copied 2.*\n$/);
    const client = await gateway.client();
    await client.query('CREATE SCHEMA copies; CREATE TABLE copies.lines (line text)');
    await runProgram('psql', [
      ...['-X', '-q', gateway.url, '-c', '\\copy copies.lines FROM PROGRAM \'printf "one\\ntwo\\n"\''],
    ]);
    expect((await client.query('SELECT string_agg(line, $1) AS all FROM copies.lines', ['-'])).rows).toEqual([
      { all: 'one-two' },
    ]);
    await client.end();
  });

  test('a cancel and a timeout end a statement that waits, and the session goes on', async () => {
    const client = await gateway.client();
    const slow = `SELECT ai_gen('wan26_t2v', '{"prompt": "a slow one"}')`;
    await client.query('SET statement_timeout = 500');
    expect((await refusal(client.query(slow))).code).toBe('57014');
    await client.query('RESET statement_timeout');
    const waiting = refusal(client.query(slow));
    const other = await gateway.client();
    const waits =
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%a slow one%' AND pid <> pg_backend_pid() AND state = 'active'";
    await expect.poll(async () => (await other.query(waits)).rowCount).toBe(1);
    expect((await waiting).code).toBe('57014');
    const { rows } = await client.query("SELECT ai_gen('qwen_plus', 'after all') AS said");
    expect(rows[0].said).toContain('after all');
    await Promise.all([client.end(), other.end()]);
  });

  test('a role comes with its own password, sees its own jobs and no secret', async () => {
    const url = urlOf(gateway.url, { username: 'analyst', password: 'analyst' });
    const client = await gateway.client({ connectionString: url });
    await client.query("SELECT ai_gen('qwen_plus', 'mine')");
    const jobs = await client.query('SELECT DISTINCT role_name FROM hologen.jobs');
    expect(jobs.rows).toEqual([{ role_name: 'analyst' }]);
    expect(await refusal(client.query('SELECT secret FROM hologen_internal.gateway'))).toMatchObject({
      code: '42501',
    });
    const wrong = gateway.client({ connectionString: urlOf(url, { password: 'wrong' }) });
    expect((await refusal(wrong)).code).toBe('28P01');
    await client.end();
  });

  test('what Hologres’ client asks for', async () => {
    for (const each of [gateway, gatewayOfSuperuser]) {
      const client = await each.client();
      await client.query("SET hg_computing_resource = 'serverless'");
      expect((await client.query('SHOW hg_computing_resource')).rows).toEqual([
        { hg_computing_resource: 'serverless' },
      ]);
      await client.query(
        "CREATE SCHEMA asked; CREATE TABLE asked.kept (a int PRIMARY KEY, b text DEFAULT 'x') WITH (orientation = 'row')",
      );
      const { rows } = await client.query("SELECT hg_dump_script('asked.kept') AS script");
      expect(rows[0].script).toContain("CALL set_table_property('asked.kept', 'orientation', 'row');");
      expect(
        (await client.query('SELECT model_type FROM hologen.supported_models')).rowCount,
      ).toBeGreaterThan(3);
      expect((await client.query('SELECT * FROM list_external_models()')).rowCount).toBeGreaterThan(0);
      const views = await client.query("SELECT viewname FROM pg_views WHERE schemaname = 'hologres'");
      for (const { viewname } of views.rows) await client.query(`SELECT * FROM hologres.${viewname}`);
      await client.end();
    }
  });
});
