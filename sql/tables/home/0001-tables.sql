-- What outlives a statement, kept in one database of the engine: the catalogue of deployed models and the jobs with their outcome.

CREATE TABLE hologen.deployed_models (
  model_name     text PRIMARY KEY CHECK (model_name <> ''),
  model_type     text NOT NULL,
  model_provider text NOT NULL,
  task           text NOT NULL,
  -- As add_external_model was told; kept for its reader, never dialled: the model table knows the path, the settings the host.
  endpoint       text,
  -- Encrypted by the gateway (AES-256-GCM); NULL: the gateway's default key.
  api_key        text,
  config         json NOT NULL DEFAULT '{}',
  -- Only for the roles of model_grant, and the owner; false: for everybody.
  restricted     boolean NOT NULL DEFAULT false,
  deployed_by    text NOT NULL,
  deployed_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON hologen.deployed_models FROM PUBLIC;
COMMENT ON TABLE hologen.deployed_models IS 'The catalogue: SQL name -> model type, provider, task; read it with list_external_models()';

-- What a client sent, once for all its calls.
CREATE TABLE hologen.statement (
  statement_id   uuid PRIMARY KEY,
  statement_text text NOT NULL,
  noted_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON hologen.statement FROM PUBLIC;

CREATE TABLE hologen.job (
  job_id              uuid PRIMARY KEY,
  state               text NOT NULL CHECK (state IN ('submitted', 'running', 'saving', 'succeeded', 'failed', 'cancelled', 'unanswered')),
  -- Who works on it; a write of anybody else is refused.
  gateway_id          text NOT NULL,
  statement_id        uuid NOT NULL,
  role_name           text NOT NULL,
  database_name       text NOT NULL,
  application_name    text NOT NULL,
  engine_process_id   integer NOT NULL,
  statement_at        timestamptz NOT NULL,
  model_name          text NOT NULL,
  model_type          text NOT NULL,
  scenario            text NOT NULL,
  -- As the client wrote it where that is a JSON object, else a JSON string of the text.
  request             json NOT NULL,
  file                json,
  -- Hash of model type, request, file and the ETags of its media: what makes two calls of a role identical.
  request_key         text NOT NULL,
  -- Made by ai_submit: its handle is its owner's, no other call takes the result.
  detached            boolean NOT NULL,
  -- May be sent: false while the transaction of its ai_submit is open.
  released            boolean NOT NULL,
  attempts            integer NOT NULL DEFAULT 0,
  task_id             text,
  provider_request_id text,
  usage               json,
  -- What was made, and what it costs: estimated before it is sent, exact when the provider has told; NULL: not known (tokens without a price).
  units               json,
  estimated_price     numeric,
  price               numeric,
  currency            text NOT NULL,
  outputs             jsonb NOT NULL DEFAULT '[]',
  result              text,
  error               json,
  submitted_at        timestamptz NOT NULL,
  started_at          timestamptz,
  generated_at        timestamptz,
  finished_at         timestamptz,
  -- When a committed statement gave the result to its client; NULL: it is still to be had by the next identical call.
  claimed_at          timestamptz,
  -- When its role was told of an unanswered call.
  told_at             timestamptz
);
-- The newest of all, of a role, of a model: with the key, so that a page of them goes on exactly where the last one ended.
CREATE INDEX job_newest ON hologen.job (submitted_at DESC, job_id DESC);
CREATE INDEX job_of_role ON hologen.job (role_name, submitted_at DESC, job_id DESC);
CREATE INDEX job_of_model ON hologen.job (model_name, submitted_at DESC, job_id DESC);
CREATE INDEX job_provider_request ON hologen.job (provider_request_id) WHERE provider_request_id IS NOT NULL;
CREATE INDEX job_finished ON hologen.job (role_name, request_key) WHERE state = 'succeeded' AND NOT detached;
CREATE INDEX job_unfinished ON hologen.job (state) WHERE state IN ('submitted', 'running', 'saving');
CREATE INDEX job_statement ON hologen.job (statement_id);
CREATE INDEX job_untold ON hologen.job (role_name) WHERE state = 'unanswered' AND told_at IS NULL;
CREATE INDEX job_outputs ON hologen.job USING gin (outputs jsonb_path_ops);
REVOKE ALL ON hologen.job FROM PUBLIC;

-- One row each time something was sent to the provider, or an earlier result was taken in its place. Outlives its job.
CREATE TABLE hologen.attempt (
  attempt_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id              uuid NOT NULL,
  -- Counted from 1; NULL: the result of the job was taken again.
  attempt             integer,
  role_name           text NOT NULL,
  database_name       text NOT NULL,
  application_name    text NOT NULL,
  statement_id        uuid NOT NULL,
  statement_at        timestamptz NOT NULL,
  model_name          text NOT NULL,
  model_type          text NOT NULL,
  outcome             text NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'refused', 'cancelled', 'unanswered', 'reused')),
  units               json,
  price               numeric,
  currency            text NOT NULL,
  provider_request_id text,
  error               json,
  sent_at             timestamptz NOT NULL,
  ended_at            timestamptz
);
CREATE UNIQUE INDEX attempt_job ON hologen.attempt (job_id, attempt);
CREATE INDEX attempt_statement ON hologen.attempt (statement_id);
CREATE INDEX attempt_sent_at ON hologen.attempt (sent_at DESC);
REVOKE ALL ON hologen.attempt FROM PUBLIC;

-- Limits of a day, in the engine's time zone; NULL: for every role or every model together, or no limit of that kind.
CREATE TABLE hologen.budget (
  budget_id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  role_name     text,
  model_name    text,
  calls_per_day integer CHECK (calls_per_day >= 0),
  money_per_day numeric CHECK (money_per_day >= 0),
  currency      text NOT NULL DEFAULT 'CNY',
  CHECK (calls_per_day IS NOT NULL OR money_per_day IS NOT NULL)
);
CREATE UNIQUE INDEX budget_subject ON hologen.budget (coalesce(role_name, ''), coalesce(model_name, ''));
REVOKE ALL ON hologen.budget FROM PUBLIC;

-- Who may call a restricted model; the role "public" stands for everybody.
CREATE TABLE hologen.model_grant (
  model_name text NOT NULL REFERENCES hologen.deployed_models ON DELETE CASCADE,
  role_name  text NOT NULL,
  PRIMARY KEY (model_name, role_name)
);
REVOKE ALL ON hologen.model_grant FROM PUBLIC;
