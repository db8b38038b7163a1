-- Why a job does not go on for now, and since when.
ALTER TABLE hologen.job ADD COLUMN hold_up json;
