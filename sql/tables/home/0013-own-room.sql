-- The tables of the schema hologen move to where no client looks; its views and functions stay.
DO $do$
DECLARE
  own regclass;
BEGIN
  FOR own IN SELECT oid FROM pg_class WHERE relnamespace = 'hologen'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s SET SCHEMA hologen_internal', own);
  END LOOP;
  IF current_user = 'hologen' THEN
    -- "$user" would be this product's schema.
    ALTER ROLE hologen SET search_path = public, hologen_names;
  END IF;
END $do$;
