/** The commands of Alibaba's own command-line client about tables, views and data: their statements in its order, with its parameters. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const program = fileURLToPath(new URL('hologres_cli.py', import.meta.url));
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

interface Line {
  rows?: Record<string, unknown>[];
  error?: string;
  sqlstate?: string;
  state: string;
}

/** Each on a connection of its own, with the session set-up of every command before it. */
async function hologres(...commands: { statement: string; parameters?: unknown[]; write?: boolean }[]) {
  const { stdout } = await runProgram('/usr/bin/python3', [program, gateway.url, JSON.stringify(commands)], {
    PYTHONDONTWRITEBYTECODE: '1',
  });
  const lines = stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

const read = (statement: string, ...parameters: unknown[]) => ({ statement, parameters });
const write = (statement: string) => ({ statement, write: true });

const create = `BEGIN;
CREATE TABLE IF NOT EXISTS public.orders (order_id BIGINT NOT NULL, user_id INT, ds DATE, PRIMARY KEY (order_id));
CALL set_table_property('public.orders', 'orientation', 'column');
CALL set_table_property('public.orders', 'distribution_key', 'order_id');
CALL SET_TABLE_PROPERTY('public.orders', 'time_to_live_in_seconds', '86400');
COMMIT;`;
const columnsOf = `SELECT c.column_name, c.data_type, c.is_nullable, c.column_default, c.ordinal_position, pgd.description AS comment
  FROM information_schema.columns c
  LEFT JOIN pg_catalog.pg_statio_all_tables st ON st.schemaname = c.table_schema AND st.relname = c.table_name
  LEFT JOIN pg_catalog.pg_description pgd ON pgd.objoid = st.relid AND pgd.objsubid = c.ordinal_position
  WHERE c.table_schema = %s AND c.table_name = %s ORDER BY c.ordinal_position`;
const keyOf = `SELECT kcu.column_name FROM information_schema.table_constraints tc
  JOIN information_schema.key_column_usage kcu ON tc.constraint_name = kcu.constraint_name AND tc.table_schema = kcu.table_schema
  WHERE tc.constraint_type = 'PRIMARY KEY' AND tc.table_schema = %s AND tc.table_name = %s`;

test('table create, show, list, properties, size and dump', async () => {
  const [made, columns, key, list, properties, size, dump, missing] = await hologres(
    write(create),
    read(columnsOf, 'public', 'orders'),
    read(keyOf, 'public', 'orders'),
    read(
      `SELECT schemaname AS schema, tablename AS table_name, tableowner AS owner FROM pg_catalog.pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'hologres', 'hg_internal') AND schemaname = %s`,
      'public',
    ),
    read(
      `SELECT property_key, property_value FROM hologres.hg_table_properties WHERE table_namespace = %s AND table_name = %s ORDER BY property_key`,
      ...['public', 'orders'],
    ),
    read(
      'SELECT pg_size_pretty(pg_relation_size(%s)) AS size, pg_relation_size(%s) AS size_bytes',
      ...['public.orders', 'public.orders'],
    ),
    read(`SELECT hg_dump_script('"public"."orders"')`),
    read(`SELECT hg_dump_script('"public"."no_such_table"')`),
  );
  expect(made?.error).toBeUndefined();
  expect(columns?.rows?.map(({ column_name, is_nullable }) => [column_name, is_nullable])).toEqual([
    ...[
      ['order_id', 'NO'],
      ['user_id', 'YES'],
      ['ds', 'YES'],
    ],
  ]);
  expect(key?.rows).toEqual([{ column_name: 'order_id' }]);
  expect(list?.rows).toEqual([{ schema: 'public', table_name: 'orders', owner: 'hologen' }]);
  expect(properties?.rows).toEqual([
    { property_key: 'distribution_key', property_value: 'order_id' },
    { property_key: 'orientation', property_value: 'column' },
    { property_key: 'time_to_live_in_seconds', property_value: '86400' },
  ]);
  expect(size?.rows).toEqual([{ size: '0 bytes', size_bytes: 0 }]);
  expect(dump?.rows?.[0]?.hg_dump_script).toMatch(/CREATE TABLE .*orders/);
  expect(missing?.sqlstate).toBe('42P01');
});

test('table alter, view, extension, foreign table, explain, count, truncate and drop', async () => {
  const lines = await hologres(
    write('CREATE TABLE s (id int, ds date)'),
    write(`INSERT INTO s VALUES (1, '2026-01-01'), (2, '2026-01-02')`),
    write('ALTER TABLE IF EXISTS public.s ADD COLUMN note text'),
    write('ALTER TABLE IF EXISTS public.s RENAME COLUMN note TO remark'),
    write('CREATE VIEW seen AS SELECT id FROM s'),
    read(
      `SELECT schemaname AS schema, viewname AS view_name, viewowner AS owner, definition FROM pg_catalog.pg_views WHERE schemaname = %s`,
      'public',
    ),
    read(
      `SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema FROM pg_catalog.pg_extension e
       JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname`,
    ),
    read(
      `SELECT s.srvname FROM pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver`,
    ),
    read('EXPLAIN SELECT id FROM s'),
    read('SELECT COUNT(*) AS count FROM "public"."s" WHERE id > 1'),
    { ...write('DELETE FROM public.s WHERE ds = %s'), parameters: ['2026-01-02'] },
    read('SELECT COUNT(*) AS count FROM "public"."s"'),
    write('TRUNCATE TABLE "public"."s"'),
    write('DROP TABLE public.s CASCADE'),
  );
  expect(lines.map(({ error }) => error).filter(Boolean)).toEqual([]);
  expect(lines.every(({ state }) => state === 'IDLE')).toBe(true);
  const rows = lines.map((line) => line.rows ?? []);
  expect(rows[5]).toMatchObject([{ schema: 'public', view_name: 'seen', owner: 'hologen' }]);
  expect(rows[6]?.map(({ name }) => name)).toContain('plpgsql');
  expect(rows[7]).toEqual([]);
  expect(Object.keys(rows[8]?.[0] ?? {})).toEqual(['QUERY PLAN']);
  expect([rows[9], rows[11]]).toEqual([[{ count: 1 }], [{ count: 1 }]]);
});

test('partition list, alter and drop of a logically partitioned table', async () => {
  const property = `SELECT property_value FROM hologres.hg_table_properties
    WHERE table_namespace = %s AND table_name = %s AND property_key = `;
  const list = read(`SELECT * FROM hologres.hg_list_logical_partition('public.logs')`);
  const lines = await hologres(
    write(`CREATE TABLE IF NOT EXISTS public.logs (
    a TEXT, ds DATE NOT NULL
)
LOGICAL PARTITION BY LIST (ds)
WITH (
    orientation = 'column',
    partition_expiration_time = '30 day',
    partition_require_filter = TRUE
);`),
    read(`${property}'is_logical_partitioned_table' AND property_value = 'true'`, 'public', 'logs'),
    read(`${property}'logical_partition_columns'`, 'public', 'logs'),
    list,
    write(`INSERT INTO public.logs VALUES ('x', '2025-04-01'), ('y', '2025-04-02')`),
    list,
    write(`ALTER TABLE public.logs\nPARTITION (ds = '2025-04-01')\nSET (\n    keep_alive = TRUE\n)`),
    { ...write('DELETE FROM public.logs WHERE ds = %s'), parameters: ['2025-04-01'] },
    list,
  );
  expect(lines.map(({ error }) => error).filter(Boolean)).toEqual([]);
  expect([1, 2, 3, 5, 8].map((index) => lines[index]?.rows)).toEqual([
    [{ property_value: 'true' }],
    [{ property_value: 'ds' }],
    [],
    [{ partition: '2025-04-01' }, { partition: '2025-04-02' }],
    [{ partition: '2025-04-02' }],
  ]);
});
