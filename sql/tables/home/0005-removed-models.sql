-- Deployments that were removed: what was sent with them is still looked at and saved with their keys.
CREATE TABLE hologen.removed_models (
  model_name     text NOT NULL,
  model_type     text NOT NULL,
  model_provider text NOT NULL,
  task           text NOT NULL,
  api_key        text,
  config         json NOT NULL,
  restricted     boolean NOT NULL,
  deployed_by    text NOT NULL,
  deployed_at    timestamptz NOT NULL,
  removed_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX removed_models_name ON hologen.removed_models (model_name, removed_at);
REVOKE ALL ON hologen.removed_models FROM PUBLIC;
