-- What a call is found by besides its prompt: the paths of what it made, and its label.
-- While it is filled nobody opens or changes jobs, so that no path is missed.
LOCK TABLE hologen_internal.job IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE hologen_internal.prompt ADD COLUMN names text COLLATE "C" NOT NULL DEFAULT '';
UPDATE hologen_internal.prompt p SET names = found.names
FROM (
  SELECT submitted_at, job_id,
    lower(concat_ws(' ', request ->> 'label', (SELECT string_agg(output ->> 'ossPath', ' ') FROM jsonb_array_elements(outputs) AS output)) COLLATE "C") AS names
  FROM hologen_internal.job WHERE outputs <> '[]' AND json_typeof(request) = 'object'
) AS found
WHERE p.submitted_at = found.submitted_at AND p.job_id = found.job_id AND found.names <> '';
