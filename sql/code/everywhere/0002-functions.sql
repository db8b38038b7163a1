-- The functions and procedures a client calls. They run with their caller's rights, and ask the gateway in its name.

-- Text -> FILE. A malformed path or a missing object is an error; a path ending in "/" names a directory and carries rights only.
CREATE OR REPLACE FUNCTION hologen.to_file(oss_path text, oss_endpoint text, role_arn text) RETURNS hologen.file
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  file   hologen.file := ROW(oss_path, oss_endpoint, role_arn);
  answer json;
BEGIN
  -- An assignment, not PERFORM: errors then carry no copy of this statement in their CONTEXT.
  answer := hologen_caller.ask(json_build_object('ask', 'check_file', 'file', to_json(file),
    'dryRun', current_setting('ai_gen.dry_run', true)));
  RETURN file;
END $$;

-- The moment that people mean by a time of day (the next one after the statement began, in the session's time zone), a day and time, or a span
-- (`2h`, `90 min`); in milliseconds since 1970. NULL: none of these.
CREATE OR REPLACE FUNCTION hologen_caller.moment_of(said text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  began  timestamptz := statement_timestamp();
  moment timestamptz;
BEGIN
  IF said ~ '^\s*\d{1,2}:\d{2}(:\d{2})?\s*$' THEN
    moment := (began::timestamp::date + said::time)::timestamptz;
    IF moment <= began THEN
      moment := (began::timestamp::date + 1 + said::time)::timestamptz;
    END IF;
  ELSIF said ~ '^\s*\d+(\.\d+)?\s*[a-z]+\s*$' THEN
    moment := began + said::interval;
  ELSE
    moment := said::timestamptz;
  END IF;
  RETURN CASE WHEN isfinite(moment) THEN floor(extract(epoch FROM moment) * 1000) END;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END $$;

-- The ai_gen.* settings as they were SET, which estimate runs what calls, and in which encoding the client's parameters came.
CREATE OR REPLACE FUNCTION hologen_caller.session_settings() RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT json_build_object('progress', current_setting('ai_gen.progress', true), 'reuse', current_setting('ai_gen.reuse', true),
    'max_calls', current_setting('ai_gen.max_calls', true), 'on_error', current_setting('ai_gen.on_error', true),
    'dry_run', current_setting('ai_gen.dry_run', true), 'timeout', current_setting('ai_gen.timeout', true),
    'at_once', current_setting('ai_gen.at_once', true), 'tag', current_setting('ai_gen.tag', true),
    'spend_at_most', current_setting('ai_gen.spend_at_most', true), 'place', current_setting('ai_gen.place', true),
    'webhook', current_setting('ai_gen.webhook', true), 'priority', current_setting('ai_gen.priority', true),
    'by', current_setting('ai_gen.by', true), 'estimate', current_setting('hologen.estimate', true), 'encoding', current_setting('client_encoding'),
    'by_at', CASE WHEN current_setting('ai_gen.by', true) <> '' THEN hologen_caller.moment_of(current_setting('ai_gen.by', true)) END)
$$;

-- The id of the innermost subtransaction that runs, assigned now if it has none: pg_xact_status tells what became of it, whatever undid it (a block
-- that caught an error, ROLLBACK TO, a procedure's own ROLLBACK). Of the ids that the session holds locks of, the youngest is its own, or that
-- of one within it that ended well and shares its fate; what was undone has given its lock up.
CREATE OR REPLACE FUNCTION hologen_caller.transaction_id() RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- In a read-only transaction, too, nothing else has one assigned.
  assigned pg_lsn := pg_logical_emit_message(true, 'hologen', '');
  outermost bigint := pg_current_xact_id()::text::bigint;
  innermost bigint := (SELECT transactionid::text::bigint FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted ORDER BY age(transactionid) LIMIT 1);
BEGIN
  -- A lock has the last 32 bits.
  RETURN outermost + (innermost - outermost % 4294967296 + 4294967296) % 4294967296;
END $$;

-- A call as the gateway is told of it.
CREATE OR REPLACE FUNCTION hologen_caller.call_question(ask text, model text, request text, file hologen.file) RETURNS json
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT json_build_object('ask', ask, 'model', model, 'request', request,
    -- A FILE variable that was never set is a row of NULLs, which IS NULL too.
    'file', CASE WHEN NOT file IS NULL THEN to_json(file) END,
    'transactionId', CASE ask WHEN 'submit_detached' THEN hologen_caller.transaction_id() END,
    'settings', hologen_caller.session_settings(), 'statement', left(current_query(), 10000))
$$;

-- Hands one call to the gateway, which checks it and sends nothing yet; returns the handle to wait for.
CREATE OR REPLACE FUNCTION hologen_caller.submit_call(model text, request text, file hologen.file) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(hologen_caller.call_question('submit', model, request, file)) ->> 'handle';
END $$;

-- A call of a stage, which submit_calls hands to the gateway together with those of other rows; its handle is for wait_call.
CREATE OR REPLACE FUNCTION hologen_caller.describe_call(model text, request text, file hologen.file) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN json_build_object('handle', gen_random_uuid(), 'model', model, 'request', request, 'file', CASE WHEN NOT file IS NULL THEN to_json(file) END);
END $$;

-- Tells calls whose texts stand in a row, with commas between them.
CREATE OR REPLACE FUNCTION hologen_caller.tell_texts(ask text, calls text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', ask, 'calls', ('[' || calls || ']')::json,
    'settings', hologen_caller.session_settings(), 'statement', left(current_query(), 10000)));
  RETURN NULL;
END $$;

-- Gathers calls until there are enough to be worth a question: each row adds to the text, so it must not grow long.
CREATE OR REPLACE FUNCTION hologen_caller.gather_calls(gathered text, VARIADIC calls json[]) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  gathered := concat_ws(',', gathered, array_to_string(calls, ','));
  IF octet_length(gathered) < 32768 THEN
    RETURN gathered;
  END IF;
  RETURN hologen_caller.tell_texts('submit_calls', gathered);
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.submit_rest(gathered text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF gathered IS NOT NULL THEN
    gathered := hologen_caller.tell_texts('submit_calls', gathered);
  END IF;
  RETURN true;
END $$;

-- Hands all calls of a stage to the gateway, row by row, which checks them and sends nothing yet.
CREATE OR REPLACE AGGREGATE hologen_caller.submit_calls(VARIADIC calls json[]) (
  SFUNC = hologen_caller.gather_calls, STYPE = text, FINALFUNC = hologen_caller.submit_rest, PARALLEL = UNSAFE);

-- It had no hint before.
DROP FUNCTION IF EXISTS hologen_caller.tell_waiting(text);
-- Tells whoever waits, also while the gateway looks ahead, when nothing else is told; `hint`: what can be done about it.
CREATE OR REPLACE FUNCTION hologen_caller.tell_waiting(notice text, hint text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  level text := NULLIF(current_setting('hologen.level', true), '');
BEGIN
  IF level IS NOT NULL THEN
    PERFORM set_config('client_min_messages', level, true);
  END IF;
  IF hint IS NULL THEN
    RAISE NOTICE '%', notice;
  ELSE
    RAISE NOTICE '%', notice USING HINT = hint;
  END IF;
  IF level IS NOT NULL THEN
    PERFORM set_config('client_min_messages', 'error', true);
  END IF;
END $$;

-- Waits for a submitted call. Each round trip is short, so that cancel and timeouts are prompt on every PostgreSQL version.
CREATE OR REPLACE FUNCTION hologen_caller.wait_call(handle text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  -- What the gateway says in place of a handle while it only looks ahead: no result is known yet.
  IF handle = 'pending' THEN
    RETURN NULL;
  END IF;
  LOOP
    answer := hologen_caller.ask(json_build_object('ask', 'wait', 'handle', handle));
    IF answer ->> 'notice' IS NOT NULL THEN
      PERFORM hologen_caller.tell_waiting(answer ->> 'notice', answer ->> 'hint');
    END IF;
    IF (answer ->> 'done')::boolean THEN
      RETURN answer ->> 'result';
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hologen_caller.image_question(ask text, request text, file hologen.file) RETURNS json
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT hologen_caller.call_question(replace(ask, 'submit', 'submit_image'), NULL, request, file)
$$;

-- image.generate: one request in plain words for any model of pictures, and one answer. The gateway reads the request and writes the answer.
CREATE OR REPLACE FUNCTION hologen_caller.submit_image(request text, file hologen.file) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(hologen_caller.call_question('submit_image', NULL, request, file)) ->> 'handle';
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.wait_image(handle text) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.wait_call(handle)::json;
END $$;

-- Deploys a model: Hologres' two procedures, the second with the client's own endpoint and key arguments.
CREATE OR REPLACE PROCEDURE hologen.register_external_model(model_name text, model_type text, model_provider text, config json, task text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'deploy_model', 'name', model_name, 'type', model_type,
    'provider', model_provider, 'config', config, 'task', task));
END $$;
CREATE OR REPLACE PROCEDURE hologen.add_external_model(model_name text, model_type text, model_provider text, endpoint text,
  api_key text, task text, config json)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'deploy_model', 'name', model_name, 'type', model_type,
    'provider', model_provider, 'endpoint', endpoint, 'apiKey', api_key, 'config', config, 'task', task));
END $$;
-- Those whose names are free, on the gateway's own key.
CREATE OR REPLACE PROCEDURE hologen.register_usual_models()
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask('{"ask": "deploy_usual_models"}');
END $$;
CREATE OR REPLACE PROCEDURE hologen.delete_external_model(model_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'remove_model', 'name', model_name));
END $$;

-- A name for a directory and the right to it, for SET ai_gen.place.
CREATE OR REPLACE PROCEDURE hologen.set_place(place_name text, oss_path text, oss_endpoint text, role_arn text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'set_place', 'name', place_name,
    'file', json_build_object('oss_path', oss_path, 'oss_endpoint', oss_endpoint, 'role_arn', role_arn)));
END $$;
CREATE OR REPLACE PROCEDURE hologen.remove_place(place_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'remove_place', 'name', place_name));
END $$;

-- The catalogue. Its first four columns, in this order, are what Hologres' clients read.
CREATE OR REPLACE FUNCTION hologen.list_external_models()
RETURNS TABLE (model_name text, model_type text, model_provider text, task text, config json, deployed_by text, deployed_at timestamptz)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.model_name, m.model_type, m.model_provider, m.task, m.config, m.deployed_by, m.deployed_at
  FROM json_to_recordset(hologen_caller.ask('{"ask": "list_models"}'))
    AS m (model_name text, model_type text, model_provider text, task text, config json, deployed_by text, deployed_at timestamptz)
$$;

-- What the gateway's model table knows; one row a model type.
CREATE OR REPLACE FUNCTION hologen_caller.supported_model_rows()
RETURNS TABLE (model_type text, task text, scenarios text[], mode text, sizes text, pictures text, duration text, reference_files text,
               submits_per_second numeric, concurrent_tasks integer, price text, ratios text, fields text, like_type text, source text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.model_type, m.task, m.scenarios, m.mode, m.sizes, m.pictures, m.duration, m.reference_files, m.submits_per_second,
         m.concurrent_tasks, m.price, m.ratios, m.fields, m.like_type, m.source
  FROM json_to_recordset(hologen_caller.ask('{"ask": "supported_models"}'))
    AS m (model_type text, task text, scenarios text[], mode text, sizes text, pictures text, duration text, reference_files text,
          submits_per_second numeric, concurrent_tasks integer, price text, ratios text, fields text, like_type text, source text)
$$;

-- Answers like Hologres, whose clients read the part before the parenthesis.
CREATE OR REPLACE FUNCTION hologen.hg_version() RETURNS text
LANGUAGE sql STABLE AS $$ SELECT 'Hologres 4.1.9 (hologen on PostgreSQL ' || pg_catalog.current_setting('server_version') || ')' $$;

CREATE OR REPLACE VIEW hologen.supported_models AS SELECT * FROM hologen_caller.supported_model_rows();
GRANT SELECT ON hologen.supported_models TO PUBLIC;

-- What is deployed, with what a request to it may be and costs, by its own price where it has one.
CREATE OR REPLACE FUNCTION hologen_caller.deployed_model_rows()
RETURNS TABLE (model_name text, model_type text, model_provider text, task text, scenarios text[], sizes text, pictures text, duration text,
               reference_files text, fields text, price text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.model_name, m.model_type, m.model_provider, m.task, m.scenarios, m.sizes, m.pictures, m.duration, m.reference_files, m.fields, m.price
  FROM json_to_recordset(hologen_caller.ask('{"ask": "deployed_models"}'))
    AS m (model_name text, model_type text, model_provider text, task text, scenarios text[], sizes text, pictures text, duration text,
          reference_files text, fields text, price text)
$$;
CREATE OR REPLACE VIEW hologen.models AS SELECT * FROM hologen_caller.deployed_model_rows();
GRANT SELECT ON hologen.models TO PUBLIC;

-- A function of fewer columns that this view had before; views of other people may be made of it.
DO $do$
BEGIN
  DROP FUNCTION IF EXISTS hologen_caller.list_supported_models();
EXCEPTION WHEN dependent_objects_still_exist THEN NULL;
END $do$;
