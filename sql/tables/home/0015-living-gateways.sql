-- Which process of the engine stands for a gateway as long as it lives. Only the gateway's role can write here, and nobody can be such a
-- process without its password: an advisory lock, which any login can take, proves nothing.
CREATE TABLE hologen_internal.living_gateway (
  gateway_id         text PRIMARY KEY,
  process_id         integer NOT NULL,
  process_started_at timestamptz NOT NULL
);
REVOKE ALL ON hologen_internal.living_gateway FROM PUBLIC;
