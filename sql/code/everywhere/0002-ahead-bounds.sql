-- What a query that is looked ahead in can reach of what is somebody's own: what else stands in the database is no reason for doubt. `names`: what is
-- named in it, and the `path` on which names without a schema are found.

-- Tables, views and functions that its text names, and those that the views name.
CREATE OR REPLACE FUNCTION hologen_caller.reached_objects(names json) RETURNS TABLE (kind text, id oid)
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
        WHERE CASE cardinality(n.name) WHEN 1 THEN o.schema IN (SELECT schema FROM path) ELSE o.schema IN (n.name[1], CASE n.name[1] WHEN 'pg_temp' THEN pg_my_temp_schema()::regnamespace::text END) END
      UNION SELECT CASE d.refclassid WHEN 'pg_proc'::regclass THEN 'functions' ELSE 'tables' END, d.refobjid
        FROM reached r JOIN pg_rewrite w ON r.kind = 'tables' AND w.ev_class = r.id AND w.ev_type = '1'
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND d.refobjid >= 16384)
  SELECT kind, id FROM reached
$$;

-- What the query names, by kinds: the last part of each name, and the schemas in which it may be found.
CREATE OR REPLACE FUNCTION hologen_caller.named_in(names json) RETURNS TABLE (kind text, name text, places text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT kind, parts[cardinality(parts)], CASE WHEN cardinality(parts) = 1 THEN ARRAY(SELECT json_array_elements_text(names -> 'path'))
      WHEN parts[cardinality(parts) - 1] = 'pg_temp' THEN ARRAY[pg_my_temp_schema()::regnamespace::text] ELSE ARRAY[parts[cardinality(parts) - 1]] END
    FROM (VALUES ('type', names #> '{names,types}'), ('function', names #> '{names,functions}'), ('source', names #> '{names,sources,functions}'),
        ('operator', names #> '{names,operators}'), ('table', json_build_array(names #> '{names,table}'))) AS k (kind, listed),
      json_array_elements_text(listed) AS t (each), parse_ident(regexp_replace(each, '(\[\])+$', ''), false) AS i (parts)
$$;

-- True for a function that somebody has written in a language of which nobody knows what a text of it does.
CREATE OR REPLACE FUNCTION hologen_caller.is_own_code(function oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace JOIN pg_language l ON l.oid = prolang
    WHERE p.oid = function AND p.oid >= 16384 AND lanname NOT IN ('internal', 'c') AND prokind <> 'a' AND nspname NOT IN ('pg_catalog', 'hologen', 'hologen_caller', 'hologen_internal', 'hologen_names', 'hologres'))
$$;

CREATE OR REPLACE FUNCTION hologen_caller.code_of(function oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT lower(concat(prosrc, ' ', pg_get_function_sqlbody(oid), ' ', pg_get_function_arguments(oid))) FROM pg_proc WHERE oid = function
$$;

-- The functions that run where it names one, or an operator or a view of one.
CREATE OR REPLACE FUNCTION hologen_caller.run_functions(names json) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH
    named AS MATERIALIZED (SELECT * FROM hologen_caller.named_in(names)),
    begun (id) AS MATERIALIZED (
      SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace JOIN named ON kind = 'function' AND name = proname AND nspname = ANY (places)
      UNION SELECT oprcode FROM pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace
        JOIN named ON kind = 'operator' AND name = oprname AND nspname = ANY (places) WHERE o.oid >= 16384
      UNION SELECT id FROM hologen_caller.reached_objects(names) WHERE kind = 'functions')
  SELECT id FROM begun UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) FROM pg_aggregate JOIN begun ON aggfnoid = id
$$;

-- What a function's text may name of what is somebody's own, each of its words on the path, and each two with a dot between them.
CREATE OR REPLACE FUNCTION hologen_caller.named_by_code(function oid, path text[]) RETURNS TABLE (kind text, id oid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH
    code (source) AS MATERIALIZED (SELECT hologen_caller.code_of(function) WHERE hologen_caller.is_own_code(function)),
    said (places, word) AS MATERIALIZED (
      SELECT DISTINCT path, m.parts[1] FROM code, regexp_matches(source, '([\w$]+)', 'g') AS m (parts)
      UNION SELECT ARRAY[parts[i]], parts[i + 1] FROM code, regexp_matches(source, '[\w$]+(?:\s*\.\s*[\w$]+)+', 'g') AS m (chain),
        string_to_array(regexp_replace(chain[1], '\s', '', 'g'), '.') AS p (parts), generate_series(1, cardinality(parts) - 1) AS s (i)),
    objects (kind, id, place, name) AS (
      SELECT 'function', oid, pronamespace, proname FROM pg_proc UNION ALL SELECT 'type', oid, typnamespace, typname FROM pg_type
      UNION ALL SELECT 'table', oid, relnamespace, relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f'))
  SELECT o.kind, o.id FROM objects o JOIN pg_namespace n ON n.oid = place JOIN said ON word = lower(name) AND (nspname = ANY (places) OR lower(nspname) = ANY (places)) WHERE o.id >= 16384
  UNION
  SELECT 'operator', o.oid FROM code, pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace WHERE o.oid >= 16384 AND nspname = ANY (path) AND strpos(source, oprname) > 0
$$;

-- The functions in somebody's own code that run, and all that their texts may name, with what stands in views and in texts of functions that they name.
CREATE OR REPLACE FUNCTION hologen_caller.reached_in_code(names json) RETURNS TABLE (kind text, id oid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE
    path AS MATERIALIZED (SELECT ARRAY(SELECT json_array_elements_text(names -> 'path')) AS schemas),
    reached (kind, id) AS (
      SELECT 'function', run FROM hologen_caller.run_functions(names) AS t (run) WHERE hologen_caller.is_own_code(run)
      UNION SELECT o.kind, o.id FROM path, reached r, LATERAL (
        SELECT c.kind, c.id FROM hologen_caller.named_by_code(r.id, schemas) AS c WHERE r.kind = 'function'
        UNION ALL SELECT 'function', unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) FROM pg_aggregate WHERE r.kind = 'function' AND aggfnoid = r.id
        UNION ALL SELECT 'function', oprcode::oid FROM pg_operator WHERE r.kind = 'operator' AND oid = r.id
        UNION ALL SELECT CASE refclassid WHEN 'pg_class'::regclass THEN 'table' WHEN 'pg_proc'::regclass THEN 'function' WHEN 'pg_type'::regclass THEN 'type' ELSE 'operator' END, refobjid
          FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
          WHERE r.kind = 'table' AND w.ev_class = r.id AND refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)) AS o
      WHERE o.id >= 16384)
  SELECT kind, id FROM reached
$$;

-- Of somebody's own types those of which it may have values: of columns that it reads, of what its functions and operators take and give, those that are
-- written in it or given to its parameters; and what is in these and made of them. EXPLAIN prints no cast and no comparison that nobody has written.
CREATE OR REPLACE FUNCTION hologen_caller.reached_types(names json) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE
    named AS MATERIALIZED (SELECT * FROM hologen_caller.named_in(names)),
    in_code AS MATERIALIZED (SELECT * FROM hologen_caller.reached_in_code(names)),
    relations (id) AS (
      SELECT to_regclass(scan) FROM json_array_elements_text(names #> '{names,scanned}') AS r (scan)
      UNION SELECT id FROM hologen_caller.reached_objects(names) WHERE kind = 'tables'
      UNION SELECT id FROM in_code WHERE kind = 'table'),
    begun (type) AS (
      SELECT id FROM in_code WHERE kind = 'type'
      UNION SELECT unnest(coalesce(proallargtypes, proargtypes::oid[]) || prorettype) FROM in_code JOIN pg_proc p ON kind = 'function' AND p.oid = id
      UNION SELECT unnest(ARRAY[oprleft, oprright, oprresult]) FROM in_code JOIN pg_operator o ON kind = 'operator' AND o.oid = id
      UNION SELECT t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace JOIN named ON kind = 'type' AND name = typname AND nspname = ANY (places)
      UNION SELECT unnest(ARRAY[atttypid, reltype]) FROM relations JOIN pg_class c ON c.oid = id JOIN pg_attribute ON attrelid = c.oid WHERE attnum > 0
      UNION SELECT unnest(coalesce(proallargtypes, proargtypes::oid[]) || prorettype) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        JOIN named ON kind IN ('function', 'source') AND name = proname AND nspname = ANY (places) WHERE p.oid >= 16384
      UNION SELECT unnest(ARRAY[oprleft, oprright, oprresult]) FROM pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace
        JOIN named ON kind = 'operator' AND name = oprname AND nspname = ANY (places) WHERE o.oid >= 16384),
    reached (type) AS (
      SELECT type FROM begun WHERE type >= 16384
      UNION SELECT inner_type FROM reached JOIN pg_type t ON t.oid = type, LATERAL (
          SELECT unnest(ARRAY[typelem, typarray, typbasetype])
          UNION SELECT atttypid FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0
          UNION SELECT unnest(ARRAY[rngsubtype, rngtypid, rngmultitypid]) FROM pg_range WHERE type IN (rngtypid, rngmultitypid)) AS i (inner_type)
        WHERE inner_type >= 16384)
  SELECT type FROM reached
$$;

-- True where it runs text of somebody's own of which nobody can tell what it names, or a function of which a column definition list tells the types.
CREATE OR REPLACE FUNCTION hologen_caller.reaches_anything(names json) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM hologen_caller.run_functions(names) AS r (id) JOIN pg_proc p ON p.oid = id
      WHERE prorettype = 'record'::regtype AND proallargtypes IS NULL OR proname ~ '_(populate|to)_record|^pg_input_')
    OR EXISTS (SELECT FROM hologen_caller.reached_in_code(names) AS r JOIN pg_proc p ON p.oid = r.id WHERE kind = 'function' AND hologen_caller.is_own_code(p.oid)
      AND (prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('sql', 'plpgsql')) OR array_to_string(proconfig, ' ') ~* 'search_path' OR prorettype = 'record'::regtype
        OR hologen_caller.code_of(p.oid) ~ '["\\]|\mexecute\M|\moperator\s*\(|\msearch_path\M|\mset_config\M|_to_xml|_(populate|to)_record|pg_input_'))
    OR EXISTS (SELECT FROM hologen_caller.reached_in_code(names) AS r JOIN pg_class c ON c.oid = r.id WHERE kind = 'table' AND relrowsecurity)
$$;

-- Functions of somebody's own that it may run where nothing of them is printed: those of comparisons, casts and domains' checks.
CREATE OR REPLACE FUNCTION hologen_caller.unprinted_functions(names json) RETURNS TABLE (told text, id oid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
  WITH
    reach AS MATERIALIZED (SELECT ARRAY(SELECT hologen_caller.reached_types(names)) AS types, hologen_caller.reaches_anything(names) AS anything),
    path AS MATERIALIZED (SELECT ARRAY(SELECT json_array_elements_text(names -> 'path')) AS schemas),
    -- PostgreSQL compares without an operator in GREATEST, CASE x WHEN, DISTINCT, GROUP BY and ORDER BY. An operator of its own types is found on the path, or
    -- was so by a view or a policy.
    comparisons (type, compares, is_found) AS (
      SELECT amproclefttype, amproc::oid, true FROM pg_amproc WHERE oid >= 16384
      UNION ALL SELECT oprleft, oprcode, nspname = ANY (schemas) OR EXISTS (
          SELECT FROM pg_depend d LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid LEFT JOIN pg_policy l ON d.classid = 'pg_policy'::regclass AND l.oid = d.objid
          WHERE d.refclassid = 'pg_operator'::regclass AND d.refobjid = o.oid
            AND (w.ev_class IN (SELECT r.id FROM hologen_caller.reached_objects(names) AS r WHERE kind = 'tables' UNION SELECT r.id FROM hologen_caller.reached_in_code(names) AS r WHERE kind = 'table') OR l.polrelid IN (SELECT to_regclass(scan) FROM json_array_elements_text(names #> '{names,scanned}') AS r (scan))))
        FROM path, pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace WHERE o.oid >= 16384 AND oprname = '='),
    candidates (told, id, types, is_found) AS (
      SELECT 'a comparison of ' || type::regtype, compares, ARRAY[type], type < 16384 AND is_found FROM comparisons
      UNION ALL
      -- One between two of PostgreSQL's own types is a superuser's. A FILE as JSON asks the store alone, as to_file does.
      SELECT 'a cast to ' || casttarget::regtype, p.oid, ARRAY[castsource, casttarget], greatest(castsource, casttarget) < 16384 FROM pg_cast c JOIN pg_proc p ON p.oid = castfunc
        WHERE c.oid >= 16384 AND NOT (castsource = 'hologen.file'::regtype AND pronamespace = 'hologen_caller'::regnamespace)
      UNION ALL
      SELECT 'a check of ' || contypid::regtype, m.ids[1]::oid, ARRAY[contypid], false FROM pg_constraint, regexp_matches(conbin::text, ':(?:op)?funcid (\d+)', 'g') AS m (ids)
        WHERE contypid <> 0)
  -- What is reached is asked for where there is anything to be reached only.
  SELECT c.told, c.id FROM (SELECT * FROM candidates OFFSET 0) AS c JOIN pg_proc p ON p.oid = c.id
    WHERE CASE WHEN p.provolatile <> 'i' OR hologen_caller.is_own_code(p.oid) THEN c.is_found OR c.types && (SELECT r.types FROM reach AS r) OR (SELECT anything FROM reach) ELSE false END
$$;

-- True where a statement that writes runs nothing of somebody's own between two of its rows. `names`: those of its whole text, and the `table` that it
-- writes, if it is not made by it. What triggers do AFTER rows they do behind the last one, but for their conditions.
CREATE OR REPLACE FUNCTION hologen_caller.runs_alone(names json) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
  WITH RECURSIVE
    written (id) AS (
      SELECT c.oid FROM hologen_caller.named_in(names) AS t JOIN pg_class c ON t.kind = 'table' AND c.relname = t.name JOIN pg_namespace n ON n.oid = relnamespace AND nspname = ANY (places)
      UNION SELECT inhrelid FROM written JOIN pg_inherits ON inhparent = id),
    types (id) AS MATERIALIZED (
      SELECT t.id FROM (SELECT WHERE EXISTS (SELECT FROM pg_type WHERE oid >= 16384 AND typdefaultbin IS NOT NULL)) AS there, hologen_caller.reached_types(names) AS t (id)),
    trees (tree) AS (
      SELECT adbin FROM pg_attrdef JOIN written ON adrelid = id
      UNION ALL SELECT conbin FROM pg_constraint JOIN written ON conrelid = id
      UNION ALL SELECT indexprs FROM pg_index JOIN written ON indrelid = id
      UNION ALL SELECT indpred FROM pg_index JOIN written ON indrelid = id
      UNION ALL SELECT partexprs FROM pg_partitioned_table JOIN written ON partrelid = id
      UNION ALL SELECT typdefaultbin FROM pg_type t JOIN types ON types.id = t.oid),
    run (id) AS (
      SELECT m.ids[1]::oid FROM trees, regexp_matches(tree::text, ':(?:op)?funcid (\d+)', 'g') AS m (ids)
      UNION SELECT id FROM hologen_caller.unprinted_functions(names))
  SELECT (names #>> '{names,table}' IS NULL OR EXISTS (SELECT FROM written))
    AND NOT EXISTS (SELECT FROM written JOIN pg_class c ON c.oid = written.id WHERE relkind NOT IN ('r', 'p') OR relrowsecurity OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid))
    -- BEFORE is 2, INSTEAD OF 64.
    AND NOT EXISTS (SELECT FROM written JOIN pg_trigger ON tgrelid = id WHERE tgtype & 66 <> 0 OR tgqual IS NOT NULL)
    AND NOT EXISTS (SELECT FROM hologen_caller.named_in(names) WHERE kind = 'function' AND name ~ '^set_config$|_to_xml')
    AND NOT EXISTS (SELECT FROM run WHERE hologen_caller.is_own_code(id) OR id = 'set_config(text,text,boolean)'::regprocedure)
    AND NOT EXISTS (SELECT FROM hologen_caller.run_functions(names) AS r (id) WHERE hologen_caller.is_own_code(id))
$$;

-- True if a name of an AI function may mean one of somebody's own. What was opened may have been so with another search_path.
CREATE OR REPLACE FUNCTION hologen_caller.has_others(names json) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
  SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND p.proname IN (SELECT json_array_elements_text(names #> '{names,aiFunctions}')) AND nspname NOT IN ('pg_catalog', 'hologen', 'hologen_names')
      AND (names #>> '{names,since}' IS NOT DISTINCT FROM 'opened' OR nspname IN (SELECT json_array_elements_text(names -> 'path'))))
$$;
