/** Hologres' logically partitioned tables on plain PostgreSQL: a partition is a value that rows have. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await client.query('CREATE ROLE visitor; CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO visitor');
});
afterAll(() => gateway?.close());
beforeEach(() => client.query('DROP TABLE IF EXISTS shop.logs'));

const create = `CREATE TABLE shop.logs (a text, b int, ds date NOT NULL, PRIMARY KEY (b, ds))
  LOGICAL PARTITION BY LIST (ds)
  WITH (orientation = 'column', distribution_key = 'b', partition_expiration_time = '30 day', partition_require_filter = TRUE, binlog_ttl = 60)`;
const twoColumns =
  'CREATE TABLE shop.logs (a text, yy text NOT NULL, "Mm" text NOT NULL) LOGICAL PARTITION BY LIST (YY, "Mm")';

async function properties(): Promise<Record<string, string>> {
  const { rows } = await client.query(
    "SELECT property_key, property_value FROM hologres.hg_table_properties WHERE table_namespace = 'shop' AND table_name = 'logs'",
  );
  return Object.fromEntries(rows.map((row) => [row.property_key, row.property_value]));
}

async function partitions(): Promise<string[]> {
  const { rows } = await client.query("SELECT * FROM hologres.hg_list_logical_partition('shop.logs')");
  return rows.map(({ partition }) => partition);
}

async function partitionProperties(): Promise<unknown[]> {
  const { rows } = await client.query(
    "SELECT partition, property_key, property_value FROM hologres.hg_logical_partitioned_table_properties WHERE table_namespace = 'shop' AND table_name = 'logs' ORDER BY 1, 2",
  );
  return rows.map((row) => Object.values(row).join(' '));
}

test('partitions come and go with the rows, also after the column has another name', async () => {
  const made = await client.query(create);
  expect(made.command).toBe('CREATE');
  expect(await properties()).toEqual({
    'binlog.ttl': '60',
    distribution_key: 'b',
    is_logical_partitioned_table: 'true',
    logical_partition_columns: 'ds',
    orientation: 'column',
    partition_expiration_time: '30 day',
    partition_require_filter: 'true',
  });
  expect(await partitions()).toEqual([]);
  await client.query(
    "INSERT INTO shop.logs VALUES ('x', 1, '2025-04-02'), ('y', 2, '2025-04-01'), ('z', 3, '2025-04-01')",
  );
  expect(await partitions()).toEqual(['2025-04-01', '2025-04-02']);
  await client.query('ALTER TABLE shop.logs RENAME ds TO "Day"');
  expect((await properties()).logical_partition_columns).toBe('"Day"');
  await client.query('DELETE FROM shop.logs WHERE "Day" = $1', ['2025-04-01']);
  expect(await partitions()).toEqual(['2025-04-02']);
});

test('two columns name a partition together', async () => {
  await client.query(twoColumns);
  await client.query("INSERT INTO shop.logs VALUES ('x', '2025', '04'), ('y', '2025', '05')");
  expect((await properties()).logical_partition_columns).toBe('yy, "Mm"');
  expect(await partitions()).toEqual(['yy=2025,Mm=04', 'yy=2025,Mm=05']);
});

test('what is kept and does nothing is said', async () => {
  const notices: (string | undefined)[] = [];
  const listen = ({ message }: { message?: string }) => void notices.push(message);
  client.on('notice', listen);
  await client.query(create);
  client.off('notice', listen);
  expect(notices).toEqual([
    '"partition_expiration_time" is kept, and deletes nothing: delete old rows yourself',
    '"partition_require_filter" is kept, and refuses no query',
  ]);
});

test('a table that is there is left as it is with IF NOT EXISTS, and a dropped one leaves nothing behind', async () => {
  await client.query('CREATE TABLE shop.logs (ds date NOT NULL)');
  await client.query(create.replace('TABLE', 'TABLE IF NOT EXISTS'));
  expect(await properties()).toEqual({ orientation: 'column' });
  await client.query('DROP TABLE shop.logs');
  await client.query(create);
  await client.query("ALTER TABLE shop.logs PARTITION (ds = '2025-04-01') SET (keep_alive = TRUE)");
  await client.query('DROP TABLE shop.logs');
  await client.query('CREATE TABLE shop.logs (ds date NOT NULL)');
  expect(await properties()).toEqual({ orientation: 'column' });
  expect(await partitionProperties()).toEqual([]);
  expect(await partitions()).toEqual([]);
});

test('properties of the table and of its partitions are set and taken back', async () => {
  await client.query(create);
  await client.query(
    "ALTER TABLE shop.logs SET (partition_expiration_time = '60 day', partition_keep_hot_window = '15 day')",
  );
  await client.query('ALTER TABLE shop.logs RESET (partition_require_filter, binlog_ttl)');
  expect(await properties()).toEqual({
    distribution_key: 'b',
    is_logical_partitioned_table: 'true',
    logical_partition_columns: 'ds',
    orientation: 'column',
    partition_expiration_time: '60 day',
    partition_keep_hot_window: '15 day',
  });
  const altered = await client.query(
    `ALTER TABLE shop.logs PARTITION (ds = '2025-4-1') PARTITION(ds='2025-04-02') SET (keep_alive = TRUE, storage_mode = 'cold')`,
  );
  expect(altered.command).toBe('ALTER');
  await client.query(
    `BEGIN; ALTER TABLE ONLY "shop".logs PARTITION (ds = '2025-04-02') RESET (storage_mode); COMMIT`,
  );
  expect(await partitionProperties()).toEqual([
    '2025-04-01 keep_alive true',
    '2025-04-01 storage_mode cold',
    '2025-04-02 keep_alive true',
  ]);
  await client.query(`ALTER TABLE IF EXISTS shop.nothing PARTITION (ds = '1') SET (keep_alive = TRUE)`);
});

test('hg_dump_script makes the table again', async () => {
  await client.query(create);
  const before = await properties();
  const { rows } = await client.query("SELECT hg_dump_script('shop.logs') AS script");
  expect(rows[0].script).toContain('LOGICAL PARTITION BY LIST (ds)');
  await client.query('DROP TABLE shop.logs');
  await client.query(rows[0].script);
  expect(await properties()).toEqual(before);
});

const alter = (rest: string) => `ALTER TABLE shop.logs ${rest}`;
test.each([
  ['CREATE TABLE shop.l (a int, ds date NOT NULL) LOGICAL PARTITION BY LIST (dx)', '42703', /"dx"/],
  ['CREATE TABLE shop.l (ds date) LOGICAL PARTITION BY LIST (ds)', '22023', /"ds" .* NULL/],
  ['CREATE TABLE shop.l (ds jsonb NOT NULL) LOGICAL PARTITION BY LIST (ds)', '22023', /jsonb/],
  ['CREATE TABLE shop.l (a text NOT NULL) LOGICAL PARTITION BY LIST (a, a)', '42701', /more than once/],
  ['CREATE TABLE shop.l (a int, b int, c int) LOGICAL PARTITION BY LIST (a, b, c)', '22023', /3 columns/],
  ['CREATE TABLE shop.l (a int NOT NULL) LOGICAL PARTITION BY RANGE (a)', '0A000', /LIST alone/],
  ["CREATE TABLE shop.l (a int) WITH (partition_expiration_time = '1 day')", '22023', /none/],
  [`${twoColumns} WITH (partition_expiration_time = '1 day')`, '22023', /one column/],
  [alter("SET (partition_expiration_time = 'soon')"), '22023', /soon/],
  [alter("PARTITION (dx = '1') SET (keep_alive = TRUE)"), '22023', /named by ds, not by dx/],
  [alter("PARTITION (ds = 'x') SET (keep_alive = TRUE)"), '22007', /"x"/],
  [alter("PARTITION (ds = '2025-04-01') SET (keep_alive = maybe)"), '22023', /maybe/],
  [alter("PARTITION (ds = '2025-04-01') SET (orientation = 'row')"), '22023', /orientation/],
  ["TRUNCATE shop.logs PARTITION (ds = '2025-04-01')", '0A000', /TRUNCATE/],
  ["INSERT INTO shop.logs PARTITION (ds = '2025-04-01') VALUES ('a')", '0A000', /INSERT/],
])('%s is refused: %s', async (text, code, message) => {
  if (!text.startsWith('CREATE')) await client.query(create);
  const error = await refusal(client.query(text));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect((await client.query("SELECT to_regclass('shop.l') AS made")).rows).toEqual([{ made: null }]);
});

test('a mistake is told where the client wrote it', async () => {
  const text = 'CREATE TABLE shop.l (a int, ds no_type NOT NULL) LOGICAL PARTITION BY LIST (ds)';
  const error = await refusal(client.query(text));
  expect(error).toMatchObject({ code: '42704', position: String(text.indexOf('no_type') + 1) });
});

test('only the owner says what a partition is like, and who may not read the table learns of none', async () => {
  await client.query(create);
  await client.query("INSERT INTO shop.logs VALUES ('x', 1, '2025-04-02')");
  await client.query('SET ROLE visitor');
  try {
    const attempts = [
      alter("PARTITION (ds = '2025-04-01') SET (keep_alive = TRUE)"),
      alter("SET (partition_expiration_time = '1 day')"),
      alter('RESET (partition_expiration_time)'),
      "SELECT * FROM hologres.hg_list_logical_partition('shop.logs')",
      'INSERT INTO hologres.logically_partitioned SELECT * FROM hologres.logically_partitioned',
      'DELETE FROM hologres.partition_properties',
    ];
    for (const text of attempts) expect((await refusal(client.query(text))).code, text).toBe('42501');
  } finally {
    await client.query('RESET ROLE');
  }
});
