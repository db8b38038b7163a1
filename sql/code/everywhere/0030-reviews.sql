-- A verdict on an output (counted from 0) of a call that one may see: picked, rejected, or NULL to take one's own back.
CREATE OR REPLACE PROCEDURE hologen.review(job_id uuid, verdict text, remark text DEFAULT NULL, output integer DEFAULT 0)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'review', 'job_id', job_id, 'verdict', verdict, 'remark', remark, 'output', output));
END $$;
