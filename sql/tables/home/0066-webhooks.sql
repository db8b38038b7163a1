-- Who is told what became of calls: addresses that administrators set, and what is still to be told to them.
CREATE TABLE hologen_internal.webhook (
  webhook_name text PRIMARY KEY CHECK (webhook_name <> ''),
  url          text NOT NULL,
  -- Encrypted by the gateway, as API keys are.
  secret       text NOT NULL,
  -- Of whose calls it is told without being named: a role or a group (public: everybody), a tag, or both at once.
  role_name    text,
  tag          text,
  set_by       text NOT NULL,
  set_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON hologen_internal.webhook FROM PUBLIC;

CREATE TABLE hologen_internal.webhook_message (
  message_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- '': the operator's own, of budgets.
  webhook_name text NOT NULL,
  body         text NOT NULL,
  made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts     integer NOT NULL DEFAULT 0,
  next_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Either is its end.
  told_at      timestamptz,
  failed_at    timestamptz,
  problem      text
);
CREATE INDEX webhook_message_waiting ON hologen_internal.webhook_message (next_at) WHERE told_at IS NULL AND failed_at IS NULL;
CREATE INDEX webhook_message_waiting_of ON hologen_internal.webhook_message (webhook_name) WHERE told_at IS NULL AND failed_at IS NULL;
CREATE INDEX webhook_message_newest ON hologen_internal.webhook_message (made_at DESC);
REVOKE ALL ON hologen_internal.webhook_message FROM PUBLIC;

-- What the session names (SET ai_gen.webhook).
ALTER TABLE hologen_internal.job ADD COLUMN webhook text;
