-- What statements cost before they run, what may be spent, who may call which model, and who may read what was made.

-- One estimate was one with all of its statement before.
DROP FUNCTION IF EXISTS hologen_caller.estimated(boolean);
-- The dry calls of this estimate, a row for each model; `about`: the seconds they would take, made in this way.
CREATE OR REPLACE FUNCTION hologen_caller.estimated(estimate uuid, how text)
RETURNS TABLE (model_name text, model_type text, calls bigint, pictures bigint, seconds numeric, price numeric, currency text, about float8,
  taken bigint, taken_price numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.model_name, m.model_type, m.calls, m.pictures, m.seconds, m.price, m.currency, m.about, m.taken, m.taken_price
  FROM json_to_recordset(hologen_caller.ask(json_build_object('ask', 'estimate', 'estimate', estimate, 'how', how, 'settings', hologen_caller.session_settings())))
    AS m (model_name text, model_type text, calls bigint, pictures bigint, seconds numeric, price numeric, currency text, about float8,
      taken bigint, taken_price numeric)
$$;

-- The plans of several statements of one text. What planning them SETs is undone.
CREATE OR REPLACE FUNCTION hologen_caller.plans_of_parts(parts json) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  plans pg_catalog.json;
BEGIN
  SELECT pg_catalog.json_agg(hologen_caller.plan_of_part(part) ORDER BY n) INTO plans FROM pg_catalog.json_array_elements(parts) WITH ORDINALITY AS t(part, n);
  RAISE EXCEPTION SQLSTATE 'HG001';
EXCEPTION WHEN SQLSTATE 'HG001' THEN
  RETURN plans;
END $$;

-- What is known of how a statement's calls would be made before anything is planned. Where it would be rewritten, the session is asked as when it comes.
CREATE OR REPLACE FUNCTION hologen_caller.how_read(statement text) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  step pg_catalog.json := hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_read', 'statement', statement, 'settings', hologen_caller.session_settings()));
  is_left boolean;
BEGIN
  IF step OPERATOR(pg_catalog.->) 'unless' IS NULL THEN
    RETURN step;
  END IF;
  EXECUTE pg_catalog.concat('SELECT EXISTS (', step OPERATOR(pg_catalog.#>>) '{unless,text}', ')') INTO is_left USING step OPERATOR(pg_catalog.#>>) '{unless,values,0}';
  RETURN CASE WHEN is_left THEN hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_read', 'statement', statement,
    'settings', hologen_caller.session_settings(), 'asWritten', true)) ELSE step END;
END $$;

-- Which triggers and column defaults make calls for each row that a statement writes; NULL: none. `writes`: see written-to.ts.
CREATE OR REPLACE FUNCTION hologen_caller.calls_for_rows(writes json, path text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE
    written (id) AS MATERIALIZED (
      SELECT c.oid FROM parse_ident(writes ->> 'table') AS i (name), pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relname = name[cardinality(name)] AND CASE cardinality(name) WHEN 1 THEN nspname = ANY (path) ELSE nspname = CASE name[1] WHEN 'pg_temp' THEN pg_my_temp_schema()::regnamespace::text ELSE name[1] END END
        ORDER BY array_position(path, nspname::text) LIMIT 1),
    done (bits) AS (SELECT bit_or(CASE each WHEN 'insert' THEN 4 WHEN 'delete' THEN 8 ELSE 16 END) FROM json_array_elements_text(writes -> 'does') AS t (each)),
    code (told, id) AS (
      SELECT concat('trigger ', quote_ident(tgname), ' of ', tgrelid::regclass), tgfoid FROM written, done, pg_trigger
        WHERE tgrelid = written.id AND NOT tgisinternal AND tgenabled NOT IN ('D', 'R') AND tgtype & bits <> 0
          -- OF columns: only where one of them is set.
          AND (tgattr::text = '' OR tgtype & bits & ~16 <> 0 OR EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = tgrelid AND attnum = ANY (tgattr::int2[]) AND (writes -> 'sets')::jsonb ? attname))
      UNION
      SELECT concat('the default of ', quote_ident(attname)), m.id[1]::oid FROM written, done, pg_attribute JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum,
          regexp_matches(adbin::text, ':funcid (\d+)', 'g') AS m (id)
        WHERE attrelid = written.id AND attgenerated = '' AND bits & 4 <> 0 AND CASE json_typeof(writes -> 'inserts')
          WHEN 'array' THEN NOT (writes -> 'inserts')::jsonb ? attname
          -- So many are written that are there.
          ELSE (SELECT count(*) FROM pg_attribute before WHERE before.attrelid = written.id AND before.attnum > 0 AND NOT before.attisdropped AND before.attnum <= adnum) > (writes ->> 'inserts')::numeric END
      UNION
      SELECT told, called FROM code JOIN pg_proc p ON p.oid = code.id, hologen_caller.called_in(code.id, path, hologen_caller.calls_anywhere(code.id)) AS c (called)
        WHERE p.oid >= 16384 AND pronamespace::regnamespace::text !~ '^hologen' AND prolang IN (SELECT oid FROM pg_language WHERE lanname NOT IN ('internal', 'c')))
  SELECT string_agg(told, ', ' ORDER BY told) FROM (
    SELECT DISTINCT told FROM code JOIN pg_proc p ON p.oid = code.id
      WHERE proname IN (SELECT json_array_elements_text(writes -> 'aiFunctions')) AND pronamespace::regnamespace::text IN ('pg_catalog', 'hologen', 'hologen_names')) AS t
$$;

-- How the calls of a statement would be made, judged as when it runs (0002-look-ahead.sql, 0081-batches.sql); NULL where that cannot be told.
CREATE OR REPLACE FUNCTION hologen_caller.how_made(statement text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  step   pg_catalog.json := hologen_caller.how_read(statement);
  writes pg_catalog.json := step OPERATOR(pg_catalog.->) 'writes';
  unsure pg_catalog.json;
  doubt  text;
  how    text;
BEGIN
  IF step OPERATOR(pg_catalog.->) 'batch' IS NOT NULL THEN
    step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_together', 'statement', statement,
      'plans', hologen_caller.plans_of_parts(step OPERATOR(pg_catalog.->) 'batch')));
  END IF;
  WHILE step OPERATOR(pg_catalog.->>) 'explain' IS NOT NULL LOOP
    step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_planned', 'statement', statement, 'apart', step OPERATOR(pg_catalog.->) 'apart',
      'plan', hologen_caller.plan_of(step OPERATOR(pg_catalog.->>) 'explain')));
  END LOOP;
  IF step OPERATOR(pg_catalog.->) 'functions' IS NOT NULL THEN
    unsure := hologen_caller.unsure_names(pg_catalog.json_build_object('names', step, 'path', pg_catalog.current_schemas(true)));
  END IF;
  IF step OPERATOR(pg_catalog.->) 'together' IS NOT NULL THEN
    doubt := hologen_caller.batch_doubt(hologen_caller.with_numbers(step OPERATOR(pg_catalog.->) 'writes'), hologen_caller.with_numbers(step OPERATOR(pg_catalog.->) 'reads'));
  END IF;
  IF pg_catalog.json_array_length(unsure) OPERATOR(pg_catalog.>) 0 OR doubt IS NOT NULL THEN
    step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_unsure', 'unsure', unsure, 'statement', statement,
      'together', step OPERATOR(pg_catalog.->) 'together', 'doubt', doubt,
      'sources', coalesce(hologen_caller.stored_text('function', unsure::text) OPERATOR(pg_catalog.->>) 'statement',
        pg_catalog.json_build_array(hologen_caller.stored_text('sql', pg_catalog.quote_ident(unsure OPERATOR(pg_catalog.->>) 0)) OPERATOR(pg_catalog.->>) 'statement')::text)));
  END IF;
  how := step OPERATOR(pg_catalog.->>) 'how';
  RETURN CASE WHEN pg_catalog.starts_with(how, 'at once') THEN pg_catalog.concat(how, '; one after another: ' || hologen_caller.calls_for_rows(writes, pg_catalog.current_schemas(true)::text[])) ELSE how END;
EXCEPTION WHEN OTHERS THEN
  -- What is wrong with the statement is told when it runs.
  RETURN NULL;
END $$;

-- Runs a statement without sending its calls, and undoes what it did. A call that takes another's result sees one with names only. `how`: whether
-- its calls would be made at once, in how many stages, or one after another and why. `about`: how long, at the rates of today; NULL for a model
-- that nobody has called, or where it is not known how. `taken`: so many of the calls take a result that is there, under way, or with ai_gen.reuse on made by another of them;
-- `taken_price`: what of the price is not paid for that.
CREATE OR REPLACE FUNCTION hologen.ai_estimate(statement text)
RETURNS TABLE (model_name text, model_type text, calls bigint, pictures bigint, seconds numeric, price numeric, currency text, how text, about interval,
  taken bigint, taken_price numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  -- Another one may be made in the same statement, or in what is estimated.
  own pg_catalog.uuid := pg_catalog.gen_random_uuid();
  way text;
BEGIN
  BEGIN
    -- The statement may take the settings back.
    way := hologen_caller.ask(pg_catalog.json_build_object('ask', 'estimate_begins', 'estimate', own));
    PERFORM pg_catalog.set_config('ai_gen.dry_run', 'on', true), pg_catalog.set_config('ai_gen.progress', 'off', true),
      pg_catalog.set_config('hologen.estimate', own::pg_catalog.text, true);
    EXECUTE statement;
    RAISE EXCEPTION SQLSTATE 'HG001';
  EXCEPTION
    WHEN SQLSTATE 'HG001' THEN
      -- All that the statement did is undone here, the settings included.
      NULL;
    WHEN OTHERS OR QUERY_CANCELED OR ASSERT_FAILURE THEN
      way := hologen_caller.ask(pg_catalog.json_build_object('ask', 'estimate_ends', 'estimate', own));
      RAISE;
  END;
  way := hologen_caller.ask(pg_catalog.json_build_object('ask', 'estimate_ends', 'estimate', own));
  way := hologen_caller.how_made(statement);
  RETURN QUERY SELECT e.model_name, e.model_type, e.calls, e.pictures, e.seconds, e.price, e.currency, way,
      pg_catalog.make_interval(secs => pg_catalog.round(e.about)), e.taken, e.taken_price
    FROM hologen_caller.estimated(own, way) AS e;
END $$;

-- A line of EXPLAIN (ai). Whatever the caller's names and operators mean, these are PostgreSQL's.
CREATE OR REPLACE FUNCTION hologen_caller.estimate_line(model_name text, model_type text, calls bigint, pictures bigint, seconds numeric, price numeric,
  currency text, how text, about interval, taken bigint, taken_price numeric) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat('AI: ', calls, CASE calls WHEN 1 THEN ' call of ' ELSE ' calls of ' END, model_name, ' (', model_type, '), ',
    CASE pictures WHEN 0 THEN NULL WHEN 1 THEN '1 picture, ' ELSE pictures || ' pictures, ' END, NULLIF(seconds, 0) || ' s, ', currency || ' ' || price,
    CASE WHEN price IS NULL THEN 'tokens of unknown price' END, ', ' || how, ', about ' || about, CASE WHEN taken > 0 THEN
    concat('; ', taken, CASE taken WHEN 1 THEN ' takes an earlier result' ELSE ' take earlier results' END, ', which is ' || currency || ' ' || taken_price || ' less') END)
$$;

-- EXPLAIN (ai): what the calls of a statement come to, by model, and then its plan.
CREATE OR REPLACE FUNCTION hologen_caller.explained(statement text) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
  RETURN QUERY SELECT hologen_caller.estimate_line(e.model_name, e.model_type, e.calls, e.pictures, e.seconds, e.price, e.currency, e.how, e.about, e.taken,
      e.taken_price)
    FROM hologen.ai_estimate(statement) AS e;
  IF NOT FOUND THEN
    RETURN NEXT 'AI: no calls';
  END IF;
  RETURN QUERY EXECUTE pg_catalog.concat('EXPLAIN ', statement);
END $$;

-- Budgets; NULL stands for every role, model, database, application and tag, or no limit of that kind. `period`: hour, day, week, month or total. Those
-- of a day can be written calls_per_day and money_per_day. A soft one lets calls go, and says so.
CREATE OR REPLACE PROCEDURE hologen.set_budget(role_name text DEFAULT NULL, model_name text DEFAULT NULL, calls_per_day integer DEFAULT NULL,
  money_per_day numeric DEFAULT NULL, period text DEFAULT 'day', calls bigint DEFAULT NULL, money numeric DEFAULT NULL, database_name text DEFAULT NULL,
  application_name text DEFAULT NULL, tag text DEFAULT NULL, soft boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  -- Looked for here: the role may have been made in the same transaction.
  answer := hologen_caller.ask(json_build_object('ask', 'set_budget', 'role_name', role_name,
    'role_exists', EXISTS (SELECT FROM pg_roles r WHERE r.rolname = set_budget.role_name), 'model_name', model_name,
    'calls_per_day', calls_per_day, 'money_per_day', money_per_day, 'period', period, 'calls', calls, 'money', money,
    'database_name', database_name, 'application_name', application_name, 'tag', tag, 'soft', soft));
END $$;
-- Without a period all that are set for just this role, model, database, application and tag.
CREATE OR REPLACE PROCEDURE hologen.remove_budget(role_name text DEFAULT NULL, model_name text DEFAULT NULL, period text DEFAULT NULL,
  database_name text DEFAULT NULL, application_name text DEFAULT NULL, tag text DEFAULT NULL, soft boolean DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'remove_budget', 'role_name', role_name, 'model_name', model_name, 'period', period,
    'database_name', database_name, 'application_name', application_name, 'tag', tag, 'soft', soft));
END $$;

-- Everybody may call a model until one of these two is used on it; the role public is everybody.
CREATE OR REPLACE PROCEDURE hologen.grant_model(model_name text, role_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'grant_model', 'model_name', model_name, 'role_name', role_name));
END $$;
CREATE OR REPLACE PROCEDURE hologen.revoke_model(model_name text, role_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'revoke_model', 'model_name', model_name, 'role_name', role_name));
END $$;

-- An HTTPS address that lets anybody read the object for a while: of an output with the right of the call that saved it, of a file with its own.
CREATE OR REPLACE FUNCTION hologen.file_url(oss_path text, ttl interval DEFAULT '1 hour') RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(json_build_object('ask', 'sign_file', 'path', oss_path, 'seconds', extract(epoch FROM ttl))) #>> '{}';
END $$;
-- The same of what OSS makes of it on its way out: 'image/resize,w_800/format,webp', or a video's frame, 'video/snapshot,t_1000,f_jpg,w_800'.
CREATE OR REPLACE FUNCTION hologen.file_url(oss_path text, ttl interval, process text) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(json_build_object('ask', 'sign_file', 'path', oss_path, 'seconds', extract(epoch FROM ttl), 'process', process)) #>> '{}';
END $$;
CREATE OR REPLACE FUNCTION hologen.file_url(file hologen.file, ttl interval, process text) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(json_build_object('ask', 'sign_file', 'file', to_json(file), 'seconds', extract(epoch FROM ttl), 'process', process)) #>> '{}';
END $$;
CREATE OR REPLACE FUNCTION hologen.file_url(file hologen.file, ttl interval DEFAULT '1 hour') RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(json_build_object('ask', 'sign_file', 'file', to_json(file), 'seconds', extract(epoch FROM ttl))) #>> '{}';
END $$;

-- Shows a call (one's own; an administrator any) to viewers, or no longer. True: it is shared now.
CREATE OR REPLACE FUNCTION hologen.share_job(job_id uuid, shared boolean DEFAULT true) RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (hologen_caller.ask(json_build_object('ask', 'share_job', 'job', job_id, 'shared', shared)) #>> '{}')::boolean;
END $$;
