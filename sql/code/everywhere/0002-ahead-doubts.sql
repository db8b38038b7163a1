-- What a plan does not tell of a query that is looked ahead in: parts that EXPLAIN does not print, and that names may have meant something else when the
-- query was prepared than they mean now. `names`: what is named in it, and the `path` on which names without a schema are found.

-- Views and functions by which the query may hide something volatile, an AI function's call among it, behind LIMIT and OFFSET, in the frame of a window or in
-- VALUES; and what is STABLE, where nothing may be read that others write. Of a function in SQL its text says whether there is anything but a number.
CREATE OR REPLACE FUNCTION hologen_caller.hidden_parts(names json) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE
    path (schema) AS (SELECT s FROM json_array_elements_text(names -> 'path') AS t (s)),
    named (kind, name) AS (
      SELECT key, parse_ident(each) FROM json_each(names #> '{names,sources}') AS k (key, listed), json_array_elements_text(listed) AS t (each)),
    objects (kind, id, schema, name) AS (
      SELECT 'tables', c.oid, nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE c.oid >= 16384 AND relname IN (SELECT name[cardinality(name)] FROM named WHERE kind = 'tables')
      UNION ALL SELECT 'functions', p.oid, nspname, proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        WHERE p.oid >= 16384 AND proname IN (SELECT name[cardinality(name)] FROM named WHERE kind = 'functions')),
    reached (kind, id) AS (
      SELECT o.kind, o.id FROM objects o JOIN named n ON n.kind = o.kind AND n.name[cardinality(n.name)] = o.name
        WHERE CASE cardinality(n.name) WHEN 1 THEN o.schema IN (SELECT schema FROM path) ELSE o.schema = n.name[1] END
      UNION SELECT CASE d.refclassid WHEN 'pg_proc'::regclass THEN 'functions' ELSE 'tables' END, d.refobjid
        FROM reached r JOIN pg_rewrite w ON r.kind = 'tables' AND w.ev_class = r.id AND w.ev_type = '1'
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND d.refobjid >= 16384)
  SELECT 'a part of ' || w.ev_class::regclass FROM reached r JOIN pg_rewrite w ON r.kind = 'tables' AND w.ev_class = r.id AND w.ev_type = '1'
    WHERE EXISTS (
      SELECT FROM regexp_matches(w.ev_action::text, ':(?:limitOffset|startOffset|values_lists) (.*?) :(?:limitOption|startInRangeFunc|coltypes) ', 'g') AS parts (part)
      -- A column, which may be a result.
      WHERE part[1] ~ '\{VAR ' OR EXISTS (
        SELECT FROM regexp_matches(part[1], ':(?:op)?funcid (\d+)', 'g') AS ids (id) JOIN pg_proc p ON p.oid = id[1]::oid
        WHERE p.provolatile = 'v' OR p.oid >= 16384 AND p.provolatile = 's' AND (names #>> '{names,readNothing}')::boolean))
  UNION ALL
  SELECT 'a part of ' || p.oid::regproc FROM reached r JOIN pg_proc p ON r.kind = 'functions' AND p.oid = r.id
    WHERE p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql') AND p.pronamespace::regnamespace::text !~ '^hologen'
      AND concat(p.prosrc, pg_get_function_sqlbody(p.oid)) ~* '\m(limit|offset)\M(?!\s*\(?\s*(\d+|all)\s*\)?\s*([;)a-z$]|--|/\*|$))|\mfetch\M(?!\s+(first|next)\s+\d+\s)|\m(values|preceding|following)\M'
$$;

-- Functions of somebody's own that are STABLE or IMMUTABLE by their word, and in whose text, or in that of functions that it names, something volatile
-- stands: nextval(), random(), an AI function, somebody's own; or that say what no setting of the look keeps from the client.
CREATE OR REPLACE FUNCTION hologen_caller.belied(names json) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE
    asked (name) AS (
      SELECT parse_ident(f) FROM json_array_elements_text(names #> '{names,functions}') AS t (f)
      UNION SELECT parse_ident(f) FROM json_array_elements_text(names #> '{names,sources,functions}') AS t (f)),
    -- What is written in C or the like names nothing.
    spoken AS (SELECT oid AS id, lanname = 'sql' AS is_sql FROM pg_language WHERE lanname NOT IN ('internal', 'c')),
    code (told, id, in_sql, source) AS (
      SELECT proname::text, p.oid, is_sql, concat(prosrc, pg_get_function_sqlbody(p.oid)) FROM pg_proc p JOIN spoken ON spoken.id = prolang
        WHERE p.oid >= 16384 AND provolatile <> 'v' AND pronamespace::regnamespace::text !~ '^hologen'
          -- By their names, or of operators and aggregates, which name them nowhere.
          AND (proname IN (SELECT name[cardinality(name)] FROM asked)
            OR p.oid IN (SELECT oprcode FROM pg_operator WHERE oprname IN (SELECT (parse_ident(o))[cardinality(parse_ident(o))] FROM json_array_elements_text(names #> '{names,operators}') AS t (o)))
            OR p.oid IN (SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn]::oid[]) FROM pg_aggregate a JOIN pg_proc own ON own.oid = a.aggfnoid WHERE own.oid >= 16384 AND own.proname IN (SELECT name[cardinality(name)] FROM asked)))
      UNION SELECT told, p.oid, is_sql, concat(prosrc, pg_get_function_sqlbody(p.oid)) FROM code, regexp_matches(lower(source), '([a-z_][a-z0-9_$]*)"?\s*\(', 'g') AS m (called)
        JOIN pg_proc p ON proname = called[1] JOIN spoken ON spoken.id = prolang WHERE p.oid >= 16384 AND pronamespace::regnamespace::text !~ '^hologen')
  SELECT DISTINCT told FROM code, regexp_matches(lower(source), '([a-z_][a-z0-9_$]*)"?\s*\(', 'g') AS m (called)
    JOIN pg_proc p ON proname = called[1] WHERE p.provolatile = 'v'
      -- A FILE asks the store alone. In SQL a call stands in the plan, and nothing can catch what the look ends with.
      AND NOT (p.oid >= 16384 AND pronamespace::regnamespace::text IN ('pg_catalog', 'hologen', 'hologen_names', 'hologen_caller')
        AND (in_sql OR proname ~ '^(to_file|try_to_file|file_facts|file_as_jsonb?|fl_get_\w+|prompt)$'))
  -- Of the look's own settings, of what the session keeps, and of rows that are others each time.
  UNION SELECT told FROM code WHERE source ~* '\m(current_setting\s*\((?!\s*''(?!client_min_messages|cursor_tuple_fraction|plan_cache_mode|hologen\.)\w)|pg_settings|pg_cursors|pg_prepared_statements|pg_stat_\w+|tablesample)'
  UNION SELECT told FROM (SELECT told, c.oid FROM code JOIN pg_class c ON c.relkind = 'v' AND c.oid >= 16384 AND strpos(lower(source), lower(relname)) > 0 OFFSET 0) AS named (told, view)
    JOIN pg_rewrite w ON w.ev_class = view AND w.ev_type = '1', regexp_matches(w.ev_action::text, ':(?:op)?funcid (\d+)', 'g') AS m (id) JOIN pg_proc p ON p.oid = m.id[1]::oid
    WHERE p.provolatile = 'v' AND (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = view) !~ '^hologen'
  UNION SELECT told FROM code WHERE source ~* '\mraise\s+info\M' OR EXISTS (SELECT FROM pg_proc p WHERE p.oid = id AND array_to_string(proconfig, ' ') ~* 'client_min_messages')
$$;

-- Of functions and views of somebody's own which they are, and which of their versions.
CREATE OR REPLACE FUNCTION hologen_caller.versions() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT md5(string_agg(concat(id, ' ', version), ',' ORDER BY id)) FROM (
    SELECT oid, xmin FROM pg_proc WHERE oid >= 16384 UNION ALL SELECT oid, xmin FROM pg_rewrite WHERE oid >= 16384) AS each (id, version)
$$;

-- The same as they are by now: what is STABLE sees what its statement does, which may be a cursor that was opened before.
CREATE OR REPLACE FUNCTION hologen_caller.versions_now() RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN hologen_caller.versions();
END $$;

-- Why a query that was prepared before, or a cursor that was opened, may ask for something else than its text does now. NULL: nothing. Names that can mean one
-- thing only mean it still; what was opened may have been so with another search_path. A plan that is kept is not made anew when settings change.
CREATE OR REPLACE FUNCTION hologen_caller.kept_doubt(names json) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH
    asked (since, ways) AS (VALUES (names #>> '{names,since}', (names #>> '{names,ways}')::boolean)),
    schemas (id) AS (
      SELECT oid FROM pg_namespace, asked WHERE nspname IN (SELECT json_array_elements_text(names -> 'path'))
        OR since = 'opened' AND nspname !~ '^(pg_|hologen|information_schema$)'),
    named (kind, name) AS (
      SELECT key, parse_ident(each) FROM json_each(names #> '{names,sources}') AS k (key, listed), json_array_elements_text(listed) AS t (each)),
    read (id) AS (SELECT to_regclass(each) FROM json_array_elements_text(names #> '{names,tables}') AS t (each))
  SELECT why FROM (
    SELECT 1 AS place, format('"%s" may have meant another table when it was prepared', relname) AS why FROM pg_class
      WHERE relname IN (SELECT name[1] FROM named WHERE kind = 'tables' AND cardinality(name) = 1) AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace IN (SELECT id FROM schemas)
      GROUP BY relname HAVING count(*) > 1
    UNION ALL SELECT 2, format('"%s" may have meant another function when it was prepared', proname) FROM pg_proc p
      WHERE proname IN (SELECT name[cardinality(name)] FROM named WHERE kind = 'functions')
        AND (pronamespace IN (SELECT id FROM schemas) OR pronamespace::regnamespace::text IN (SELECT quote_ident(name[1]) FROM named WHERE cardinality(name) = 2))
      GROUP BY proname HAVING bool_or(p.oid >= 16384 AND pronamespace::regnamespace::text !~ '^(hologen|pg_catalog$)')
        AND (count(*) > count(DISTINCT pronargs) OR count(*) > 1 AND bool_or(pronargdefaults > 0 OR provariadic <> 0))
    UNION ALL SELECT 3, format('it may have been planned before %s was set', name) FROM asked, pg_settings
      WHERE ways AND source = 'session' AND name NOT IN ('cursor_tuple_fraction', 'plan_cache_mode') AND (category LIKE 'Query Tuning / %' OR name IN ('work_mem', 'hash_mem_multiplier'))
    UNION ALL SELECT 4, 'what it names has changed since it was opened' FROM asked
      WHERE since = 'opened' AND (EXISTS (SELECT FROM read WHERE id NOT IN (SELECT oid FROM pg_class)) OR hologen_caller.versions() <> hologen_caller.versions_now())
    UNION ALL SELECT 6, 'what time it is was read when it was prepared' WHERE (names #>> '{names,readOnce,moments}')::boolean
    UNION ALL SELECT 7, format('it may have been prepared before %s was set', s.name)
      FROM (VALUES ('DateStyle', 'times'), ('TimeZone', 'times'), ('IntervalStyle', 'times'), ('standard_conforming_strings', 'strings'), ('array_nulls', 'arrays'), ('transform_null_equals', 'nulls')) AS k (name, kind)
        JOIN pg_settings s ON s.name = k.name WHERE s.source = 'session' AND (names #> '{names,readOnce,kinds}')::jsonb ? k.kind
    UNION ALL SELECT 8, format('"%s" may have meant another operator when it was opened', oprname) FROM pg_operator, asked
      WHERE since = 'opened' AND oprname IN (SELECT json_array_elements_text(names #> '{names,readOnce,operators}'))
        AND oprnamespace IN (SELECT id FROM schemas) GROUP BY oprname, oprleft, oprright HAVING count(*) > 1
    UNION ALL SELECT 9, format('"%s" may have meant another type when it was prepared', typname) FROM pg_type
      WHERE typname IN (SELECT json_array_elements_text(names #> '{names,readOnce,types}')) AND typnamespace IN (SELECT id FROM schemas) GROUP BY typname HAVING count(*) > 1
    UNION ALL SELECT 10, 'a function may have moved its cursor' FROM asked
      WHERE since = 'opened' AND (names #>> '{names,readBefore}')::boolean AND EXISTS (SELECT FROM pg_proc WHERE oid >= 16384 AND prosrc ~* '\m(move|fetch)\s+(?!(first|next)\s+(\S+\s+)?rows?\M)[^;]*;' AND pronamespace::regnamespace::text !~ '^hologen')
    UNION ALL SELECT 5, format('it may have been opened with other rights on %s', id) FROM asked, read JOIN pg_class c ON c.oid = id WHERE since = 'opened' AND c.relrowsecurity
  ) AS doubts ORDER BY place LIMIT 1
$$;
