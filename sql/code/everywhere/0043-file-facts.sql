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

-- A FILE as JSON, with what its object is now: file::json. A directory is a place and the right to it, and no object.
CREATE OR REPLACE FUNCTION hologen_caller.file_as_json(file hologen.file) RETURNS json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  facts json;
BEGIN
  IF file IS NULL THEN RETURN NULL; END IF;
  IF file.oss_path LIKE '%/' THEN RETURN to_json(file); END IF;
  facts := hologen_caller.file_facts(file);
  RETURN json_build_object('oss_path', file.oss_path, 'oss_endpoint', file.oss_endpoint, 'role_arn', file.role_arn,
    'size', facts -> 'size', 'content_type', facts -> 'content_type', 'etag', facts -> 'etag',
    'last_modified', facts -> 'last_modified');
END $$;
CREATE OR REPLACE FUNCTION hologen_caller.file_as_jsonb(file hologen.file) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT hologen_caller.file_as_json(file)::jsonb $$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_cast WHERE castsource = 'hologen.file'::regtype AND casttarget = 'json'::regtype) THEN
    CREATE CAST (hologen.file AS json) WITH FUNCTION hologen_caller.file_as_json(hologen.file);
    CREATE CAST (hologen.file AS jsonb) WITH FUNCTION hologen_caller.file_as_jsonb(hologen.file);
  END IF;
END $$;
