-- Statements that the engine ends: statement, lock and transaction timeouts.
-- Refused with: 57014 57014 57014 57014 25P02 57014
SET statement_timeout = '60ms';

SELECT pg_sleep(20);

SELECT 'in time';

DO $$ BEGIN PERFORM pg_sleep(20); END $$;

COPY (SELECT pg_sleep(20)) TO STDOUT;

BEGIN;

SELECT pg_sleep(20);

SELECT 1;

ROLLBACK;

SET statement_timeout = 0;

SELECT pg_cancel_backend(pg_backend_pid());

SELECT 'goes on';
