-- Opening jobs against the budgets: all jobs of a statement or none, and two statements at once cannot both take what is left.

-- `batches` is an array of arrays of new jobs, one for each statement; `gateway` works on them. Returns a row for each that went over a budget and was not opened.
CREATE OR REPLACE FUNCTION hologen_internal.open_jobs(batches json, gateway text)
RETURNS TABLE (place integer, role_name text, model_name text, what text, allowed numeric, used numeric, wanted numeric, currency text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  batch json;
  number integer;
BEGIN
  -- The budgets that these jobs are for; every opener takes locks in the same order, and without budgets there is nothing to lock.
  IF EXISTS (SELECT FROM hologen.budget) THEN
    PERFORM FROM hologen.budget b
      WHERE EXISTS (
        SELECT FROM (
          SELECT DISTINCT new.role_name, new.model_name
          FROM json_array_elements(batches) AS each, json_to_recordset(each.value) AS new (role_name text, model_name text)
          OFFSET 0) AS wanted
        WHERE (b.role_name IS NULL OR wanted.role_name = b.role_name) AND (b.model_name IS NULL OR wanted.model_name = b.model_name))
      ORDER BY budget_id FOR UPDATE;
  END IF;
  FOR batch, number IN SELECT value, ordinality FROM json_array_elements(batches) WITH ORDINALITY LOOP
    RETURN QUERY SELECT number, over.* FROM hologen_internal.exceeded_budget(batch) AS over;
    CONTINUE WHEN FOUND;
    -- A write whose answer was lost is repeated: the rows may be there.
    INSERT INTO hologen.statement (statement_id, statement_text)
      SELECT DISTINCT ON (new.statement_id) new.statement_id, new.statement_text
      FROM json_to_recordset(batch) AS new (statement_id uuid, statement_text text)
      ON CONFLICT (statement_id) DO NOTHING;
    INSERT INTO hologen.job (job_id, state, gateway_id, statement_id, role_name, role_oid, database_name, application_name, engine_process_id,
        statement_at, model_name, model_type, scenario, request, file, request_key, detached, released, estimated_price, currency, submitted_at)
      SELECT new.job_id, 'submitted', gateway, new.statement_id, new.role_name,
        -- A gateway of an earlier version does not tell it.
        coalesce(new.role_oid, to_regrole(quote_ident(new.role_name))::oid, 0), new.database_name, new.application_name, new.engine_process_id,
        new.statement_at, new.model_name, new.model_type, new.scenario,
        CASE WHEN new.request_is_object THEN new.request_text::json ELSE to_json(new.request_text) END, new.file, new.request_key, new.detached,
        NOT new.detached, new.estimated_price, new.currency, clock_timestamp()
      FROM json_to_recordset(batch) AS new (job_id uuid, statement_id uuid, role_name text, role_oid oid, database_name text, application_name text,
        engine_process_id integer, statement_at timestamptz, model_name text, model_type text, scenario text, request_text text,
        request_is_object boolean, file json,
        request_key text, detached boolean, estimated_price numeric, currency text)
      ON CONFLICT (job_id) DO NOTHING;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION hologen_internal.open_jobs(json, text) FROM PUBLIC;

-- The first budget that these jobs would go over; no row when there is none.
CREATE OR REPLACE FUNCTION hologen_internal.exceeded_budget(batch json)
RETURNS TABLE (role_name text, model_name text, what text, allowed numeric, used numeric, wanted numeric, currency text)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  WITH wanted AS MATERIALIZED (
    SELECT new.role_name, new.model_name, new.currency, count(*) AS calls, coalesce(sum(new.estimated_price), 0) AS money
    FROM json_to_recordset(batch) AS new (job_id uuid, role_name text, model_name text, estimated_price numeric, currency text)
    -- A write whose answer was lost is repeated: what is there already is counted.
    WHERE EXISTS (SELECT FROM hologen.budget) AND NOT EXISTS (SELECT FROM hologen.job WHERE job.job_id = new.job_id)
    GROUP BY 1, 2, 3
  ), asked AS (
    SELECT b.budget_id, sum(w.calls) AS calls, coalesce(sum(w.money) FILTER (WHERE w.currency = b.currency), 0) AS money
    FROM hologen.budget b JOIN wanted w
      ON (b.role_name IS NULL OR w.role_name = b.role_name) AND (b.model_name IS NULL OR w.model_name = b.model_name)
    GROUP BY b.budget_id
  )
  SELECT b.role_name, b.model_name, checked.what, checked.allowed, checked.used, checked.wanted, b.currency
  FROM asked JOIN hologen_internal.budget_use b USING (budget_id)
  CROSS JOIN LATERAL (VALUES
    ('calls', b.calls_per_day::numeric, b.calls_today::numeric, asked.calls::numeric),
    ('money', b.money_per_day, b.money_today, asked.money)) AS checked (what, allowed, used, wanted)
  WHERE checked.wanted > 0 AND checked.used + checked.wanted > checked.allowed
  ORDER BY b.budget_id, checked.what LIMIT 1
$$;
REVOKE ALL ON FUNCTION hologen_internal.exceeded_budget(json) FROM PUBLIC;
