-- The type FILE, and where pg_catalog cannot have them the AI functions, are found over the database's search_path, which a dump
-- does not keep.
DO $do$
BEGIN
  -- A database whose owner has set a search_path keeps it.
  IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                 WHERE d.datname = current_database() AND s.setrole = 0 AND s.setconfig::text LIKE '%search_path=%') THEN
    EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, hologen_names', current_database());
  END IF;
END $do$;
