-- What the object of a FILE is, by its head, which the gateway remembers for some seconds. Hologres' pages know no such functions; these have the
-- names and results of Snowflake's functions for its FILE: https://docs.snowflake.com/en/sql-reference/functions-file

CREATE OR REPLACE FUNCTION hologen_caller.file_facts(file hologen.file) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A row of NULLs is what try_to_file gives and an unset variable holds.
  RETURN CASE WHEN NOT file IS NULL THEN hologen_caller.ask(json_build_object('ask', 'file_facts', 'file', to_json(file))) END;
END $$;

CREATE OR REPLACE FUNCTION hologen.fl_get_size(file hologen.file) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT (hologen_caller.file_facts(file) ->> 'size')::bigint $$;
CREATE OR REPLACE FUNCTION hologen.fl_get_etag(file hologen.file) RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT hologen_caller.file_facts(file) ->> 'etag' $$;
CREATE OR REPLACE FUNCTION hologen.fl_get_content_type(file hologen.file) RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT hologen_caller.file_facts(file) ->> 'content_type' $$;
CREATE OR REPLACE FUNCTION hologen.fl_get_last_modified(file hologen.file) RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT (hologen_caller.file_facts(file) ->> 'last_modified')::timestamptz $$;
-- image, video, audio, document or unknown.
CREATE OR REPLACE FUNCTION hologen.fl_get_file_type(file hologen.file) RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT hologen_caller.file_facts(file) ->> 'file_type' $$;
