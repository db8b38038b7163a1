-- What calls count for in budgets, by quarter of an hour: a budget is the sum of a few rows, however many jobs there are.
CREATE TABLE hologen.spent (
  role_name  text NOT NULL,
  model_name text NOT NULL,
  currency   text NOT NULL,
  -- Of the jobs' submission. A day of every time zone begins with one.
  quarter    timestamptz NOT NULL,
  calls      bigint NOT NULL,
  money      numeric NOT NULL,
  PRIMARY KEY (role_name, quarter, model_name, currency)
);
CREATE INDEX spent_quarter ON hologen.spent (quarter);
REVOKE ALL ON hologen.spent FROM PUBLIC;
INSERT INTO hologen.spent
  SELECT role_name, model_name, currency, date_bin('15 minutes', submitted_at, 'epoch'), count(*), sum(coalesce(price, estimated_price, 0))
  FROM hologen.job WHERE state NOT IN ('failed', 'cancelled') OR price > 0
  GROUP BY 1, 2, 3, 4;

-- A lost submit asks which tasks are written down.
CREATE INDEX job_task ON hologen.job (task_id) WHERE task_id IS NOT NULL;
