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

-- Tells an address, signed, what became of calls: of those that name the webhook (SET ai_gen.webhook), and of a role, a group, a tag besides. Shows the
-- secret that receivers verify with, this once.
CREATE OR REPLACE PROCEDURE hologen.set_webhook(webhook_name text, url text, role_name text DEFAULT NULL, tag text DEFAULT NULL, INOUT secret text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  secret := hologen_caller.ask(json_build_object('ask', 'set_webhook', 'webhook_name', webhook_name, 'url', url, 'role_name', role_name, 'tag', tag,
    'secret', secret)) #>> '{}';
END $$;
CREATE OR REPLACE PROCEDURE hologen.remove_webhook(webhook_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'remove_webhook', 'webhook_name', webhook_name));
END $$;
