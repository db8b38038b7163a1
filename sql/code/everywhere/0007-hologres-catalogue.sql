-- What Hologres' own clients ask besides ai_gen: the catalogue schema "hologres", table properties, the script of a table.
-- All of it runs with the caller's own rights; names are looked up on the caller's own search_path.
-- The relation of a name as a client writes it, quoted or not; 42P01 when there is none.
CREATE OR REPLACE FUNCTION hologen_caller.relation_named(name text) RETURNS oid
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN name::pg_catalog.regclass;
END $$;

-- Stands where a client wrote what PostgreSQL cannot carry.
CREATE OR REPLACE FUNCTION hologen_caller.refuse_statement(what text, hint text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = what, HINT = hint;
END $$;

-- ---- Table properties: what was declared for Hologres. PostgreSQL stores rows its own way whatever they say.

CREATE OR REPLACE FUNCTION hologen_caller.table_born(relation oid) RETURNS xid
LANGUAGE sql STABLE AS $$ SELECT xmin FROM pg_catalog.pg_attribute WHERE attrelid = relation AND attname = 'cmax' AND attnum < 0 $$;

-- The columns that partition a table, in order; NULL for any other table, and when one of them is gone.
CREATE OR REPLACE FUNCTION hologen_caller.partition_columns(relation oid) RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(a.attname ORDER BY c.place)
  FROM hologres.logically_partitioned p, unnest(p.columns) WITH ORDINALITY AS c (number, place)
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = relation AND a.attnum = c.number AND NOT a.attisdropped
  WHERE p.table_oid = relation AND p.table_born = hologen_caller.table_born(relation)
  HAVING count(*) = count(a.attname) AND count(*) > 0
$$;

-- 42501 unless `role` is proved to own the table.
CREATE OR REPLACE FUNCTION hologen_caller.must_own(relation oid, role text, proof text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off AS $$
DECLARE
  owner oid := (SELECT relowner FROM pg_class WHERE oid = relation);
BEGIN
  IF NOT coalesce(hologen_internal.is_proved(role, proof) AND pg_has_role(role, owner, 'USAGE'), false) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of table %s', relation::regclass);
  END IF;
END $$;

-- Writes what set_table_property has checked, where `role` owns the table; NULL takes the property back.
CREATE OR REPLACE FUNCTION hologen_caller.declare_property(relation oid, property text, value text, role text, proof text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off AS $$
BEGIN
  PERFORM hologen_caller.must_own(relation, role, proof);
  IF value IS NULL THEN
    DELETE FROM hologres.declared_properties WHERE table_oid = relation AND property_key = property;
  ELSE
    INSERT INTO hologres.declared_properties VALUES (relation, hologen_caller.table_born(relation), property, value)
      ON CONFLICT (table_oid, property_key) DO UPDATE SET table_born = excluded.table_born, property_value = excluded.property_value;
  END IF;
END $$;

-- What a table that is not partitioned logically cannot have, and what is kept and does nothing.
CREATE OR REPLACE FUNCTION hologen_caller.check_partition_property(relation oid, property text, value text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  columns name[] := hologen_caller.partition_columns(relation);
BEGIN
  IF columns IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('"%s" is a property of logically partitioned tables, and %s is none', property, relation::regclass),
      HINT = 'Make the table with LOGICAL PARTITION BY LIST (column), or leave the property out.';
  ELSIF pg_catalog.cardinality(columns) > 1 AND property <> 'partition_require_filter' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('"%s" is a property of tables that one column partitions, not %s', property, pg_catalog.array_to_string(columns, ', '));
  ELSIF property = 'partition_expiration_time' THEN
    RAISE NOTICE '"%" is kept, and deletes nothing: delete old rows yourself', property;
  ELSIF property = 'partition_require_filter' AND pg_catalog.lower(value) = 'true' THEN
    RAISE NOTICE '"%" is kept, and refuses no query', property;
  END IF;
END $$;

-- Declares a property of a table that the caller owns. Part of the transaction, as the CREATE TABLE before it.
CREATE OR REPLACE PROCEDURE hologen.set_table_property(table_name text, property text, value text)
LANGUAGE plpgsql AS $$
DECLARE
  relation pg_catalog.pg_class;
  rule     hologres.property_keys;
  me       hologen_caller.me;
BEGIN
  SELECT * INTO relation FROM pg_catalog.pg_class WHERE oid = hologen_caller.relation_named(table_name);
  IF relation.relkind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = pg_catalog.format('"%s" is not a table', relation.relname);
  ELSIF NOT pg_catalog.pg_has_role(relation.relowner, 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = pg_catalog.format('must be owner of table %s', relation.relname);
  END IF;
  SELECT * INTO rule FROM hologres.property_keys WHERE property_key = property;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('unknown table property %s', pg_catalog.quote_nullable(property)),
      HINT = 'Table properties are: ' || (SELECT pg_catalog.string_agg(property_key, ', ' ORDER BY property_key) FROM hologres.property_keys) || '.';
  ELSIF value IS NULL OR value !~ rule.pattern THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = pg_catalog.format('invalid value for table property "%s": %s', property, pg_catalog.quote_nullable(value)),
      HINT = pg_catalog.format('Write %s.', coalesce(rule.allowed, 'a text'));
  ELSIF property LIKE 'partition\_%' THEN
    PERFORM hologen_caller.check_partition_property(relation.oid, property, value);
  END IF;
  SELECT * INTO me FROM hologen_caller.me;
  PERFORM hologen_caller.declare_property(relation.oid, property, value, me.role, me.proof);
END $$;

-- ALTER TABLE … SET (…) and RESET (…) with Hologres' properties: {"key": "value", …}, NULL for RESET.
CREATE OR REPLACE PROCEDURE hologen_caller.set_table_properties(table_name text, properties json, if_exists boolean)
LANGUAGE plpgsql AS $$
DECLARE
  property record;
  me       hologen_caller.me;
BEGIN
  IF if_exists AND pg_catalog.to_regclass(table_name) IS NULL THEN
    RAISE NOTICE 'relation "%" does not exist, skipping', (pg_catalog.parse_ident(table_name))[pg_catalog.cardinality(pg_catalog.parse_ident(table_name))];
    RETURN;
  END IF;
  FOR property IN SELECT * FROM pg_catalog.json_each_text(properties) LOOP
    IF property.value IS NULL THEN
      SELECT * INTO me FROM hologen_caller.me;
      PERFORM hologen_caller.declare_property(hologen_caller.relation_named(table_name), property.key, NULL, me.role, me.proof);
    ELSE
      CALL hologen.set_table_property(table_name, property.key, property.value);
    END IF;
  END LOOP;
END $$;

-- CREATE TABLE … WITH (…): the definition without Hologres' properties, then these, unless IF NOT EXISTS found the table there.
CREATE OR REPLACE PROCEDURE hologen_caller.create_table(definition text, table_name text, properties json)
LANGUAGE plpgsql AS $$
DECLARE
  before oid := pg_catalog.to_regclass(table_name);
BEGIN
  EXECUTE definition;
  IF before IS DISTINCT FROM pg_catalog.to_regclass(table_name) THEN
    CALL hologen_caller.set_table_properties(table_name, properties, false);
  END IF;
END $$;

-- Every table has an orientation; one that was not given is Hologres' default.
CREATE OR REPLACE VIEW hologres.hg_table_properties AS
  SELECT n.nspname::text AS table_namespace, c.relname::text AS table_name, p.property_key, p.property_value
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (
    SELECT coalesce(declared.property_key, standard.property_key) AS property_key,
           coalesce(declared.property_value, standard.property_value) AS property_value
    FROM (VALUES ('orientation', 'column')) AS standard (property_key, property_value)
    FULL JOIN (SELECT property_key, property_value FROM hologres.declared_properties
               WHERE table_oid = c.oid AND table_born = hologen_caller.table_born(c.oid)
               UNION ALL
               SELECT own.* FROM hologen_caller.partition_columns(c.oid) AS columns, LATERAL (VALUES
                 ('is_logical_partitioned_table', 'true'),
                 ('logical_partition_columns', (SELECT string_agg(quote_ident(each), ', ') FROM unnest(columns) AS each))) AS own
               WHERE columns IS NOT NULL) AS declared
      ON declared.property_key = standard.property_key
  ) AS p
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\_%'
    AND n.nspname NOT IN ('information_schema', 'hologres', 'hologen', 'hologen_internal', 'hologen_caller');

-- ---- The rest of the catalogue

-- The engine as Hologres' one warehouse, which always runs. SQL does not know how many cores or how much memory it has.
CREATE OR REPLACE VIEW hologres.hg_warehouses AS
  SELECT 1 AS warehouse_id, 'init_warehouse'::text AS warehouse_name, NULL::integer AS cpu, NULL::integer AS mem,
         1 AS cluster_min_count, 1 AS cluster_max_count, 1 AS target_status, 1 AS status, NULL::text AS status_detail,
         true AS is_default,
         json_build_object('max_connections', current_setting('max_connections'), 'shared_buffers', current_setting('shared_buffers'),
           'work_mem', current_setting('work_mem'))::text AS config,
         'PostgreSQL ' || current_setting('server_version') || ', one server' AS comment,
         1 AS started_clusters;

-- Nothing of these kinds exists in PostgreSQL; clients list them and find none.
CREATE OR REPLACE VIEW hologres.hg_dynamic_table_properties AS
  SELECT ''::text AS dynamic_table_namespace, ''::text AS dynamic_table_name, ''::text AS property_key, ''::text AS property_value
  WHERE false;
CREATE OR REPLACE VIEW hologres.hg_dynamic_table_dependencies AS
  SELECT ''::text AS dynamic_table_namespace, ''::text AS dynamic_table_name, ''::text AS table_namespace, ''::text AS table_name,
         ''::text AS dependency
  WHERE false;
CREATE OR REPLACE VIEW hologres.hg_index_properties AS
  SELECT ''::text AS table_namespace, ''::text AS table_name, ''::text AS index_name, ''::text AS property_key, ''::text AS property_value
  WHERE false;
CREATE OR REPLACE VIEW hologres.hg_query_log AS
  SELECT log.* FROM (SELECT 1) AS nothing, LATERAL json_to_record('{}') AS log (
    usename text, status text, query_id text, digest text, datname text, command_tag text, duration integer, message text,
    query_start timestamptz, query_date text, query text, result_rows bigint, result_bytes bigint, read_rows bigint,
    read_bytes bigint, affected_rows bigint, affected_bytes bigint, memory_bytes bigint, shuffle_bytes bigint,
    cpu_time_ms bigint, physical_reads bigint, pid integer, application_name text, engine_type text[], client_addr text,
    table_write text, table_read text[], session_id text, session_start timestamptz, trans_id text, command_id text,
    optimization_cost integer, start_query_cost integer, get_next_cost integer, extended_cost text, plan text,
    statistics text, visualization_info text, query_detail text, query_extinfo text[])
  WHERE false;
GRANT SELECT ON hologres.hg_table_properties, hologres.hg_warehouses, hologres.hg_dynamic_table_properties,
  hologres.hg_dynamic_table_dependencies, hologres.hg_index_properties,
  hologres.hg_query_log TO PUBLIC;

CREATE OR REPLACE FUNCTION hologen.hg_show_build_index_progress(name text)
RETURNS TABLE (schema_name text, table_name text, index_name text, index_id bigint, am_name text, built_index_size bigint,
               built_num_files bigint, target_num_files bigint, progress text, estimated_remaining_time text)
LANGUAGE sql STABLE AS $$ SELECT '', '', '', 0::bigint, '', 0::bigint, 0::bigint, 0::bigint, '', '' FROM hologen_caller.relation_named(name) AS r WHERE r IS NULL $$;

-- Bytes on disk: data + index + meta = all. PostgreSQL has no binlog of a table.
CREATE OR REPLACE FUNCTION hologres.hg_relation_size(table_name text, part text DEFAULT 'all') RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  relation regclass := hologen_caller.relation_named(table_name)::regclass;
  meta     bigint := pg_catalog.pg_relation_size(relation, 'fsm') + pg_catalog.pg_relation_size(relation, 'vm');
BEGIN
  CASE pg_catalog.lower(part)
    WHEN 'all' THEN RETURN pg_catalog.pg_total_relation_size(relation);
    WHEN 'data' THEN RETURN pg_catalog.pg_table_size(relation) - meta;
    WHEN 'index' THEN RETURN pg_catalog.pg_indexes_size(relation);
    WHEN 'meta' THEN RETURN meta;
    WHEN 'binlog' THEN RETURN 0;
    ELSE RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('unknown part of a relation: "%s"', part),
      HINT = 'Write all, data, index, meta or binlog.';
  END CASE;
END $$;

-- No table has a state, as none is dynamic.
CREATE OR REPLACE FUNCTION hologres.hg_dynamic_table_state_size(table_name text) RETURNS bigint
LANGUAGE sql STABLE AS $$ SELECT 0::bigint FROM hologen_caller.relation_named(table_name) $$;

CREATE OR REPLACE FUNCTION hologres.hg_full_compact_table(table_name text, options text DEFAULT '') RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT hologen_caller.refuse_statement('hg_full_compact_table is not supported: PostgreSQL has no files to merge',
    pg_catalog.format('To give back the space of deleted rows, run: VACUUM FULL %s', hologen_caller.relation_named(table_name)::regclass))
$$;

-- No table is dynamic, so there is none to be upgraded.
CREATE OR REPLACE PROCEDURE hologen.hg_upgrade_all_normal_dynamic_tables() LANGUAGE sql AS '';
CREATE OR REPLACE PROCEDURE hologen.hg_dynamic_table_config_upgrade(table_name text) LANGUAGE sql AS '';

CREATE OR REPLACE FUNCTION hologen.instance_max_connections() RETURNS integer
LANGUAGE sql STABLE AS $$ SELECT pg_catalog.current_setting('max_connections')::integer $$;
