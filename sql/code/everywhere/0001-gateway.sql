-- How a function of the engine calls the gateway back: one private dblink connection a backend, JSON there and back.

-- Sends a message over the backend's connection and waits for the answer; NULL: the connection takes none. Sent and fetched apart, because
-- dblink() itself, when it is cancelled, first waits for the answer. Whoever is cancelled hangs up at once: the gateway is to know that nobody
-- has read what it answers, and nobody is to read it in place of another answer.
CREATE OR REPLACE FUNCTION hologen_internal.exchange(message text) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  reply json;
BEGIN
  IF @dblink@.dblink_send_query('hologen', message) = 0 THEN
    RETURN NULL;
  END IF;
  SELECT answer::json INTO reply FROM @dblink@.dblink_get_result('hologen') AS t(answer text);
  -- The empty result behind the answer ends the exchange.
  PERFORM 1 FROM @dblink@.dblink_get_result('hologen') AS t(answer text);
  RETURN reply;
EXCEPTION
  WHEN connection_exception OR internal_error THEN
    RETURN NULL;
  WHEN query_canceled OR OTHERS THEN
    PERFORM @dblink@.dblink_disconnect('hologen');
    RAISE;
END $$;
REVOKE ALL ON FUNCTION hologen_internal.exchange(text) FROM PUBLIC;

-- The role whose rights the code that looks has, which no other code can look up, and the proof of it: good for one statement of one backend.
-- A view reads the secret with its owner's rights, and says current_user as whoever reads it.
CREATE OR REPLACE VIEW hologen_caller.me AS
  SELECT current_user::text AS role,
         encode(sha256(convert_to(concat_ws(chr(10), secret, current_user, pg_backend_pid(), extract(epoch FROM statement_timestamp())), 'UTF8')), 'hex') AS proof
  FROM hologen_internal.proof_secret;
GRANT SELECT ON hologen_caller.me TO PUBLIC;

-- Whether the code that asks has the rights of `role`, by the proof that it read there. Nothing of it is printed: see ask_as.
CREATE OR REPLACE FUNCTION hologen_internal.is_proved(role text, proof text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
  SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off AS $$
DECLARE
  secret text;
BEGIN
  SELECT p.secret INTO secret FROM hologen_internal.proof_secret p;
  RETURN proof IS NOT DISTINCT FROM
    encode(sha256(convert_to(concat_ws(chr(10), secret, role, pg_backend_pid(), extract(epoch FROM statement_timestamp())), 'UTF8')), 'hex');
END $$;
REVOKE ALL ON FUNCTION hologen_internal.is_proved(text, text) FROM PUBLIC;

-- Sends one question and returns the reply's "value"; an "error" in the reply becomes an SQL error with its own SQLSTATE.
-- `role` is believed with its proof alone. A client may have its session print plans, and plans have values in them: secrets, and the proofs of
-- whoever's function calls here. So nothing is printed, and what is secret stands in expressions, not in statements.
CREATE OR REPLACE FUNCTION hologen_caller.ask_as(question json, role text, proof text) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off AS $$
DECLARE
  gateway hologen_internal.gateway;
  message text;
  reply   json;
  code    text;
  problem text;
  detail  text;
  hint    text;
  known   text;
  behind  text;
BEGIN
  IF NOT hologen_internal.is_proved(role, proof) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied: the caller is not who it says it is';
  END IF;
  IF json_typeof(question) IS DISTINCT FROM 'object' OR json_typeof(question -> 'ask') IS DISTINCT FROM 'string' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'a question is a JSON object with a text "ask"';
  END IF;
  -- The gateway keeps a question whole, and several times over; its memory is everybody's.
  IF octet_length(question::text) > 64 * 1024 * 1024 THEN
    RAISE EXCEPTION USING ERRCODE = '54000', MESSAGE = format('the gateway takes at most 64 MiB at once, not %s', pg_size_pretty(octet_length(question::text)::bigint)),
      HINT = 'Keep media in a store and name their paths, or write a LIMIT.';
  END IF;
  -- Who may not execute an AI function may not have what it is made of either.
  behind := CASE WHEN question ->> 'ask' IN ('submit', 'submit_calls', 'submit_written', 'submit_made', 'submit_looked', 'note_calls') THEN 'ai_gen(text, text, hologen.file)'
    WHEN question ->> 'ask' IN ('submit_detached', 'retry_job') THEN 'ai_submit(text, text, hologen.file)'
    WHEN question ->> 'ask' = 'submit_image' THEN 'image_generate(text, hologen.file)' END;
  IF behind IS NOT NULL AND NOT has_schema_privilege(role, 'hologen', 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied for schema hologen';
  ELSIF behind IS NOT NULL AND NOT has_function_privilege(role, 'hologen.' || behind, 'EXECUTE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('permission denied for function %s', split_part(behind, '(', 1));
  END IF;
  -- A session asks the gateway it came through, which knows what it may spend, whatever it has SET since; one that came by another way the latest.
  RESET hologen.gateway;
  SELECT * INTO gateway FROM hologen_internal.gateway
    ORDER BY gateway_id = current_setting('hologen.gateway', true) DESC NULLS LAST, updated_at DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '57P03', MESSAGE = 'no hologen gateway has served this database yet',
      HINT = 'Start hologen with this engine, then run the statement again.';
  END IF;
  message := json_build_object(
    'secret', gateway.secret,
    -- Where the connection breaks it is asked once more, and done once.
    'id', gen_random_uuid(),
    'caller', json_build_object(
      'role', role,
      -- The name may be another's before what is asked for is done.
      'roleOid', to_regrole(quote_ident(role))::oid::bigint,
      'database', current_database(),
      'application', current_setting('application_name'),
      'engineProcessId', pg_backend_pid(),
      'statementAt', to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      -- The owner of these functions, or a member of it; and the degrees. A superuser has all of them.
      'admin', pg_has_role(role, current_user, 'USAGE') OR coalesce(pg_has_role(role, to_regrole('hologen_admin')::oid, 'USAGE'), false),
      'maker', coalesce(pg_has_role(role, to_regrole('hologen_maker')::oid, 'USAGE'), false),
      -- Who may only look may not make calls as another role that he SETs.
      'viewer', coalesce(pg_has_role(role, to_regrole('hologen_viewer')::oid, 'USAGE')
        OR current_setting('role') = role AND pg_has_role(session_user, to_regrole('hologen_viewer')::oid, 'USAGE')
          AND NOT pg_has_role(session_user, to_regrole('hologen_maker')::oid, 'USAGE'), false),
      'readOnly', current_setting('transaction_read_only') = 'on',
      'dryRun', lower(current_setting('ai_gen.dry_run', true)) IN ('on', 'true', 'yes', '1') OR current_setting('hologen.estimate', true) <> '',
      'engineVersion', current_setting('server_version_num')::int),
    'question', question)::text;

  IF 'hologen' = ANY (coalesce(@dblink@.dblink_get_connections(), '{}')) THEN
    reply := hologen_internal.exchange(message);
    IF reply IS NULL THEN
      -- The gateway was restarted.
      PERFORM @dblink@.dblink_disconnect('hologen');
    END IF;
  END IF;
  IF reply IS NULL THEN
    -- Code of an index or a view runs in autovacuum too, where nobody asked for anything.
    behind := (SELECT backend_type FROM pg_stat_get_activity(pg_backend_pid()));
    IF behind <> 'client backend' THEN
      RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('AI functions are for sessions of clients, not for an %s', behind);
    END IF;
    BEGIN
      known := @dblink@.dblink_connect('hologen', gateway.connection_string);
    EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
      RAISE EXCEPTION USING ERRCODE = '57P03', MESSAGE = 'the hologen gateway does not answer',
        HINT = 'Is hologen running? It must serve this engine while AI functions are used.';
    END;
    reply := hologen_internal.exchange(message);
  END IF;
  IF reply IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '57P03', MESSAGE = 'the hologen gateway has ended while it answered', HINT = 'Run the statement again.';
  END IF;

  IF reply -> 'error' IS NULL THEN
    RETURN reply -> 'value';
  END IF;
  code := reply #>> '{error,sqlstate}';
  problem := reply #>> '{error,message}';
  detail := reply #>> '{error,detail}';
  hint := reply #>> '{error,hint}';
  -- Four forms, because RAISE takes no NULL, and an empty DETAIL or HINT would be shown.
  IF detail IS NULL AND hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = problem;
  ELSIF hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = problem, DETAIL = detail;
  ELSIF detail IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = problem, HINT = hint;
  ELSE
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = problem, DETAIL = detail, HINT = hint;
  END IF;
END $$;

-- Asks in the name of the role whose rights its caller has. Never to be called by a SECURITY DEFINER function of hologen's owner.
CREATE OR REPLACE FUNCTION hologen_caller.ask(question json) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off AS $$
DECLARE
  me hologen_caller.me;
BEGIN
  SELECT * INTO me FROM hologen_caller.me;
  RETURN hologen_caller.ask_as(question, me.role, me.proof);
END $$;
