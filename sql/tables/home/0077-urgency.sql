-- How a call stands in its line (SET ai_gen.priority; NULL: as usual), and until when it gives way to others (SET ai_gen.by).
ALTER TABLE hologen_internal.job ADD COLUMN priority text, ADD COLUMN wanted_by timestamptz;
