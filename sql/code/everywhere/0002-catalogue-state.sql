-- What is known of names in a plan (unsure_names, has_others) is so as long as nothing that they read has changed.

-- A text that is another one as soon as somebody's own object is made, changed or dropped that this session can see; with the schemas on its path. A
-- row of the catalogue that is changed is a new one, of another transaction (xmin) or in another place (ctid): those of one transaction are there
-- together until it ends. NULL: there are so many objects that it is quicker to look again. What VACUUM writes in place nothing that is remembered reads.
CREATE OR REPLACE FUNCTION hologen_caller.catalogue_state() RETURNS text
LANGUAGE sql STABLE SET plan_cache_mode = force_generic_plan AS $$
  WITH
    others AS MATERIALIZED (SELECT pg_catalog.array_agg(oid) AS schemas FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) ANY ('{hologen_caller,hologen_internal}') OR pg_catalog.pg_is_other_temp_schema(oid)),
    relations AS MATERIALIZED (
      SELECT oid AS id, xmin, ctid FROM pg_catalog.pg_class, others
        WHERE oid OPERATOR(pg_catalog.>=) 16384 AND relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f,c}') AND relnamespace OPERATOR(pg_catalog.<>) ALL (schemas)),
    objects AS (
      SELECT * FROM relations
      -- By their names it is told which rows a sub-select gives one of.
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_class, others WHERE oid OPERATOR(pg_catalog.>=) 16384 AND relkind OPERATOR(pg_catalog.=) ANY ('{i,I}') AND relnamespace OPERATOR(pg_catalog.<>) ALL (schemas)
      UNION ALL SELECT a.* FROM relations r, LATERAL (SELECT r.id, xmin, ctid FROM pg_catalog.pg_attribute WHERE attrelid OPERATOR(pg_catalog.=) r.id AND attnum OPERATOR(pg_catalog.>) 0 OFFSET 0) AS a
      UNION ALL SELECT i.* FROM relations r, LATERAL (SELECT indexrelid, xmin, ctid FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) r.id OFFSET 0) AS i
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_proc, others WHERE oid OPERATOR(pg_catalog.>=) 16384 AND pronamespace OPERATOR(pg_catalog.<>) ALL (schemas)
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_type, others WHERE oid OPERATOR(pg_catalog.>=) 16384 AND typnamespace OPERATOR(pg_catalog.<>) ALL (schemas)
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_constraint, others WHERE oid OPERATOR(pg_catalog.>=) 16384 AND connamespace OPERATOR(pg_catalog.<>) ALL (schemas)
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_operator WHERE oid OPERATOR(pg_catalog.>=) 16384
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_amproc WHERE oid OPERATOR(pg_catalog.>=) 16384
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_cast WHERE oid OPERATOR(pg_catalog.>=) 16384
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_rewrite WHERE oid OPERATOR(pg_catalog.>=) 16384
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_trigger WHERE oid OPERATOR(pg_catalog.>=) 16384
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_policy WHERE oid OPERATOR(pg_catalog.>=) 16384
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_attrdef WHERE oid OPERATOR(pg_catalog.>=) 16384
      UNION ALL SELECT inhrelid, xmin, ctid FROM pg_catalog.pg_inherits
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_language
      UNION ALL SELECT oid, xmin, ctid FROM pg_catalog.pg_namespace, others WHERE oid OPERATOR(pg_catalog.<>) ALL (schemas))
  SELECT CASE WHEN pg_catalog.pg_relation_size('pg_catalog.pg_attribute') OPERATOR(pg_catalog.+) pg_catalog.pg_relation_size('pg_catalog.pg_proc') OPERATOR(pg_catalog.<) 4194304
    THEN pg_catalog.concat_ws(' ', pg_catalog.current_schemas(true), (SELECT pg_catalog.sum(pg_catalog.hash_record_extended(ROW(id, xmin, ctid), 0)) FROM objects)) END
$$;
