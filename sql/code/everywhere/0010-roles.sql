-- The roles that nobody logs in with: who owns hologen's tables, and the degrees that are granted to people.
-- Where the gateway's role may make none, an administrator of the engine may: CREATE ROLE … NOLOGIN; of hologen_owner also GRANT hologen_owner TO <the gateway's role>.
CREATE OR REPLACE FUNCTION hologen_internal.make_roles() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $do$
DECLARE
  may_make boolean := (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user);
  wanted   name;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['hologen_owner', 'hologen_admin', 'hologen_maker', 'hologen_viewer'] LOOP
    CONTINUE WHEN to_regrole(wanted::text) IS NOT NULL OR NOT may_make;
    EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    IF wanted = 'hologen_owner' THEN
      EXECUTE format('GRANT hologen_owner TO %I', current_user);
    ELSIF wanted <> 'hologen_admin' THEN
      -- An administrator is all of it, and makes others makers and viewers.
      EXECUTE format('GRANT %I TO hologen_admin WITH ADMIN OPTION', wanted);
    END IF;
  END LOOP;
END $do$;
REVOKE ALL ON FUNCTION hologen_internal.make_roles() FROM PUBLIC;

-- What a person's login owns, a tool that replaces or drops its own may drop: hologen's tables are not its.
CREATE OR REPLACE FUNCTION hologen_internal.give_tables_to_owner() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $do$
DECLARE
  own regclass;
BEGIN
  -- Not to a role that somebody else has made for himself.
  IF to_regrole('hologen_owner') IS NULL OR NOT pg_has_role('hologen_owner', 'USAGE') OR EXISTS (
    SELECT FROM pg_roles r LEFT JOIN pg_auth_members m ON m.roleid = r.oid
    WHERE r.rolname = 'hologen_owner' AND (r.rolcanlogin OR m.member <> current_user::regrole)) THEN
    RETURN;
  END IF;
  GRANT USAGE, CREATE ON SCHEMA hologen_internal TO hologen_owner;
  FOR own IN SELECT c.oid FROM pg_class c WHERE relnamespace = 'hologen_internal'::regnamespace AND relkind = 'r' AND relowner <> to_regrole('hologen_owner')
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO hologen_owner', own);
  END LOOP;
END $do$;
REVOKE ALL ON FUNCTION hologen_internal.give_tables_to_owner() FROM PUBLIC;

-- What is for administrators is theirs by PostgreSQL's own rights, whatever the gateway would say.
CREATE OR REPLACE FUNCTION hologen_internal.keep_for_admins() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $do$
DECLARE
  routine regprocedure;
BEGIN
  FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace IN ('hologen'::regnamespace, 'pg_catalog'::regnamespace, 'hologen_names'::regnamespace)
      AND proname IN ('set_budget', 'remove_budget', 'grant_model', 'revoke_model', 'register_usual_models', 'set_place', 'remove_place', 'pause_model', 'resume_model',
        'set_webhook', 'remove_webhook', 'drain_gateway', 'undrain_gateway', 'reload_settings') LOOP
    EXECUTE format('REVOKE ALL ON PROCEDURE %s FROM PUBLIC', routine);
    IF to_regrole('hologen_admin') IS NOT NULL THEN
      EXECUTE format('GRANT EXECUTE ON PROCEDURE %s TO hologen_admin', routine);
    END IF;
  END LOOP;
END $do$;
REVOKE ALL ON FUNCTION hologen_internal.keep_for_admins() FROM PUBLIC;
