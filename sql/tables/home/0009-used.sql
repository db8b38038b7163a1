-- What was used, by hour and by quarter of an hour: the use of days is the sum of a few rows, however many attempts there are.

-- An attempt that has not ended counts by itself: it is one of a few, and whoever begins calls need not write these rows.
-- While it is made nobody writes attempts, so that each is counted once.
CREATE INDEX attempt_open ON hologen.attempt (sent_at) WHERE ended_at IS NULL;

CREATE TABLE hologen.used (
  -- A day is made of hours; where the time zone has its midnight between two, quarters take the place of its first and last one.
  minutes    smallint NOT NULL CHECK (minutes IN (15, 60)),
  -- Of the attempts' sending.
  began      timestamptz NOT NULL,
  role_name  text NOT NULL,
  model_name text NOT NULL,
  currency   text NOT NULL,
  -- With those that are counted in no other column: a day is shown as long as there was one.
  attempts   bigint NOT NULL,
  calls      bigint NOT NULL,
  reused     bigint NOT NULL,
  pictures   numeric NOT NULL,
  seconds    numeric NOT NULL,
  tokens     numeric NOT NULL,
  price      numeric NOT NULL,
  PRIMARY KEY (minutes, began, role_name, model_name, currency)
);
REVOKE ALL ON hologen.used FROM PUBLIC;
INSERT INTO hologen.used
  SELECT minutes, date_bin(make_interval(mins => minutes), sent_at, 'epoch'), role_name, model_name, currency, count(*),
         count(*) FILTER (WHERE outcome IN ('running', 'succeeded', 'failed', 'unanswered')),
         count(*) FILTER (WHERE outcome = 'reused'),
         coalesce(sum((units ->> 'pictures')::numeric), 0), coalesce(sum((units ->> 'seconds')::numeric), 0),
         coalesce(sum((units ->> 'inputTokens')::numeric), 0) + coalesce(sum((units ->> 'outputTokens')::numeric), 0), coalesce(sum(price), 0)
  FROM hologen.attempt CROSS JOIN (VALUES (15), (60)) AS sizes (minutes) WHERE ended_at IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5;
