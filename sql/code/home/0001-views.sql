-- What a person may look at: own rows, all rows for administrators; viewers see jobs that were shared, or everybody's, and no money. A role that had the name before is another one.

-- What the degrees of whoever looks let it see; a role without one has the operator's default.
CREATE OR REPLACE VIEW hologen_internal.sight AS
  SELECT admin AS administers, admin OR maker OR (NOT viewer AND usual = 'maker') AS calls, admin OR (views AND viewers_see = 'all') AS sees_all,
    views AND viewers_see <> 'all' AND NOT admin AS sees_shared
  FROM (SELECT *, viewer OR (NOT maker AND usual = 'viewer') AS views FROM (SELECT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'hologen'), 'USAGE')
            OR coalesce(pg_has_role(current_user, to_regrole('hologen_admin')::oid, 'USAGE'), false) AS admin,
          coalesce(pg_has_role(current_user, to_regrole('hologen_maker')::oid, 'USAGE'), false) AS maker,
          coalesce(pg_has_role(current_user, to_regrole('hologen_viewer')::oid, 'USAGE'), false) AS viewer,
          (SELECT value FROM hologen_internal.setting WHERE name = 'default_degree') AS usual,
          (SELECT value FROM hologen_internal.setting WHERE name = 'viewers_see') AS viewers_see) AS degrees) AS granted;

CREATE OR REPLACE VIEW hologen.my_rights AS SELECT current_user::text AS role_name, administers, calls, sees_all, sees_shared FROM hologen_internal.sight;
GRANT SELECT ON hologen.my_rights TO PUBLIC;

-- What comes in order already is not to be sorted by workers: a query with this has none.
CREATE OR REPLACE FUNCTION hologen_internal.without_workers(answer boolean) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN answer; END $$;

-- PostgreSQL asks what is "leakproof" (=, <, ^@ of texts) of all rows, before it is known whose they are, and EXPLAIN ANALYZE tells what it
-- found. Of what people have written, or paid, it must know first: a condition on what is volatile, as the time is, stays outside of a view.
CREATE OR REPLACE VIEW hologen.jobs WITH (security_barrier) AS
  SELECT job_id, state, role_name, CASE WHEN clock_timestamp() IS NOT NULL THEN database_name END AS database_name,
         CASE WHEN clock_timestamp() IS NOT NULL THEN application_name END AS application_name,
         -- Who was shown one call sees nothing of what its statement did besides.
         CASE WHEN may_know_statement AND clock_timestamp() IS NOT NULL THEN statement_text END AS statement, statement_at,
         model_name, model_type, scenario, request, file, task_id, provider_request_id, usage, units,
         -- Viewers see no money but their own.
         CASE WHEN may_know_price AND clock_timestamp() IS NOT NULL THEN price END AS price,
         CASE WHEN may_know_price AND clock_timestamp() IS NOT NULL THEN estimated_price END AS estimated_price,
         currency, attempts, outputs, CASE WHEN clock_timestamp() IS NOT NULL THEN result END AS result, error, submitted_at, started_at, generated_at, finished_at, claimed_at, hold_up,
         CASE WHEN clock_timestamp() IS NOT NULL THEN tag END AS tag,
         CASE WHEN clock_timestamp() IS NOT NULL THEN label END AS label, shared,
         CASE WHEN may_know_price AND clock_timestamp() IS NOT NULL THEN key_name END AS key_name, priority, wanted_by
  -- The newest are what people look for, but a security barrier lets no LIMIT through: so they come in an order that indexes have, own ones
  -- by that of the role, however few they are among others', shared ones by theirs, or all. The planner thinks of all rows and would rather sort a hundred thousand than
  -- go along an index: a NULL that it takes for wide, and that orders nothing, tells it that requests and results are dear to sort.
  FROM (
    (SELECT *, true AS may_know_price, true AS may_know_statement FROM hologen_internal.job WHERE role_name = current_user::text COLLATE "default"
       AND role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND NOT (SELECT hologen_internal.without_workers(sees_all) FROM hologen_internal.sight)
     ORDER BY submitted_at DESC, job_id DESC, NULL::char(10000))
    UNION ALL
    (SELECT *, (SELECT administers FROM hologen_internal.sight) OR role_name = current_user::text COLLATE "default" AS may_know_price, true AS may_know_statement
     FROM hologen_internal.job WHERE (SELECT hologen_internal.without_workers(sees_all) FROM hologen_internal.sight)
     ORDER BY submitted_at DESC, job_id DESC, NULL::char(10000))
    UNION ALL
    (SELECT *, false AS may_know_price, false AS may_know_statement FROM hologen_internal.job WHERE shared
       AND NOT (role_name = current_user::text COLLATE "default" AND role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user))
       AND (SELECT hologen_internal.without_workers(sees_shared) FROM hologen_internal.sight)
     ORDER BY submitted_at DESC, job_id DESC, NULL::char(10000))) AS job
  LEFT JOIN hologen_internal.statement USING (statement_id)
  ORDER BY submitted_at DESC, job_id DESC, NULL::char(10000);
GRANT SELECT ON hologen.jobs TO PUBLIC;

CREATE OR REPLACE VIEW hologen.callers WITH (security_barrier) AS
  SELECT DISTINCT role_name, model_name FROM hologen_internal.caller
  WHERE (SELECT sees_all FROM hologen_internal.sight) OR role_name = (SELECT current_user) AND role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
  UNION SELECT role_name, model_name FROM hologen_internal.job WHERE shared AND (SELECT sees_shared FROM hologen_internal.sight);
GRANT SELECT ON hologen.callers TO PUBLIC;

CREATE OR REPLACE VIEW hologen.usage WITH (security_barrier) AS
  SELECT job_id, attempt, role_name, CASE WHEN clock_timestamp() IS NOT NULL THEN database_name END AS database_name,
         CASE WHEN clock_timestamp() IS NOT NULL THEN application_name END AS application_name, CASE WHEN clock_timestamp() IS NOT NULL THEN statement_text END AS statement, statement_at,
         model_name, model_type, outcome, units, CASE WHEN clock_timestamp() IS NOT NULL THEN price END AS price, currency, provider_request_id, error, sent_at, ended_at,
         CASE WHEN clock_timestamp() IS NOT NULL THEN tag END AS tag, key_name
  FROM hologen_internal.attempt LEFT JOIN hologen_internal.statement USING (statement_id)
  WHERE (SELECT administers FROM hologen_internal.sight) OR role_name = (SELECT current_user) AND role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user);
GRANT SELECT ON hologen.usage TO PUBLIC;

-- The first moment of a day of the session's time zone: where clocks are put back at midnight or an hour later, the day has that hour twice.
CREATE OR REPLACE FUNCTION hologen_internal.begin_of(day date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN day::timestamptz - CASE WHEN (day::timestamptz - interval '1 hour')::date = day THEN interval '1 hour' ELSE interval '0' END;

-- Calls that were made; what was refused, cancelled or taken again costs nothing and is counted apart.
CREATE OR REPLACE VIEW hologen.daily_usage WITH (security_barrier) AS
  WITH span AS MATERIALIZED (
    SELECT least((SELECT min(began) FROM hologen_internal.used WHERE minutes = 60), (SELECT min(sent_at) FROM hologen_internal.attempt WHERE ended_at IS NULL))::date AS first,
           greatest((SELECT max(began) FROM hologen_internal.used WHERE minutes = 60) + interval '59 minutes',
                    (SELECT max(sent_at) FROM hologen_internal.attempt WHERE ended_at IS NULL))::date AS last)
  SELECT day, role_name, model_name, calls, reused, pictures, seconds, tokens, price, currency FROM span
  -- Of an array the planner takes it that there are ten, of generate_series a thousand: so many that it would compile the query first.
  CROSS JOIN LATERAL (SELECT first + n AS day FROM unnest(ARRAY(SELECT generate_series(0, last - first))) AS n) AS days
  CROSS JOIN LATERAL (SELECT hologen_internal.begin_of(day) AS begins, hologen_internal.begin_of(day + 1) AS ends) AS bounds
  -- Every four hours that are in it wholly, the hours between them and midnight, and the quarters where midnight stands between two hours.
  CROSS JOIN LATERAL (
    SELECT date_bin('1 hour', begins + interval '45 minutes', 'epoch') AS first_hour, date_bin('1 hour', ends, 'epoch') AS after_hours,
           date_bin('4 hours', begins + interval '225 minutes', 'epoch') AS first_four, date_bin('4 hours', ends, 'epoch') AS after_fours) AS sizes
  CROSS JOIN LATERAL (
    SELECT role_name, model_name, currency, sum(calls)::bigint AS calls, sum(reused)::bigint AS reused, sum(pictures) AS pictures,
           sum(seconds) AS seconds, sum(tokens) AS tokens, sum(price) AS price
    FROM (
      SELECT role_name, role_oid, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen_internal.used
      WHERE minutes = 240 AND began >= first_four AND began < after_fours
      UNION ALL
      SELECT role_name, role_oid, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen_internal.used
      WHERE minutes = 60 AND began >= first_hour AND began < first_four
      UNION ALL
      SELECT role_name, role_oid, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen_internal.used
      WHERE minutes = 60 AND began >= after_fours AND began < after_hours
      UNION ALL
      SELECT role_name, role_oid, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen_internal.used
      WHERE minutes = 15 AND began >= begins AND began < first_hour
      UNION ALL
      SELECT role_name, role_oid, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price FROM hologen_internal.used
      WHERE minutes = 15 AND began >= after_hours AND began < ends
      UNION ALL
      SELECT role_name, role_oid, model_name, currency, 1, (outcome IN ('running', 'succeeded', 'failed', 'unanswered'))::int, (outcome = 'reused')::int,
             coalesce((units ->> 'pictures')::bigint, 0), coalesce((units ->> 'seconds')::numeric, 0),
             coalesce((units ->> 'inputTokens')::bigint, 0) + coalesce((units ->> 'outputTokens')::bigint, 0), coalesce(price, 0)
      FROM hologen_internal.attempt WHERE ended_at IS NULL AND sent_at >= begins AND sent_at < ends) AS parts
    WHERE (SELECT administers FROM hologen_internal.sight) OR role_name = (SELECT current_user) AND role_oid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    GROUP BY role_name, model_name, currency HAVING sum(attempts) > 0) AS sums;
GRANT SELECT ON hologen.daily_usage TO PUBLIC;

-- Views call these in the name of whoever looks, and nobody else can name them: the schema is closed.

-- The role and all groups that it is a member of.
CREATE OR REPLACE FUNCTION hologen_internal.groups_of(role_name text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE belonging AS (
    SELECT oid FROM pg_roles WHERE rolname = role_name
    UNION SELECT m.roleid FROM pg_auth_members m JOIN belonging b ON m.member = b.oid
  )
  SELECT ARRAY(SELECT role_name UNION SELECT rolname::text FROM pg_roles JOIN belonging USING (oid) ORDER BY 1)
$$;

-- All names under which the same is deployed on the gateway's own key: a limit of one name holds for the others.
CREATE OR REPLACE FUNCTION hologen_internal.same_models(model_name text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH known AS (
    SELECT d.model_name, d.model_type, d.api_key FROM hologen_internal.deployed_models d
    UNION ALL SELECT r.model_name, r.model_type, r.api_key FROM hologen_internal.removed_models r
  )
  SELECT ARRAY(SELECT same_models.model_name
    UNION SELECT other.model_name FROM known JOIN known other USING (model_type)
    WHERE known.model_name = same_models.model_name AND known.api_key IS NULL AND other.api_key IS NULL)
$$;

-- Deployments on keys of people's own: what is made with them is not paid by the gateway's account, and counts in budgets of just their role.
CREATE OR REPLACE FUNCTION hologen_internal.models_of_own_keys() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(SELECT model_name FROM (
    SELECT model_name, api_key, deployed_by FROM hologen_internal.deployed_models
    -- What was removed counts as long as nothing else has its name.
    UNION ALL SELECT model_name, api_key, deployed_by FROM hologen_internal.removed_models
      WHERE NOT EXISTS (SELECT FROM hologen_internal.deployed_models d WHERE d.model_name = removed_models.model_name)) AS known
  WHERE api_key IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_roles r WHERE r.rolname = deployed_by
      AND (pg_has_role(r.oid, current_user, 'USAGE') OR coalesce(pg_has_role(r.oid, to_regrole('hologen_admin')::oid, 'USAGE'), false))))
$$;

-- When the present hour, day, week (from Monday) or month began in the zone of the budgets.
CREATE OR REPLACE FUNCTION hologen_internal.period_start(period text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN period = 'total' THEN '-infinity'::timestamptz
    -- Where clocks are put back there are two such hours: it is the one that is now.
    ELSE date_trunc(period, statement_timestamp(), value) END
  FROM hologen_internal.setting WHERE name = 'time_zone'
$$;

-- What is used of each budget: what is under way counts with its estimate, and so does what nobody knows the outcome of.
CREATE OR REPLACE VIEW hologen_internal.budget_use AS
  SELECT b.*, p.since, used.calls AS calls_used, used.money AS money_used
  FROM hologen_internal.budget b
  CROSS JOIN LATERAL (
    SELECT hologen_internal.period_start(b.period) AS since,
      -- A budget of a group is of its members together, and of what left it with those who did.
      CASE WHEN b.role_name IS NOT NULL THEN ARRAY(
        SELECT b.role_name UNION SELECT role_name FROM hologen_internal.counted_member m WHERE m.group_name = b.role_name) END AS roles,
      CASE WHEN b.model_name IS NOT NULL THEN hologen_internal.same_models(b.model_name) END AS models,
      hologen_internal.models_of_own_keys() AS own OFFSET 0) AS p
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.calls), 0)::bigint AS calls, coalesce(sum(s.money) FILTER (WHERE s.currency = b.currency), 0) AS money
    FROM (
      SELECT role_name, groups, model_name, database_name, application_name, tag, currency, calls, money FROM hologen_internal.spent
        WHERE b.period = 'hour' AND quarter >= p.since AND (b.role_name IS NULL OR role_name = ANY (p.roles))
      UNION ALL
      SELECT role_name, groups, model_name, database_name, application_name, tag, currency, calls, money FROM hologen_internal.spent_by_day
        WHERE b.period <> 'hour' AND b.role_name IS NULL
          AND day >= (p.since AT TIME ZONE (SELECT value FROM hologen_internal.setting WHERE name = 'time_zone'))::date
      UNION ALL
      SELECT role_name, groups, model_name, database_name, application_name, tag, currency, calls, money FROM hologen_internal.spent_by_day
        WHERE b.period <> 'hour' AND role_name = ANY (p.roles)
          AND day >= (p.since AT TIME ZONE (SELECT value FROM hologen_internal.setting WHERE name = 'time_zone'))::date
      UNION ALL
      -- What statements are going to open counts in every period: it is now that it is kept for them.
      SELECT role_name, groups, model_name, database_name, application_name, tag, currency, calls, money FROM hologen_internal.reserved) AS s
    WHERE (b.role_name IS NULL OR s.role_name = b.role_name OR b.role_name = ANY (s.groups))
      AND (b.model_name IS NULL OR s.model_name = ANY (p.models)) AND (s.role_name = b.role_name OR s.model_name <> ALL (p.own))
      AND (b.database_name IS NULL OR s.database_name = b.database_name)
      AND (b.application_name IS NULL OR s.application_name = b.application_name)
      AND (b.tag IS NULL OR s.tag = b.tag)) AS used;
REVOKE ALL ON hologen_internal.budget_use FROM PUBLIC;

CREATE OR REPLACE VIEW hologen.budgets WITH (security_barrier) AS
  SELECT role_name, model_name, database_name, application_name, tag, period, soft, calls, money, currency, calls_used, money_used,
    calls - least(calls_used, calls) AS calls_left, money - least(money_used, money) AS money_left, nullif(since, '-infinity') AS since
  FROM hologen_internal.budget_use
  WHERE role_name IS NULL OR role_name = ANY (hologen_internal.groups_of(current_user)) OR (SELECT administers FROM hologen_internal.sight);
GRANT SELECT ON hologen.budgets TO PUBLIC;

-- The budgets that hold for whoever asks, the tightest of each kind first.
CREATE OR REPLACE VIEW hologen.my_budget WITH (security_barrier) AS
  SELECT period, soft, calls_left, money_left, currency, role_name, model_name, database_name, application_name, tag, nullif(since, '-infinity') AS since
  FROM hologen_internal.budget_use b
  CROSS JOIN LATERAL (SELECT b.calls - least(b.calls_used, b.calls) AS calls_left, b.money - least(b.money_used, b.money) AS money_left) AS l
  WHERE (role_name IS NULL OR role_name = ANY (hologen_internal.groups_of(current_user)))
    AND (database_name IS NULL OR database_name = current_database())
  ORDER BY soft, money_left NULLS LAST, calls_left NULLS LAST;
GRANT SELECT ON hologen.my_budget TO PUBLIC;

CREATE OR REPLACE VIEW hologen.model_grants AS
  SELECT model_name, role_name FROM hologen_internal.model_grant
  WHERE role_name = 'public' OR role_oid = to_regrole(quote_ident(role_name))::oid OR (SELECT administers FROM hologen_internal.sight);
GRANT SELECT ON hologen.model_grants TO PUBLIC;

-- Who may log in, with what degree, and what they spent; for administrators.
CREATE OR REPLACE VIEW hologen.people WITH (security_barrier) AS
  SELECT r.rolname::text AS role_name,
    CASE WHEN r.rolsuper OR pg_has_role(r.oid, (SELECT nspowner FROM pg_namespace WHERE nspname = 'hologen'), 'USAGE') THEN 'owner'
         WHEN pg_has_role(r.oid, to_regrole('hologen_admin')::oid, 'USAGE') THEN 'admin'
         WHEN pg_has_role(r.oid, to_regrole('hologen_maker')::oid, 'USAGE') THEN 'maker'
         WHEN pg_has_role(r.oid, to_regrole('hologen_viewer')::oid, 'USAGE') THEN 'viewer' END AS degree,
    coalesce(sum(s.calls) FILTER (WHERE s.day >= today.first), 0)::bigint AS calls_today,
    coalesce(sum(s.money) FILTER (WHERE s.day >= today.first), 0) AS money_today,
    coalesce(sum(s.calls), 0)::bigint AS calls_this_month, coalesce(sum(s.money), 0) AS money_this_month, coalesce(s.currency, 'CNY') AS currency,
    r.rolvaliduntil AS valid_until
  FROM pg_roles r
  CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE value)::date AS first FROM hologen_internal.setting WHERE name = 'time_zone') AS today
  LEFT JOIN hologen_internal.spent_by_day s ON s.role_name = r.rolname AND s.day >= date_trunc('month', today.first)
  WHERE r.rolcanlogin AND (SELECT administers FROM hologen_internal.sight)
  GROUP BY r.oid, r.rolname, r.rolsuper, r.rolvaliduntil, s.currency;
GRANT SELECT ON hologen.people TO PUBLIC;

DROP FUNCTION IF EXISTS hologen_internal.sees_all_jobs(), hologen_internal.members_of(text);
