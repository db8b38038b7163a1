/** The client's other commands: status, instance, warehouse, schema, table, partition, view, extension, guc, sql, data, foreign and dt. */
import { expect } from 'vitest';
import { type Check, call, columns, done, read, refused, write } from './check.js';

export const server: Check[] = [
  [
    'status: version',
    read('SELECT hg_version()'),
    ({ rows }) => expect(rows?.[0]?.hg_version).toMatch(/^Hologres \d+\.\d+\.\d+ ?\(/),
  ],
  ['status: database', read('SELECT current_database()'), [{ current_database: 'hologen' }]],
  ['status: user', read('SELECT current_user'), [{ current_user: 'hologen' }]],
  [
    'status: address',
    read('SELECT inet_server_addr(), inet_server_port()'),
    columns('inet_server_addr', 'inet_server_port'),
  ],
  [
    'instance',
    read('SELECT instance_max_connections()'),
    ({ rows }) => expect(rows?.[0]?.instance_max_connections).toBeGreaterThan(1),
  ],
  [
    'warehouse',
    read('SELECT * FROM hologres.hg_warehouses'),
    columns(
      ...[
        'warehouse_id',
        'warehouse_name',
        'cpu',
        'mem',
        'cluster_min_count',
        'cluster_max_count',
        'target_status',
      ],
      ...['status', 'status_detail', 'is_default', 'config', 'comment'],
    ),
  ],
  [
    'warehouse of a name',
    read('SELECT * FROM hologres.hg_warehouses WHERE warehouse_name = %s', 'init_warehouse'),
    [{ status: 1 }],
  ],
];

const create = `BEGIN;
CREATE TABLE IF NOT EXISTS public.orders (order_id BIGINT NOT NULL, user_id INT, ds DATE, PRIMARY KEY (order_id));
CALL set_table_property('public.orders', 'orientation', 'column');
CALL set_table_property('public.orders', 'distribution_key', 'order_id');
CALL set_table_property('public.orders', 'clustering_key', 'ds');
CALL set_table_property('public.orders', 'event_time_column', 'ds');
CALL set_table_property('public.orders', 'bitmap_columns', 'user_id');
CALL set_table_property('public.orders', 'dictionary_encoding_columns', 'user_id:auto');
CALL SET_TABLE_PROPERTY('public.orders', 'time_to_live_in_seconds', '86400');
CALL set_table_property('public.orders', 'storage_mode', 'hot');
CALL set_table_property('public.orders', 'table_group', 'g');
CALL set_table_property('public.orders', 'binlog.level', 'replica');
CALL set_table_property('public.orders', 'binlog.ttl', '600');
COMMIT;`;
const inSchema =
  "schemaname NOT IN ('pg_catalog', 'information_schema', 'hologres', 'hg_internal') AND schemaname = %s";
const columnsOf = `SELECT c.column_name, c.data_type, c.is_nullable, c.column_default, c.ordinal_position, pd.description AS comment
  FROM information_schema.columns c
  LEFT JOIN pg_catalog.pg_statio_all_tables st ON c.table_schema = st.schemaname AND c.table_name = st.relname
  LEFT JOIN pg_catalog.pg_description pd ON st.relid = pd.objoid AND c.ordinal_position = pd.objsubid
  WHERE c.table_schema = %s AND c.table_name = %s ORDER BY c.ordinal_position`;
const keyOf = `SELECT kcu.column_name FROM information_schema.table_constraints tc
  JOIN information_schema.key_column_usage kcu ON tc.constraint_name = kcu.constraint_name AND tc.table_schema = kcu.table_schema
  WHERE tc.constraint_type = 'PRIMARY KEY' AND tc.table_schema = %s AND tc.table_name = %s ORDER BY kcu.ordinal_position`;
const viewColumns = `SELECT c.column_name, pd.description AS comment FROM information_schema.columns c
  LEFT JOIN pg_catalog.pg_class cls ON cls.relname = c.table_name
  LEFT JOIN pg_catalog.pg_namespace ns ON ns.oid = cls.relnamespace AND ns.nspname = c.table_schema
  LEFT JOIN pg_catalog.pg_description pd ON cls.oid = pd.objoid AND c.ordinal_position = pd.objsubid
  WHERE c.table_schema = %s AND c.table_name = %s ORDER BY c.ordinal_position`;

export const tables: Check[] = [
  ['table create', write(create), done],
  [
    'schema tables, table list',
    read(
      `SELECT schemaname AS schema, tablename AS table_name, tableowner AS owner FROM pg_catalog.pg_tables WHERE ${inSchema}`,
      'public',
    ),
    [{ schema: 'public', table_name: 'orders', owner: 'hologen' }],
  ],
  [
    'schema describe, table show',
    read(columnsOf, 'public', 'orders'),
    [{ column_name: 'order_id', is_nullable: 'NO' }, { column_name: 'user_id' }, { column_name: 'ds' }],
  ],
  ['its primary key', read(keyOf, 'public', 'orders'), [{ column_name: 'order_id' }]],
  [
    'schema dump, table dump',
    read(`SELECT hg_dump_script('"public"."orders"')`),
    ({ rows }) => expect(rows?.[0]?.hg_dump_script).toMatch(/CREATE TABLE public\.orders/),
  ],
  ['a dump of no table', read(`SELECT hg_dump_script('"public"."none"')`), refused('42P01', /none/)],
  [
    'schema size, table size',
    read(
      'SELECT pg_size_pretty(pg_relation_size(%s)) AS size, pg_relation_size(%s) AS size_bytes',
      'public.orders',
      'public.orders',
    ),
    [{ size: '0 bytes', size_bytes: 0 }],
  ],
  [
    'table properties',
    read(
      'SELECT property_key, property_value FROM hologres.hg_table_properties WHERE table_namespace = %s AND table_name = %s ORDER BY property_key',
      'public',
      'orders',
    ),
    [
      { property_key: 'binlog.level', property_value: 'replica' },
      { property_key: 'binlog.ttl', property_value: '600' },
      { property_key: 'bitmap_columns', property_value: 'user_id' },
      { property_key: 'clustering_key', property_value: 'ds' },
      { property_key: 'dictionary_encoding_columns', property_value: 'user_id:auto' },
      { property_key: 'distribution_key', property_value: 'order_id' },
      { property_key: 'event_time_column', property_value: 'ds' },
      { property_key: 'orientation', property_value: 'column' },
      { property_key: 'storage_mode', property_value: 'hot' },
      { property_key: 'table_group', property_value: 'g' },
      { property_key: 'time_to_live_in_seconds', property_value: '86400' },
    ],
  ],
  ['table alter: add a column', write('ALTER TABLE IF EXISTS public.orders ADD COLUMN note text'), done],
  [
    'table alter: rename a column',
    write('ALTER TABLE IF EXISTS public.orders RENAME COLUMN note TO remark'),
    done,
  ],
  ['table alter: owner', write('ALTER TABLE IF EXISTS public.orders OWNER TO hologen'), done],
  [
    'table alter: rename',
    write(
      'BEGIN; ALTER TABLE IF EXISTS public.orders RENAME TO sales; ALTER TABLE IF EXISTS public.sales RENAME TO orders; COMMIT;',
    ),
    done,
  ],
  [
    'view list',
    read(`SELECT viewname AS view_name FROM pg_catalog.pg_views WHERE ${inSchema}`, 'public'),
    [],
  ],
  ['sql run --write', write('CREATE VIEW public.seen AS SELECT order_id FROM public.orders'), done],
  [
    'view show',
    read(
      'SELECT definition, viewowner FROM pg_catalog.pg_views WHERE schemaname = %s AND viewname = %s',
      'public',
      'seen',
    ),
    [{ viewowner: 'hologen' }],
  ],
  ['its columns', read(viewColumns, 'public', 'seen'), [{ column_name: 'order_id' }]],
  [
    'extension list',
    read(
      'SELECT extname AS name, extversion AS version, n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON e.extnamespace = n.oid ORDER BY extname',
    ),
    columns('name', 'version', 'schema'),
  ],
  ['extension create', write('CREATE EXTENSION IF NOT EXISTS "pgcrypto"'), done],
  [
    'data import',
    {
      ...write('COPY "public"."orders" ("order_id","ds") FROM STDIN WITH (FORMAT csv, HEADER true)'),
      copied: 'order_id,ds\n1,2026-01-01\n2,2026-01-02\n',
    },
    done,
  ],
  ['data count', read('SELECT COUNT(*) AS count FROM "public"."orders" WHERE order_id > 1'), [{ count: 1 }]],
  [
    'data export',
    {
      ...read('COPY (SELECT order_id FROM "public"."orders") TO STDOUT WITH (FORMAT csv, HEADER true)'),
      copied: '',
    },
    [{ copied: 'order_id\n' }, { copied: '1\n' }, { copied: '2\n' }],
  ],
  [
    'data export of a query',
    {
      ...read(`COPY (SELECT 1 AS a, 2 AS b) TO STDOUT WITH (FORMAT csv, HEADER true, DELIMITER '|')`),
      copied: '',
    },
    [{ copied: 'a|b\n' }, { copied: '1|2\n' }],
  ],
  [
    'sql run',
    read('SELECT order_id FROM public.orders ORDER BY 1 LIMIT 101'),
    [{ order_id: 1 }, { order_id: 2 }],
  ],
  ['sql explain', read('EXPLAIN SELECT order_id FROM public.orders'), columns('QUERY PLAN')],
  ['data import --truncate, table truncate', write('TRUNCATE TABLE "public"."orders"'), done],
  ['table drop', write('DROP TABLE IF EXISTS public.orders CASCADE'), done],
];

const logical = `SELECT property_value FROM hologres.hg_table_properties WHERE table_namespace = %s AND table_name = %s AND property_key = `;
const partitions = read("SELECT * FROM hologres.hg_list_logical_partition('public.logs')");
export const partition: Check[] = [
  [
    'table create --partition-mode logical',
    write(`CREATE TABLE IF NOT EXISTS public.logs (a TEXT, ds DATE NOT NULL)
LOGICAL PARTITION BY LIST (ds)
WITH (
    orientation = 'column',
    binlog_level = 'replica',
    binlog_ttl = '86400',
    partition_expiration_time = '30 day',
    partition_keep_hot_window = '15 day',
    partition_require_filter = TRUE,
    partition_generate_binlog_window = '3 day'
);`),
    done,
  ],
  [
    'table create --partition-mode physical',
    write('BEGIN; CREATE TABLE public.parts (a TEXT, ds DATE NOT NULL) PARTITION BY LIST (ds); COMMIT;'),
    done,
  ],
  [
    'the table is there',
    read(
      'SELECT 1 AS one FROM information_schema.tables WHERE table_schema = %s AND table_name = %s',
      'public',
      'logs',
    ),
    [{ one: 1 }],
  ],
  [
    'it is logically partitioned',
    read(`${logical}'is_logical_partitioned_table' AND property_value = 'true'`, 'public', 'logs'),
    [{ property_value: 'true' }],
  ],
  [
    'its columns',
    read(`${logical}'logical_partition_columns'`, 'public', 'logs'),
    [{ property_value: 'ds' }],
  ],
  ['another table is not', read(`${logical}'is_logical_partitioned_table'`, 'public', 'parts'), []],
  [
    'rows make partitions',
    write("INSERT INTO public.logs VALUES ('x', '2025-04-01'), ('y', '2025-04-02')"),
    done,
  ],
  ['partition list', partitions, [{ partition: '2025-04-01' }, { partition: '2025-04-02' }]],
  [
    'partition alter',
    write(
      "ALTER TABLE public.logs\nPARTITION (ds = '2025-04-01')\nSET (\n    keep_alive = TRUE,\n    storage_mode = 'hot',\n    generate_binlog = 'on')",
    ),
    done,
  ],
  ['partition drop', write('DELETE FROM public.logs WHERE ds = %s', '2025-04-01'), done],
  ['partition list after it', partitions, [{ partition: '2025-04-02' }]],
  [
    'table alter of its properties',
    write(
      "ALTER TABLE public.logs SET (\n    partition_expiration_time = '60 day',\n    partition_require_filter = FALSE,\n    binlog_ttl = 600)",
    ),
    done,
  ],
];

/** Every setting that the client or its skills name; PostgreSQL's own are the last four. */
const settings =
  `hg_computing_resource hg_experimental_enable_adaptive_execution hg_enable_start_auto_analyze_worker
  hg_auto_check_table_changes_interval hg_auto_check_foreign_table_changes_interval hg_auto_analyze_max_sample_row_count
  hg_fixed_api_modify_max_delay_interval hg_foreign_table_max_partition_limit hg_experimental_query_batch_size
  hg_foreign_table_split_size hg_foreign_table_executor_max_dop hg_foreign_table_executor_dml_max_dop
  hg_enable_access_odps_orc_via_holo optimizer_join_order optimizer_force_multistage_agg hg_experimental_enable_result_cache
  hg_anon_enable hg_experimental_encryption_options hg_experimental_enable_create_table_like_properties
  hg_experimental_affect_row_multiple_times_keep_first hg_experimental_affect_row_multiple_times_keep_last
  hg_experimental_enable_read_replica hg_experimental_display_query_id hg_experimental_approx_count_distinct_precision
  hg_experimental_functions_use_pg_implementation hg_serverless_computing_run_compaction_before_commit_bulk_load
  statement_timeout idle_in_transaction_session_timeout idle_session_timeout timezone`.split(/\s+/);

export const guc: Check[] = [
  ...settings.map(
    (name): Check => [`guc show ${name}`, read(`SHOW "${name}"`), ({ rows }) => expect(rows).toHaveLength(1)],
  ),
  ['guc set', write(`ALTER DATABASE "hologen" SET "optimizer_join_order" = 'query'`), done],
  ['a new session has it', read('SHOW "optimizer_join_order"'), [{ optimizer_join_order: 'query' }]],
  ['guc reset', write('ALTER DATABASE "hologen" RESET "optimizer_join_order"'), done],
  ['guc show of another name', read('SHOW "no_such_setting"'), refused('42704', /no_such_setting/)],
];

const lineage = `SELECT d.dependency FROM hologres.hg_dynamic_table_dependencies d
  WHERE d.dynamic_table_namespace = %s AND d.dynamic_table_name = %s AND d.dependency <> 'internal_table'`;
export const others: Check[] = [
  [
    'foreign list',
    read(
      'SELECT s.srvname FROM pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver',
    ),
    [],
  ],
  [
    'dt list, dt show',
    read(
      'SELECT dynamic_table_namespace, dynamic_table_name, property_key, property_value FROM hologres.hg_dynamic_table_properties',
    ),
    [],
  ],
  ['dt lineage', read(lineage, 'public', 'd'), []],
  ['dt ddl', read("SELECT hg_dump_script('logs')"), columns('hg_dump_script')],
  ['dt storage', read("SELECT hologres.hg_relation_size('public.logs')"), columns('hg_relation_size')],
  [
    'dt state-size',
    read("SELECT pg_size_pretty(hologres.hg_dynamic_table_state_size('public.logs')) AS state_size"),
    [{ state_size: '0 bytes' }],
  ],
];

/** The SQL of its skills. */
export const skills: Check[] = [
  [
    'a request of json_build_object',
    read(
      `SELECT ai_gen('qwen_plus', json_build_object('prompt', 'hi', 'parameters', json_build_object('temperature', 0.7))::text)`,
    ),
    columns('ai_gen'),
  ],
  [
    'to_file of a column in a CTE, once a row',
    read(`WITH f AS (SELECT 'oss://bucket/path/golden_man.png' AS p FROM generate_series(1, 2))
      SELECT ai_gen('cli-qwen3-vl-plus', '{"prompt": "what is it?"}'::text, to_file(p, 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1234567890123456:role/hologres-ai')) FROM f`),
    ({ rows }) => expect(rows).toHaveLength(2),
  ],
  [
    'a FILE in json_build_array',
    read(
      `SELECT json_array_length(json_build_array('a', to_file('oss://bucket/path/golden_man.png', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1234567890123456:role/hologres-ai'))) AS n`,
    ),
    [{ n: 2 }],
  ],
  [
    'an embedding as FLOAT4[]',
    read(`SELECT array_length(ai_gen('text_embedding_v4', 'a text')::FLOAT4[], 1) AS n`),
    [{ n: 1024 }],
  ],
  [
    'ai_gen of an aggregate',
    read(
      `SELECT ai_gen('qwen_plus', 'sum up: ' || ctx) FROM (SELECT string_agg(n::text, ',') AS ctx FROM generate_series(1, 3) n) s`,
    ),
    columns('ai_gen'),
  ],
  [
    'INSERT … SELECT … ON CONFLICT',
    write(
      `CREATE TABLE said (id int PRIMARY KEY, t text); INSERT INTO said SELECT n, ai_gen('qwen_plus', 'say ' || n) FROM generate_series(1, 2) n ON CONFLICT (id) DO UPDATE SET t = excluded.t`,
    ),
    done,
  ],
  ['hg_query_log', read('SELECT digest, query FROM hologres.hg_query_log LIMIT 10'), []],
  ['hg_show_build_index_progress', read("SELECT * FROM hg_show_build_index_progress('said')"), []],
  ['hg_index_properties', read('SELECT * FROM hologres.hg_index_properties'), []],
  // No table is dynamic: nothing is to be done.
  ['dt convert --all', call('hg_upgrade_all_normal_dynamic_tables'), done],
  ['dt convert', call('hg_dynamic_table_config_upgrade', 'public.d'), done],
];

/** What plain PostgreSQL cannot carry: told, with what to do instead. */
export const notCarried: Check[] = [
  [
    'dt create',
    write("CREATE DYNAMIC TABLE public.d WITH (freshness = '3 minutes') AS SELECT 1"),
    refused('0A000', /dynamic tables/),
  ],
  ['dt refresh', write('REFRESH DYNAMIC TABLE public.d'), refused('0A000', /dynamic tables/)],
  [
    'dt alter',
    write('ALTER DYNAMIC TABLE public.d SET (auto_refresh_enable = false)'),
    refused('0A000', /dynamic tables/),
  ],
  ['dt drop', write('DROP DYNAMIC TABLE public.d'), refused('0A000', /dynamic tables/)],
  [
    'hg_full_compact_table',
    write("SELECT hologres.hg_full_compact_table('said')"),
    refused('0A000', /no files to merge/),
  ],
  [
    'foreign create',
    write(
      "CREATE FOREIGN TABLE public.f (a text) SERVER odps_server OPTIONS (project_name 'p', table_name 't')",
    ),
    refused('42704', /odps_server/),
  ],
];
