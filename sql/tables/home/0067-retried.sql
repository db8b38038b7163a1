-- The call that was made in the place of one that failed (retry_job), and when: so that nobody pays for two of them.
ALTER TABLE hologen_internal.job ADD COLUMN retried_as uuid, ADD COLUMN retried_at timestamptz;
