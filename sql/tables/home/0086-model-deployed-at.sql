-- Which of several models that had its name one after another a call was checked with: between the check and its job time may pass.
ALTER TABLE hologen_internal.job ADD COLUMN model_deployed_at timestamptz;
