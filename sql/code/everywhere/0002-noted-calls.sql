-- Calls that the engine comes to while the gateway looks ahead: gathered here, and told many at a time.

-- While the gateway looks: a call that is looked for. Calls are told when there are enough to be worth a question, and gathered in two settings,
-- because PostgreSQL copies a setting whole, and several times, whenever it is set: a short one for the newest, and one for what was gathered there.
CREATE OR REPLACE FUNCTION hologen_caller.note(call json, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  noted text;
BEGIN
  IF pg_catalog.current_setting('hologen.passing', true) OPERATOR(pg_catalog.=) 'on' THEN
    RETURN 'pending';
  END IF;
  noted := pg_catalog.concat_ws(',', NULLIF(pg_catalog.current_setting('hologen.noted', true), ''), call);
  PERFORM pg_catalog.set_config('hologen.noted', noted, true);
  IF pg_catalog.octet_length(noted) OPERATOR(pg_catalog.>=) 2048 THEN
    PERFORM hologen_caller.gather_noted();
  END IF;
  RETURN 'pending';
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.all_noted() RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.concat_ws(',', NULLIF(pg_catalog.current_setting('hologen.noted_before', true), ''), NULLIF(pg_catalog.current_setting('hologen.noted', true), ''))
$$;
CREATE OR REPLACE FUNCTION hologen_caller.gather_noted() RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  noted text := hologen_caller.all_noted();
BEGIN
  PERFORM pg_catalog.set_config('hologen.noted_before', noted, true), pg_catalog.set_config('hologen.noted', '', true);
  IF pg_catalog.octet_length(noted) OPERATOR(pg_catalog.>=) 32768 AND coalesce(pg_catalog.current_setting('hologen.noted_kept', true), '') OPERATOR(pg_catalog.=) '' THEN
    PERFORM hologen_caller.tell_noted();
  END IF;
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.forget_noted() RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM pg_catalog.set_config('hologen.noted_before', '', true), pg_catalog.set_config('hologen.noted', '', true), pg_catalog.set_config('hologen.noted_kept', '', true);
END $$;
-- What is noted now is not to be told before the next part has ended: should that fail, it would be there again, and be told twice. Where it may be
-- much by then, or the parts are few, it is told at once.
CREATE OR REPLACE FUNCTION hologen_caller.keep_noted(parts int) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF parts OPERATOR(pg_catalog.<=) 20 OR pg_catalog.current_setting('hologen.noted_before', true) OPERATOR(pg_catalog.<>) '' THEN
    PERFORM hologen_caller.tell_noted();
  END IF;
  PERFORM pg_catalog.set_config('hologen.noted_kept', CASE WHEN hologen_caller.all_noted() OPERATOR(pg_catalog.<>) '' THEN 'on' ELSE '' END, true);
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.tell_noted() RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  noted text := hologen_caller.all_noted();
BEGIN
  IF noted OPERATOR(pg_catalog.<>) '' THEN
    PERFORM hologen_caller.tell_texts('note_calls', noted);
  END IF;
  PERFORM hologen_caller.forget_noted();
END $$;
