-- Prompts to search in: written with their jobs, and gone with them.

-- What a call is found by besides its prompt, in lower case: its label, and the paths of its outputs.
CREATE OR REPLACE FUNCTION hologen_internal.names_of(request json, outputs jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT lower(concat_ws(' ', CASE WHEN json_typeof(request) = 'object' THEN request ->> 'label' END,
    (SELECT string_agg(output ->> 'ossPath', ' ') FROM jsonb_array_elements(outputs) AS output)) COLLATE "C")
$$;

CREATE OR REPLACE FUNCTION hologen_internal.note_prompts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The request is an object where the client gave one; its prompt, else the text itself.
  INSERT INTO hologen_internal.prompt (job_id, submitted_at, role_name, role_oid, model_name, scenario, prompt, names)
    SELECT job_id, submitted_at, role_name, role_oid, model_name, scenario, lower((
      CASE WHEN json_typeof(request) = 'object' THEN coalesce(request ->> 'prompt', request::text) ELSE request #>> '{}' END) COLLATE "C"),
      hologen_internal.names_of(request, outputs)
    FROM new_jobs;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hologen_internal.note_names() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE hologen_internal.prompt p SET names = hologen_internal.names_of(n.request, n.outputs), has_grams = false
  FROM new_jobs n JOIN old_jobs o USING (job_id)
  WHERE n.outputs <> o.outputs AND p.submitted_at = n.submitted_at AND p.job_id = n.job_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hologen_internal.forget_prompts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM hologen_internal.prompt p USING old_jobs o WHERE p.submitted_at = o.submitted_at AND p.job_id = o.job_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER opened_is_found AFTER INSERT ON hologen_internal.job
  REFERENCING NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_prompts();
CREATE OR REPLACE TRIGGER made_is_found AFTER UPDATE ON hologen_internal.job
  REFERENCING NEW TABLE AS new_jobs OLD TABLE AS old_jobs FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_names();
CREATE OR REPLACE TRIGGER removed_is_not_found AFTER DELETE ON hologen_internal.job
  REFERENCING OLD TABLE AS old_jobs FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.forget_prompts();

CREATE OR REPLACE VIEW hologen.prompts WITH (security_barrier) AS
  -- What was written is not asked for below the barrier: see hologen.jobs.
  SELECT job_id, submitted_at, role_name, model_name, scenario, CASE WHEN clock_timestamp() IS NOT NULL THEN prompt END AS prompt,
         CASE WHEN clock_timestamp() IS NOT NULL THEN names END AS names
  FROM hologen_internal.prompt
  -- Both are asked once, not a million times.
  WHERE (SELECT sees_all FROM hologen_internal.sight) OR role_name = (SELECT current_user) AND role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    OR (SELECT sees_shared FROM hologen_internal.sight)
      AND (submitted_at, job_id) IN (SELECT submitted_at, job_id FROM hologen_internal.job WHERE shared);
GRANT SELECT ON hologen.prompts TO PUBLIC;
