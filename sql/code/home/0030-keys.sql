-- Keys of the OpenAI-form door: each is a role of its own with a password nobody chose, so that rights, budgets and the ledger are a role's.

-- Makes the role, or gives one that was made here another key; the old one is of no use from then on. The key is shown this once.
CREATE OR REPLACE FUNCTION hologen.make_key(role_name text, valid_until timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mark     constant text := 'a key of hologen';
  password text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  until    text := coalesce(valid_until::text, 'infinity');
  known    regrole := to_regrole(quote_ident(role_name));
BEGIN
  IF role_name IS NULL OR role_name = '' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'a key is for a role, and no name is given', HINT = 'SELECT hologen.make_key(''shop-bot'').';
  END IF;
  IF known IS NULL THEN
    EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L VALID UNTIL %L', role_name, password, until);
    EXECUTE format('COMMENT ON ROLE %I IS %L', role_name, mark);
    IF to_regrole('hologen_maker') IS NOT NULL THEN
      EXECUTE format('GRANT hologen_maker TO %I', role_name);
    END IF;
  ELSIF shobj_description(known, 'pg_authid') IS DISTINCT FROM mark THEN
    RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = format('role "%s" is somebody''s login, and a key would change its password', role_name),
      HINT = 'Give the key another name.';
  ELSE
    EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L VALID UNTIL %L', role_name, password, until);
  END IF;
  -- base64url, as HTTP's headers take no other letters than ASCII's.
  RETURN 'hg-' || translate(encode(convert_to(role_name || ':' || password, 'UTF8'), 'base64'), '+/=' || chr(10), '-_');
END $$;

-- No request with it is let in any more. What the role has made and what it cost stays in the ledger.
CREATE OR REPLACE PROCEDURE hologen.revoke_key(role_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', role_name);
END $$;
