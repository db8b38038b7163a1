-- Looking ahead: before the first call of a statement is made as written, the statement is run once without waiting, in a subtransaction that is
-- undone, so that the gateway knows the calls to come and makes them at once. The statement itself runs exactly as it was written.

-- Which settings may be changed by what runs between two rows of a statement, this text or code that is kept: 'all' where it names one by which
-- PostgreSQL or the gateway reads and tells values and rights, or that cannot be read; 'some': others, which only somebody's own code and current_setting() read.
CREATE OR REPLACE FUNCTION hologen_caller.settings_changed(source text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  WITH
    named (some_setting, known_setting) AS (VALUES (
      '\m(set_config|execute|pg_settings|reset|discard)\M|(^|;|\m(begin|then|else|loop))(\s|--[^\n]*\n|/\*.*?\*/)*set\M',
      '(\mset_config\s*\(\s*''|((^|[;''$]|\m(begin|then|else|loop|execute))(\s|--[^\n]*\n|/\*.*?\*/)*set|\mreset)\s+((local|session)\s+)?"?)(role\M|session_?\s*authorization|ai_gen\.|hologen\.|datestyle|intervalstyle|time\s*zone|lc_|bytea_output|extra_float_digits|search_path|default_text_search_config|xml)|\m(reset\s+all|discard\s+all)\M'
      || '|\mset_config\s*\((?!\s*'')|(\mexecute|\mformat\s*\(|:=|\()\s*''\s*(re)?set(\s+(local|session))?\s*["%'']')),
    texts (text) AS (
      SELECT source UNION ALL
      SELECT concat(prosrc, pg_get_function_sqlbody(p.oid)) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        WHERE p.oid >= 16384 AND prokind IN ('f', 'p') AND nspname NOT IN ('hologen', 'hologen_caller', 'hologen_internal', 'hologen_names', 'hologres')),
    -- Trees of expressions, in which set_config() stands by its number.
    trees (tree) AS (
      SELECT adbin FROM pg_attrdef UNION ALL SELECT conbin FROM pg_constraint UNION ALL SELECT tgqual FROM pg_trigger
      UNION ALL SELECT polqual FROM pg_policy UNION ALL SELECT polwithcheck FROM pg_policy UNION ALL SELECT typdefaultbin FROM pg_type WHERE oid >= 16384)
  SELECT CASE
    WHEN EXISTS (SELECT FROM texts, named WHERE text ~* known_setting)
      OR EXISTS (SELECT FROM trees WHERE tree IS NOT NULL AND strpos(tree::text, format(':funcid %s ', 'set_config(text,text,boolean)'::regprocedure::oid)) > 0) THEN 'all'
    WHEN EXISTS (SELECT FROM texts, named WHERE text ~* some_setting) THEN 'some' END
$$;

-- Of what is named in a plan (`names`; `path`: where what is named without a schema was found) that which may stand for something volatile, and
-- large tables of which a LIMIT takes rows without an order: several scans of one begin at different places. The AI functions are volatile and
-- meant. Where something runs between two rows (`between`), what it may have set is no longer what it was. A plan tells nothing of a domain's checks, nor of an aggregate's steps, and of casts not those that nobody has written.
-- Planned once in a session: for these values it would be each time, which takes longer than all that it reads.
CREATE OR REPLACE FUNCTION hologen_caller.unsure_names(names json) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
  WITH
    named_functions AS MATERIALIZED (SELECT array_replace(parse_ident(f), 'pg_temp', pg_my_temp_schema()::regnamespace::text) AS name FROM json_array_elements_text(names #> '{names,functions}') AS t (f)),
    named_operators AS MATERIALIZED (SELECT array_replace(parse_ident(o), 'pg_temp', pg_my_temp_schema()::regnamespace::text) AS name FROM json_array_elements_text(names #> '{names,operators}') AS t (o)),
    path AS MATERIALIZED (SELECT array_agg(s) AS schemas FROM json_array_elements_text(names -> 'path') AS t (s)),
    functions AS MATERIALIZED (
      SELECT p.oid, p.proname, p.oid >= 16384 AS foreign_made, p.provolatile <> 'i' OR p.prokind = 'a' AS may_read,
             p.proname IN ('current_setting', 'pg_show_all_settings') OR p.oid >= 16384 AND p.provolatile <> 'i' AS reads_settings,
             p.provolatile = 'v' OR EXISTS (
               SELECT FROM pg_aggregate a JOIN pg_proc step ON step.oid IN (aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn)
               WHERE a.aggfnoid = p.oid AND step.provolatile = 'v') AS volatile
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE p.proname IN (SELECT name[cardinality(name)] FROM named_functions)
        AND EXISTS (SELECT FROM named_functions, path WHERE name[cardinality(name)] = p.proname AND CASE cardinality(name) WHEN 1 THEN n.nspname = ANY (schemas) ELSE n.nspname = name[cardinality(name) - 1] END)
        AND NOT (n.nspname IN ('hologen', 'hologen_caller') AND p.proname ~ '^(to_file|try_to_file|file_facts|file_as_jsonb?|fl_get_\w+|is_untouched|later|ask_ahead|ask_made|wait_\w+|\w+_question|prompt)$')
        AND NOT (n.nspname IN ('pg_catalog', 'hologen_names') AND p.proname ~ '^(to_file|try_to_file|fl_get_\w+|prompt)$')
        AND NOT (n.nspname IN ('pg_catalog', 'hologen', 'hologen_names') AND p.proname IN (SELECT json_array_elements_text(names #> '{names,aiFunctions}')))),
    operators AS MATERIALIZED (
      SELECT o.oprname, p.provolatile = 'v' AS volatile, p.provolatile <> 'i' AS may_read
      FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode JOIN pg_namespace n ON n.oid = o.oprnamespace
      WHERE o.oid >= 16384 AND o.oprname IN (SELECT name[cardinality(name)] FROM named_operators)
        AND EXISTS (SELECT FROM named_operators, path WHERE name[cardinality(name)] = o.oprname AND CASE cardinality(name) WHEN 1 THEN n.nspname = ANY (schemas) ELSE n.nspname = name[cardinality(name) - 1] END))
  SELECT coalesce(json_agg(name), '[]') FROM (
    SELECT proname::text FROM functions WHERE volatile OR foreign_made AND ((names #>> '{names,ownOnly}')::boolean OR may_read AND (names #>> '{names,readNothing}')::boolean)
      -- Of PostgreSQL's own these read tables, of settings, too.
      OR proname ~ '_to_xml' AND NOT foreign_made
      -- And these tell, though they are STABLE, of what changes while a statement runs or is sent.
      OR proname ~ '^(pg_current_xact_id_if_assigned|txid_current_if_assigned|pg_current_snapshot|txid_current_snapshot|pg_stat_get_\w+|pg_prepared_statement|pg_cursor|pg_listening_channels)$'
    UNION ALL
    -- In the body of a function that is called for each row they are about that row.
    SELECT proname::text FROM pg_proc WHERE (prokind IN ('a', 'w') OR proretset) AND proname IN (SELECT json_array_elements_text(names #> '{names,inBodies}'))
    UNION ALL
    SELECT 'a setting' WHERE names #>> '{names,between}' IS NOT NULL
      AND NOT CASE WHEN names #> '{names,alone}' IS NOT NULL THEN hologen_caller.runs_alone(json_build_object('names', names #> '{names,alone}', 'path', names -> 'path')) ELSE false END
      AND CASE hologen_caller.settings_changed(names #>> '{names,between}') WHEN 'all' THEN true
        WHEN 'some' THEN EXISTS (SELECT FROM functions WHERE reads_settings) OR EXISTS (SELECT FROM operators WHERE may_read) ELSE false END
    UNION ALL
    SELECT DISTINCT told FROM hologen_caller.unprinted_functions(names) AS u JOIN pg_proc p ON p.oid = u.id
      WHERE p.provolatile = 'v' OR p.provolatile = 's' AND (names #>> '{names,readNothing}')::boolean
    UNION ALL
    SELECT * FROM hologen_caller.belied(names) WHERE EXISTS (SELECT FROM pg_proc p, json_array_elements_text(names #> '{names,sources,functions}') AS t (f)
        WHERE p.proname = (parse_ident(f))[array_length(parse_ident(f), 1)] AND p.oid >= 16384 AND p.pronamespace::regnamespace::text !~ '^hologen')
      OR EXISTS (SELECT FROM functions WHERE foreign_made) OR EXISTS (SELECT FROM operators)
    UNION ALL
    SELECT * FROM hologen_caller.hidden_parts(names) WHERE (names #>> '{names,hides}')::boolean
    UNION ALL
    -- That rows are left out by a rule's condition, or by what it does, no plan of the query tells.
    SELECT 'a rule of ' || c.relname FROM parse_ident(names #>> '{names,inserts}') AS i (name), pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, path
      WHERE c.relname = name[cardinality(name)] AND CASE cardinality(name) WHEN 1 THEN n.nspname = ANY (schemas) ELSE n.nspname = name[cardinality(name) - 1] END
        AND EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_type = '3' AND w.ev_class IN (
          -- What is written to a view is written to what it reads.
          WITH RECURSIVE written (id) AS (SELECT c.oid UNION SELECT d.refobjid FROM written JOIN pg_rewrite v ON v.ev_class = id AND v.ev_type = '1'
            JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = v.oid AND d.refclassid = 'pg_class'::regclass)
          SELECT id FROM written))
    UNION ALL
    SELECT 'the operator ' || oprname FROM operators WHERE volatile OR (names #>> '{names,ownOnly}')::boolean OR may_read AND (names #>> '{names,readNothing}')::boolean
    UNION ALL
    -- An index's name and the columns of it that are compared: it gives one row at most if it is a unique one of just these.
    SELECT 'a sub-select that is left at its first row' FROM json_array_elements_text(names #> '{names,uniqueScans}') AS s (scan)
      WHERE NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(scan::jsonb ->> 0) AND indisunique AND indimmediate AND indisvalid AND indexprs IS NULL
        AND (SELECT bool_and(scan::jsonb - 0 ? attname::text) FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1])))
    UNION ALL
    SELECT 'LIMIT without ORDER BY on ' || c.oid::regclass FROM json_array_elements_text(names #> '{names,relations}') AS r(named), pg_class c
      WHERE current_setting('synchronize_seqscans')::boolean AND c.oid = to_regclass(named) AND c.relpages > (SELECT setting::int / 4 FROM pg_settings WHERE name = 'shared_buffers')) AS found (name)
$$;

-- False in a function, a view's refresh and the like that run with their owner's rights. Nothing is looked at there: what a look runs is made of the
-- client's text, which must have no other rights than the client.
CREATE OR REPLACE FUNCTION hologen_caller.is_as_session(role text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT role IS NOT DISTINCT FROM CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END
$$;

-- True where the call stands in the body of a function of somebody's own, which may look names up elsewhere, decide by results, and have other
-- rights than the statement; in SQL that a function in C runs, or a foreign key's action; and where that cannot be told: the lines of a context are
-- in the language of the engine's messages.
CREATE OR REPLACE FUNCTION hologen_caller.is_inside(context text, role text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT context ~ '(^|\n)(\S+ function (?!hologen_caller\.)|SQL function )'
    OR context ~ '(^|\n)SQL statement "'
    OR current_setting('lc_messages') !~ '^(C|POSIX|en)' AND context ~ '\n'
    OR NOT hologen_caller.is_as_session(role)
$$;

-- True where a view, a rule, a default, a check, an operator or the like calls the function, so that it may be another one than that of a statement.
CREATE OR REPLACE FUNCTION hologen_caller.stands_elsewhere(called oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_proc'::regclass AND refobjid = called AND deptype = 'n')
    -- What stands in quotes depends on nothing; one in SQL may be a part of the statement, of which no context tells.
    OR EXISTS (SELECT FROM pg_proc f, pg_proc other WHERE f.oid = called AND other.oid >= 16384 AND other.oid <> called
        AND other.prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql') AND other.pronamespace::regnamespace::text !~ '^hologen'
        AND lower(other.prosrc) ~ concat('\m', regexp_replace(lower(f.proname), '(\W)', '\\\1', 'g'), '"?\s*\('))
$$;

-- What this session keeps under a name: the text of a prepared statement with its parameters' types, of a cursor, of the only one that its COMMIT is
-- keeping (`held`), of the materialized view that
-- it is filling, which it has locked, and whose schema the names of that moment do not tell, or of the only PL/pgSQL function of that name, none of a
-- DO block (`block`: NULL where variables may hide columns), or of all PL/pgSQL functions of the names in a list that are the only ones of theirs
-- (`function`), or of the only function of that
-- name, if it is in SQL (`sql`). NULL: nothing.
CREATE OR REPLACE FUNCTION hologen_caller.stored_text(stored text, named text) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT json_build_object('statement', statement, 'types', hologen_caller.type_names(parameter_types::oid[])) FROM pg_prepared_statements
    WHERE stored = 'prepared' AND name = named
  UNION ALL
  SELECT json_build_object('statement', statement, 'created', creation_time) FROM pg_cursors WHERE stored = 'cursor' AND name = named
  UNION ALL
  SELECT json_build_object('statement', min(statement)) FROM pg_cursors WHERE stored = 'held' AND is_holdable AND creation_time >= now()
    HAVING count(*) = 1
  UNION ALL
  SELECT json_build_object('statement', min(pg_get_viewdef(c.oid)), 'types', '[]'::json)
    FROM pg_class c JOIN pg_locks l ON l.relation = c.oid AND l.locktype = 'relation' AND l.pid = pg_backend_pid()
    WHERE stored = 'view' AND c.relkind = 'm' AND c.relname = named AND l.mode IN ('AccessExclusiveLock', 'ExclusiveLock')
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    HAVING count(DISTINCT c.oid) = 1
  UNION ALL
  SELECT json_build_object('statement', min(pg_get_functiondef(p.oid)), 'types', '[]'::json, 'elsewhere', bool_or(hologen_caller.stands_elsewhere(p.oid)))
    FROM (SELECT CASE stored WHEN 'block' THEN parse_ident(named) END) AS n (parts)
    LEFT JOIN pg_proc p ON p.proname = parts[cardinality(parts)] AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
    WHERE stored = 'block' AND coalesce(current_setting('plpgsql.variable_conflict', true), 'error') = 'error'
    HAVING count(*) = 1
  UNION ALL
  SELECT json_build_object('statement', json_agg(pg_get_functiondef(p.oid))::text, 'types', '[]'::json)
    FROM json_array_elements_text(CASE stored WHEN 'function' THEN named::json END) AS n (name) JOIN pg_proc p ON p.proname = name
    WHERE p.prokind = 'f' AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
      AND NOT EXISTS (SELECT FROM pg_proc other WHERE other.proname = p.proname AND other.oid <> p.oid)
    HAVING count(*) > 0
  UNION ALL
  SELECT json_build_object('statement', min(pg_get_functiondef(p.oid)), 'types', hologen_caller.type_names(min(p.proargtypes::oid[])),
      'elsewhere', bool_or(hologen_caller.stands_elsewhere(p.oid)))
    FROM (SELECT CASE stored WHEN 'sql' THEN parse_ident(named) END) AS n (parts)
    LEFT JOIN pg_proc p ON p.proname = parts[cardinality(parts)] AND p.prokind <> 'a' AND p.prokind <> 'w'
    WHERE stored = 'sql'
    HAVING count(*) = 1 AND bool_and(p.provariadic = 0 AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql'))
$$;

-- A type as CAST takes it, whatever other types of its name a path finds first; the grammar's own words mean PostgreSQL's.
CREATE OR REPLACE FUNCTION hologen_caller.type_text(type oid, modifier int) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat(CASE WHEN typname = regexp_replace(named, '\(.*', '') AND typname NOT IN ('numeric', 'bit', 'interval') THEN 'pg_catalog.' END, named,
      CASE WHEN is_array THEN '[]' END)
  FROM (SELECT each.typname, format_type(each.oid, modifier) AS named, own.typcategory = 'A' AS is_array
    FROM pg_type own JOIN pg_type each ON each.oid = CASE WHEN own.typcategory = 'A' THEN own.typelem ELSE own.oid END WHERE own.oid = type) AS t
$$;

-- The columns of a table that is inserted into, in their order: their types, NULL for somebody's own and for collations, and whether they are given
-- a value where none is written. NULL: code of somebody's own may change what is inserted, or which rows it meets; or it is no table.
CREATE OR REPLACE FUNCTION hologen_caller.written_table(written oid) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH parts (part) AS (SELECT written UNION SELECT relid FROM pg_partition_tree(written))
  SELECT json_build_object('types', '[]'::json, 'statement', json_build_object('only', relkind = 'r', 'columns', (
      SELECT json_agg(json_build_object('name', attname, 'given', atthasdef OR attidentity <> '',
        'type', CASE WHEN t.oid < 16384 AND t.typtype = 'b' AND attcollation IN (0, 100)
          AND NOT EXISTS (SELECT FROM pg_cast o WHERE o.oid >= 16384 AND o.casttarget IN (t.oid, t.typelem)) THEN hologen_caller.type_text(t.oid, atttypmod) END) ORDER BY attnum)
      FROM pg_attribute JOIN pg_type t ON t.oid = atttypid WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))::text)
  FROM pg_class c WHERE c.oid = written AND relkind IN ('r', 'p')
    -- BEFORE is 2.
    AND NOT EXISTS (SELECT FROM pg_trigger JOIN parts ON tgrelid = part WHERE tgtype & 2 = 2)
    -- Defaults and checks that call what is somebody's own.
    AND NOT EXISTS (SELECT FROM pg_depend WHERE refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
      AND (classid = 'pg_attrdef'::regclass AND objid IN (SELECT oid FROM pg_attrdef JOIN parts ON adrelid = part)
        OR classid = 'pg_constraint'::regclass AND objid IN (SELECT oid FROM pg_constraint JOIN parts ON conrelid = part)))
    AND NOT EXISTS (SELECT FROM pg_index JOIN parts ON indrelid = part, unnest(indcollation) AS i (collated) LEFT JOIN pg_collation l ON l.oid = collated
      WHERE NOT collisdeterministic OR to_jsonb(pg_index) @> '{"indnullsnotdistinct": true}')
$$;

-- False where another session may be changing the row with this xmax, or has done so since the statement began.
CREATE OR REPLACE FUNCTION hologen_caller.is_untouched(xmax xid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN xmax = '0' OR age(xmax) > age(pg_snapshot_xmin(pg_current_snapshot())::xid) THEN true
    -- The statement itself has locked the row that it is at, perhaps in a subtransaction.
    ELSE EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'transactionid' AND transactionid = xmax) END
$$;

-- Why a query that a function's call looks at may give other rows than the statement that calls the function, which began before: since then others
-- may have committed, and it may have written rows itself. NULL: nothing of that, or nothing that the query reads. `rows`: see rows-read.ts. Rows that have gone are not
-- seen any more; where they only make fewer calls, those are made when their turn comes.
CREATE OR REPLACE FUNCTION hologen_caller.snapshot_doubt(rows json) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  oldest xid := (SELECT backend_xmin FROM pg_stat_get_activity(pg_backend_pid()));
  own    xid := pg_current_xact_id_if_assigned()::xid;
  wrote  boolean := (rows ->> 'writes')::boolean AND own IS NOT NULL;
  named  text;
  newer  boolean;
BEGIN
  SELECT t INTO named FROM json_array_elements_text(rows -> 'tables') AS r(t)
    WHERE EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(t) AND attnum > 0 AND attcollation NOT IN (0, 100) AND atttypid = ANY ('{text,varchar,bpchar}'::regtype[]));
  IF FOUND THEN
    -- A function's variables have the collation of what it is given.
    RETURN format('%s has a collation of its own', named);
  ELSIF NOT wrote AND (current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
     OR (pg_snapshot_xmax(pg_current_snapshot())::text::int8 & 4294967295)::text = oldest::text) THEN
    RETURN NULL;
  ELSIF NOT (rows ->> 'fewerGiveFewer')::boolean THEN
    RETURN 'what it reads may have changed since it began';
  END IF;
  FOR named IN SELECT json_array_elements_text(rows -> 'tables') LOOP
    IF (SELECT relpages > 10000 FROM pg_class WHERE oid = to_regclass(named)) THEN
      RETURN format('%s is large, and others may have changed it since the statement began', named);
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s WHERE age(xmin) <= age($1) AND ($2 OR xmin IS DISTINCT FROM $3))', named) INTO newer USING oldest, wrote, own;
    IF newer THEN
      RETURN format('rows of %s may have changed since it began', named);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- Runs what the gateway asks for with its caller's rights, names and snapshot: STABLE, and without a search_path of its own. `place`: of the
-- call, which is asked for again when it has looked; the answer is that one's.
DROP FUNCTION IF EXISTS hologen_caller.look_ahead(json, json);
CREATE OR REPLACE FUNCTION hologen_caller.look_ahead(question json, about json, place json) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  step     pg_catalog.json := about;
  found    pg_catalog.json;
  problem  text;
  state    text;
  level    text := pg_catalog.current_setting('client_min_messages');
  planning text := pg_catalog.current_setting('plan_cache_mode');
  -- Numbers of those without a name are the client's.
  reading  refcursor := 'hologen_ahead_rows';
  rows     int8;
  passed   int8;
  moved    int8;
  named    pg_catalog.json;
  noted    text;
BEGIN
  BEGIN
    PERFORM pg_catalog.set_config('client_min_messages', 'error', true), pg_catalog.set_config('hologen.looking', 'on', true);
    IF step OPERATOR(pg_catalog.->>) 'stored' IS NOT NULL THEN
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'stored_text', 'of', question, 'found',
        CASE step OPERATOR(pg_catalog.->>) 'stored' WHEN 'table' THEN hologen_caller.written_table(pg_catalog.to_regclass(step OPERATOR(pg_catalog.->>) 'name'))
          ELSE hologen_caller.stored_text(step OPERATOR(pg_catalog.->>) 'stored', step OPERATOR(pg_catalog.->>) 'name') END));
    END IF;
    IF step OPERATOR(pg_catalog.->>) 'prepare' IS NOT NULL THEN
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'parameter_types', 'of', question, 'types',
        hologen_caller.parameter_types(step OPERATOR(pg_catalog.->>) 'prepare', step OPERATOR(pg_catalog.->) 'types')));
    END IF;
    IF step OPERATOR(pg_catalog.->>) 'explain' IS NOT NULL THEN
      found := hologen_caller.plan_of(step OPERATOR(pg_catalog.->>) 'explain');
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'plan', 'of', question, 'plan', found, 'state', hologen_caller.catalogue_state()));
    END IF;
    IF step OPERATOR(pg_catalog.->>) 'beside' IS NOT NULL THEN
      found := hologen_caller.plan_beside(step OPERATOR(pg_catalog.->>) 'beside', step OPERATOR(pg_catalog.->) 'types');
      -- It is run as the session plans it.
      PERFORM pg_catalog.set_config('plan_cache_mode', planning, true);
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'plan_beside', 'of', question, 'plan', found));
    END IF;
    IF step OPERATOR(pg_catalog.->) 'functions' IS NOT NULL THEN
      named := pg_catalog.json_build_object('names', step, 'path', pg_catalog.current_schemas(true));
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'plan_names', 'of', question, 'unsure', hologen_caller.unsure_names(named),
        'others', hologen_caller.has_others(named),
        'doubt', coalesce(CASE WHEN step OPERATOR(pg_catalog.->>) 'since' IS NOT NULL THEN hologen_caller.kept_doubt(named) END,
          CASE WHEN step OPERATOR(pg_catalog.->) 'rows' IS NOT NULL THEN hologen_caller.snapshot_doubt(step OPERATOR(pg_catalog.->) 'rows') END)));
    END IF;
    -- Whoever waits for results is told how that goes; what functions say will be said when they run.
    PERFORM pg_catalog.set_config('hologen.level', level, true);
    PERFORM hologen_caller.forget_noted();
    IF step OPERATOR(pg_catalog.->>) 'run' IS NOT NULL THEN
      -- A cursor, because EXECUTE would keep all rows in memory. PostgreSQL plans those for their first rows, and a client's Execute of some rows as if it were of all.
      IF NOT coalesce((step OPERATOR(pg_catalog.->>) 'cursor')::boolean, false) THEN
        PERFORM pg_catalog.set_config('cursor_tuple_fraction', '1', true);
      END IF;
      passed := coalesce((step OPERATOR(pg_catalog.->>) 'passed')::int8, 0);
      OPEN reading NO SCROLL FOR EXECUTE step OPERATOR(pg_catalog.->>) 'run';
      IF passed OPERATOR(pg_catalog.>) 0 THEN
        -- What these rows ask for was asked for when they were read.
        PERFORM pg_catalog.set_config('hologen.passing', 'on', true);
        MOVE FORWARD passed FROM reading;
        PERFORM pg_catalog.set_config('hologen.passing', '', true);
      END IF;
      IF step OPERATOR(pg_catalog.->>) 'wanted' IS NOT NULL THEN
        rows := 0;
        -- Calls are told how many rows there are.
        WHILE rows OPERATOR(pg_catalog.<) (step OPERATOR(pg_catalog.->>) 'wanted')::int8 LOOP
          PERFORM pg_catalog.set_config('hologen.passed', rows::text, true);
          MOVE NEXT FROM reading;
          GET DIAGNOSTICS moved = ROW_COUNT;
          EXIT WHEN moved OPERATOR(pg_catalog.=) 0;
          rows := rows OPERATOR(pg_catalog.+) 1;
        END LOOP;
      ELSIF step OPERATOR(pg_catalog.->>) 'rows' IS NOT NULL THEN
        MOVE FORWARD (step OPERATOR(pg_catalog.->>) 'rows')::int8 FROM reading;
        GET DIAGNOSTICS rows = ROW_COUNT;
        rows := rows OPERATOR(pg_catalog.+) passed;
      ELSE
        MOVE FORWARD ALL FROM reading;
      END IF;
    END IF;
    noted := hologen_caller.all_noted();
    -- Nothing of it stays.
    RAISE EXCEPTION USING ERRCODE = 'HG000', MESSAGE = 'looked';
  -- "Others" leave that one out: a function of somebody's may assert that it is given no NULL.
  EXCEPTION WHEN OTHERS OR assert_failure THEN
    GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
  END;
  RETURN hologen_caller.ask(pg_catalog.json_build_object('ask', 'submit_looked', 'of', question, 'state', state, 'problem', problem, 'rows', rows,
    'noted', pg_catalog.concat('[', noted, ']')::pg_catalog.json, 'place', place));
END $$;

-- Hands a call that stands as it was written to the gateway, and looks ahead when the gateway asks for it. STABLE, so that what it runs sees what
-- the statement sees; `at` is clock_timestamp(), or the planner would take it for something it may evaluate itself.
CREATE OR REPLACE FUNCTION hologen_caller.ask_ahead(question json, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  context text;
  inside  boolean;
  looking boolean;
  place   pg_catalog.json;
  answer  pg_catalog.json;
BEGIN
  GET DIAGNOSTICS context = PG_CONTEXT;
  -- A context has texts in it that somebody else may have written: of these nothing is believed that they could make up.
  looking := coalesce(pg_catalog.current_setting('hologen.looking', true), '') OPERATOR(pg_catalog.=) 'on';
  IF looking AND pg_catalog.current_setting('hologen.passing', true) OPERATOR(pg_catalog.=) 'on' THEN
    RETURN 'pending';
  END IF;
  -- A look may be begun from inside a function: what stands behind its own line is not of what is looked at.
  inside := hologen_caller.is_inside(CASE WHEN looking THEN pg_catalog.regexp_replace(context, '^(.*\nPL/pgSQL function hologen_caller)\.look_(ahead|at_batch)\(.*$', '\1.') ELSE context END, current_user);
  place := pg_catalog.json_build_object('inside', inside,
    'context', CASE WHEN inside AND hologen_caller.is_as_session(current_user) THEN context END, 'part', pg_catalog.current_setting('hologen.part', true),
    'looking', looking, 'passed', CASE WHEN looking THEN pg_catalog.current_setting('hologen.passed', true) END);
  answer := hologen_caller.ask(pg_catalog.json_build_object('ask', 'submit_written', 'of', question, 'place', place));
  LOOP
    IF (answer OPERATOR(pg_catalog.->>) 'enough')::boolean THEN
      RAISE EXCEPTION USING ERRCODE = 'HG000', MESSAGE = 'looked';
    END IF;
    EXIT WHEN answer OPERATOR(pg_catalog.->>) 'handle' IS NOT NULL;
    IF answer OPERATOR(pg_catalog.->) 'batch' IS NOT NULL THEN
      PERFORM hologen_caller.look_at_batch(question, answer);
      answer := hologen_caller.ask(pg_catalog.json_build_object('ask', 'submit_written', 'of', question, 'place', place));
    ELSE
      answer := hologen_caller.look_ahead(question, answer, place);
    END IF;
  END LOOP;
  RETURN answer OPERATOR(pg_catalog.->>) 'handle';
END $$;

-- While the gateway looks for what follows from results: a call whose result is there, and one that is not to be made yet.
CREATE OR REPLACE FUNCTION hologen_caller.ask_made(question json, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  answer pg_catalog.json := hologen_caller.ask(pg_catalog.json_build_object('ask', 'submit_made', 'of', question));
BEGIN
  IF (answer OPERATOR(pg_catalog.->>) 'enough')::boolean THEN
    RAISE EXCEPTION USING ERRCODE = 'HG000', MESSAGE = 'looked';
  END IF;
  RETURN answer OPERATOR(pg_catalog.->>) 'handle';
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.later(question json, at timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  part   text := pg_catalog.current_setting('hologen.part', true);
  coming text := coalesce(pg_catalog.current_setting('hologen.coming', true), '');
BEGIN
  -- Of several statements this one would have come to it, and before all other calls where none of its is noted yet.
  IF part OPERATOR(pg_catalog.<>) ALL (pg_catalog.regexp_split_to_array(coming, '( first)?,')) THEN
    PERFORM pg_catalog.set_config('hologen.coming', pg_catalog.concat(coming, part,
      CASE WHEN pg_catalog.right(pg_catalog.current_setting('hologen.noted', true), pg_catalog.length(part) OPERATOR(pg_catalog.+) 11) OPERATOR(pg_catalog.=) pg_catalog.concat('{"part" : ', part, '}') THEN ' first' END, ','), true);
  END IF;
  RETURN 'pending';
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.wait_made(handle text) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN hologen_caller.wait_call(handle);
END $$;
