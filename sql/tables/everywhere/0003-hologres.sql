-- What is kept for Hologres' own clients: the properties of tables that they declare.
CREATE SCHEMA IF NOT EXISTS hologres;
GRANT USAGE ON SCHEMA hologres TO PUBLIC;

CREATE TABLE hologres.property_keys (
  property_key text PRIMARY KEY,
  -- A regular expression for the whole value, and the same in words; NULL: anything goes.
  pattern      text,
  allowed      text
);
INSERT INTO hologres.property_keys VALUES
  ('orientation', '^(row|column|row,column)$', 'row, column or row,column'),
  ('distribution_key', NULL, NULL),
  ('clustering_key', NULL, NULL),
  ('event_time_column', NULL, NULL),
  ('segment_key', NULL, NULL),
  ('bitmap_columns', NULL, NULL),
  ('dictionary_encoding_columns', NULL, NULL),
  ('time_to_live_in_seconds', '^\d+$', 'a whole number of seconds'),
  ('storage_mode', '^(hot|cold)$', 'hot or cold'),
  ('storage_format', NULL, NULL),
  ('table_group', NULL, NULL),
  ('colocate_with', NULL, NULL),
  ('mutate_type', NULL, NULL),
  ('vectors', NULL, NULL),
  ('proxima_vectors', NULL, NULL),
  ('binlog.level', '^(replica|none)$', 'replica or none'),
  ('binlog.ttl', '^\d+$', 'a whole number of seconds');
GRANT SELECT ON hologres.property_keys TO PUBLIC;

-- An OID can come back for another table once its table is dropped. table_born cannot: it is the transaction that wrote the
-- table's entry for the system column cmax, which nothing updates later. Rows of a dropped table therefore never show again.
CREATE TABLE hologres.declared_properties (
  table_oid      oid NOT NULL,
  table_born     xid NOT NULL,
  property_key   text NOT NULL REFERENCES hologres.property_keys,
  property_value text NOT NULL,
  PRIMARY KEY (table_oid, property_key)
);
ALTER TABLE hologres.declared_properties ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_all ON hologres.declared_properties FOR SELECT USING (true);
CREATE POLICY written_by_owners ON hologres.declared_properties
  USING (pg_has_role((SELECT relowner FROM pg_class WHERE oid = table_oid), 'USAGE'));
GRANT SELECT, INSERT, UPDATE, DELETE ON hologres.declared_properties TO PUBLIC;
