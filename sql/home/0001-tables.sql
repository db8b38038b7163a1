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
  deployed_by    text NOT NULL,
  deployed_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON hologen.deployed_models FROM PUBLIC;
COMMENT ON TABLE hologen.deployed_models IS 'The catalogue: SQL name -> model type, provider, task; read it with list_external_models()';

CREATE TABLE hologen.job (
  job_id              uuid PRIMARY KEY,
  state               text NOT NULL CHECK (state IN ('submitted', 'running', 'saving', 'succeeded', 'failed', 'cancelled', 'unanswered')),
  role_name           text NOT NULL,
  database_name       text NOT NULL,
  application_name    text NOT NULL,
  engine_process_id   integer NOT NULL,
  statement_at        timestamptz NOT NULL,
  model_name          text NOT NULL,
  model_type          text NOT NULL,
  scenario            text NOT NULL,
  request             json NOT NULL,
  file                json,
  -- Hash of model type, request and file: what makes two calls of a role identical.
  request_key         text NOT NULL,
  task_id             text,
  provider_request_id text,
  usage               json,
  outputs             json NOT NULL DEFAULT '[]',
  result              text,
  error               json,
  submitted_at        timestamptz NOT NULL,
  started_at          timestamptz,
  generated_at        timestamptz,
  finished_at         timestamptz,
  -- When a committed statement gave the result to its client; NULL: it is still to be had by the next identical call.
  claimed_at          timestamptz
);
CREATE INDEX job_submitted_at ON hologen.job (submitted_at DESC);
CREATE INDEX job_unclaimed ON hologen.job (role_name, request_key) WHERE state = 'succeeded' AND claimed_at IS NULL;
CREATE INDEX job_unfinished ON hologen.job (state) WHERE state IN ('submitted', 'running', 'saving');
REVOKE ALL ON hologen.job FROM PUBLIC;
