-- Places with a name: what SET ai_gen.place says in one word. Administrators set them, because whoever sets one says where others save.
CREATE TABLE hologen_internal.place (
  place_name   text PRIMARY KEY CHECK (place_name <> ''),
  oss_path     text NOT NULL,
  oss_endpoint text NOT NULL,
  role_arn     text NOT NULL,
  set_by       text NOT NULL,
  set_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON hologen_internal.place FROM PUBLIC;

-- What the request calls its row; never sent.
ALTER TABLE hologen_internal.job ADD COLUMN label text;
