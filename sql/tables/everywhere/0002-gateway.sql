-- Where the functions of this database find the gateways. Only the functions' owner can read the secrets.
CREATE TABLE hologen_internal.gateway (
  gateway_id        text PRIMARY KEY,
  connection_string text NOT NULL,
  secret            text NOT NULL,
  updated_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON hologen_internal.gateway FROM PUBLIC;
