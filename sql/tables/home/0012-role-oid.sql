-- A name can come back for another person once its role is dropped; its OID does not. Whose a row is say both: a name alone would be
-- anybody's, and an OID alone, after a restore into another cluster, another role's. 0: its role was gone already, or it had none.
ALTER TABLE hologen.job ADD COLUMN role_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.attempt ADD COLUMN role_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.caller ADD COLUMN role_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.spent ADD COLUMN role_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.used ADD COLUMN role_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.prompt ADD COLUMN role_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.model_grant ADD COLUMN role_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.deployed_models ADD COLUMN deployed_by_oid oid NOT NULL DEFAULT 0;
ALTER TABLE hologen.removed_models ADD COLUMN deployed_by_oid oid NOT NULL DEFAULT 0;

-- What calls count for in budgets does not change by it.
ALTER TABLE hologen.job DISABLE TRIGGER USER;
ALTER TABLE hologen.attempt DISABLE TRIGGER USER;
UPDATE hologen.job SET role_oid = r.oid FROM pg_roles r WHERE rolname = role_name;
ALTER TABLE hologen.job ENABLE TRIGGER USER;
UPDATE hologen.attempt SET role_oid = r.oid FROM pg_roles r WHERE rolname = role_name;
ALTER TABLE hologen.attempt ENABLE TRIGGER USER;
UPDATE hologen.caller SET role_oid = r.oid FROM pg_roles r WHERE rolname = role_name;
UPDATE hologen.spent SET role_oid = r.oid FROM pg_roles r WHERE rolname = role_name;
UPDATE hologen.used SET role_oid = r.oid FROM pg_roles r WHERE rolname = role_name;
UPDATE hologen.prompt SET role_oid = r.oid FROM pg_roles r WHERE rolname = role_name;
UPDATE hologen.model_grant SET role_oid = r.oid FROM pg_roles r WHERE rolname = role_name;
UPDATE hologen.deployed_models SET deployed_by_oid = r.oid FROM pg_roles r WHERE rolname = deployed_by;
UPDATE hologen.removed_models SET deployed_by_oid = r.oid FROM pg_roles r WHERE rolname = deployed_by;

ALTER TABLE hologen.caller DROP CONSTRAINT caller_pkey, ADD PRIMARY KEY (role_name, role_oid, model_name);
ALTER TABLE hologen.spent DROP CONSTRAINT spent_pkey, ADD PRIMARY KEY (role_name, role_oid, quarter, model_name, currency);
ALTER TABLE hologen.used DROP CONSTRAINT used_pkey, ADD PRIMARY KEY (minutes, began, role_name, role_oid, model_name, currency);
