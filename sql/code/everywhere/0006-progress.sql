-- What goes on in the gateway that serves this session, live.

-- The running statements that wait for calls: own ones, all for the owner of hologen.
CREATE OR REPLACE FUNCTION hologen_caller.progress_now()
RETURNS TABLE (statement_at timestamptz, role_name text, database_name text, application_name text, engine_process_id integer, statement text,
               calls bigint, queued bigint, running bigint, saving bigint, done bigint, failed bigint, elapsed_seconds bigint,
               remaining_seconds bigint, models text[], held_up bigint, held_up_since timestamptz, held_up_why text, key_names text[],
               giving_way bigint, giving_way_until timestamptz, wanted_by timestamptz)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.statement_at, p.role_name, p.database_name, p.application_name, p.engine_process_id, p.statement, p.calls, p.queued, p.running,
         p.saving, p.done, p.failed, p.elapsed_seconds, p.remaining_seconds, p.models, p.held_up, p.held_up_since, p.held_up_why,
         p.key_names, p.giving_way, p.giving_way_until, p.wanted_by
  FROM json_to_recordset(hologen_caller.ask('{"ask": "progress"}'))
    AS p (statement_at timestamptz, role_name text, database_name text, application_name text, engine_process_id integer, statement text,
          calls bigint, queued bigint, running bigint, saving bigint, done bigint, failed bigint, elapsed_seconds bigint,
          remaining_seconds bigint, models text[], held_up bigint, held_up_since timestamptz, held_up_why text,
          key_names text[], giving_way bigint, giving_way_until timestamptz, wanted_by timestamptz)
$$;
CREATE OR REPLACE VIEW hologen.progress AS SELECT * FROM hologen_caller.progress_now();
GRANT SELECT ON hologen.progress TO PUBLIC;

-- What waits and runs for each model type since the gateway started, and how much of it the provider takes; NULL: no limit. `pace` is the
-- rate at present, lower than submits_per_second after a 429. A key of a pool that was refused is left out for cooling_seconds. `paused_by`: who has paused it (pause_model); NULL: it goes on. `giving_way`:
-- of those that are queued, how many go when nobody else waits (SET ai_gen.priority, ai_gen.by).
CREATE OR REPLACE FUNCTION hologen_caller.queues_now()
RETURNS TABLE (model_type text, queued bigint, running bigint, submits_per_second numeric, concurrent_tasks integer, pace numeric,
               paused_seconds numeric, paused_by text, paused_since timestamptz, paused_why text, key_name text, cooling_seconds numeric, giving_way bigint)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT q.model_type, q.queued, q.running, q.submits_per_second, q.concurrent_tasks, q.pace, q.paused_seconds,
         q.paused_by, q.paused_since, q.paused_why, q.key_name, q.cooling_seconds, q.giving_way
  FROM json_to_recordset(hologen_caller.ask('{"ask": "queues"}'))
    AS q (model_type text, queued bigint, running bigint, submits_per_second numeric, concurrent_tasks integer, pace numeric,
          paused_seconds numeric, paused_by text, paused_since timestamptz, paused_why text, key_name text, cooling_seconds numeric, giving_way bigint)
$$;
CREATE OR REPLACE VIEW hologen.queues AS SELECT * FROM hologen_caller.queues_now();
GRANT SELECT ON hologen.queues TO PUBLIC;

-- Functions of fewer columns that these views had before; views of other people may be made of them.
DO $do$
DECLARE
  earlier text;
BEGIN
  FOREACH earlier IN ARRAY ARRAY['list_progress', 'progress_rows', 'list_queues', 'queue_rows'] LOOP
    BEGIN
      EXECUTE format('DROP FUNCTION IF EXISTS hologen_caller.%I()', earlier);
    EXCEPTION WHEN dependent_objects_still_exist THEN NULL;
    END;
  END LOOP;
END $do$;
