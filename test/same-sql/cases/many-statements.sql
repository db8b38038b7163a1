-- Several statements in one text: results in order, implicit transaction, what a failure undoes; empty texts.
-- Refused with: 22012 22012 42601 42703 25P02 25001
SELECT 1 AS a; SELECT 'b' AS b, 2 AS c; SELECT WHERE false;

CREATE TABLE m (a int); INSERT INTO m VALUES (1), (2); UPDATE m SET a = a + 1; SELECT * FROM m ORDER BY a; DELETE FROM m;

INSERT INTO m VALUES (1); SELECT 1 / 0; INSERT INTO m VALUES (2);

SELECT count(*) FROM m;

INSERT INTO m VALUES (1); COMMIT; INSERT INTO m VALUES (2); SELECT 1 / 0;

SELECT count(*) FROM m;

BEGIN; INSERT INTO m VALUES (5); SAVEPOINT s; INSERT INTO m VALUES (6); ROLLBACK TO s; COMMIT; TABLE m;

;

;;; SELECT 1;; ;

-- only a comment

/* nothing */

SELECT 1; SELEC 2;

BEGIN; SELECT 1; SELECT nope; SELECT 2;

SELECT 'still failed';

ROLLBACK; SELECT 'fine again';

SET search_path = pg_catalog; SELECT current_schemas(false); RESET search_path;

VACUUM m; SELECT 1;

DO $$ BEGIN RAISE NOTICE 'a; b'; END $$; SELECT ';' AS ";", '--', '/*';
