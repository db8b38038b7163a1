-- Running sums of what jobs count for in budgets: in the transaction that changes the job, so that no crash can part the two.

-- One call and its price: the real one, or what it was reckoned to cost; what failed or was cancelled for nothing does not count.
CREATE OR REPLACE FUNCTION hologen_internal.note_spent() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO hologen.caller (role_name, role_oid, model_name)
      SELECT DISTINCT role_name, role_oid, model_name FROM new_jobs ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING;
    INSERT INTO hologen.spent AS s (role_name, role_oid, model_name, currency, quarter, calls, money)
      SELECT role_name, role_oid, model_name, currency, date_bin('15 minutes', submitted_at, 'epoch'), count(*), sum(coalesce(price, estimated_price, 0))
      FROM new_jobs WHERE state NOT IN ('failed', 'cancelled') OR price > 0
      -- Two writers meet the same rows in the same order.
      GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT (role_name, role_oid, quarter, model_name, currency) DO UPDATE SET calls = s.calls + excluded.calls, money = s.money + excluded.money;
  ELSE
    INSERT INTO hologen.spent AS s (role_name, role_oid, model_name, currency, quarter, calls, money)
      SELECT role_name, role_oid, model_name, currency, date_bin('15 minutes', submitted_at, 'epoch'), sum(sign), sum(sign * coalesce(price, estimated_price, 0))
      FROM (SELECT 1 AS sign, * FROM new_jobs UNION ALL SELECT -1, * FROM old_jobs) AS changed
      WHERE state NOT IN ('failed', 'cancelled') OR price > 0
      GROUP BY 1, 2, 3, 4, 5 HAVING sum(sign) <> 0 OR sum(sign * coalesce(price, estimated_price, 0)) <> 0 ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT (role_name, role_oid, quarter, model_name, currency) DO UPDATE SET calls = s.calls + excluded.calls, money = s.money + excluded.money;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER opened_counts AFTER INSERT ON hologen.job
  REFERENCING NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_spent();
CREATE OR REPLACE TRIGGER changed_counts AFTER UPDATE ON hologen.job
  REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_spent();
