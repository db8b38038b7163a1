-- What is told to webhooks, written in the transaction that ends the job: no crash can part the two.

-- For each webhook that is to be told of this role's work a message; of one that takes none, no more than so many wait.
CREATE OR REPLACE FUNCTION hologen_internal.tell_webhooks(body json, caller text, caller_groups text[], caller_tag text, named text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO hologen_internal.webhook_message (webhook_name, body)
    SELECT w.webhook_name, body::text FROM hologen_internal.webhook w
    WHERE (w.webhook_name = named
        OR coalesce(w.role_name, w.tag) IS NOT NULL AND (w.role_name IS NULL OR w.role_name IN ('public', caller) OR w.role_name = ANY (caller_groups))
          AND (w.tag IS NULL OR w.tag = caller_tag))
      AND (SELECT count(*) FROM (SELECT FROM hologen_internal.webhook_message m
        WHERE m.webhook_name = w.webhook_name AND m.told_at IS NULL AND m.failed_at IS NULL LIMIT 10000) AS waiting) < 10000;
  IF FOUND AND current_setting('hologen.untold', true) IS DISTINCT FROM 'on' THEN
    PERFORM pg_notify('hologen_news', 'webhooks');
  END IF;
END $$;
REVOKE ALL ON FUNCTION hologen_internal.tell_webhooks(json, text, text[], text, text) FROM PUBLIC;

-- Never a prompt, a key, or a message of the provider, which may repeat one.
CREATE OR REPLACE FUNCTION hologen_internal.tell_of_end() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM hologen_internal.webhook) THEN
    PERFORM hologen_internal.tell_webhooks(
      json_build_object('type', 'job.' || NEW.state, 'timestamp', NEW.finished_at, 'data', json_build_object(
        'job_id', NEW.job_id, 'statement_id', NEW.statement_id, 'state', NEW.state, 'role_name', NEW.role_name, 'model_name', NEW.model_name,
        'scenario', NEW.scenario, 'label', left(NEW.label, 1000), 'tag', NEW.tag,
        'outputs', (SELECT coalesce(json_agg(output ->> 'ossPath'), '[]') FROM jsonb_array_elements(NEW.outputs) AS output WHERE output ->> 'ossPath' IS NOT NULL),
        'sqlstate', NEW.error ->> 'sqlstate', 'submitted_at', NEW.submitted_at, 'finished_at', NEW.finished_at)),
      NEW.role_name, NEW.groups, NEW.tag, NEW.webhook);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION hologen_internal.tell_of_end() FROM PUBLIC;
CREATE OR REPLACE TRIGGER end_is_told AFTER UPDATE OF finished_at, state ON hologen_internal.job
  FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL AND (OLD.finished_at IS NULL OR OLD.state = 'unanswered' AND NEW.state <> 'unanswered')) EXECUTE FUNCTION hologen_internal.tell_of_end();

-- Everybody may name one; where it leads is for administrators, as an address often has a key in it.
CREATE OR REPLACE VIEW hologen.webhooks WITH (security_barrier) AS
  SELECT webhook_name, CASE WHEN (SELECT administers FROM hologen_internal.sight) THEN url END AS url, role_name, tag, set_by, set_at
  FROM hologen_internal.webhook;
GRANT SELECT ON hologen.webhooks TO PUBLIC;

CREATE OR REPLACE VIEW hologen.webhook_messages WITH (security_barrier) AS
  SELECT message_id, nullif(webhook_name, '') AS webhook_name, body::json AS body,
    CASE WHEN told_at IS NOT NULL THEN 'told' WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END AS state,
    attempts, made_at, next_at, coalesce(told_at, failed_at) AS finished_at, problem
  FROM hologen_internal.webhook_message WHERE (SELECT administers FROM hologen_internal.sight)
  ORDER BY made_at DESC;
GRANT SELECT ON hologen.webhook_messages TO PUBLIC;
