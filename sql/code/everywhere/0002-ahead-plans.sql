-- What PostgreSQL tells of a query that is looked ahead in before it is run: its plan, and the types of its parameters.

-- The plan of a query, with the names as this session sees them.
CREATE OR REPLACE FUNCTION hologen_caller.plan_of(query text) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  plan pg_catalog.json;
BEGIN
  EXECUTE pg_catalog.concat('EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ', query) INTO plan;
  RETURN plan;
END $$;

-- The plan of a query for any values of its parameters, or, without types, as it stands. What is prepared stays, whatever is undone.
CREATE OR REPLACE FUNCTION hologen_caller.plan_beside(query text, types json) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  named   text;
  nothing text;
  own     text;
  plan    pg_catalog.json;
  state   text;
BEGIN
  IF types IS NULL THEN
    RETURN hologen_caller.plan_of(query);
  END IF;
  SELECT pg_catalog.string_agg(t, ', ' ORDER BY n), pg_catalog.string_agg('NULL', ', ') INTO named, nothing
    FROM pg_catalog.json_array_elements_text(types) WITH ORDINALITY AS p(t, n);
  own := hologen_caller.free_name();
  EXECUTE pg_catalog.concat('PREPARE ', own, ' (' || named || ')', ' AS ', query);
  PERFORM pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true);
  EXECUTE pg_catalog.concat('EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE ', own, '(' || nothing || ')') INTO plan;
  EXECUTE pg_catalog.concat('DEALLOCATE ', own);
  RETURN plan;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
  IF EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE name OPERATOR(pg_catalog.=) own) THEN
    EXECUTE pg_catalog.concat('DEALLOCATE ', own);
  END IF;
  IF state OPERATOR(pg_catalog.=) '57014' THEN
    RAISE;
  END IF;
  RETURN NULL;
END $$;

-- Types by name, as casts are written with them: of a type without a length (-1) the name does not mean a length of 1.
CREATE OR REPLACE FUNCTION hologen_caller.type_names(types oid[]) RETURNS text[]
LANGUAGE sql STABLE AS $$
  SELECT ARRAY(SELECT pg_catalog.format_type(t, -1) FROM pg_catalog.unnest(types) WITH ORDINALITY AS p(t, n) ORDER BY n)
$$;

-- The types that a client gave its parameters, for PREPARE; of 0 the engine finds it out. NULL: it gave none.
CREATE OR REPLACE FUNCTION hologen_caller.given_types(given json) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.string_agg(CASE WHEN oid OPERATOR(pg_catalog.=) '0' THEN 'unknown' ELSE pg_catalog.format_type(oid::pg_catalog.oid, -1) END, ', ')
    FROM pg_catalog.json_array_elements_text(given) AS t(oid)
$$;

-- A name for what is prepared for a moment: not one of the client's.
CREATE OR REPLACE FUNCTION hologen_caller.free_name() RETURNS text
LANGUAGE sql VOLATILE AS $$
  SELECT 'hologen_ahead' || pg_catalog.repeat('_', pg_catalog.max(pg_catalog.length(name)) OPERATOR(pg_catalog.-) 12)
    FROM (SELECT name FROM pg_catalog.pg_prepared_statements WHERE pg_catalog.starts_with(name, 'hologen_ahead') UNION ALL SELECT 'hologen_ahea') AS taken
$$;

-- The types of a query's parameters, those inferred that the client gave none (0). For a moment the session has a prepared statement more.
CREATE OR REPLACE FUNCTION hologen_caller.parameter_types(query text, given json) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  known text := hologen_caller.given_types(given);
  own   text := hologen_caller.free_name();
  types pg_catalog.json;
BEGIN
  EXECUTE pg_catalog.concat('PREPARE ', own, ' (' || known || ')', ' AS ', query);
  SELECT pg_catalog.to_json(hologen_caller.type_names(parameter_types::pg_catalog.oid[])) INTO types FROM pg_catalog.pg_prepared_statements WHERE name OPERATOR(pg_catalog.=) own;
  EXECUTE pg_catalog.concat('DEALLOCATE ', own);
  RETURN types;
END $$;
