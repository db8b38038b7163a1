-- Who has called which model: few rows, however many jobs there are.
CREATE TABLE hologen.caller (
  role_name  text NOT NULL,
  model_name text NOT NULL,
  PRIMARY KEY (role_name, model_name)
);
REVOKE ALL ON hologen.caller FROM PUBLIC;
INSERT INTO hologen.caller SELECT DISTINCT role_name, model_name FROM hologen.job;

-- What did not succeed is looked for among very much that did.
CREATE INDEX job_unsuccessful ON hologen.job (state, submitted_at DESC, job_id DESC) WHERE state <> 'succeeded';
