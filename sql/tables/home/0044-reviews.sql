-- What people think of what was made: a verdict of each person on each output, gone with its job.
CREATE TABLE hologen_internal.review (
  job_id      uuid NOT NULL REFERENCES hologen_internal.job ON DELETE CASCADE,
  -- Counted from 0, as in the job's outputs.
  output      integer NOT NULL CHECK (output >= 0),
  role_name   text NOT NULL,
  role_oid    oid NOT NULL,
  verdict     text NOT NULL CHECK (verdict IN ('picked', 'rejected')),
  remark      text,
  reviewed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (job_id, output, role_name, role_oid)
);
CREATE INDEX review_newest ON hologen_internal.review (reviewed_at DESC);
REVOKE ALL ON hologen_internal.review FROM PUBLIC;
