-- Hologres' logically partitioned tables: plain tables of which it is known by which columns their rows are told apart.
INSERT INTO hologres.property_keys VALUES
  ('partition_expiration_time', '^\d+ (minute|hour|day|week|month|year)s?$', 'a time like ''30 day'''),
  ('partition_keep_hot_window', '^\d+ (minute|hour|day|week|month|year)s?$', 'a time like ''30 day'''),
  ('partition_generate_binlog_window', '^\d+ (minute|hour|day|week|month|year)s?$', 'a time like ''3 day'''),
  ('partition_require_filter', '(?i)^(true|false)$', 'true or false');

-- Columns by their numbers, as they may be renamed. table_born: see hologres.declared_properties.
CREATE TABLE hologres.logically_partitioned (
  table_oid  oid PRIMARY KEY,
  table_born xid NOT NULL,
  columns    smallint[] NOT NULL
);
GRANT SELECT ON hologres.logically_partitioned TO PUBLIC;

CREATE TABLE hologres.partition_properties (
  table_oid      oid NOT NULL,
  table_born     xid NOT NULL,
  partition      text NOT NULL,
  property_key   text NOT NULL,
  property_value text NOT NULL,
  PRIMARY KEY (table_oid, partition, property_key)
);
GRANT SELECT ON hologres.partition_properties TO PUBLIC;
