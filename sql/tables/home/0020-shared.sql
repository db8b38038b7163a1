-- Jobs that viewers see: whoever made one, or an administrator, has shared it.
ALTER TABLE hologen_internal.job ADD COLUMN shared boolean NOT NULL DEFAULT false;
CREATE INDEX job_shared ON hologen_internal.job (submitted_at DESC, job_id DESC) WHERE shared;
-- What a viewer sees: all, or what was shared.
INSERT INTO hologen_internal.setting VALUES ('viewers_see', 'shared') ON CONFLICT DO NOTHING;
