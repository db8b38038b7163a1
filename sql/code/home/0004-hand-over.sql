-- What a role left that is gone (dropped, renamed, or of the cluster that a dump comes from) becomes another's: by the owner's word alone.

-- Rows of the name whose role is not there any more; those of a role that is there stay its own. Budgets are for whoever has the name.
CREATE OR REPLACE PROCEDURE hologen.hand_over(old_role text, new_role text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  alive oid := coalesce(to_regrole(quote_ident(old_role))::oid, 0);
  heir  oid := to_regrole(quote_ident(new_role))::oid;
BEGIN
  IF NOT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'hologen'), 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied: handing over is for the owner of hologen',
      HINT = 'The owner is the role that owns the schema hologen; its members count too.';
  END IF;
  IF heir IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('role "%s" does not exist', new_role),
      HINT = 'Name a role of the engine: what is handed over is its own from then on.';
  END IF;
  -- Their budgets' sums go along, see note_spent.
  UPDATE hologen.job SET role_name = new_role, role_oid = heir WHERE role_name = old_role AND role_oid <> alive;
  UPDATE hologen.attempt SET role_name = new_role, role_oid = heir WHERE role_name = old_role AND role_oid <> alive;
  INSERT INTO hologen.caller (role_name, role_oid, model_name)
    SELECT DISTINCT new_role, heir, model_name FROM hologen.caller WHERE role_name = old_role AND role_oid <> alive ON CONFLICT DO NOTHING;
  DELETE FROM hologen.caller WHERE role_name = old_role AND role_oid <> alive;
  INSERT INTO hologen.model_grant (model_name, role_name, role_oid)
    SELECT model_name, new_role, heir FROM hologen.model_grant WHERE role_name = old_role AND role_oid <> alive AND role_name <> 'public'
    ON CONFLICT (model_name, role_name) DO UPDATE SET role_oid = excluded.role_oid;
  DELETE FROM hologen.model_grant WHERE role_name = old_role AND role_oid NOT IN (alive, heir) AND role_name <> 'public';
  UPDATE hologen.deployed_models SET deployed_by = new_role, deployed_by_oid = heir WHERE deployed_by = old_role AND deployed_by_oid <> alive;
  UPDATE hologen.removed_models SET deployed_by = new_role, deployed_by_oid = heir WHERE deployed_by = old_role AND deployed_by_oid <> alive;
END $$;
