-- What statements of very many calls are going to open: counted in budgets before the first is sent, and given back portion by portion as jobs
-- are opened. Gone with its gateway.
CREATE TABLE hologen_internal.reserved (
  reservation_id   uuid NOT NULL,
  gateway_id       text NOT NULL,
  role_name        text NOT NULL,
  -- Other roles whose budgets count it.
  groups           text[] NOT NULL,
  model_name       text NOT NULL,
  database_name    text NOT NULL,
  application_name text NOT NULL,
  -- '': none.
  tag              text NOT NULL,
  currency         text NOT NULL,
  calls            bigint NOT NULL,
  money            numeric NOT NULL
);
CREATE INDEX reserved_portion ON hologen_internal.reserved (reservation_id);
REVOKE ALL ON hologen_internal.reserved FROM PUBLIC;
