-- What operators do with a gateway that runs.

-- Nothing more of the model's type is sent, until it is resumed; what was sent goes on. For all gateways, and over a restart.
CREATE OR REPLACE PROCEDURE hologen.pause_model(model_name text, reason text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'pause_model', 'model_name', model_name, 'reason', reason));
END $$;
CREATE OR REPLACE PROCEDURE hologen.resume_model(model_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'resume_model', 'model_name', model_name));
END $$;

-- Tells an address, signed, what became of calls: of those that name the webhook (SET ai_gen.webhook), and of a role, a group, a tag besides. Shows the
-- secret that receivers verify with, this once.
CREATE OR REPLACE PROCEDURE hologen.set_webhook(webhook_name text, url text, role_name text DEFAULT NULL, tag text DEFAULT NULL, INOUT secret text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  secret := hologen_caller.ask(json_build_object('ask', 'set_webhook', 'webhook_name', webhook_name, 'url', url, 'role_name', role_name, 'tag', tag,
    'secret', secret)) #>> '{}';
END $$;
CREATE OR REPLACE PROCEDURE hologen.remove_webhook(webhook_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'remove_webhook', 'webhook_name', webhook_name));
END $$;

-- Asks again, as ai_submit does, for what a job has failed to make; returns the handle of the new call, which is whoever's that asks. Once for each
-- failure, and never for what the provider may have taken.
CREATE OR REPLACE FUNCTION hologen.retry_job(job_id uuid) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN hologen_caller.ask(json_build_object('ask', 'retry_job', 'job', job_id, 'transactionId', hologen_caller.transaction_id(),
    'settings', hologen_caller.session_settings(), 'statement', left(current_query(), 10000))) #>> '{}';
END $$;

-- Who is connected to the gateway that serves this session, live: own sessions, all for administrators.
CREATE OR REPLACE FUNCTION hologen_caller.list_sessions()
RETURNS TABLE (engine_process_id integer, role_name text, database_name text, application_name text, connected_at timestamptz, state text, statement text,
               statement_at timestamptz, queued bigint, running bigint, done bigint, failed bigint, spent numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.engine_process_id, s.role_name, s.database_name, s.application_name, s.connected_at, s.state, s.statement, s.statement_at, s.queued, s.running,
         s.done, s.failed, s.spent
  FROM json_to_recordset(hologen_caller.ask('{"ask": "sessions"}'))
    AS s (engine_process_id integer, role_name text, database_name text, application_name text, connected_at timestamptz, state text, statement text,
          statement_at timestamptz, queued bigint, running bigint, done bigint, failed bigint, spent numeric)
$$;
CREATE OR REPLACE VIEW hologen.sessions AS SELECT * FROM hologen_caller.list_sessions();
GRANT SELECT ON hologen.sessions TO PUBLIC;
