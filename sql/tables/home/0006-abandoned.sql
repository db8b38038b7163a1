-- An open job that nobody waits for any more: the next identical call takes it over, through whichever gateway it comes.
ALTER TABLE hologen.job ADD COLUMN abandoned boolean NOT NULL DEFAULT false;
CREATE INDEX job_open ON hologen.job (role_name, request_key) WHERE state IN ('submitted', 'running', 'saving');
