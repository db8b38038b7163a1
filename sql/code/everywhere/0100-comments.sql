-- What \df+ and tools that look around show beside each function, and its twin. All forms of a name do the same.
DO $do$
DECLARE
  routine record;
BEGIN
  FOR routine IN
    SELECT p.oid::regprocedure AS signature, said.what
    FROM pg_proc p JOIN (VALUES
      ('ai_gen', 'Calls a model: pictures and video give JSON, text models their text.'),
      ('ai_gen_structured', 'An answer in JSON from a text model.'),
      ('ai_embed', 'The vector of a text, a picture or a video.'),
      ('ai_transcribe', 'What is said in a sound, as JSON.'),
      ('ai_classify', 'The label that fits a text best.'),
      ('ai_extract', 'What a text says of each label, as JSON.'),
      ('ai_mask', 'A text with [MASKED] in place of what the labels name.'),
      ('ai_fix_grammar', 'A text, put right.'),
      ('ai_summarize', 'A text in short.'),
      ('ai_translate', 'A text in another language.'),
      ('ai_sentiment', 'positive, negative, neutral or mixed.'),
      ('ai_similarity', 'How near two texts are: 1 for the same.'),
      ('ai_rank', 'How well a document answers a query, from 0 to 1.'),
      ('ai_parse_document', 'A PDF, or a picture of a document, as Markdown.'),
      ('image_generate', 'One picture in plain words, whatever model makes it, as JSON.'),
      ('prompt', 'A request for ai_gen with arguments for {0}, {1} …; calls nothing.'),
      ('ai_chunk', 'Pieces of a text that overlap; calls nothing.'),
      ('try_to_file', 'As to_file, and NULL where that raises an error.'),
      ('fl_get_size', 'The size of a FILE''s object in bytes.'),
      ('fl_get_etag', 'The ETag of a FILE''s object, which changes with its content.'),
      ('fl_get_content_type', 'The content type of a FILE''s object.'),
      ('fl_get_last_modified', 'When a FILE''s object was written.'),
      ('fl_get_file_type', 'image, video, audio, document or unknown.'),
      ('ai_submit', 'Asks for a call that outlives its statement, and gives a handle at once.'),
      ('ai_wait', 'The result of a handle of ai_submit; NULL when it is not there after the timeout.'),
      ('ai_status', 'The state of a handle of ai_submit.'),
      ('ai_cancel', 'Gives a call of ai_submit up; true: there will be no result, and nothing is paid.'),
      ('ai_estimate', 'What a statement would call and cost, without sending a call or keeping what it writes.'),
      ('to_file', 'The right to read and write a place in OSS, as a FILE.'),
      ('file_url', 'An HTTPS address that lets anybody read an object for a while, as it is or as OSS makes it: image/resize,w_800.'),
      ('register_external_model', 'Deploys a model under a name for SQL.'),
      ('add_external_model', 'Deploys a model with an API key of one''s own.'),
      ('delete_external_model', 'Removes a deployed model.'),
      ('list_external_models', 'The deployed models.'),
      ('share_job', 'Shows a job to viewers, or no longer.'),
      ('review', 'One''s own verdict on an output of a call that one may see.'),
      ('register_usual_models', 'Deploys the usual models whose names are free; for administrators.'),
      ('set_place', 'Gives a directory and the right to it a name, for SET ai_gen.place; for administrators.'),
      ('remove_place', 'Removes the name of a place; for administrators.'),
      ('refresh_object_table', 'Brings an object table up to date with what lies in its directory.'),
      ('pause_model', 'Sends nothing more of a model''s type until it is resumed; for administrators.'),
      ('set_webhook', 'Tells an address, signed, what becomes of calls; shows the secret once; for administrators.'),
      ('remove_webhook', 'Tells a webhook nothing more; for administrators.'),
      ('retry_job', 'Asks again for what a job has failed to make, once; gives a handle for ai_wait.'),
      ('drain_gateway', 'Lets this gateway take no new calls, and tells what is left; for administrators.'),
      ('reload_settings', 'Reads the settings of this gateway again, and tells what changed; for administrators.'),
      ('undrain_gateway', 'Lets a drained gateway take calls again; for administrators.'),
      ('resume_model', 'Lets the calls of a paused model go on; for administrators.'),
      ('set_budget', 'Sets how much may be called or spent in a period; for administrators.'),
      ('remove_budget', 'Removes budgets; for administrators.'),
      ('grant_model', 'Lets a role call a model, and from then on those alone who are named; for administrators.'),
      ('revoke_model', 'Takes the right to call a model from a role; for administrators.'),
      ('hg_version', 'The version, as Hologres tells it.'),
      ('hg_dump_script', 'The statements that make a table or view again.'),
      ('hg_show_build_index_progress', 'As in Hologres; there is nothing to be built here.'),
      ('instance_max_connections', 'How many connections the engine takes.'),
      ('hg_upgrade_all_normal_dynamic_tables', 'As in Hologres; there is nothing to be upgraded here.'),
      ('hg_dynamic_table_config_upgrade', 'As in Hologres; there is nothing to be upgraded here.'),
      ('set_table_property', 'Keeps a property of a table, as Hologres does.')) AS said (name, what) ON p.proname = said.name
    WHERE (p.pronamespace IN ('hologen'::regnamespace, 'hologen_names'::regnamespace)
       -- PostgreSQL's own have lower numbers.
       OR p.pronamespace = 'pg_catalog'::regnamespace AND p.oid >= 16384) AND pg_has_role(p.proowner, 'USAGE')
  LOOP
    EXECUTE format('COMMENT ON ROUTINE %s IS %L', routine.signature, routine.what);
  END LOOP;
END $do$;
