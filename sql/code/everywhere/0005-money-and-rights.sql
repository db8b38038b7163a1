-- What statements cost before they run, what may be spent, who may call which model, and who may read what was made.

-- The dry calls of the caller's own statement, a row for each model; `about`: the seconds they would take, at once or one after another.
CREATE OR REPLACE FUNCTION hologen_caller.estimated(at_once boolean)
RETURNS TABLE (model_name text, model_type text, calls bigint, pictures bigint, seconds numeric, price numeric, currency text, about float8,
  taken bigint, taken_price numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.model_name, m.model_type, m.calls, m.pictures, m.seconds, m.price, m.currency, m.about, m.taken, m.taken_price
  FROM json_to_recordset(hologen_caller.ask(json_build_object('ask', 'estimate', 'atOnce', at_once, 'settings', hologen_caller.session_settings())))
    AS m (model_name text, model_type text, calls bigint, pictures bigint, seconds numeric, price numeric, currency text, about float8,
      taken bigint, taken_price numeric)
$$;

-- How the calls of a statement would be made, judged as when it runs (0002-look-ahead.sql); NULL where that cannot be told.
CREATE OR REPLACE FUNCTION hologen_caller.how_made(statement text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  step   pg_catalog.json := hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_read', 'statement', statement));
  unsure pg_catalog.json;
BEGIN
  WHILE step OPERATOR(pg_catalog.->>) 'explain' IS NOT NULL LOOP
    step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_planned', 'statement', statement, 'apart', step OPERATOR(pg_catalog.->) 'apart',
      'plan', hologen_caller.plan_of(step OPERATOR(pg_catalog.->>) 'explain')));
  END LOOP;
  IF step OPERATOR(pg_catalog.->) 'functions' IS NOT NULL THEN
    unsure := hologen_caller.unsure_names(pg_catalog.json_build_object('names', step, 'path', pg_catalog.current_schemas(true)));
  END IF;
  IF pg_catalog.json_array_length(unsure) OPERATOR(pg_catalog.>) 0 THEN
    step := hologen_caller.ask(pg_catalog.json_build_object('ask', 'how_unsure', 'unsure', unsure, 'statement', statement,
      'sources', coalesce(hologen_caller.stored_text('function', unsure::text) OPERATOR(pg_catalog.->>) 'statement',
        pg_catalog.json_build_array(hologen_caller.stored_text('sql', pg_catalog.quote_ident(unsure OPERATOR(pg_catalog.->>) 0)) OPERATOR(pg_catalog.->>) 'statement')::text)));
  END IF;
  RETURN step OPERATOR(pg_catalog.->>) 'how';
EXCEPTION WHEN OTHERS THEN
  -- What is wrong with the statement is told when it runs.
  RETURN NULL;
END $$;

-- Runs a statement without sending its calls, and undoes what it did. A call that takes another's result sees one with names only. `how`: whether
-- its calls would be made at once, in how many stages, or one after another and why. `about`: how long, at the rates of today; NULL for a model
-- that nobody has called. `taken`: so many of the calls take a result that is there, under way, or with ai_gen.reuse on made by another of them;
-- `taken_price`: what of the price is not paid for that.
CREATE OR REPLACE FUNCTION hologen.ai_estimate(statement text)
RETURNS TABLE (model_name text, model_type text, calls bigint, pictures bigint, seconds numeric, price numeric, currency text, how text, about interval,
  taken bigint, taken_price numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  way text;
BEGIN
  BEGIN
    PERFORM pg_catalog.set_config('ai_gen.dry_run', 'on', true), pg_catalog.set_config('ai_gen.progress', 'off', true);
    EXECUTE statement;
    RAISE EXCEPTION SQLSTATE 'HG001';
  EXCEPTION WHEN SQLSTATE 'HG001' THEN
    -- All that the statement did is undone here, the two settings included.
    NULL;
  END;
  way := hologen_caller.how_made(statement);
  RETURN QUERY SELECT e.model_name, e.model_type, e.calls, e.pictures, e.seconds, e.price, e.currency, way,
      pg_catalog.make_interval(secs => pg_catalog.round(e.about)), e.taken, e.taken_price
    FROM hologen_caller.estimated(NOT coalesce(pg_catalog.starts_with(way, 'one after'), false)) AS e;
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
