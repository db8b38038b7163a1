-- Model types of which nothing is sent until an administrator lets them go on; for all gateways, and over a restart.
CREATE TABLE hologen_internal.pause (
  model_type text PRIMARY KEY CHECK (model_type <> ''),
  paused_by  text NOT NULL,
  paused_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  why        text
);
REVOKE ALL ON hologen_internal.pause FROM PUBLIC;
