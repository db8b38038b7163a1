-- A word is found by its letters: an index of what stands beside each other in prompts and names. It is filled some time after a job is
-- opened (see ledger/grams.ts), so that neither opening jobs nor this step waits for it; what it does not have yet is looked through.
-- Three neighbouring characters, and two from one that is not ASCII: of scripts with many letters two make a word. None go over a space.
CREATE FUNCTION hologen_internal.grams(said text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(SELECT DISTINCT gram FROM (
    SELECT CASE WHEN octet_length(letter) > 1 THEN letter || lead(letter) OVER places
                ELSE letter || lead(letter) OVER places || lead(letter, 2) OVER places END AS gram
    FROM unnest(string_to_array(said, NULL)) WITH ORDINALITY AS each (letter, place) WINDOW places AS (ORDER BY place)) AS all_of_them
  WHERE gram !~ '\s')
$$;
ALTER TABLE hologen_internal.prompt ADD COLUMN has_grams boolean NOT NULL DEFAULT false;
CREATE INDEX prompt_without_grams ON hologen_internal.prompt (submitted_at, job_id) WHERE NOT has_grams;
CREATE INDEX prompt_grams ON hologen_internal.prompt USING gin (hologen_internal.grams(coalesce(prompt, '') || ' ' || names)) WHERE has_grams;
