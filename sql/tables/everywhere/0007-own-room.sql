-- hologen's own tables stand in a schema that no search_path has, so that clients that look around (pandas, Alembic, Django, R) neither see
-- nor replace them. On the path are names only: the type FILE and, where pg_catalog cannot have them, the AI functions.
DO $do$
DECLARE
  old_path name := 'search_path="$user", public, hologen';
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'hologen_names') THEN
    RAISE EXCEPTION 'a role named hologen_names would find its tables among the names of hologen'
      USING HINT = 'Rename that role.';
  END IF;
  CREATE SCHEMA hologen_names;
  GRANT USAGE ON SCHEMA hologen_names TO PUBLIC;
  CREATE DOMAIN hologen_names.file AS hologen.file;
  IF EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
             WHERE d.datname = current_database() AND s.setrole = 0 AND old_path = ANY (s.setconfig)) THEN
    EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, hologen_names', current_database());
  END IF;
END $do$;
