-- The newest of a model that did not succeed.
CREATE INDEX job_unsuccessful_of_model ON hologen.job (model_name, state, submitted_at DESC, job_id DESC) WHERE state <> 'succeeded';
