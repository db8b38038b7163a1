-- Looking ahead in statements that a client has sent together, in one text or in one pipe: before the first call of the first is made, the queries
-- of all are run without waiting, in a subtransaction that is undone. The statements themselves run one by one, exactly as they were written.

-- What a statement of several may be: the types of its parameters (`types`: their numbers, where the client gave them; 0: inferred), and the plan of
-- its query for any values of them. EXPLAIN of the statement itself says whether the caller may run it. Whatever is wrong with it is its `problem`.
CREATE OR REPLACE FUNCTION hologen_caller.plan_of_part(part json) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  types   text[];
  given   text := hologen_caller.given_types(part OPERATOR(pg_catalog.->) 'types');
  own     text := hologen_caller.free_name();
  nothing text;
  plan    pg_catalog.json;
  problem text;
  state   text;
  pruning text := pg_catalog.current_setting('enable_partition_pruning');
BEGIN
  EXECUTE pg_catalog.concat('PREPARE ', own, ' (' || given || ')', ' AS ', part OPERATOR(pg_catalog.->>) 'statement');
  SELECT hologen_caller.type_names(parameter_types::pg_catalog.oid[]), '(' || NULLIF(pg_catalog.array_to_string(pg_catalog.array_fill('NULL'::text, ARRAY[pg_catalog.cardinality(parameter_types)]), ', '), '') || ')'
    INTO types, nothing FROM pg_catalog.pg_prepared_statements WHERE name OPERATOR(pg_catalog.=) own;
  EXECUTE pg_catalog.concat('EXPLAIN (COSTS OFF, FORMAT JSON) EXECUTE ', own, nothing) INTO plan;
  EXECUTE pg_catalog.concat('DEALLOCATE ', own);
  EXECUTE pg_catalog.concat('PREPARE ', own, ' (' || NULLIF(pg_catalog.array_to_string(types, ', '), '') || ')', ' AS ', part OPERATOR(pg_catalog.->>) 'query');
  -- NULL is in none of a table's parts, of which EXPLAIN would tell nothing.
  PERFORM pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true), pg_catalog.set_config('enable_partition_pruning', 'off', true);
  EXECUTE pg_catalog.concat('EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE ', own, nothing) INTO plan;
  EXECUTE pg_catalog.concat('DEALLOCATE ', own);
  PERFORM pg_catalog.set_config('enable_partition_pruning', pruning, true);
  RETURN pg_catalog.json_build_object('types', types, 'plan', plan);
-- What is prepared stays, whatever is undone.
EXCEPTION WHEN OTHERS OR query_canceled THEN
  GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
  IF EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE name OPERATOR(pg_catalog.=) own) THEN
    EXECUTE pg_catalog.concat('DEALLOCATE ', own);
  END IF;
  IF state OPERATOR(pg_catalog.=) '57014' THEN
    RAISE;
  END IF;
  RETURN pg_catalog.json_build_object('problem', problem, 'state', state);
END $$;

-- The tables of that name as the session sees them, by their numbers.
CREATE OR REPLACE FUNCTION hologen_caller.with_numbers(tables json) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('number', pg_catalog.to_regclass(named OPERATOR(pg_catalog.->>) 'table')::pg_catalog.oid,
    'does', named OPERATOR(pg_catalog.->) 'does', 'columns', named OPERATOR(pg_catalog.->) 'columns'))
    FROM pg_catalog.json_array_elements(tables) AS t(named));
END $$;

-- True if what is stored of an expression calls a function that may write, or read what others write.
CREATE OR REPLACE FUNCTION hologen_caller.may_do_more(expression text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM regexp_matches(expression, ':(?:op)?funcid (\d+)', 'g') AS m(ids) JOIN pg_proc p ON p.oid = ids[1]::oid
    WHERE p.provolatile <> 'i' AND (p.oid >= 16384 OR p.proname ~ '_to_xml')
       OR p.provolatile = 'v' AND p.proname NOT IN ('nextval', 'random', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'clock_timestamp', 'timeofday'))
$$;

-- Why one of several statements that come one behind another may meet something else than is there now. NULL: nothing. `writes`: the tables that they
-- write, `columns` where they are updated; `reads`: those that they read, `columns` where rows are looked at one by one.
CREATE OR REPLACE FUNCTION hologen_caller.batch_doubt(writes json, reads json) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE
    written (number, does, columns) AS (
      SELECT (w ->> 'number')::oid, w ->> 'does', (w -> 'columns')::jsonb FROM json_array_elements(writes) AS t(w)),
    -- With those whose rows they are.
    touched (number, does, columns) AS (
      SELECT number, does, columns FROM written
      UNION
      SELECT i.inhrelid, does, columns FROM touched JOIN pg_inherits i ON i.inhparent = number),
    tables AS (SELECT c.*, does, t.columns AS set_columns FROM touched t JOIN pg_class c ON c.oid = t.number),
    seen (number, columns) AS (
      SELECT (r ->> 'number')::oid, r -> 'columns' FROM json_array_elements(reads) AS t(r))
  SELECT why FROM (
    SELECT 1 AS place, 'a table is not found' AS why WHERE EXISTS (SELECT FROM written WHERE number IS NULL) OR EXISTS (SELECT FROM seen WHERE number IS NULL)
    UNION ALL SELECT 2, 'the transaction is read-only' WHERE current_setting('transaction_read_only') = 'on' AND EXISTS (SELECT FROM written)
    UNION ALL SELECT 3, oid::regclass || ' is no plain table' FROM tables WHERE relkind NOT IN ('r', 'p')
    UNION ALL SELECT 3, 'rows of ' || oid::regclass || ' may move to another partition' FROM tables JOIN pg_partitioned_table ON partrelid = oid
      WHERE does = 'update' AND (partexprs IS NOT NULL OR set_columns IS NULL OR set_columns = 'null'
        OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = tables.oid AND a.attnum = ANY (partattrs::int2[]) AND set_columns ? a.attname))
    UNION ALL SELECT 4, oid::regclass || ' has rules' FROM tables WHERE relhasrules
    UNION ALL SELECT 5, oid::regclass || ' has row security' FROM tables WHERE relrowsecurity
    UNION ALL SELECT 6, oid::regclass || ' has triggers' FROM tables
      WHERE EXISTS (SELECT FROM pg_trigger WHERE tgrelid = tables.oid AND NOT tgisinternal AND tgenabled <> 'D')
    UNION ALL SELECT 7, 'a foreign key changes other rows with those of ' || tables.oid::regclass FROM tables
      JOIN pg_constraint k ON k.confrelid = tables.oid AND k.contype = 'f' WHERE CASE does WHEN 'insert' THEN false
        WHEN 'update' THEN k.confupdtype IN ('c', 'n', 'd') AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = tables.oid AND a.attnum = ANY (k.confkey) AND set_columns ? a.attname)
        ELSE k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd') END
    UNION ALL SELECT 8, 'a default or a generated column of ' || tables.oid::regclass || ' may do more' FROM tables
      JOIN pg_attrdef d ON d.adrelid = tables.oid WHERE hologen_caller.may_do_more(d.adbin::text)
    UNION ALL SELECT 9, 'a check of ' || tables.oid::regclass || ' may do more' FROM tables
      JOIN pg_constraint k ON k.conrelid = tables.oid WHERE hologen_caller.may_do_more(k.conbin::text)
    UNION ALL SELECT 10, 'a domain of ' || tables.oid::regclass || ' may do more' FROM tables
      JOIN pg_attribute a ON a.attrelid = tables.oid AND a.attnum > 0 JOIN pg_constraint k ON k.contypid = a.atttypid WHERE hologen_caller.may_do_more(k.conbin::text)
    -- A domain in a domain, an array or a row, or with a default.
    UNION ALL SELECT 10, 'a type of ' || tables.oid::regclass || ' may do more' FROM tables
      JOIN pg_attribute a ON a.attrelid = tables.oid AND a.attnum > 0 JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_type inner_type ON inner_type.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END
      WHERE t.typtype = 'c' OR t.typtype = 'd' AND (t.typdefaultbin IS NOT NULL OR inner_type.typelem <> 0) OR inner_type.typtype IN ('c', 'd')
    UNION ALL SELECT 10, seen.number::regclass || ' is a sequence' FROM seen JOIN pg_class c ON c.oid = seen.number WHERE c.relkind = 'S' AND EXISTS (SELECT FROM written)
    UNION ALL SELECT 11, tables.oid::regclass || ' is read and written' FROM tables JOIN seen ON seen.number = tables.oid
      -- What a partial index asks for does not stand in the plan that reads it.
      WHERE EXISTS (SELECT FROM pg_index WHERE indrelid = tables.oid AND indpred IS NOT NULL) OR set_columns IS NULL OR set_columns = 'null' OR seen.columns IS NULL OR json_typeof(seen.columns) = 'null'
         OR EXISTS (SELECT FROM json_array_elements_text(seen.columns) AS r(name) LEFT JOIN pg_attribute a ON a.attrelid = tables.oid AND a.attname = r.name
              WHERE set_columns ? r.name OR a.attgenerated <> '')) AS doubts
  ORDER BY place LIMIT 1
$$;

-- Runs what the gateway asks for with its caller's rights, names and snapshot: STABLE, and without a search_path of its own.
CREATE OR REPLACE FUNCTION hologen_caller.look_at_batch(question json, about json) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  found   pg_catalog.json;
  step    pg_catalog.json;
  named   pg_catalog.json;
  place   int8;
  run     text;
  coming  text;
  problem text;
  state   text;
  failed  text;
  reading refcursor := 'hologen_ahead_rows';
BEGIN
  BEGIN
    PERFORM pg_catalog.set_config('client_min_messages', 'error', true), pg_catalog.set_config('hologen.looking', 'on', true);
    SELECT pg_catalog.json_agg(hologen_caller.plan_of_part(part) ORDER BY n) INTO found
      FROM pg_catalog.json_array_elements(about OPERATOR(pg_catalog.->) 'batch') WITH ORDINALITY AS t(part, n);
    step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'batch_plans', 'of', question, 'plans', found));
    IF step OPERATOR(pg_catalog.->) 'functions' IS NOT NULL THEN
      named := pg_catalog.json_build_object('names', step, 'path', pg_catalog.current_schemas(true));
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'batch_names', 'of', question,
        'unsure', hologen_caller.unsure_names(named),
        'others', hologen_caller.has_others(named),
        'doubt', coalesce(CASE WHEN step OPERATOR(pg_catalog.->>) 'since' IS NOT NULL THEN hologen_caller.kept_doubt(named) END, hologen_caller.batch_doubt(hologen_caller.with_numbers(step OPERATOR(pg_catalog.->) 'writes'), hologen_caller.with_numbers(step OPERATOR(pg_catalog.->) 'reads')))));
    END IF;
    PERFORM hologen_caller.forget_noted(), pg_catalog.set_config('hologen.coming', '', true), pg_catalog.set_config('cursor_tuple_fraction', '1', true);
    FOR place, run IN SELECT t.n, t.text FROM pg_catalog.json_array_elements_text(step OPERATOR(pg_catalog.->) 'runs') WITH ORDINALITY AS t(text, n) LOOP
      PERFORM hologen_caller.keep_noted(pg_catalog.json_array_length(step OPERATOR(pg_catalog.->) 'runs'));
      BEGIN
        PERFORM pg_catalog.set_config('hologen.part', place::text, true);
        PERFORM pg_catalog.set_config('hologen.noted', pg_catalog.concat_ws(',', NULLIF(pg_catalog.current_setting('hologen.noted', true), ''),
          pg_catalog.json_build_object('part', place)), true);
        -- As a look at one statement: EXECUTE would keep its rows.
        OPEN reading NO SCROLL FOR EXECUTE run;
        MOVE FORWARD ALL FROM reading;
        CLOSE reading;
      EXCEPTION WHEN OTHERS OR assert_failure THEN
        -- It will fail when its turn comes, and those behind it are not asked for.
        GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, failed = RETURNED_SQLSTATE;
        EXIT;
      END;
    END LOOP;
    PERFORM hologen_caller.tell_noted();
    coming := pg_catalog.current_setting('hologen.coming', true);
    -- Nothing of it stays.
    RAISE EXCEPTION USING ERRCODE = 'HG000', MESSAGE = 'looked';
  EXCEPTION WHEN OTHERS OR assert_failure THEN
    GET STACKED DIAGNOSTICS run = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
    IF state OPERATOR(pg_catalog.<>) 'HG000' THEN
      problem := run;
      failed := state;
    END IF;
  END;
  found := hologen_caller.ask(pg_catalog.json_build_object('ask', 'batch_looked', 'of', question, 'problem', problem, 'state', failed, 'coming', coming));
END $$;
