-- ai_estimate tells of earlier results from here on: what returns columns cannot be replaced, only made again.
DROP FUNCTION IF EXISTS pg_catalog.ai_estimate(text);
DO $do$
BEGIN
  IF to_regnamespace('hologen_names') IS NOT NULL THEN
    DROP FUNCTION IF EXISTS hologen_names.ai_estimate(text);
  END IF;
END $do$;
DROP FUNCTION IF EXISTS hologen.ai_estimate(text);
DROP FUNCTION IF EXISTS hologen_caller.estimated(boolean);
