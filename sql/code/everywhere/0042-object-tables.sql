-- Object tables: a row for each object of a directory of OSS. The statements that Hologres has for them become calls of these procedures. An
-- object table is a plain table of its owner's; the directory, the endpoint and the role are the default of its column "file", so that they are
-- dumped, renamed and dropped with it. All runs with the caller's own rights.

-- The expression that makes an object table's place; NULL: it is none.
CREATE OR REPLACE FUNCTION hologen_caller.object_table_place(relation oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = relation AND a.attname = 'file' AND a.atttypid = 'hologen.file'::regtype AND NOT a.attisdropped
    AND (SELECT count(*) FROM pg_attribute o WHERE o.attrelid = relation AND NOT o.attisdropped
           AND o.attname IN ('object_uri', 'etag', 'metadata')) = 3
$$;

CREATE OR REPLACE PROCEDURE hologen_caller.refuse_other_tables(relation oid)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF hologen_caller.object_table_place(relation) IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = format('"%s" is not an object table', (SELECT relname FROM pg_class WHERE oid = relation)),
      HINT = 'One is made by CREATE OBJECT TABLE name WITH (path = ''oss://…/'', oss_endpoint = ''…'', role_arn = ''…'').';
  END IF;
END $$;

-- The three texts that say where the objects lie, checked as to_file checks them. Nothing is listed yet.
CREATE OR REPLACE FUNCTION hologen_caller.check_object_place(place json) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  missing text := (SELECT f FROM unnest(ARRAY['path', 'oss_endpoint', 'role_arn']) AS f WHERE coalesce(place ->> f, '') = '' LIMIT 1);
  answer  json;
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('an object table needs %s, which is missing', missing),
      HINT = 'Write WITH (path = ''oss://bucket/directory/'', oss_endpoint = ''oss-cn-hangzhou-internal.aliyuncs.com'', role_arn = ''acs:ram::<account>:role/<name>'').';
  END IF;
  -- With its slash it is a directory, at which nothing need lie.
  answer := hologen_caller.ask(json_build_object('ask', 'check_file', 'file', json_build_object(
    'oss_path', rtrim(place ->> 'path', '/') || '/', 'oss_endpoint', place ->> 'oss_endpoint', 'role_arn', place ->> 'role_arn')));
END $$;

-- `definition` makes the table, whose column "file" has the place as its default.
CREATE OR REPLACE PROCEDURE hologen_caller.create_object_table(definition text, table_name text, place json, properties json)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hologen_caller.check_object_place(place);
  CALL hologen_caller.create_table(definition, table_name, properties);
END $$;

CREATE OR REPLACE PROCEDURE hologen_caller.drop_object_tables(definition text, table_names text[])
LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY table_names LOOP
    IF pg_catalog.to_regclass(name) IS NOT NULL THEN
      CALL hologen_caller.refuse_other_tables(pg_catalog.to_regclass(name));
    END IF;
  END LOOP;
  EXECUTE definition;
END $$;

-- A page of objects into the table. Rows that are as they were are not written.
CREATE OR REPLACE FUNCTION hologen_caller.take_objects(table_name text, place hologen.file, objects json, OUT added bigint, OUT changed bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format($q$
    WITH written AS (
      INSERT INTO %s AS t (object_uri, etag, file, metadata)
      SELECT o.object_uri, o.etag, ROW(o.object_uri, ($2).oss_endpoint, ($2).role_arn)::hologen.file, o.metadata
      FROM json_to_recordset($1) AS o (object_uri text, etag text, metadata jsonb)
      ON CONFLICT (object_uri) DO UPDATE SET etag = excluded.etag, file = excluded.file, metadata = excluded.metadata
        WHERE (t.etag, t.file, t.metadata) IS DISTINCT FROM (excluded.etag, excluded.file, excluded.metadata)
      -- A row that is new has had no other version.
      RETURNING t.xmax::text = '0' AS is_new)
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written $q$, table_name)
  INTO added, changed USING objects, place;
END $$;

CREATE OR REPLACE FUNCTION hologen_caller.lists_recursively() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  setting text := coalesce(nullif(current_setting('hg.experimental_enable_oss_meta_recursive', true), ''), 'off');
BEGIN
  IF lower(setting) NOT IN ('on', 'true', 'yes', '1', 'off', 'false', 'no', '0') THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('hg_experimental_enable_oss_meta_recursive must be on or off, not "%s"', setting),
      HINT = 'SET hg_experimental_enable_oss_meta_recursive = on, or ALTER DATABASE … SET it for all.';
  END IF;
  RETURN setting::boolean;
END $$;

-- New, changed and deleted objects of one table. Only as its owner: whatever hangs on the table (triggers, policies, defaults) is the owner's code.
CREATE OR REPLACE PROCEDURE hologen_caller.refresh_objects(relation oid)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner   name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = relation);
  place   hologen.file;
  page    json;
  taken   record;
  seen    text[] := '{}';
  added   bigint := 0;
  changed bigint := 0;
  deleted bigint;
BEGIN
  CALL hologen_caller.refuse_other_tables(relation);
  IF owner <> current_user THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of object table %s', relation::regclass),
      HINT = format('SET ROLE %I, if you are a member.', owner);
  END IF;
  EXECUTE format('SELECT (%s).*', hologen_caller.object_table_place(relation)) INTO place;
  -- Readers go on; another refresh waits.
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', relation::regclass);
  LOOP
    page := hologen_caller.ask(json_build_object('ask', 'list_objects', 'file', place, 'recursive', hologen_caller.lists_recursively(),
      'after', page ->> 'next'));
    SELECT * INTO taken FROM hologen_caller.take_objects(relation::regclass::text, place, page -> 'objects');
    added := added + taken.added;
    changed := changed + taken.changed;
    seen := seen || ARRAY(SELECT o ->> 'object_uri' FROM json_array_elements(page -> 'objects') AS o);
    EXIT WHEN page ->> 'next' IS NULL;
  END LOOP;
  EXECUTE format('DELETE FROM %s AS t WHERE NOT EXISTS (SELECT FROM unnest($1) AS s (uri) WHERE s.uri = t.object_uri)', relation::regclass) USING seen;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RAISE NOTICE '%: % objects, of which % are new and % changed; % deleted', relation::regclass, cardinality(seen), added, changed, deleted;
END $$;

-- What REFRESH OBJECT TABLE calls, and code that runs where no client's text is read: functions, schedulers.
CREATE OR REPLACE PROCEDURE hologen.refresh_object_table(table_name text)
LANGUAGE plpgsql AS $$
BEGIN
  CALL hologen_caller.refresh_objects(hologen_caller.relation_named(table_name));
END $$;
