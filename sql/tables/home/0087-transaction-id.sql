-- A gateway may be killed between the COMMIT of a statement with ai_submit and its own word that the calls may be sent: what became of the
-- transaction is asked for then.
ALTER TABLE hologen_internal.job ADD COLUMN transaction_id text;
