-- Hologres' logically partitioned tables: the table is a physical one, its partitions are the values that its rows have in one or two
-- columns. So it is a plain table here, and a partition is there while a row of it is.
-- https://www.alibabacloud.com/help/en/hologres/developer-reference/create-logical-partition-table

-- Writes what create_logical_table has checked, where `role` owns the table.
CREATE OR REPLACE FUNCTION hologen_caller.declare_partition_columns(relation oid, numbers smallint[], role text, proof text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off AS $$
BEGIN
  PERFORM hologen_caller.must_own(relation, role, proof);
  INSERT INTO hologres.logically_partitioned VALUES (relation, hologen_caller.table_born(relation), numbers)
    ON CONFLICT (table_oid) DO UPDATE SET table_born = excluded.table_born, columns = excluded.columns;
  DELETE FROM hologres.partition_properties WHERE table_oid = relation;
END $$;

-- Writes what set_partition_properties has checked, where `role` owns the table; NULL takes the property back.
CREATE OR REPLACE FUNCTION hologen_caller.declare_partition_property(
  relation oid, its_partition text, property text, value text, role text, proof text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off AS $$
BEGIN
  PERFORM hologen_caller.must_own(relation, role, proof);
  IF value IS NULL THEN
    DELETE FROM hologres.partition_properties
      WHERE table_oid = relation AND partition = its_partition AND property_key = property;
  ELSE
    INSERT INTO hologres.partition_properties
      VALUES (relation, hologen_caller.table_born(relation), its_partition, property, value)
      ON CONFLICT (table_oid, partition, property_key)
      DO UPDATE SET table_born = excluded.table_born, property_value = excluded.property_value;
  END IF;
END $$;

-- CREATE TABLE … LOGICAL PARTITION BY LIST (…): the definition without that clause, its columns, and its properties, unless IF NOT EXISTS
-- found the table there.
CREATE OR REPLACE PROCEDURE hologen_caller.create_logical_table(definition text, table_name text, columns text[], properties json)
LANGUAGE plpgsql AS $$
DECLARE
  before   oid := pg_catalog.to_regclass(table_name);
  relation oid;
  part     pg_catalog.pg_attribute;
  numbers  smallint[];
  own_name text;
  me       hologen_caller.me;
BEGIN
  IF pg_catalog.cardinality(columns) > 2 THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('a table cannot be partitioned by %s columns', pg_catalog.cardinality(columns)),
      HINT = 'Name one or two columns.';
  END IF;
  EXECUTE definition;
  relation := pg_catalog.to_regclass(table_name);
  IF before IS NOT DISTINCT FROM relation THEN
    RETURN;
  END IF;
  FOREACH own_name IN ARRAY columns LOOP
    SELECT * INTO part FROM pg_catalog.pg_attribute
      WHERE attrelid = relation AND attname = own_name AND attnum > 0 AND NOT attisdropped;
    IF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = '42703', MESSAGE = pg_catalog.format('column "%s" named in partition key does not exist', own_name);
    ELSIF NOT part.attnotnull THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('column "%s" of the partition key may be NULL', own_name),
        HINT = 'Declare it NOT NULL.';
    ELSIF part.atttypid OPERATOR(pg_catalog.<>) ALL ('{int4,text,varchar,date,timestamp,timestamptz}'::pg_catalog.regtype[]::pg_catalog.oid[]) THEN
      RAISE EXCEPTION USING ERRCODE = '22023',
        MESSAGE = pg_catalog.format('column "%s" of the partition key has the type %s', own_name, pg_catalog.format_type(part.atttypid, part.atttypmod)),
        HINT = 'A partition key is of the type int, text, varchar, date, timestamp or timestamptz.';
    ELSIF part.attnum = ANY (numbers) THEN
      RAISE EXCEPTION USING ERRCODE = '42701', MESSAGE = pg_catalog.format('column "%s" appears more than once in the partition key', own_name);
    END IF;
    numbers := pg_catalog.array_append(numbers, part.attnum);
  END LOOP;
  SELECT * INTO me FROM hologen_caller.me;
  PERFORM hologen_caller.declare_partition_columns(relation, numbers, me.role, me.proof);
  CALL hologen_caller.set_table_properties(table_name, properties, false);
END $$;

-- What a partition is called: the value of its column, or as clients write two: yy=2025,mm=04.
CREATE OR REPLACE FUNCTION hologen_caller.partition_name(columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN pg_catalog.cardinality(columns) = 1 THEN pg_catalog.format('%I::pg_catalog.text', columns[1])
    ELSE pg_catalog.format('pg_catalog.concat(%L, %I, %L, %I)', columns[1] || '=', columns[1], ',' || columns[2] || '=', columns[2]) END
$$;

-- ALTER TABLE … PARTITION (column = value) … SET (…) or RESET (…): [{"column": "value"}, …], {"key": "value", …}, NULL for RESET.
CREATE OR REPLACE PROCEDURE hologen_caller.set_partition_properties(
  table_name text, partitions json, properties json, if_exists boolean)
LANGUAGE plpgsql AS $$
DECLARE
  relation  oid;
  columns   name[];
  given     json;
  named     text;
  property  record;
  allowed   text;
  me        hologen_caller.me;
BEGIN
  IF if_exists AND pg_catalog.to_regclass(table_name) IS NULL THEN
    RAISE NOTICE 'relation "%" does not exist, skipping', (pg_catalog.parse_ident(table_name))[pg_catalog.cardinality(pg_catalog.parse_ident(table_name))];
    RETURN;
  END IF;
  relation := hologen_caller.relation_named(table_name);
  columns := hologen_caller.partition_columns(relation);
  IF columns IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = pg_catalog.format('"%s" is not a logically partitioned table', relation::regclass),
      HINT = 'A partition that PostgreSQL made is a table of its own: write ALTER TABLE with its name.';
  END IF;
  SELECT * INTO me FROM hologen_caller.me;
  FOR given IN SELECT * FROM pg_catalog.json_array_elements(partitions) LOOP
    IF (SELECT pg_catalog.array_agg(key ORDER BY key) FROM pg_catalog.json_object_keys(given) AS key)
       IS DISTINCT FROM (SELECT pg_catalog.array_agg(each::text ORDER BY each::text) FROM pg_catalog.unnest(columns) AS each) THEN
      RAISE EXCEPTION USING ERRCODE = '22023',
        MESSAGE = pg_catalog.format('a partition of %s is named by %s, not by %s', relation::regclass, pg_catalog.array_to_string(columns, ', '),
          (SELECT pg_catalog.string_agg(key, ', ') FROM pg_catalog.json_object_keys(given) AS key));
    END IF;
    -- As the column's type prints the value: '2025-4-1' is the partition 2025-04-01.
    EXECUTE pg_catalog.format('SELECT %s FROM (SELECT %s) AS value', hologen_caller.partition_name(columns),
      (SELECT pg_catalog.string_agg(pg_catalog.format('%L::%s AS %I', given OPERATOR(pg_catalog.->>) each.name::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod), each.name), ', ')
       FROM pg_catalog.unnest(columns) AS each (name) JOIN pg_catalog.pg_attribute a ON a.attrelid = relation AND a.attname = each.name)) INTO named;
    FOR property IN SELECT * FROM pg_catalog.json_each_text(properties) LOOP
      allowed := CASE property.key WHEN 'keep_alive' THEN 'true or false' WHEN 'storage_mode' THEN 'hot or cold'
                                   WHEN 'generate_binlog' THEN 'on or off' END;
      IF allowed IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = pg_catalog.format('unknown property of a partition %L', property.key),
          HINT = 'Partitions have keep_alive, storage_mode and generate_binlog.';
      ELSIF NOT pg_catalog.lower(property.value) = ANY (pg_catalog.string_to_array(allowed, ' or ')) THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
          MESSAGE = pg_catalog.format('invalid value for property "%s" of a partition: %L', property.key, property.value),
          HINT = pg_catalog.format('Write %s.', allowed);
      END IF;
      PERFORM hologen_caller.declare_partition_property(relation, named, property.key, pg_catalog.lower(property.value), me.role, me.proof);
    END LOOP;
  END LOOP;
END $$;

-- Its partitions are those that its rows make, so whoever asks reads the table.
CREATE OR REPLACE FUNCTION hologres.hg_list_logical_partition(table_name text) RETURNS TABLE (partition text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  relation oid := hologen_caller.relation_named(table_name);
  columns  name[] := hologen_caller.partition_columns(relation);
BEGIN
  IF columns IS NOT NULL THEN
    RETURN QUERY EXECUTE pg_catalog.format('SELECT DISTINCT %s FROM ONLY %s ORDER BY 1', hologen_caller.partition_name(columns), relation::regclass);
  END IF;
END $$;

CREATE OR REPLACE VIEW hologres.hg_logical_partitioned_table_properties AS
  SELECT n.nspname::text AS table_namespace, c.relname::text AS table_name, p.partition, p.property_key, p.property_value
  FROM hologres.partition_properties p
  JOIN pg_class c ON c.oid = p.table_oid AND p.table_born = hologen_caller.table_born(c.oid)
  JOIN pg_namespace n ON n.oid = c.relnamespace;
GRANT SELECT ON hologres.hg_logical_partitioned_table_properties TO PUBLIC;
