-- Running sums of what was used: in the transaction that ends the attempt, so that no crash can part the two.

-- What attempts count for once they have ended; with the sign that is told, so that a change is what was, taken away, and what is.
-- Whoever begins a call ends others in the same statement: attempts that have not ended write no row here, so that two such statements
-- meet the rows in one order each.
CREATE OR REPLACE FUNCTION hologen_internal.note_used() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sign integer := TG_ARGV[0];
BEGIN
  -- Most statements begin attempts or end them: of two triggers one has nothing to do, and ends here in a fifth of the time.
  IF NOT EXISTS (SELECT FROM changed WHERE ended_at IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  INSERT INTO hologen_internal.used AS u (minutes, began, role_name, role_oid, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price)
    SELECT minutes, date_bin(make_interval(mins => minutes), sent_at, 'epoch'), role_name, role_oid, model_name, currency, sign * count(*),
           sign * count(*) FILTER (WHERE outcome IN ('running', 'succeeded', 'failed', 'unanswered')),
           sign * count(*) FILTER (WHERE outcome = 'reused'),
           sign * coalesce(sum((units ->> 'pictures')::numeric), 0), sign * coalesce(sum((units ->> 'seconds')::numeric), 0),
           sign * (coalesce(sum((units ->> 'inputTokens')::numeric), 0) + coalesce(sum((units ->> 'outputTokens')::numeric), 0)),
           sign * coalesce(sum(price), 0)
    FROM changed CROSS JOIN (VALUES (15), (60), (240)) AS sizes (minutes) WHERE ended_at IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (minutes, began, role_name, role_oid, model_name, currency) DO UPDATE SET
      attempts = u.attempts + excluded.attempts, calls = u.calls + excluded.calls, reused = u.reused + excluded.reused,
      pictures = u.pictures + excluded.pictures, seconds = u.seconds + excluded.seconds, tokens = u.tokens + excluded.tokens,
      price = u.price + excluded.price;
  RETURN NULL;
END $$;

-- What retention removes stays counted until it removes the sums.
CREATE OR REPLACE TRIGGER made_counts AFTER INSERT ON hologen_internal.attempt
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_used('1');
CREATE OR REPLACE TRIGGER no_longer_counts AFTER UPDATE ON hologen_internal.attempt
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_used('-1');
CREATE OR REPLACE TRIGGER now_counts AFTER UPDATE ON hologen_internal.attempt
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hologen_internal.note_used('1');
