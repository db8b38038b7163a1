-- AI functions are found whatever the client's search_path is: pg_catalog is always searched, so each public function has a
-- one-line twin there (the planner inlines it). Only a superuser may write pg_catalog;
-- elsewhere the twins are in a schema of names, which the database's search_path has. The names come from the list of AI functions.
DO $do$
DECLARE
  place   name := CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 'pg_catalog' ELSE 'hologen_names' END;
  routine record;
BEGIN
  FOR routine IN
    SELECT p.oid, p.proname, p.prokind, p.proretset, p.provolatile, p.proisstrict, p.pronargs,
           pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
           (SELECT coalesce(string_agg(CASE WHEN i = p.pronargs AND p.provariadic <> 0 THEN 'VARIADIC ' ELSE '' END || '$' || i, ', '), '')
              FROM generate_series(1, p.pronargs) i) AS passed
    FROM pg_proc p
    WHERE p.pronamespace = 'hologen'::regnamespace
      AND p.proname IN (@public names@)
  LOOP
    IF routine.prokind = 'p' THEN
      EXECUTE format('CREATE OR REPLACE PROCEDURE %I.%I(%s) LANGUAGE plpgsql AS %L',
        place, routine.proname, routine.arguments, format('BEGIN CALL hologen.%I(%s); END', routine.proname, routine.passed));
    ELSE
      EXECUTE format('CREATE OR REPLACE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE sql %s PARALLEL UNSAFE AS %L',
        place, routine.proname, routine.arguments, routine.result,
        CASE routine.provolatile WHEN 'v' THEN 'VOLATILE' ELSE 'STABLE' END,
        format(CASE WHEN routine.proretset THEN 'SELECT * FROM hologen.%I(%s)' ELSE 'SELECT hologen.%I(%s)' END, routine.proname, routine.passed));
    END IF;
  END LOOP;
END $do$;
