-- What a person may look at: own rows, all rows for members of the role that owns hologen. A role that had the name before is another one.

CREATE OR REPLACE FUNCTION hologen_internal.sees_all_jobs() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'hologen'), 'USAGE')
$$;

CREATE OR REPLACE VIEW hologen.jobs WITH (security_barrier) AS
  SELECT job_id, state, role_name, database_name, application_name, statement_text AS statement, statement_at, model_name, model_type,
         scenario, request, file, task_id, provider_request_id, usage, units, price, estimated_price, currency, attempts, outputs, result,
         error, submitted_at, started_at, generated_at, finished_at, claimed_at, hold_up
  FROM hologen.job LEFT JOIN hologen.statement USING (statement_id)
  WHERE role_name = current_user AND role_oid = to_regrole(quote_ident(current_user))::oid OR (SELECT hologen_internal.sees_all_jobs())
  -- The newest are what people look for. A security barrier lets no LIMIT through; this order is one that an index has.
  ORDER BY submitted_at DESC, job_id DESC;
GRANT SELECT ON hologen.jobs TO PUBLIC;

CREATE OR REPLACE VIEW hologen.callers WITH (security_barrier) AS
  SELECT DISTINCT role_name, model_name FROM hologen.caller
  WHERE role_name = current_user AND role_oid = to_regrole(quote_ident(current_user))::oid OR (SELECT hologen_internal.sees_all_jobs());
GRANT SELECT ON hologen.callers TO PUBLIC;

CREATE OR REPLACE VIEW hologen.usage WITH (security_barrier) AS
  SELECT job_id, attempt, role_name, database_name, application_name, statement_text AS statement, statement_at, model_name, model_type,
         outcome, units, price, currency, provider_request_id, error, sent_at, ended_at
  FROM hologen.attempt LEFT JOIN hologen.statement USING (statement_id)
  WHERE role_name = current_user AND role_oid = to_regrole(quote_ident(current_user))::oid OR (SELECT hologen_internal.sees_all_jobs());
GRANT SELECT ON hologen.usage TO PUBLIC;

-- Calls that were made; what was refused, cancelled or taken again costs nothing and is counted apart.
CREATE OR REPLACE VIEW hologen.daily_usage AS
  SELECT sent_at::date AS day, role_name, model_name,
         count(*) FILTER (WHERE outcome IN ('running', 'succeeded', 'failed', 'unanswered')) AS calls,
         count(*) FILTER (WHERE outcome = 'reused') AS reused,
         coalesce(sum((units ->> 'pictures')::bigint), 0) AS pictures,
         coalesce(sum((units ->> 'seconds')::numeric), 0) AS seconds,
         coalesce(sum((units ->> 'inputTokens')::bigint), 0) + coalesce(sum((units ->> 'outputTokens')::bigint), 0) AS tokens,
         coalesce(sum(price), 0) AS price, currency
  FROM hologen.usage
  GROUP BY sent_at::date, role_name, model_name, currency;
GRANT SELECT ON hologen.daily_usage TO PUBLIC;

-- What is used of each budget today, by the role that has the name now: what is under way counts with its estimate, and so does what nobody knows the outcome of.
CREATE OR REPLACE VIEW hologen_internal.budget_use AS
  SELECT b.*, used.calls AS calls_today, used.money AS money_today
  FROM hologen.budget b CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.calls), 0)::bigint AS calls, coalesce(sum(s.money) FILTER (WHERE s.currency = b.currency), 0) AS money
    FROM (
      SELECT * FROM hologen.spent WHERE role_name = b.role_name AND role_oid = to_regrole(quote_ident(b.role_name))::oid AND quarter >= date_trunc('day', statement_timestamp())
      UNION ALL
      SELECT * FROM hologen.spent WHERE b.role_name IS NULL AND quarter >= date_trunc('day', statement_timestamp())) AS s
    WHERE b.model_name IS NULL OR s.model_name = b.model_name) AS used;
REVOKE ALL ON hologen_internal.budget_use FROM PUBLIC;

CREATE OR REPLACE VIEW hologen.budgets WITH (security_barrier) AS
  SELECT role_name, model_name, calls_per_day, money_per_day, currency, calls_today, money_today
  FROM hologen_internal.budget_use
  WHERE role_name IS NULL OR role_name = current_user OR (SELECT hologen_internal.sees_all_jobs());
GRANT SELECT ON hologen.budgets TO PUBLIC;

CREATE OR REPLACE VIEW hologen.model_grants AS
  SELECT model_name, role_name FROM hologen.model_grant
  WHERE role_name = 'public' OR role_oid = to_regrole(quote_ident(role_name))::oid OR (SELECT hologen_internal.sees_all_jobs());
GRANT SELECT ON hologen.model_grants TO PUBLIC;
