-- AI functions are found whatever the client's search_path is: pg_catalog is always searched, so each public function has a
-- one-line twin there (the planner inlines it). Only a superuser may write pg_catalog; elsewhere the database's search_path serves.
DO $do$
DECLARE
  routine record;
BEGIN
  -- A database whose owner has set a search_path keeps it.
  IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                 WHERE d.datname = current_database() AND s.setrole = 0 AND s.setconfig::text LIKE '%search_path=%') THEN
    EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, hologen', current_database());
  END IF;
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    RETURN;
  END IF;
  FOR routine IN
    SELECT p.oid, p.proname, p.prokind, p.proretset, p.provolatile, p.proisstrict, p.pronargs,
           pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
           (SELECT coalesce(string_agg('$' || i, ', '), '') FROM generate_series(1, p.pronargs) i) AS passed
    FROM pg_proc p
    WHERE p.pronamespace = 'hologen'::regnamespace
      AND p.proname IN ('ai_gen', 'to_file', 'register_external_model', 'add_external_model', 'delete_external_model',
                        'list_external_models', 'hg_version', 'ai_submit', 'ai_wait', 'ai_status', 'ai_cancel', 'ai_estimate',
                        'file_url', 'set_budget', 'remove_budget', 'grant_model', 'revoke_model', 'set_table_property', 'hg_dump_script', 'instance_max_connections',
                        'hg_show_build_index_progress', 'hg_upgrade_all_normal_dynamic_tables', 'hg_dynamic_table_config_upgrade')
  LOOP
    IF routine.prokind = 'p' THEN
      EXECUTE format('CREATE PROCEDURE pg_catalog.%I(%s) LANGUAGE plpgsql AS %L',
        routine.proname, routine.arguments, format('BEGIN CALL hologen.%I(%s); END', routine.proname, routine.passed));
    ELSE
      EXECUTE format('CREATE FUNCTION pg_catalog.%I(%s) RETURNS %s LANGUAGE sql %s PARALLEL UNSAFE AS %L',
        routine.proname, routine.arguments, routine.result,
        CASE routine.provolatile WHEN 'v' THEN 'VOLATILE' ELSE 'STABLE' END,
        format(CASE WHEN routine.proretset THEN 'SELECT * FROM hologen.%I(%s)' ELSE 'SELECT hologen.%I(%s)' END, routine.proname, routine.passed));
    END IF;
  END LOOP;
END $do$;
