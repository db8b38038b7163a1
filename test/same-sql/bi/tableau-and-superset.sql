-- What Tableau (over ODBC) and Superset (over SQLAlchemy) add to what their drivers ask: probing, temporary tables, cursors, samples.
-- Refused with: 42P02
SET DateStyle = 'ISO'; SET extra_float_digits = 2; SHOW transaction_isolation;

SELECT oid, typbasetype FROM pg_type WHERE typname = 'lo';

SELECT CURRENT_DATABASE(), version();

CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ("COL" integer) ON COMMIT PRESERVE ROWS;

INSERT INTO "#Tableau_1_Connect" ("COL") VALUES (1);

SELECT "COL" AS "COL" INTO TEMPORARY "#Tableau_2_Connect" FROM (SELECT 1 AS "COL") AS "CheckCreateTempTable" LIMIT 1;

DROP TABLE "#Tableau_1_Connect"; DROP TABLE "#Tableau_2_Connect";

SELECT "Custom SQL Query"."mood" AS "mood", COUNT(1) AS "cnt:1:ok", SUM(CAST("Custom SQL Query"."balance" AS double precision)) AS "sum:balance:ok" FROM (SELECT * FROM shop.customers) "Custom SQL Query" GROUP BY 1 ORDER BY 1;

SELECT * FROM "shop"."customers" WHERE 1 = 0;

BEGIN; DECLARE "SQL_CUR1" CURSOR WITH HOLD FOR SELECT "customers"."id" AS "id" FROM "shop"."customers" "customers" ORDER BY 1; FETCH 2048 IN "SQL_CUR1"; CLOSE "SQL_CUR1"; COMMIT;

SELECT pg_catalog.version(); SELECT current_schema(); SHOW standard_conforming_strings;

SELECT DATE_TRUNC('day', seen) IS NOT NULL AS __timestamp, mood AS mood, AVG(balance) AS "AVG(balance)" FROM shop.customers WHERE seen >= TO_TIMESTAMP('2020-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY 1, mood ORDER BY "AVG(balance)" DESC, mood LIMIT 10000;

EXPLAIN (COSTS OFF) SELECT * FROM shop.happy;

SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' ORDER BY nspname;

SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY c.relname
\bind ["shop"]
