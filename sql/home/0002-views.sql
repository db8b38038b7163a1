-- What a person may look at: own jobs, all jobs for members of the role that owns hologen.

CREATE FUNCTION hologen_internal.sees_all_jobs() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'hologen'), 'USAGE')
$$;

CREATE VIEW hologen.jobs WITH (security_barrier) AS
  SELECT job_id, state, role_name, database_name, application_name, model_name, model_type, scenario, request, file, task_id,
         provider_request_id, usage, outputs, result, error, statement_at, submitted_at, started_at, generated_at, finished_at, claimed_at
  FROM hologen.job
  WHERE role_name = current_user OR hologen_internal.sees_all_jobs();
GRANT SELECT ON hologen.jobs TO PUBLIC;
