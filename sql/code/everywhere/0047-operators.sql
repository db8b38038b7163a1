-- What operators do with a gateway that runs.

-- Nothing more of the model's type is sent, until it is resumed; what was sent goes on. For all gateways, and over a restart.
CREATE OR REPLACE PROCEDURE hologen.pause_model(model_name text, reason text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'pause_model', 'model_name', model_name, 'reason', reason));
END $$;
CREATE OR REPLACE PROCEDURE hologen.resume_model(model_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'resume_model', 'model_name', model_name));
END $$;
