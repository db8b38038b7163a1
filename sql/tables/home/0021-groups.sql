-- A call counts for good in the budgets of the groups that its role was a member of when it was opened: who leaves a group frees nothing of its
-- budget, and who joins one brings nothing.
ALTER TABLE hologen_internal.job ADD COLUMN groups text[] NOT NULL DEFAULT '{}';
ALTER TABLE hologen_internal.spent ADD COLUMN groups text[] NOT NULL DEFAULT '{}';
ALTER TABLE hologen_internal.spent_by_day ADD COLUMN groups text[] NOT NULL DEFAULT '{}';

-- Whose sums are to be looked at for a group: all that have ever called as members of it.
CREATE TABLE hologen_internal.counted_member (
  group_name text NOT NULL,
  role_name  text NOT NULL,
  PRIMARY KEY (group_name, role_name)
);
REVOKE ALL ON hologen_internal.counted_member FROM PUBLIC;

-- Until now it was the membership of the moment that counted.
INSERT INTO hologen_internal.counted_member
  WITH RECURSIVE belonging AS (
    SELECT member, roleid FROM pg_auth_members
    UNION SELECT b.member, m.roleid FROM belonging b JOIN pg_auth_members m ON m.member = b.roleid
  )
  SELECT g.rolname, r.rolname FROM belonging b JOIN pg_roles g ON g.oid = b.roleid JOIN pg_roles r ON r.oid = b.member
  WHERE EXISTS (SELECT FROM hologen_internal.spent_by_day s WHERE s.role_name = r.rolname);
ALTER TABLE hologen_internal.job DISABLE TRIGGER USER;
UPDATE hologen_internal.job j SET groups = m.groups
  FROM (SELECT role_name, array_agg(group_name ORDER BY group_name COLLATE "C") AS groups FROM hologen_internal.counted_member GROUP BY 1) AS m
  WHERE m.role_name = j.role_name;
ALTER TABLE hologen_internal.job ENABLE TRIGGER USER;
UPDATE hologen_internal.spent s SET groups = m.groups
  FROM (SELECT role_name, array_agg(group_name ORDER BY group_name COLLATE "C") AS groups FROM hologen_internal.counted_member GROUP BY 1) AS m
  WHERE m.role_name = s.role_name;
UPDATE hologen_internal.spent_by_day s SET groups = m.groups
  FROM (SELECT role_name, array_agg(group_name ORDER BY group_name COLLATE "C") AS groups FROM hologen_internal.counted_member GROUP BY 1) AS m
  WHERE m.role_name = s.role_name;
ALTER TABLE hologen_internal.spent DROP CONSTRAINT spent_pkey,
  ADD PRIMARY KEY (quarter, role_name, model_name, database_name, application_name, tag, currency, groups);
ALTER TABLE hologen_internal.spent_by_day DROP CONSTRAINT spent_by_day_pkey,
  ADD PRIMARY KEY (role_name, day, model_name, database_name, application_name, tag, currency, groups);
