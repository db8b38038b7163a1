-- That its role does not want a job any more: a notification alone, which anybody can send, cancels nothing.
ALTER TABLE hologen.job ADD COLUMN cancel_asked boolean NOT NULL DEFAULT false;
