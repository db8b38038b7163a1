-- hologen's tables belong to a role that nobody logs in with: what a person's login owns, a tool that replaces or drops its own may drop.
-- Where the gateway's role may make none, an administrator may: CREATE ROLE hologen_owner NOLOGIN; GRANT hologen_owner TO <the gateway's role>.
CREATE OR REPLACE FUNCTION hologen_internal.give_tables_to_owner() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $do$
DECLARE
  own regclass;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hologen_owner') THEN
    IF NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
      RETURN;
    END IF;
    CREATE ROLE hologen_owner NOLOGIN;
    EXECUTE format('GRANT hologen_owner TO %I', current_user);
  END IF;
  -- Not one that was made for this by somebody else.
  IF NOT pg_has_role('hologen_owner', 'USAGE') OR EXISTS (
    SELECT FROM pg_roles r LEFT JOIN pg_auth_members m ON m.roleid = r.oid
    WHERE r.rolname = 'hologen_owner' AND (r.rolcanlogin OR m.member <> current_user::regrole)) THEN
    RETURN;
  END IF;
  GRANT USAGE, CREATE ON SCHEMA hologen_internal TO hologen_owner;
  FOR own IN SELECT c.oid FROM pg_class c WHERE relnamespace = 'hologen_internal'::regnamespace AND relkind = 'r' AND relowner <> 'hologen_owner'::regrole
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO hologen_owner', own);
  END LOOP;
END $do$;
REVOKE ALL ON FUNCTION hologen_internal.give_tables_to_owner() FROM PUBLIC;
