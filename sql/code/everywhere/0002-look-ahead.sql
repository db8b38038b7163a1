-- Looking ahead: before the first call of a statement is made as written, the statement is run once without waiting, in a subtransaction that is
-- undone, so that the gateway knows the calls to come and makes them at once. The statement itself runs exactly as it was written.

-- The plan of a query, with the names as this session sees them.
CREATE OR REPLACE FUNCTION hologen_caller.plan_of(query text) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  plan pg_catalog.json;
BEGIN
  EXECUTE pg_catalog.concat('EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ', query) INTO plan;
  RETURN plan;
END $$;

-- The types of a query's parameters, those inferred that the client gave none (0). For a moment the session has a prepared statement more.
CREATE OR REPLACE FUNCTION hologen_caller.parameter_types(query text, given json) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  known text := (SELECT pg_catalog.string_agg(CASE WHEN oid OPERATOR(pg_catalog.=) '0' THEN 'unknown' ELSE pg_catalog.format_type(oid::pg_catalog.oid, NULL) END, ', ')
    FROM pg_catalog.json_array_elements_text(given) AS t(oid));
  types pg_catalog.json;
BEGIN
  EXECUTE pg_catalog.concat('PREPARE hologen_ahead ', '(' || known || ')', ' AS ', query);
  SELECT pg_catalog.to_json(parameter_types::text[]) INTO types FROM pg_catalog.pg_prepared_statements WHERE name OPERATOR(pg_catalog.=) 'hologen_ahead';
  DEALLOCATE hologen_ahead;
  RETURN types;
END $$;

-- Of the names in a plan those that may stand for something volatile, and large tables of which a LIMIT takes rows without an order: several
-- scans of one begin at different places. The AI functions are volatile and meant.
CREATE OR REPLACE FUNCTION hologen_caller.unsure_names(names json) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(json_agg(name), '[]') FROM (
    SELECT p.proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE p.proname IN (SELECT json_array_elements_text(names -> 'functions')) AND (p.provolatile = 'v' OR (names ->> 'ownOnly')::boolean AND p.oid >= 16384)
        AND NOT (n.nspname LIKE 'hologen%' AND p.proname ~ '^(to_file|try_to_file|file_facts|fl_get_\w+|later|ask_ahead|ask_made|wait_\w+|\w+_question)$')
        AND NOT (n.nspname = 'pg_catalog' AND p.proname ~ '^(to_file|try_to_file|fl_get_\w+)$')
    UNION ALL
    SELECT 'the operator ' || o.oprname FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
      WHERE o.oprname IN (SELECT json_array_elements_text(names -> 'operators')) AND (p.provolatile = 'v' OR (names ->> 'ownOnly')::boolean) AND o.oid >= 16384
    UNION ALL
    SELECT 'a cast to ' || c.casttarget::regtype FROM pg_cast c JOIN pg_proc p ON p.oid = c.castfunc
      WHERE c.oid >= 16384 AND p.provolatile = 'v'
    UNION ALL
    SELECT 'LIMIT without ORDER BY on ' || c.oid::regclass FROM json_array_elements_text(names -> 'relations') AS r(named), pg_class c
      WHERE c.oid = to_regclass(named) AND c.relpages > (SELECT setting::int / 4 FROM pg_settings WHERE name = 'shared_buffers')) AS found (name)
$$;

-- True where the call stands in the body of a function of somebody's own, which may look names up elsewhere, decide by results, and have other
-- rights than the statement; and where that cannot be told: the lines of a context are in the language of the engine's messages.
CREATE OR REPLACE FUNCTION hologen_caller.is_inside(context text, role text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT context ~ '(^|\n)(\S+ function (?!hologen_caller\.)|SQL function )'
    OR current_setting('lc_messages') !~ '^(C|POSIX|en)'
    OR role IS DISTINCT FROM CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END
$$;

-- Runs what the gateway asks for with its caller's rights, names and snapshot: STABLE, and without a search_path of its own.
CREATE OR REPLACE FUNCTION hologen_caller.look_ahead(question json, about json) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  step     pg_catalog.json := about;
  found    pg_catalog.json;
  problem  text;
  state    text;
  level    text := pg_catalog.current_setting('client_min_messages');
BEGIN
  BEGIN
    PERFORM pg_catalog.set_config('client_min_messages', 'error', true);
    IF step OPERATOR(pg_catalog.->>) 'prepare' IS NOT NULL THEN
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'parameter_types', 'of', question, 'types',
        hologen_caller.parameter_types(step OPERATOR(pg_catalog.->>) 'prepare', step OPERATOR(pg_catalog.->) 'types')));
    END IF;
    found := hologen_caller.plan_of(step OPERATOR(pg_catalog.->>) 'explain');
    step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'plan', 'of', question, 'plan', found));
    IF step OPERATOR(pg_catalog.->) 'functions' IS NOT NULL THEN
      step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'plan_names', 'of', question, 'unsure', hologen_caller.unsure_names(step)));
    END IF;
    IF (step OPERATOR(pg_catalog.->>) 'waits')::boolean THEN
      PERFORM pg_catalog.set_config('client_min_messages', level, true);
    END IF;
    IF step OPERATOR(pg_catalog.->>) 'run' IS NOT NULL THEN
      EXECUTE step OPERATOR(pg_catalog.->>) 'run';
    END IF;
    -- Nothing of it stays.
    RAISE EXCEPTION USING ERRCODE = 'HG000', MESSAGE = 'looked';
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
  END;
  found := hologen_caller.ask(pg_catalog.json_build_object('ask', 'looked', 'of', question, 'state', state, 'problem', problem));
END $$;

-- Hands a call that stands as it was written to the gateway, and looks ahead when the gateway asks for it. STABLE, so that what it runs sees what
-- the statement sees; `at` is clock_timestamp(), or the planner would take it for something it may evaluate itself.
CREATE OR REPLACE FUNCTION hologen_caller.ask_ahead(question json, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  context text;
  inside  boolean;
  answer  pg_catalog.json;
BEGIN
  GET DIAGNOSTICS context = PG_CONTEXT;
  inside := hologen_caller.is_inside(context, current_user);
  LOOP
    answer := hologen_caller.ask(pg_catalog.json_build_object('ask', 'submit_written', 'of', question, 'inside', inside));
    EXIT WHEN answer OPERATOR(pg_catalog.->>) 'handle' IS NOT NULL;
    PERFORM hologen_caller.look_ahead(question, answer);
  END LOOP;
  RETURN answer OPERATOR(pg_catalog.->>) 'handle';
END $$;

-- While the gateway looks for what follows from results: a call whose result is there, and one that is not to be made yet.
CREATE OR REPLACE FUNCTION hologen_caller.ask_made(question json, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  RETURN hologen_caller.ask(pg_catalog.json_build_object('ask', 'submit_made', 'of', question)) OPERATOR(pg_catalog.->>) 'handle';
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.later(question json, at timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN 'pending';
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.wait_made(handle text) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN hologen.wait_call(handle);
END $$;
