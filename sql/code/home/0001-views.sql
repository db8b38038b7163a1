-- What a person may look at: own rows, all rows for members of the role that owns hologen.

CREATE OR REPLACE FUNCTION hologen_internal.sees_all_jobs() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'hologen'), 'USAGE')
$$;

CREATE OR REPLACE VIEW hologen.jobs WITH (security_barrier) AS
  SELECT job_id, state, role_name, database_name, application_name, statement_text AS statement, statement_at, model_name, model_type,
         scenario, request, file, task_id, provider_request_id, usage, units, price, estimated_price, currency, attempts, outputs, result,
         error, submitted_at, started_at, generated_at, finished_at, claimed_at, hold_up
  -- The newest are what people look for, but a security barrier lets no LIMIT through: so they come in an order that indexes have, own ones
  -- by that of the role, however few they are among others', or all. The planner thinks of all rows and would rather sort a hundred thousand than
  -- go along an index: a NULL that it takes for wide, and that orders nothing, tells it that requests and results are dear to sort.
  FROM (
    (SELECT * FROM hologen.job WHERE role_name = current_user::text COLLATE "default" AND NOT (SELECT hologen_internal.sees_all_jobs())
     ORDER BY submitted_at DESC, job_id DESC, NULL::char(10000))
    UNION ALL
    (SELECT * FROM hologen.job WHERE (SELECT hologen_internal.sees_all_jobs())
     ORDER BY submitted_at DESC, job_id DESC, NULL::char(10000))) AS job
  LEFT JOIN hologen.statement USING (statement_id)
  ORDER BY submitted_at DESC, job_id DESC, NULL::char(10000);
GRANT SELECT ON hologen.jobs TO PUBLIC;

CREATE OR REPLACE VIEW hologen.callers WITH (security_barrier) AS
  SELECT role_name, model_name FROM hologen.caller
  WHERE (SELECT hologen_internal.sees_all_jobs()) OR role_name = (SELECT current_user);
GRANT SELECT ON hologen.callers TO PUBLIC;

CREATE OR REPLACE VIEW hologen.usage WITH (security_barrier) AS
  SELECT job_id, attempt, role_name, database_name, application_name, statement_text AS statement, statement_at, model_name, model_type,
         outcome, units, price, currency, provider_request_id, error, sent_at, ended_at
  FROM hologen.attempt LEFT JOIN hologen.statement USING (statement_id)
  WHERE (SELECT hologen_internal.sees_all_jobs()) OR role_name = (SELECT current_user);
GRANT SELECT ON hologen.usage TO PUBLIC;

-- The first moment of a day of the session's time zone: where clocks are put back at midnight or an hour later, the day has that hour twice.
CREATE OR REPLACE FUNCTION hologen_internal.begin_of(day date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN day::timestamptz - CASE WHEN (day::timestamptz - interval '1 hour')::date = day THEN interval '1 hour' ELSE interval '0' END;

-- Calls that were made; what was refused, cancelled or taken again costs nothing and is counted apart.
CREATE OR REPLACE VIEW hologen.daily_usage WITH (security_barrier) AS
  WITH span AS MATERIALIZED (
    SELECT least((SELECT min(began) FROM hologen.used WHERE minutes = 60), (SELECT min(sent_at) FROM hologen.attempt WHERE ended_at IS NULL))::date AS first,
           greatest((SELECT max(began) FROM hologen.used WHERE minutes = 60) + interval '59 minutes',
                    (SELECT max(sent_at) FROM hologen.attempt WHERE ended_at IS NULL))::date AS last)
  SELECT day, role_name, model_name, calls, reused, pictures, seconds, tokens, price, currency FROM span
  -- Of an array the planner takes it that there are ten, of generate_series a thousand: so many that it would compile the query first.
  CROSS JOIN LATERAL (SELECT first + n AS day FROM unnest(ARRAY(SELECT generate_series(0, last - first))) AS n) AS days
  CROSS JOIN LATERAL (SELECT hologen_internal.begin_of(day) AS begins, hologen_internal.begin_of(day + 1) AS ends) AS bounds
  -- The hours that are in it wholly, and the quarters between them and midnight.
  CROSS JOIN LATERAL (
    SELECT date_bin('1 hour', begins + interval '45 minutes', 'epoch') AS first_hour, date_bin('1 hour', ends, 'epoch') AS after_hours) AS hours
  CROSS JOIN LATERAL (
    SELECT role_name, model_name, currency, sum(calls)::bigint AS calls, sum(reused)::bigint AS reused, sum(pictures) AS pictures,
           sum(seconds) AS seconds, sum(tokens) AS tokens, sum(price) AS price
    FROM (
      SELECT role_name, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen.used
      WHERE minutes = 60 AND began >= first_hour AND began < after_hours
      UNION ALL
      SELECT role_name, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen.used
      WHERE minutes = 15 AND began >= begins AND began < first_hour
      UNION ALL
      SELECT role_name, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen.used
      WHERE minutes = 15 AND began >= after_hours AND began < ends
      UNION ALL
      SELECT role_name, model_name, currency, 1, (outcome IN ('running', 'succeeded', 'failed', 'unanswered'))::int, (outcome = 'reused')::int,
             coalesce((units ->> 'pictures')::bigint, 0), coalesce((units ->> 'seconds')::numeric, 0),
             coalesce((units ->> 'inputTokens')::bigint, 0) + coalesce((units ->> 'outputTokens')::bigint, 0), coalesce(price, 0)
      FROM hologen.attempt WHERE ended_at IS NULL AND sent_at >= begins AND sent_at < ends) AS parts
    WHERE (SELECT hologen_internal.sees_all_jobs()) OR role_name = (SELECT current_user)
    GROUP BY role_name, model_name, currency HAVING sum(attempts) > 0) AS sums;
GRANT SELECT ON hologen.daily_usage TO PUBLIC;

-- What is used of each budget today: what is under way counts with its estimate, and so does what nobody knows the outcome of.
CREATE OR REPLACE VIEW hologen_internal.budget_use AS
  SELECT b.*, used.calls AS calls_today, used.money AS money_today
  FROM hologen.budget b CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.calls), 0)::bigint AS calls, coalesce(sum(s.money) FILTER (WHERE s.currency = b.currency), 0) AS money
    FROM (
      SELECT * FROM hologen.spent WHERE role_name = b.role_name AND quarter >= date_trunc('day', statement_timestamp())
      UNION ALL
      SELECT * FROM hologen.spent WHERE b.role_name IS NULL AND quarter >= date_trunc('day', statement_timestamp())) AS s
    WHERE b.model_name IS NULL OR s.model_name = b.model_name) AS used;
REVOKE ALL ON hologen_internal.budget_use FROM PUBLIC;

CREATE OR REPLACE VIEW hologen.budgets WITH (security_barrier) AS
  SELECT role_name, model_name, calls_per_day, money_per_day, currency, calls_today, money_today
  FROM hologen_internal.budget_use
  WHERE role_name IS NULL OR role_name = current_user OR (SELECT hologen_internal.sees_all_jobs());
GRANT SELECT ON hologen.budgets TO PUBLIC;

CREATE OR REPLACE VIEW hologen.model_grants AS SELECT model_name, role_name FROM hologen.model_grant;
GRANT SELECT ON hologen.model_grants TO PUBLIC;
