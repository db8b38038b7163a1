-- What goes on in the gateway that serves this session, live.

-- The running statements that wait for calls: own ones, all for the owner of hologen.
CREATE OR REPLACE FUNCTION hologen_caller.list_progress()
RETURNS TABLE (statement_at timestamptz, role_name text, database_name text, application_name text, engine_process_id integer, statement text,
               calls bigint, queued bigint, running bigint, saving bigint, done bigint, failed bigint, elapsed_seconds bigint,
               remaining_seconds bigint, models text[], held_up bigint, held_up_since timestamptz, held_up_why text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.statement_at, p.role_name, p.database_name, p.application_name, p.engine_process_id, p.statement, p.calls, p.queued, p.running,
         p.saving, p.done, p.failed, p.elapsed_seconds, p.remaining_seconds, p.models, p.held_up, p.held_up_since, p.held_up_why
  FROM json_to_recordset(hologen_caller.ask('{"ask": "progress"}'))
    AS p (statement_at timestamptz, role_name text, database_name text, application_name text, engine_process_id integer, statement text,
          calls bigint, queued bigint, running bigint, saving bigint, done bigint, failed bigint, elapsed_seconds bigint,
          remaining_seconds bigint, models text[], held_up bigint, held_up_since timestamptz, held_up_why text)
$$;
CREATE OR REPLACE VIEW hologen.progress AS SELECT * FROM hologen_caller.list_progress();
GRANT SELECT ON hologen.progress TO PUBLIC;

-- What waits and runs for each model type since the gateway started, and how much of it the provider takes; NULL: no limit. `pace` is the
-- rate at present, lower than submits_per_second after a 429. `paused_by`: who has paused it (pause_model); NULL: it goes on.
CREATE OR REPLACE FUNCTION hologen_caller.list_model_queues()
RETURNS TABLE (model_type text, queued bigint, running bigint, submits_per_second numeric, concurrent_tasks integer, pace numeric,
               paused_seconds numeric, paused_by text, paused_since timestamptz, paused_why text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT q.model_type, q.queued, q.running, q.submits_per_second, q.concurrent_tasks, q.pace, q.paused_seconds,
         q.paused_by, q.paused_since, q.paused_why
  FROM json_to_recordset(hologen_caller.ask('{"ask": "queues"}'))
    AS q (model_type text, queued bigint, running bigint, submits_per_second numeric, concurrent_tasks integer, pace numeric,
          paused_seconds numeric, paused_by text, paused_since timestamptz, paused_why text)
$$;
CREATE OR REPLACE VIEW hologen.queues AS SELECT * FROM hologen_caller.list_model_queues();
-- It had fewer columns, which cannot be replaced, and somebody's view may be made of it.
DO $do$
BEGIN
  DROP FUNCTION IF EXISTS hologen_caller.list_queues();
EXCEPTION WHEN dependent_objects_still_exist THEN
  NULL;
END $do$;
GRANT SELECT ON hologen.queues TO PUBLIC;
