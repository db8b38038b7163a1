-- Which key of its model's pool a call was last sent with, and each attempt; NULL: the model has one key.
ALTER TABLE hologen_internal.job ADD COLUMN key_name text;
ALTER TABLE hologen_internal.attempt ADD COLUMN key_name text;
