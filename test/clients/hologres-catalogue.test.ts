/** What Hologres' command-line client and its neighbours ask besides ai_gen, statement by statement, as they send it. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
/** Owns the schema "shop" and what is in it; not a superuser. */
let seller: pg.Client;
/** May look at "shop", owns nothing. */
let guest: pg.Client;

const propertiesOf = `SELECT property_key, property_value FROM hologres.hg_table_properties
  WHERE table_namespace = $1 AND table_name = $2 ORDER BY property_key`;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query(`CREATE ROLE seller LOGIN PASSWORD 'one'; CREATE ROLE guest LOGIN PASSWORD 'two'`);
  seller = await gateway.client(as('seller', 'one'));
  guest = await gateway.client({ ...as('guest', 'two'), options: '-c default_transaction_read_only=on' });
});
afterAll(() => gateway?.close());
beforeEach(async () => {
  await owner.query(`DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop AUTHORIZATION seller;
    GRANT USAGE ON SCHEMA shop TO guest`);
});

test('a table made with set_table_property in one text has these properties, and an orientation in any case', async () => {
  await seller.query(`BEGIN;
CREATE TABLE IF NOT EXISTS shop.orders (id bigint NOT NULL, day date, PRIMARY KEY (id));
CALL set_table_property('shop.orders', 'orientation', 'row,column');
CALL SET_TABLE_PROPERTY('shop.orders', 'time_to_live_in_seconds', '86400');
CALL set_table_property('shop.orders', 'binlog.level', 'replica');
CALL set_table_property('shop.orders', 'binlog.level', 'none');
COMMIT;`);
  await seller.query('CREATE TABLE shop.plain (id int)');
  const expected = [
    { property_key: 'binlog.level', property_value: 'none' },
    { property_key: 'orientation', property_value: 'row,column' },
    { property_key: 'time_to_live_in_seconds', property_value: '86400' },
  ];
  expect((await guest.query(propertiesOf, ['shop', 'orders'])).rows).toEqual(expected);
  expect((await guest.query(propertiesOf, ['shop', 'plain'])).rows).toEqual([
    { property_key: 'orientation', property_value: 'column' },
  ]);
  await seller.query('ALTER TABLE shop.orders RENAME TO sales');
  expect((await guest.query(propertiesOf, ['shop', 'orders'])).rows).toEqual([]);
  expect((await guest.query(propertiesOf, ['shop', 'sales'])).rows).toEqual(expected);
});

test('properties go with their transaction and with their table', async () => {
  await seller.query(
    `BEGIN; CREATE TABLE shop.t (a int); CALL set_table_property('shop.t', 'table_group', 'g'); ROLLBACK`,
  );
  await seller.query(`CREATE TABLE shop.t (a int)`);
  await seller.query(`CALL set_table_property('shop.t', 'table_group', 'h')`);
  const [{ oid }] = (await seller.query(`SELECT 'shop.t'::regclass::oid AS oid`)).rows;
  await seller.query(`DROP TABLE shop.t; CREATE TABLE shop.t (a int)`);
  expect((await seller.query(propertiesOf, ['shop', 't'])).rows).toHaveLength(1);

  // The counter of OIDs came round: the old rows now carry the OID of the new table.
  await owner.query(
    `UPDATE hologres.declared_properties SET table_oid = 'shop.t'::regclass WHERE table_oid = $1`,
    [oid],
  );
  expect((await seller.query(propertiesOf, ['shop', 't'])).rows).toHaveLength(1);
  await seller.query(`CALL set_table_property('shop.t', 'table_group', 'i')`);
  expect((await seller.query(propertiesOf, ['shop', 't'])).rows).toEqual([
    { property_key: 'orientation', property_value: 'column' },
    { property_key: 'table_group', property_value: 'i' },
  ]);
});

test('vacuum, alter and analyze leave properties alone', async () => {
  await seller.query(`CREATE TABLE shop.t (a int); CALL set_table_property('shop.t', 'table_group', 'g')`);
  await seller.query(
    `ALTER TABLE shop.t ADD COLUMN b text, ALTER a TYPE bigint; GRANT SELECT (a) ON shop.t TO guest; ANALYZE shop.t`,
  );
  await owner.query('ALTER TABLE shop.t OWNER TO guest');
  await owner.query('VACUUM FULL pg_attribute');
  await owner.query('VACUUM (FREEZE) pg_attribute');
  expect((await seller.query(propertiesOf, ['shop', 't'])).rows).toHaveLength(2);
});

test.each([
  [
    'a missing table',
    `'shop.none', 'orientation', 'row'`,
    '42P01',
    'relation "shop.none" does not exist',
    undefined,
  ],
  [
    'an unknown key',
    `'shop.t', 'orientatoin', 'row'`,
    '22023',
    "unknown table property 'orientatoin'",
    /orientation, .*table_group/,
  ],
  [
    'a value out of range',
    `'shop.t', 'orientation', 'diagonal'`,
    '22023',
    /invalid value.*'diagonal'/,
    /row, column or row,column/,
  ],
  ['no value', `'shop.t', 'table_group', NULL`, '22023', /invalid value/, /text/],
  ['a view', `'shop.v', 'orientation', 'row'`, '42809', '"v" is not a table', undefined],
])('set_table_property refuses %s', async (_what, list, code, message, hint) => {
  await seller.query('CREATE TABLE shop.t (a int); CREATE VIEW shop.v AS SELECT * FROM shop.t');
  const error = await refusal(seller.query(`CALL set_table_property(${list})`));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(error.hint ?? '').toMatch(hint ?? /^$/);
});

test('only the owner sets properties, also when writing to the table of properties directly', async () => {
  await owner.query('CREATE TABLE shop.t (a int); ALTER TABLE shop.t OWNER TO seller');
  const writing = await gateway.client(as('guest', 'two'));
  expect(
    await refusal(writing.query(`CALL set_table_property('shop.t', 'orientation', 'row')`)),
  ).toMatchObject({
    code: '42501',
    message: 'must be owner of table t',
  });
  const direct = `INSERT INTO hologres.declared_properties VALUES ('shop.t'::regclass, '1', 'orientation', 'row')`;
  expect(await refusal(writing.query(direct))).toMatchObject({ code: '42501' });
  expect(await refusal(guest.query(`CALL set_table_property('shop.t', 'orientation', 'row')`))).toMatchObject(
    {
      code: '42501',
    },
  );
});

test('a superuser who became another role has that role’s rights', async () => {
  await owner.query('CREATE TABLE shop.t (a int); SET ROLE guest');
  const error = await refusal(owner.query(`CALL set_table_property('shop.t', 'orientation', 'row')`));
  await owner.query('RESET ROLE');
  expect(error.code).toBe('42501');
});

test('CREATE TABLE WITH takes Hologres’ properties beside PostgreSQL’s own', async () => {
  const text = `CREATE TABLE IF NOT EXISTS shop."Order ü" ( -- with (a comment)
    id bigint NOT NULL, day text DEFAULT 'with (x)', PRIMARY KEY (id) WITH (fillfactor = 90)
  ) WITH (orientation = 'column', fillfactor = 70, binlog_ttl = 60, binlog.level = replica, clustering_key = 'id,day:asc')`;
  const expected = [
    { property_key: 'binlog.level', property_value: 'replica' },
    { property_key: 'binlog.ttl', property_value: '60' },
    { property_key: 'clustering_key', property_value: 'id,day:asc' },
    { property_key: 'orientation', property_value: 'column' },
  ];
  await seller.query({ text, values: [] });
  expect((await seller.query(propertiesOf, ['shop', 'Order ü'])).rows).toEqual(expected);
  const options = `SELECT reloptions FROM pg_class WHERE oid = 'shop."Order ü"'::regclass`;
  expect((await seller.query(options)).rows).toEqual([{ reloptions: ['fillfactor=70'] }]);

  await seller.query(text.replaceAll('replica', 'none'));
  expect((await seller.query(propertiesOf, ['shop', 'Order ü'])).rows).toEqual(expected);
  await seller.query(`ALTER TABLE shop."Order ü" SET (binlog_ttl = 0, storage_mode = 'cold')`);
  expect((await seller.query(propertiesOf, ['shop', 'Order ü'])).rows).toContainEqual({
    property_key: 'binlog.ttl',
    property_value: '0',
  });
  await seller.query('ALTER TABLE IF EXISTS shop.none SET (storage_mode = hot)');
  expect(await refusal(seller.query('ALTER TABLE shop.none SET (storage_mode = hot)'))).toMatchObject({
    code: '42P01',
  });
});

test('a table made with properties in a text of several statements is part of its transaction', async () => {
  const results = (await seller.query(`BEGIN;
    CREATE TABLE shop.a (x int) WITH (orientation = 'row');
    COMMENT ON TABLE shop.a IS 'orientation';
    COMMIT;`)) as unknown as pg.QueryResult[];
  expect(results).toHaveLength(4);
  expect((await seller.query(propertiesOf, ['shop', 'a'])).rows[0].property_value).toBe('row');
  expect(
    await refusal(seller.query(`CREATE TABLE shop.b (x int) WITH (orientation = 'sideways')`)),
  ).toMatchObject({ code: '22023' });
  expect((await seller.query(`SELECT to_regclass('shop.b') AS b`)).rows).toEqual([{ b: null }]);
  expect(await refusal(seller.query(`CREATE TABLE shop.b (x int) WITH (orientatoin = 'row')`))).toMatchObject(
    {
      code: '22023',
      message: 'unrecognized parameter "orientatoin"',
    },
  );
});

test.each([
  [
    `CREATE DYNAMIC TABLE shop.d WITH (freshness = '3 minutes') AS SELECT 1`,
    /dynamic tables/,
    /MATERIALIZED VIEW/,
  ],
  [
    "REFRESH OVERWRITE DYNAMIC TABLE shop.d PARTITION (ds = '2025-04-01')",
    /dynamic tables/,
    /REFRESH MATERIALIZED VIEW/,
  ],
  ['refresh dynamic table d', /dynamic tables/, /REFRESH MATERIALIZED VIEW/],
  [
    'ALTER DYNAMIC TABLE shop.d SET (auto_refresh_enable = false)',
    /dynamic tables/,
    /ALTER MATERIALIZED VIEW/,
  ],
  ['DROP DYNAMIC TABLE IF EXISTS shop.d', /dynamic tables/, /DROP MATERIALIZED VIEW/],
  ["ALTER OBJECT TABLE o SET (path = 'oss://b/')", /ALTER OBJECT TABLE/, /ALTER TABLE/],
])('%s is refused with its name and a way out', async (text, message, hint) => {
  for (const values of [undefined, []]) {
    const error = await refusal(
      seller.query(values ? { text, values, name: `named ${text}`.slice(0, 60) } : text),
    );
    expect(error).toMatchObject({
      code: '0A000',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  }
  expect((await seller.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('PostgreSQL’s own mistakes keep PostgreSQL’s own words', async () => {
  for (const text of [
    `SELECT 'create dynamic table' FORM x`,
    `SELECT 'a; create dynamic table x' FORM x`,
    `SELEC 1; -- dynamic table`,
    `ALTER TABLE x SET PARTITION (a)`,
  ]) {
    expect(await refusal(seller.query(text)), text).toMatchObject({
      code: '42601',
      position: expect.anything(),
    });
  }
  const { rows } = await seller.query('SELECT dynamic.table FROM (SELECT 1 AS "table") AS dynamic');
  expect(rows).toEqual([{ table: 1 }]);
});

test('instance and warehouse: what the engine is, in Hologres’ columns', async () => {
  expect((await guest.query('SELECT instance_max_connections()')).rows).toEqual([
    (await guest.query(`SELECT current_setting('max_connections')::int AS instance_max_connections`)).rows[0],
  ]);
  const all = await guest.query('SELECT * FROM hologres.hg_warehouses');
  expect(all.fields.slice(0, 12).map(({ name }) => name)).toEqual(
    'warehouse_id warehouse_name cpu mem cluster_min_count cluster_max_count target_status status status_detail is_default config comment'.split(
      ' ',
    ),
  );
  expect(all.rows).toMatchObject([
    { target_status: 1, status: 1, is_default: true, comment: expect.stringContaining('PostgreSQL') },
  ]);
  const named = 'SELECT * FROM hologres.hg_warehouses WHERE warehouse_name = $1';
  expect((await guest.query(named, [all.rows[0].warehouse_name])).rows).toEqual(all.rows);
  expect((await guest.query(named, ['other'])).rows).toEqual([]);
});

test('partitions, sizes and progress of a table', async () => {
  await seller.query(
    `CREATE TABLE shop.t (a int PRIMARY KEY, b text); INSERT INTO shop.t SELECT i, repeat('x', 100) FROM generate_series(1, 1000) i`,
  );
  for (const text of [
    `SELECT * FROM hologres.hg_list_logical_partition('shop.t')`,
    `SELECT * FROM hg_show_build_index_progress('shop.t')`,
  ]) {
    expect((await guest.query(text)).rows).toEqual([]);
    expect(await refusal(guest.query(text.replace('shop.t', 'shop.no')))).toMatchObject({ code: '42P01' });
  }
  const { rows } = await seller.query(`SELECT hologres.hg_relation_size('"shop"."t"', 'data') AS data,
    hologres.hg_relation_size('"shop"."t"', 'index') AS index, hologres.hg_relation_size('"shop"."t"', 'meta') AS meta,
    pg_total_relation_size('shop.t') AS total`);
  const { data, index, meta, total } = rows[0];
  expect(Number(data)).toBeGreaterThan(100_000);
  expect(Number(data) + Number(index) + Number(meta)).toBe(Number(total));
  expect((await guest.query(`SELECT * FROM hologres.hg_relation_size('shop.t')`)).rows).toEqual([
    { hg_relation_size: total },
  ]);
  expect(await refusal(guest.query(`SELECT hologres.hg_relation_size('shop.t', 'soul')`))).toMatchObject({
    code: '22023',
  });
  const state = `SELECT pg_size_pretty(hologres.hg_dynamic_table_state_size('shop.t')) AS state_size`;
  expect((await guest.query(state)).rows).toEqual([{ state_size: '0 bytes' }]);
  expect(await refusal(guest.query(state.replace('shop.t', 'shop.no')))).toMatchObject({ code: '42P01' });
});

test('the views of dynamic tables are empty and have the columns their clients join', async () => {
  const lineage = `SELECT d.*, CASE WHEN k.dynamic_table_namespace IS NOT NULL THEN 'd' ELSE c.relkind::text END AS base_table_type
    FROM hologres.hg_dynamic_table_dependencies d
    LEFT JOIN pg_namespace n ON n.nspname = d.table_namespace
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = d.table_name
    LEFT JOIN (SELECT dynamic_table_namespace, dynamic_table_name FROM hologres.hg_dynamic_table_properties GROUP BY 1, 2) k
      ON k.dynamic_table_namespace = d.table_namespace AND k.dynamic_table_name = d.table_name
    WHERE d.dynamic_table_namespace = $1 AND d.dynamic_table_name = $2 AND d.dependency <> 'internal_table'`;
  const { rows, fields } = await guest.query(lineage, ['public', 'd']);
  expect(rows).toEqual([]);
  expect(fields.every(({ dataTypeID }) => dataTypeID === 25)).toBe(true);
  for (const view of [
    'hg_dynamic_table_properties',
    'hg_logical_partitioned_table_properties',
    'hg_index_properties',
    'hg_query_log',
  ]) {
    expect((await guest.query(`SELECT * FROM hologres.${view}`)).rows).toEqual([]);
  }
  await guest.query(`SELECT digest, avg(cpu_time_ms), sum(cpu_time_ms) FROM hologres.hg_query_log
    WHERE query_start >= CURRENT_DATE - INTERVAL '1 day' AND digest IS NOT NULL AND usename != 'system' GROUP BY 1 ORDER BY 3 DESC LIMIT 10`);
});

test('files to merge are refused with a HINT, and of dynamic tables none is ever to be upgraded', async () => {
  await seller.query('CREATE TABLE shop.t (a int)');
  const merge = `SELECT hologres.hg_full_compact_table('shop.t', 'max_file_size_mb=4096')`;
  expect(await refusal(seller.query(merge))).toMatchObject({
    code: '0A000',
    hint: expect.stringMatching(/\w/),
  });
  await seller.query('CALL hg_upgrade_all_normal_dynamic_tables()');
  await seller.query("CALL hg_dynamic_table_config_upgrade('shop.t')");
});

test('a database made later has all of it', async () => {
  await owner.query('CREATE DATABASE later OWNER seller');
  const client = await gateway.client(as('seller', 'one', 'later'));
  await client.query(`CREATE TABLE t (a int) WITH (orientation = 'row')`);
  expect((await client.query(propertiesOf, ['public', 't'])).rows).toEqual([
    { property_key: 'orientation', property_value: 'row' },
  ]);
  expect((await client.query(`SELECT hg_dump_script('t')`)).rows[0].hg_dump_script).toContain(
    `'orientation', 'row'`,
  );
  expect((await client.query('SELECT count(*)::int AS n FROM hologres.hg_warehouses')).rows).toEqual([
    { n: 1 },
  ]);
  expect(
    (await client.query('SELECT DISTINCT table_namespace FROM hologres.hg_table_properties')).rows,
  ).toEqual([{ table_namespace: 'public' }]);
  await client.end();
});

function as(user: string, password: string, database?: string): pg.ClientConfig {
  const url = new URL(gateway.url);
  Object.assign(url, { username: user, password });
  if (database) url.pathname = database;
  return { connectionString: url.href };
}
