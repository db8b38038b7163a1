-- "$user" of the search path is the schema of the role's own name: for an owner called hologen that would be this product's schema,
-- and tables created without a schema would land in it.
DO $do$
BEGIN
  IF current_user = 'hologen' THEN
    ALTER ROLE hologen SET search_path = public, hologen;
  END IF;
END $do$;
