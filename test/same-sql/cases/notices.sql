-- Notices at all levels, with all their fields, and as client_min_messages filters them.
-- Refused with: P0001
DO $$ BEGIN RAISE DEBUG 'd'; RAISE LOG 'l'; RAISE INFO 'i'; RAISE NOTICE 'n'; RAISE WARNING 'w'; END $$;

SET client_min_messages = 'log';

DO $$ BEGIN RAISE LOG 'l'; RAISE NOTICE 'n'; END $$;

SET client_min_messages = 'error';

DO $$ BEGIN RAISE INFO 'always'; RAISE WARNING 'w'; END $$;

RESET client_min_messages;

DO $$ BEGIN RAISE NOTICE USING MESSAGE = 'all', DETAIL = 'd', HINT = 'h', ERRCODE = '01ABC', TABLE = 't'; END $$;

CREATE FUNCTION talks(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'row %', n; RETURN n; END $$;

SELECT talks(n) FROM generate_series(1, 5) n;

DO $$ BEGIN FOR n IN 1..300 LOOP RAISE NOTICE '% %', n, repeat('x', 100); END LOOP; RAISE EXCEPTION 'after many'; END $$;

DROP TABLE IF EXISTS nothing_there;

COMMIT;

ROLLBACK;

SET LOCAL work_mem = '5MB';

VACUUM (VERBOSE false) pg_class;

DO $$ BEGIN BEGIN RAISE EXCEPTION 'caught'; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'got % %', SQLSTATE, SQLERRM; END; END $$;
