-- Who sees only own jobs finds words by their letters, too: all letters stand in the index twice, once by themselves and once behind whose
-- they are. Whoever looks for own ones reads nothing of what others have written. It is filled anew, as it was at first: a column that is
-- dropped and added again is false everywhere, and no row is written for it.
-- Letters have no space in them, so what stands before the last one is the owner, whatever its name is.
CREATE FUNCTION hologen_internal.owned(letters text[], role_name text, role_oid oid) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(SELECT role_oid || ' ' || role_name || ' ' || each FROM unnest(letters) AS each)
$$;
CREATE FUNCTION hologen_internal.grams_of_all_and_own(said text, role_name text, role_oid oid) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  letters text[] := hologen_internal.grams(said);
BEGIN
  RETURN letters || hologen_internal.owned(letters, role_name, role_oid);
END $$;
ALTER TABLE hologen_internal.prompt DROP COLUMN has_grams;
ALTER TABLE hologen_internal.prompt ADD COLUMN has_grams boolean NOT NULL DEFAULT false;
CREATE INDEX prompt_without_grams ON hologen_internal.prompt (submitted_at, job_id) WHERE NOT has_grams;
CREATE INDEX prompt_of_role_without_grams ON hologen_internal.prompt (role_name, role_oid) WHERE NOT has_grams;
CREATE INDEX prompt_grams ON hologen_internal.prompt
  USING gin (hologen_internal.grams_of_all_and_own(coalesce(prompt, '') || ' ' || names, role_name, role_oid)) WHERE has_grams;
DROP FUNCTION IF EXISTS hologen_caller.jobs_with(text[], integer);
DROP FUNCTION IF EXISTS hologen_internal.jobs_with(text[], integer, boolean);
