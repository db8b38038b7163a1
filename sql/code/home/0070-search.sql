-- Words that are parts of prompts and names, found by the letters that stand beside each other in them.

-- Those that have all of the letters and words, by their index.
CREATE OR REPLACE FUNCTION hologen_internal.jobs_with_grams(known text[], patterns text[], most integer)
RETURNS TABLE (job_id uuid, submitted_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET work_mem = '64MB'
-- What is had often would seem to be found soon along another index, others' among it, and its letters are dear to take apart.
SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
BEGIN
  RETURN QUERY SELECT p.job_id, p.submitted_at FROM hologen_internal.prompt AS p
  WHERE has_grams AND hologen_internal.grams_of_all_and_own(coalesce(prompt, '') || ' ' || names, role_name, role_oid) @> known
    AND coalesce(prompt, '') || ' ' || names LIKE ALL (patterns)
  LIMIT most + 1;
END $$;

-- Ids of all jobs that have all of the words, newest first: of all roles, or of one. NULL: there are more than so many, no word has enough
-- letters (three, or one that is not ASCII), or much is not in the index yet; then hologen.prompts is looked through.
CREATE OR REPLACE FUNCTION hologen_internal.jobs_with(words text[], most integer, of_all boolean, of_role text) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
-- What is not in the index of letters yet has a small one, out of which each goes soon. A plain scan marks what has gone, so that the next
-- one need not look for it; a bitmap never does, and would meet a million of them until they are vacuumed.
SET enable_bitmapscan = off SET enable_indexscan = on AS $$
DECLARE
  small    text   := lower(array_to_string(words, ' ') COLLATE "C");
  patterns text[] := ARRAY(SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(string_to_array(small, ' ')) AS word);
  known    text[] := hologen_internal.grams(small);
  of_oid   oid    := (SELECT oid FROM pg_roles WHERE rolname = of_role);
  found    uuid[];
BEGIN
  IF known = '{}' THEN
    RETURN NULL;
  END IF;
  -- Two statements: one with a condition on who looks would be planned for all.
  IF of_all THEN
    IF EXISTS (SELECT FROM hologen_internal.prompt WHERE NOT has_grams OFFSET 20000) THEN
      RETURN NULL;
    END IF;
    SELECT array_agg(job_id ORDER BY submitted_at DESC, job_id DESC) INTO found FROM (
      SELECT job_id, submitted_at FROM hologen_internal.jobs_with_grams(known, patterns, most)
      UNION ALL
      SELECT job_id, submitted_at FROM hologen_internal.prompt WHERE NOT has_grams AND coalesce(prompt, '') || ' ' || names LIKE ALL (patterns)
      LIMIT most + 1) AS either;
  ELSE
    IF EXISTS (SELECT FROM hologen_internal.prompt WHERE NOT has_grams AND role_name = of_role AND role_oid = of_oid OFFSET 20000) THEN
      RETURN NULL;
    END IF;
    SELECT array_agg(job_id ORDER BY submitted_at DESC, job_id DESC) INTO found FROM (
      SELECT job_id, submitted_at FROM hologen_internal.jobs_with_grams(hologen_internal.owned(known, of_role, of_oid), patterns, most)
      UNION ALL
      SELECT job_id, submitted_at FROM hologen_internal.prompt
      WHERE NOT has_grams AND role_name = of_role AND role_oid = of_oid AND coalesce(prompt, '') || ' ' || names LIKE ALL (patterns)
      LIMIT most + 1) AS either;
  END IF;
  RETURN CASE WHEN cardinality(found) > most THEN NULL ELSE coalesce(found, '{}') END;
END $$;

-- Own ones, and those that were shared: these are looked through, where they are not too many.
CREATE OR REPLACE FUNCTION hologen_internal.own_and_shared_with(words text[], most integer, of_role text) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
  small    text   := lower(array_to_string(words, ' ') COLLATE "C");
  patterns text[] := ARRAY(SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(string_to_array(small, ' ')) AS word);
  own      uuid[] := hologen_internal.jobs_with(words, most, false, of_role);
  found    uuid[];
BEGIN
  IF own IS NULL OR EXISTS (SELECT FROM hologen_internal.job WHERE shared OFFSET 20000) THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(job_id ORDER BY submitted_at DESC, job_id DESC) INTO found FROM (
    SELECT job_id, submitted_at FROM hologen_internal.job WHERE job_id = ANY (own)
    UNION
    -- Of others nothing is compared with what is looked for: how long that takes would tell.
    SELECT shared_job.job_id, shared_job.submitted_at
    FROM (SELECT job_id, submitted_at FROM hologen_internal.job WHERE shared OFFSET 0) AS shared_job
    CROSS JOIN LATERAL (
      SELECT coalesce(prompt, '') || ' ' || names AS said FROM hologen_internal.prompt AS p
      WHERE p.submitted_at = shared_job.submitted_at AND p.job_id = shared_job.job_id OFFSET 0) AS shared_prompt
    WHERE said LIKE ALL (patterns)) AS either;
  RETURN CASE WHEN cardinality(found) > most THEN NULL ELSE coalesce(found, '{}') END;
END $$;

-- Asked with the rights of who looks. Who sees only own jobs is answered from own letters: of others' the time and the buffers that EXPLAIN
-- counts would tell what they have written.
CREATE OR REPLACE FUNCTION hologen_caller.jobs_with(words text[], most integer) RETURNS uuid[]
LANGUAGE sql STABLE
RETURN (SELECT CASE WHEN sees_shared AND NOT sees_all THEN hologen_internal.own_and_shared_with(words, most, role_name)
  ELSE hologen_internal.jobs_with(words, most, sees_all, role_name) END FROM hologen.my_rights);
