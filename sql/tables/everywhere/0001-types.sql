-- What a SQL client sees of hologen: its schema and the type FILE.
GRANT USAGE ON SCHEMA hologen TO PUBLIC;

-- The callback's own room: dblink lives here, so that no client can use it to speak to the gateway in another role's name.
CREATE SCHEMA IF NOT EXISTS hologen_internal;
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA hologen_internal;

-- FILE carries the right to read and write a place in OSS. A composite: it prints as text and converts with to_json, and
-- ai_gen($1, $2) with two unknown parameters resolves to (text, text), because composites are not of the string category.
CREATE TYPE hologen.file AS (oss_path text, oss_endpoint text, role_arn text);
COMMENT ON TYPE hologen.file IS 'An OSS path with the endpoint and the RAM role that give access to it; made by to_file()';
