-- What a plan does not tell of a query that is looked ahead in: parts that EXPLAIN does not print, and that names may have meant something else when the
-- query was prepared than they mean now. `names`: what is named in it, and the `path` on which names without a schema are found.

-- Views and functions by which the query may hide something volatile, an AI function's call among it, behind LIMIT and OFFSET, in the frame of a window or in
-- VALUES; and what is STABLE, where nothing may be read that others write. Of a function in SQL its text says whether there is anything but a number.
CREATE OR REPLACE FUNCTION hologen_caller.hidden_parts(names json) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  WITH reached AS MATERIALIZED (SELECT * FROM hologen_caller.reached_objects(names))
  SELECT 'a part of ' || w.ev_class::regclass FROM reached r JOIN pg_rewrite w ON r.kind = 'tables' AND w.ev_class = r.id AND w.ev_type = '1'
    WHERE EXISTS (
      SELECT FROM regexp_matches(w.ev_action::text, ':(?:limitOffset|startOffset|values_lists) (.*?) :(?:limitOption|startInRangeFunc|coltypes) ', 'g') AS parts (part)
      -- A column, which may be a result.
      WHERE part[1] ~ '\{VAR ' OR EXISTS (
        SELECT FROM regexp_matches(part[1], ':(?:op)?funcid (\d+)', 'g') AS ids (id) JOIN pg_proc p ON p.oid = id[1]::oid
        WHERE p.provolatile = 'v' OR p.oid >= 16384 AND p.provolatile = 's' AND (names #>> '{names,readNothing}')::boolean
          -- A text may do other than its word says; and settings, of which the look has some of its own.
          OR hologen_caller.is_own_code(p.oid) OR p.proname IN ('current_setting', 'pg_show_all_settings')))
  UNION ALL
  SELECT 'a part of ' || p.oid::regproc FROM reached r JOIN pg_proc p ON r.kind = 'functions' AND p.oid = r.id
    WHERE p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql') AND p.pronamespace::regnamespace::text !~ '^hologen'
      AND concat(p.prosrc, pg_get_function_sqlbody(p.oid)) ~* '\m(limit|offset)\M(?!\s*\(?\s*(\d+|all)\s*\)?\s*([;)a-z$]|--|/\*|$))|\mfetch\M(?!\s+(first|next)\s+\d+\s)|\m(values|preceding|following)\M'
$$;

-- Functions that a function's text calls by their names: those of PostgreSQL and the gateway, and of somebody's own those on the path and in schemas that stand before
-- the names; in any schema, where somebody has set another path, or where schemas may be written in other letters than are read here.
CREATE OR REPLACE FUNCTION hologen_caller.called_in(function oid, path text[], anywhere boolean) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  WITH
    called (schema, name) AS MATERIALIZED (
      SELECT DISTINCT m.parts[1], m.parts[2] FROM pg_proc p, lower(concat(prosrc, ' ', pg_get_function_sqlbody(p.oid), ' ', pg_get_function_arguments(p.oid))) AS t (source),
        regexp_matches(source, '(?:([a-z_][a-z0-9_$]*)"?\s*\.\s*"?)?([a-z_][a-z0-9_$]*)"?\s*\(', 'g') AS m (parts) WHERE p.oid = function)
  SELECT p.oid FROM called JOIN pg_proc p ON proname = called.name JOIN pg_namespace n ON n.oid = pronamespace
    WHERE p.oid < 16384 OR anywhere OR nspname ~ '^hologen|^pg_catalog$' OR CASE WHEN called.schema IS NULL THEN nspname = ANY (path) ELSE lower(nspname) = called.schema END
$$;
CREATE OR REPLACE FUNCTION hologen_caller.calls_anywhere(function oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT concat(prosrc, pg_get_function_sqlbody(oid), array_to_string(proconfig, ' ')) ~* '["\\]|[^\x01-\x7f]|\mpg_temp\M|search_path|/\*|--' FROM pg_proc WHERE oid = function
$$;

-- Functions of somebody's own that are STABLE or IMMUTABLE by their word, and in whose text, or in that of functions that it names, something volatile
-- stands: nextval(), random(), an AI function, somebody's own; or that say what no setting of the look keeps from the client.
CREATE OR REPLACE FUNCTION hologen_caller.belied(names json) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  WITH RECURSIVE
    asked AS MATERIALIZED (SELECT * FROM hologen_caller.named_in(names)),
    path AS MATERIALIZED (SELECT ARRAY(SELECT json_array_elements_text(names -> 'path')) AS schemas),
    -- What is written in C or the like names nothing.
    spoken AS (SELECT oid AS id, lanname = 'sql' AS is_sql FROM pg_language WHERE lanname NOT IN ('internal', 'c')),
    code (told, id, in_sql, source, anywhere) AS (
      SELECT proname::text, p.oid, is_sql, concat(prosrc, ' ', pg_get_function_sqlbody(p.oid), ' ', pg_get_function_arguments(p.oid)), hologen_caller.calls_anywhere(p.oid) FROM pg_proc p JOIN spoken ON spoken.id = prolang
        WHERE p.oid >= 16384 AND provolatile <> 'v' AND pronamespace::regnamespace::text !~ '^hologen'
          -- By their names, or of operators and aggregates, which name them nowhere.
          AND (EXISTS (SELECT FROM asked JOIN pg_namespace n ON nspname = ANY (places) WHERE kind IN ('function', 'source') AND name = proname AND n.oid = pronamespace)
            OR p.oid IN (SELECT oprcode FROM asked JOIN pg_operator o ON kind = 'operator' AND name = oprname JOIN pg_namespace n ON n.oid = oprnamespace AND nspname = ANY (places))
            OR p.oid IN (SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn]::oid[]) FROM pg_aggregate a JOIN pg_proc own ON own.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = own.pronamespace
              JOIN asked ON kind IN ('function', 'source') AND name = own.proname AND nspname = ANY (places) WHERE own.oid >= 16384))
      UNION SELECT told, p.oid, is_sql, concat(prosrc, ' ', pg_get_function_sqlbody(p.oid), ' ', pg_get_function_arguments(p.oid)), anywhere OR hologen_caller.calls_anywhere(p.oid) FROM code, path, hologen_caller.called_in(code.id, schemas, anywhere) AS c (called) JOIN pg_proc p ON p.oid = called
        JOIN spoken ON spoken.id = prolang WHERE p.oid >= 16384 AND pronamespace::regnamespace::text !~ '^hologen')
  SELECT DISTINCT told FROM code, path, hologen_caller.called_in(code.id, schemas, anywhere) AS c (called)
    JOIN pg_proc p ON p.oid = called WHERE p.provolatile = 'v'
      -- A FILE asks the store alone. In SQL a call stands in the plan, and nothing can catch what the look ends with.
      AND NOT (p.oid >= 16384 AND pronamespace::regnamespace::text IN ('pg_catalog', 'hologen', 'hologen_names', 'hologen_caller')
        AND (in_sql OR proname ~ '^(to_file|try_to_file|file_facts|file_as_jsonb?|fl_get_\w+|prompt)$'))
  -- Of the look's own settings, of what the session keeps, and of rows that are others each time.
  UNION SELECT told FROM code WHERE source ~* '\m(current_setting"?\s*\((?!\s*''(?!client_min_messages|cursor_tuple_fraction|plan_cache_mode|hologen\.)\w)|pg_settings|pg_cursors|pg_prepared_statements|pg_stat_\w+|tablesample)'
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

-- A function's text without its comments, as far as that is told by simple rules. What stands in quotes may be run.
CREATE OR REPLACE FUNCTION hologen_caller.without_comments(source text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN source ~ '[\\"]|\$\w*\$' THEN source ELSE regexp_replace(source, '(''[^'']*'')|--[^\n\r]*|/\*([^*/]|\*(?!/)|/(?!\*))*\*/', '\1 ', 'g') END
$$;

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
      WHERE relname IN (SELECT name[1] FROM named WHERE kind = 'tables' AND cardinality(name) = 1) AND relkind IN ('r', 'p', 'v', 'm', 'f')
        AND CASE WHEN relnamespace::regnamespace::text IN (SELECT quote_ident(s) FROM json_array_elements_text(names -> 'path') AS t (s)) THEN true
          -- Whatever an open cursor reads its transaction has locked.
          WHEN relnamespace IN (SELECT id FROM schemas) THEN EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.relation = pg_class.oid
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) END
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
      WHERE since = 'opened' AND (names #>> '{names,readBefore}')::boolean AND EXISTS (SELECT FROM pg_proc WHERE oid >= 16384 AND hologen_caller.without_comments(prosrc) ~* '\m(move|fetch)\s+(?!(first|next)\s+(\S+\s+)?rows?\M)[^;]*(;|$)|\mcursor_to_xml\M|''\s*close\M' AND pronamespace::regnamespace::text !~ '^hologen')
    UNION ALL SELECT 5, format('it may have been opened with other rights on %s', id) FROM asked, read JOIN pg_class c ON c.oid = id WHERE since = 'opened' AND c.relrowsecurity
  ) AS doubts ORDER BY place LIMIT 1
$$;
