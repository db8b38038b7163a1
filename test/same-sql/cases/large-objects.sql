-- Large objects through their SQL functions.
-- Refused with: 23505 42704 42704
SELECT lo_create(900001);

SELECT lo_create(900001);

SELECT lo_put(900001, 0, 'hello large world'), lo_get(900001), lo_get(900001, 6, 5);

BEGIN;

SELECT lo_open(900001, x'60000'::int);

SELECT lowrite(0, '\x0102ff'), lo_lseek(0, 0, 0), loread(0, 8), lo_tell64(0), lo_truncate(0, 4), lo_close(0);

COMMIT;

SELECT loread(0, 1);

SELECT lo_from_bytea(900002, '\xcafe');

SELECT lo_get(900002);

COMMENT ON LARGE OBJECT 900001 IS 'kept';

SELECT lo_unlink(900001), lo_unlink(900002);

SELECT lo_unlink(900001);
