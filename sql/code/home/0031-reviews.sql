-- Verdicts on what one may see, one's own and others'.
CREATE OR REPLACE VIEW hologen.reviews WITH (security_barrier) AS
  SELECT job_id, output, verdict, CASE WHEN clock_timestamp() IS NOT NULL THEN remark END AS remark, role_name, reviewed_at
  FROM hologen_internal.review AS r
  WHERE (SELECT sees_all FROM hologen_internal.sight)
     OR role_name = (SELECT current_user) AND role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
     OR EXISTS (SELECT FROM hologen_internal.job AS j WHERE j.job_id = r.job_id AND j.role_name = current_user::text COLLATE "default"
          AND j.role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user))
     OR (SELECT sees_shared FROM hologen_internal.sight) AND EXISTS (SELECT FROM hologen_internal.job AS j WHERE j.job_id = r.job_id AND j.shared);
GRANT SELECT ON hologen.reviews TO PUBLIC;
