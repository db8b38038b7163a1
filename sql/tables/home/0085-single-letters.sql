-- A letter that is not ASCII is found by itself, too: of scripts with many letters one may be a word. The index is filled anew, as it was at
-- first: a column that is dropped and added again is false everywhere, and no row is written for it.
CREATE OR REPLACE FUNCTION hologen_internal.grams(said text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(SELECT DISTINCT gram FROM (
    SELECT letter, CASE WHEN octet_length(letter) > 1 THEN letter || lead(letter) OVER places
                        ELSE letter || lead(letter) OVER places || lead(letter, 2) OVER places END AS several
    FROM unnest(string_to_array(said, NULL)) WITH ORDINALITY AS each (letter, place) WINDOW places AS (ORDER BY place)) AS all_of_them
  CROSS JOIN LATERAL (VALUES (several), (CASE WHEN octet_length(letter) > 1 THEN letter END)) AS found (gram)
  WHERE gram !~ '\s')
$$;
ALTER TABLE hologen_internal.prompt DROP COLUMN has_grams;
ALTER TABLE hologen_internal.prompt ADD COLUMN has_grams boolean NOT NULL DEFAULT false;
CREATE INDEX prompt_without_grams ON hologen_internal.prompt (submitted_at, job_id) WHERE NOT has_grams;
CREATE INDEX prompt_of_role_without_grams ON hologen_internal.prompt (role_name, role_oid) WHERE NOT has_grams;
CREATE INDEX prompt_grams ON hologen_internal.prompt
  USING gin (hologen_internal.grams_of_all_and_own(coalesce(prompt, '') || ' ' || names, role_name, role_oid)) WHERE has_grams;
