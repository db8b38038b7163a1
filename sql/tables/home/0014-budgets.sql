-- Budgets of any period, several at once, for whatever a call can be told by; what was spent is summed for all of that.
DROP VIEW IF EXISTS hologen.budgets;
DROP VIEW IF EXISTS hologen_internal.budget_use;
DROP FUNCTION IF EXISTS hologen_internal.open_jobs(json, text);
DROP FUNCTION IF EXISTS hologen_internal.exceeded_budget(json);

ALTER TABLE hologen_internal.budget RENAME calls_per_day TO calls;
ALTER TABLE hologen_internal.budget RENAME money_per_day TO money;
ALTER TABLE hologen_internal.budget
  ALTER calls TYPE bigint,
  ADD period           text NOT NULL DEFAULT 'day' CHECK (period IN ('hour', 'day', 'week', 'month', 'total')),
  ADD database_name    text,
  ADD application_name text,
  ADD tag              text,
  -- Says so when it is passed, and lets the calls go.
  ADD soft             boolean NOT NULL DEFAULT false,
  -- When that was last said to those who listen.
  ADD told_at          timestamptz;
DROP INDEX hologen_internal.budget_subject;
CREATE UNIQUE INDEX budget_subject ON hologen_internal.budget (coalesce(role_name, ''), coalesce(model_name, ''), coalesce(database_name, ''),
  coalesce(application_name, ''), coalesce(tag, ''), period, soft);

-- What the session called its work (SET ai_gen.tag).
ALTER TABLE hologen_internal.job ADD COLUMN tag text;
ALTER TABLE hologen_internal.attempt ADD COLUMN tag text;

-- What all gateways of the engine go by: the zone of budgets' days, and what a role without a degree may do.
CREATE TABLE hologen_internal.setting (name text PRIMARY KEY, value text NOT NULL);
REVOKE ALL ON hologen_internal.setting FROM PUBLIC;
INSERT INTO hologen_internal.setting VALUES ('time_zone', current_setting('TimeZone')), ('default_degree', 'maker');

DROP TABLE hologen_internal.spent;
-- By quarters of an hour, with which an hour of every zone begins, for budgets of an hour.
CREATE TABLE hologen_internal.spent (
  quarter          timestamptz NOT NULL,
  role_name        text NOT NULL,
  model_name       text NOT NULL,
  database_name    text NOT NULL,
  application_name text NOT NULL,
  -- '': none.
  tag              text NOT NULL,
  currency         text NOT NULL,
  calls            bigint NOT NULL,
  money            numeric NOT NULL,
  PRIMARY KEY (quarter, role_name, model_name, database_name, application_name, tag, currency)
);
REVOKE ALL ON hologen_internal.spent FROM PUBLIC;
-- By days of the setting time_zone, for all longer ones: few rows, however many calls there are.
CREATE TABLE hologen_internal.spent_by_day (
  role_name        text NOT NULL,
  day              date NOT NULL,
  model_name       text NOT NULL,
  database_name    text NOT NULL,
  application_name text NOT NULL,
  tag              text NOT NULL,
  currency         text NOT NULL,
  calls            bigint NOT NULL,
  money            numeric NOT NULL,
  PRIMARY KEY (role_name, day, model_name, database_name, application_name, tag, currency)
);
CREATE INDEX spent_by_day_day ON hologen_internal.spent_by_day (day);
REVOKE ALL ON hologen_internal.spent_by_day FROM PUBLIC;
INSERT INTO hologen_internal.spent
  SELECT date_bin('15 minutes', submitted_at, 'epoch'), role_name, model_name, database_name, application_name, '', currency, count(*),
    sum(coalesce(price, estimated_price, 0))
  FROM hologen_internal.job WHERE state NOT IN ('failed', 'cancelled') OR price > 0
  GROUP BY 1, 2, 3, 4, 5, 7;
INSERT INTO hologen_internal.spent_by_day
  SELECT role_name, quarter::date, model_name, database_name, application_name, tag, currency, sum(calls), sum(money)
  FROM hologen_internal.spent GROUP BY 1, 2, 3, 4, 5, 6, 7;
