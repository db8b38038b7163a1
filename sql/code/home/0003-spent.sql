-- Running sums of what jobs count for in budgets: in the transaction that changes the job, so that no crash can part the two.

-- One call and its price: the real one, or what it was reckoned to cost, also where it came to nothing and nobody can tell what that has cost;
-- what failed or was cancelled for nothing does not count.
-- Two writers meet the same rows in the same order.
CREATE OR REPLACE FUNCTION hologen_internal.note_spent() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  zone text;
  sums hologen_internal.spent[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO hologen_internal.caller (role_name, role_oid, model_name)
      SELECT DISTINCT role_name, role_oid, model_name FROM new_jobs ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING;
    SELECT array_agg(ROW(s.*)::hologen_internal.spent) INTO sums FROM (
      SELECT date_bin('15 minutes', submitted_at, 'epoch'), role_name, model_name, database_name, application_name, coalesce(tag, ''), currency,
        sum(sign)::bigint, sum(sign * coalesce(price, estimated_price, 0)), groups
      FROM (SELECT 1 AS sign, * FROM new_jobs) AS counted WHERE state NOT IN ('failed', 'cancelled') OR price IS DISTINCT FROM 0
      GROUP BY 1, 2, 3, 4, 5, 6, 7, groups HAVING sum(sign) <> 0 OR sum(sign * coalesce(price, estimated_price, 0)) <> 0) AS s;
  ELSE
    SELECT array_agg(ROW(s.*)::hologen_internal.spent) INTO sums FROM (
      SELECT date_bin('15 minutes', submitted_at, 'epoch'), role_name, model_name, database_name, application_name, coalesce(tag, ''), currency,
        sum(sign)::bigint, sum(sign * coalesce(price, estimated_price, 0)), groups
      FROM (SELECT 1 AS sign, * FROM new_jobs UNION ALL SELECT -1, * FROM old_jobs) AS counted WHERE state NOT IN ('failed', 'cancelled') OR price IS DISTINCT FROM 0
      GROUP BY 1, 2, 3, 4, 5, 6, 7, groups HAVING sum(sign) <> 0 OR sum(sign * coalesce(price, estimated_price, 0)) <> 0) AS s;
  END IF;
  -- Most changes of a job (it runs, it was given to its client) change no sum.
  IF sums IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO hologen_internal.counted_member (group_name, role_name)
    SELECT DISTINCT unnest(groups), role_name FROM unnest(sums) ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  SELECT value INTO zone FROM hologen_internal.setting WHERE name = 'time_zone';
  INSERT INTO hologen_internal.spent_by_day AS s (role_name, day, model_name, database_name, application_name, tag, currency, groups, calls, money)
    SELECT role_name, (quarter AT TIME ZONE zone)::date, model_name, database_name, application_name, tag, currency, groups, sum(calls), sum(money)
    FROM unnest(sums) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (role_name, day, model_name, database_name, application_name, tag, currency, groups)
    DO UPDATE SET calls = s.calls + excluded.calls, money = s.money + excluded.money;
  INSERT INTO hologen_internal.spent AS s (quarter, role_name, model_name, database_name, application_name, tag, currency, calls, money, groups)
    SELECT * FROM unnest(sums) ORDER BY 1, 2, 3, 4, 5, 6, 7, groups
    ON CONFLICT (quarter, role_name, model_name, database_name, application_name, tag, currency, groups)
    DO UPDATE SET calls = s.calls + excluded.calls, money = s.money + excluded.money;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER opened_counts AFTER INSERT ON hologen_internal.job
  REFERENCING NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_spent();
CREATE OR REPLACE TRIGGER changed_counts AFTER UPDATE ON hologen_internal.job
  REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_spent();
