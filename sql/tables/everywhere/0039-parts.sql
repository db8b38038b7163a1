-- What the functions for clients are made of stands apart from them: who lists the functions of hologen finds those to be called. Moved and
-- not made anew: views of other people may be made of them.
DO $do$
DECLARE
  part regprocedure;
BEGIN
  FOR part IN SELECT oid FROM pg_proc WHERE pronamespace = 'hologen'::regnamespace AND pg_has_role(proowner, 'USAGE')
      AND (proname ~ '^(submit|wait|script)_' OR proname IN ('describe_call', 'relation_named', 'refuse_statement', 'table_born', 'estimated_calls',
        'list_progress', 'list_queues', 'list_supported_models', 'set_table_properties', 'create_table')) LOOP
    EXECUTE format('ALTER ROUTINE %s SET SCHEMA hologen_caller', part);
  END LOOP;
END $do$;
COMMENT ON SCHEMA hologen IS 'Functions, procedures and views for clients.';
COMMENT ON SCHEMA hologen_caller IS 'What the functions of hologen are made of; nothing to be called by hand.';
COMMENT ON SCHEMA hologen_internal IS 'The tables of hologen, for its own functions.';
COMMENT ON SCHEMA hologen_names IS 'Bare names of what is in hologen, for search_path.';
COMMENT ON SCHEMA hologres IS 'What Hologres'' own clients ask for.';
