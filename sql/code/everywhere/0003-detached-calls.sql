-- The asynchronous form: ai_submit gives a handle at once; from any later session of the same role the handle gives the result.

-- The call is checked now and made when the transaction is committed.
CREATE OR REPLACE FUNCTION hologen.ai_submit(model text, request text, file hologen.file) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(hologen_caller.call_question('submit_detached', model, request, file)) ->> 'handle';
END $$;

-- The result of ai_submit's call, as ai_gen would have returned it; NULL when it is not there in time.
CREATE OR REPLACE FUNCTION hologen.ai_wait(handle text, timeout interval DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  until timestamptz := clock_timestamp() + timeout;
  answer json;
BEGIN
  IF handle IS NULL THEN
    RETURN NULL;
  END IF;
  LOOP
    answer := hologen_caller.ask(json_build_object('ask', 'collect', 'handle', handle,
      'longestMs', extract(epoch FROM until - clock_timestamp()) * 1000,
      'settings', hologen_caller.session_settings(), 'statement', left(current_query(), 10000)));
    IF answer ->> 'notice' IS NOT NULL THEN
      PERFORM hologen_caller.tell_waiting(answer ->> 'notice', answer ->> 'hint');
    END IF;
    IF (answer ->> 'done')::boolean THEN
      RETURN answer ->> 'result';
    END IF;
    IF clock_timestamp() >= until THEN
      RETURN NULL;
    END IF;
  END LOOP;
END $$;

-- submitted, running, saving, succeeded, failed, cancelled or unanswered; a NOTICE says why one does not go on for now.
CREATE OR REPLACE FUNCTION hologen.ai_status(handle text) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json := hologen_caller.ask(json_build_object('ask', 'call_status', 'handle', handle));
BEGIN
  IF answer ->> 'notice' IS NOT NULL THEN
    RAISE NOTICE '%', answer ->> 'notice';
  END IF;
  RETURN answer ->> 'state';
END $$;

-- True: there will be no result and nothing is paid. What the provider works on already goes on, is saved and paid for.
CREATE OR REPLACE FUNCTION hologen.ai_cancel(handle text) RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (hologen_caller.ask(json_build_object('ask', 'cancel_call', 'handle', handle)) #>> '{}')::boolean;
END $$;
