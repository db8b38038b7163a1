-- The session's own end: rows before it, a FATAL, then nothing.
-- Refused with: 57P01
SELECT n FROM generate_series(1, 3) n;

SELECT pg_terminate_backend(pg_backend_pid());

SELECT 'never answered';
