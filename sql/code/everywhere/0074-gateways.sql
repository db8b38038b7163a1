-- The gateways of this engine, and what operators do with the one that serves their session.

-- The gateway takes no new calls until undrain_gateway; what was begun goes on to its end. Tells what is left: statements that wait for calls, and
-- calls, those of ai_submit among them.
CREATE OR REPLACE PROCEDURE hologen.drain_gateway(INOUT waiting_statements bigint DEFAULT NULL, INOUT open_calls bigint DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask('{"ask": "drain_gateway"}');
  waiting_statements := answer ->> 'waiting_statements';
  open_calls := answer ->> 'open_calls';
END $$;
CREATE OR REPLACE PROCEDURE hologen.undrain_gateway()
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask('{"ask": "undrain_gateway"}');
END $$;

-- Reads the settings of the gateway again, its settings file and certificate: those that can change while it runs hold from then on. Shows their names, and
-- those of what needs a restart.
CREATE OR REPLACE PROCEDURE hologen.reload_settings(INOUT changed text[] DEFAULT NULL, INOUT need_restart text[] DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask('{"ask": "reload_settings"}');
  changed := ARRAY(SELECT json_array_elements_text(answer -> 'changed'));
  need_restart := ARRAY(SELECT json_array_elements_text(answer -> 'need_restart'));
END $$;

-- Each gateway that lives, live. `serves_me`: this session's. Of the others it is not known how many statements wait.
CREATE OR REPLACE FUNCTION hologen_caller.list_gateways()
RETURNS TABLE (gateway_id text, serves_me boolean, draining_since timestamptz, drained_by text, waiting_statements bigint, open_calls bigint)
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.gateway_id, g.serves_me, g.draining_since, g.drained_by, g.waiting_statements, g.open_calls
  FROM json_to_recordset(hologen_caller.ask('{"ask": "gateways"}'))
    AS g (gateway_id text, serves_me boolean, draining_since timestamptz, drained_by text, waiting_statements bigint, open_calls bigint)
$$;
CREATE OR REPLACE VIEW hologen.gateways AS SELECT * FROM hologen_caller.list_gateways();
GRANT SELECT ON hologen.gateways TO PUBLIC;
