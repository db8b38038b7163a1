-- Words that are parts of prompts and names, found by the letters that stand beside each other in them.

-- Ids of all jobs that have all of the words, newest first. NULL: there are more than so many, no word has enough letters, or much is not in
-- the index yet; then hologen.prompts is looked through.
CREATE OR REPLACE FUNCTION hologen_internal.jobs_with(words text[], most integer, sees_all boolean) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET work_mem = '64MB' AS $$
DECLARE
  small    text   := lower(array_to_string(words, ' ') COLLATE "C");
  patterns text[] := ARRAY(SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(string_to_array(small, ' ')) AS word);
  known    text[] := hologen_internal.grams(small);
  found    uuid[];
BEGIN
  IF sees_all IS NOT TRUE OR known = '{}' OR EXISTS (SELECT FROM hologen_internal.prompt WHERE NOT has_grams OFFSET 20000) THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(job_id ORDER BY submitted_at DESC, job_id DESC) INTO found FROM (
    SELECT job_id, submitted_at FROM hologen_internal.prompt
    WHERE has_grams AND hologen_internal.grams(coalesce(prompt, '') || ' ' || names) @> known AND coalesce(prompt, '') || ' ' || names LIKE ALL (patterns)
    UNION ALL
    SELECT job_id, submitted_at FROM hologen_internal.prompt WHERE NOT has_grams AND coalesce(prompt, '') || ' ' || names LIKE ALL (patterns)
    LIMIT most + 1) AS either;
  RETURN CASE WHEN cardinality(found) > most THEN NULL ELSE coalesce(found, '{}') END;
END $$;

-- Asked with the rights of who looks. Who does not see all jobs gets NULL whatever there is: of what an index has, the time and the
-- buffers that EXPLAIN counts would tell what others have written.
CREATE OR REPLACE FUNCTION hologen_caller.jobs_with(words text[], most integer) RETURNS uuid[]
LANGUAGE sql STABLE
RETURN hologen_internal.jobs_with(words, most, (SELECT sees_all FROM hologen.my_rights));
