-- Opening jobs against the budgets: all jobs of a statement or none, and two statements at once cannot both take what is left.

-- `batches` is an array of arrays of new jobs, one for each statement; `gateway` works on them. Returns a row for each that went over a budget and was
-- not opened, and for each soft budget that was passed. `news`: it was not passed before in its period.
CREATE OR REPLACE FUNCTION hologen_internal.open_jobs(batches json, gateway text)
RETURNS TABLE (place integer, budget json, what text, allowed numeric, used numeric, wanted numeric, offender text, news boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  batch json;
  number integer;
  own_groups text[];
BEGIN
  -- The budgets that these jobs are for; every opener takes locks in the same order, and without budgets there is nothing to lock.
  IF EXISTS (SELECT FROM hologen_internal.budget) THEN
    PERFORM FROM hologen_internal.budget
      WHERE budget_id IN (
        SELECT touched.budget_id FROM json_array_elements(batches) AS each CROSS JOIN LATERAL hologen_internal.budgets_of(each.value) AS touched)
      ORDER BY budget_id FOR UPDATE;
  END IF;
  FOR batch, number IN SELECT value, ordinality FROM json_array_elements(batches) WITH ORDINALITY LOOP
    -- What was kept for them is theirs.
    DELETE FROM hologen_internal.reserved WHERE reservation_id = (batch #>> '{0,reservation_id}')::uuid;
    RETURN QUERY SELECT number, over.*, false FROM hologen_internal.passed_budgets(batch, false) AS over LIMIT 1;
    CONTINUE WHEN FOUND;
    IF EXISTS (SELECT FROM hologen_internal.budget WHERE soft) THEN
      RETURN QUERY SELECT number, over.*, hologen_internal.is_news(over.budget) FROM hologen_internal.passed_budgets(batch, true) AS over;
    END IF;
    -- A statement's jobs are of one role.
    own_groups := array_remove(hologen_internal.groups_of(batch #>> '{0,role_name}'), batch #>> '{0,role_name}');
    -- A write whose answer was lost is repeated: the rows may be there.
    INSERT INTO hologen_internal.statement (statement_id, statement_text)
      SELECT DISTINCT ON (new.statement_id) new.statement_id, new.statement_text
      FROM json_to_recordset(batch) AS new (statement_id uuid, statement_text text)
      ON CONFLICT (statement_id) DO NOTHING;
    INSERT INTO hologen_internal.job (job_id, state, gateway_id, statement_id, role_name, role_oid, database_name, application_name, engine_process_id,
        statement_at, model_name, model_type, scenario, request, file, request_key, detached, released, estimated_price, currency, tag, label, webhook, priority, wanted_by, model_deployed_at, transaction_id, groups, submitted_at)
      SELECT new.job_id, 'submitted', gateway, new.statement_id, new.role_name,
        -- A gateway of an earlier version does not tell it.
        coalesce(new.role_oid, to_regrole(quote_ident(new.role_name))::oid, 0), new.database_name, new.application_name, new.engine_process_id,
        new.statement_at, new.model_name, new.model_type, new.scenario,
        CASE WHEN new.request_is_object THEN new.request_text::json ELSE to_json(new.request_text) END, new.file, new.request_key, new.detached,
        NOT new.detached, new.estimated_price, new.currency, new.tag, new.label, new.webhook, new.priority, new.wanted_by, new.model_deployed_at, new.transaction_id, own_groups, clock_timestamp()
      FROM json_to_recordset(batch) AS new (job_id uuid, statement_id uuid, role_name text, role_oid oid, database_name text, application_name text,
        engine_process_id integer, statement_at timestamptz, model_name text, model_type text, scenario text, request_text text,
        request_is_object boolean, file json,
        request_key text, detached boolean, estimated_price numeric, currency text, tag text, label text, webhook text, priority text, wanted_by timestamptz,
        model_deployed_at timestamptz, transaction_id text)
      ON CONFLICT (job_id) DO NOTHING;
    -- In the same transaction: what is asked of another model is not asked for by retry_job, too. Few are, and a text is looked through in no time.
    IF strpos(batch::text, '"in_place_of"') > 0 THEN
      UPDATE hologen_internal.job SET retried_as = new.job_id, retried_at = clock_timestamp()
        FROM json_to_recordset(batch) AS new (job_id uuid, in_place_of uuid) WHERE job.job_id = new.in_place_of AND job.retried_as IS NULL;
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION hologen_internal.open_jobs(json, text) FROM PUBLIC;

-- Keeps room for calls of one statement in all budgets until their jobs are opened. False, and nothing is kept, where they would pass one.
CREATE OR REPLACE FUNCTION hologen_internal.reserve_calls(wanted json, gateway text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- As in open_jobs.
  IF EXISTS (SELECT FROM hologen_internal.budget) THEN
    PERFORM FROM hologen_internal.budget
      WHERE budget_id IN (SELECT touched.budget_id FROM hologen_internal.budgets_of(wanted) AS touched) ORDER BY budget_id FOR UPDATE;
  END IF;
  -- An answer that was lost is asked for again: what is there already is kept.
  IF EXISTS (SELECT FROM hologen_internal.reserved WHERE reservation_id = (wanted #>> '{0,reservation_id}')::uuid) THEN
    RETURN true;
  END IF;
  IF EXISTS (SELECT FROM (VALUES (true), (false)) AS s (soft) CROSS JOIN LATERAL hologen_internal.passed_budgets(wanted, s.soft)) THEN
    RETURN false;
  END IF;
  INSERT INTO hologen_internal.reserved (reservation_id, gateway_id, role_name, groups, model_name, database_name, application_name, tag, currency, calls, money)
    SELECT new.reservation_id, gateway, new.role_name, array_remove(hologen_internal.groups_of(new.role_name), new.role_name), new.model_name,
      new.database_name, new.application_name, coalesce(new.tag, ''), new.currency, new.calls, coalesce(new.estimated_price, 0) * new.calls
    FROM json_to_recordset(wanted) AS new (reservation_id uuid, role_name text, model_name text, database_name text, application_name text, tag text,
      estimated_price numeric, currency text, calls bigint);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION hologen_internal.reserve_calls(json, text) FROM PUBLIC;

-- Which budgets these jobs count in, and for how much. Money that a budget cannot count, for want of a price in its currency, is `unpriced`: a model.
CREATE OR REPLACE FUNCTION hologen_internal.budgets_of(batch json)
RETURNS TABLE (budget_id integer, calls numeric, money numeric, unpriced text)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  WITH wanted AS MATERIALIZED (
    SELECT new.role_name, new.model_name, new.database_name, new.application_name, new.tag, new.currency,
      sum(coalesce(new.calls, 1)) AS calls, coalesce(sum(new.estimated_price * coalesce(new.calls, 1)), 0) AS money, bool_or(new.estimated_price IS NULL) AS unpriced,
      hologen_internal.groups_of(new.role_name) AS roles, hologen_internal.same_models(new.model_name) AS models,
      hologen_internal.models_of_own_keys() AS own
    FROM json_to_recordset(batch)
      AS new (job_id uuid, role_name text, model_name text, database_name text, application_name text, tag text, estimated_price numeric,
        currency text, calls bigint)
    -- A write whose answer was lost is repeated: what is there already is counted.
    WHERE EXISTS (SELECT FROM hologen_internal.budget) AND NOT EXISTS (SELECT FROM hologen_internal.job WHERE job.job_id = new.job_id)
    GROUP BY 1, 2, 3, 4, 5, 6
  )
  SELECT b.budget_id, sum(w.calls), coalesce(sum(w.money) FILTER (WHERE w.currency = b.currency), 0),
    min(w.model_name) FILTER (WHERE b.money IS NOT NULL AND (w.unpriced OR w.currency <> b.currency))
  FROM hologen_internal.budget b JOIN wanted w
    ON (b.role_name IS NULL OR b.role_name = ANY (w.roles)) AND (b.role_name = w.role_name OR w.model_name <> ALL (w.own)) AND (b.model_name IS NULL OR b.model_name = ANY (w.models))
      AND (b.database_name IS NULL OR w.database_name = b.database_name)
      AND (b.application_name IS NULL OR w.application_name = b.application_name) AND (b.tag IS NULL OR w.tag = b.tag)
  GROUP BY b.budget_id
$$;
REVOKE ALL ON FUNCTION hologen_internal.budgets_of(json) FROM PUBLIC;

-- The budgets that these jobs would go over. One of money refuses what it cannot count.
CREATE OR REPLACE FUNCTION hologen_internal.passed_budgets(batch json, of_soft boolean)
RETURNS TABLE (budget json, what text, allowed numeric, used numeric, wanted numeric, offender text)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT to_json(b), checked.what, checked.allowed, checked.used, checked.wanted, checked.offender
  FROM hologen_internal.budgets_of(batch) AS asked JOIN hologen_internal.budget_use b USING (budget_id)
  CROSS JOIN LATERAL (VALUES
    ('calls', b.calls::numeric, b.calls_used::numeric, asked.calls, NULL),
    ('money', b.money, b.money_used, asked.money, NULL),
    ('price', 0, 0, (asked.unpriced IS NOT NULL AND NOT of_soft)::int, asked.unpriced)) AS checked (what, allowed, used, wanted, offender)
  WHERE b.soft = of_soft AND checked.wanted > 0 AND checked.used + checked.wanted > checked.allowed
  ORDER BY checked.what = 'price', b.budget_id, checked.what
$$;
REVOKE ALL ON FUNCTION hologen_internal.passed_budgets(json, boolean) FROM PUBLIC;

-- Tells those who listen that a soft budget was passed, once in its period; what it was is for those who may see it.
CREATE OR REPLACE FUNCTION hologen_internal.is_news(budget json) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE hologen_internal.budget b SET told_at = statement_timestamp()
    WHERE b.budget_id = (budget ->> 'budget_id')::integer AND (b.told_at IS NULL OR b.told_at < (budget ->> 'since')::timestamptz);
  IF FOUND AND current_setting('hologen.untold', true) IS DISTINCT FROM 'on' THEN
    PERFORM pg_notify('hologen_budgets', json_build_object('period', budget -> 'period', 'since', budget -> 'since')::text);
  END IF;
  RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION hologen_internal.is_news(json) FROM PUBLIC;
