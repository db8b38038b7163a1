-- What was used, by four hours as well: a day of a zone whose midnight is a multiple of four hours from UTC's is six rows and not twenty-four.

-- Nobody writes attempts meanwhile, so that each is counted once.
LOCK TABLE hologen_internal.attempt IN SHARE MODE;
ALTER TABLE hologen_internal.used DROP CONSTRAINT used_minutes_check, ADD CHECK (minutes IN (15, 60, 240));
INSERT INTO hologen_internal.used (minutes, began, role_name, role_oid, model_name, currency, attempts, calls, reused, pictures, seconds, tokens, price)
  SELECT 240, date_bin('4 hours', began, 'epoch'), role_name, role_oid, model_name, currency,
         sum(attempts), sum(calls), sum(reused), sum(pictures), sum(seconds), sum(tokens), sum(price)
  FROM hologen_internal.used WHERE minutes = 60 GROUP BY 2, 3, 4, 5, 6;
