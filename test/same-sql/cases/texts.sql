-- Text: unicode in values, names, literals and notices; escapes; what UTF-8 forbids.
-- Refused with: 54000 22021 23514 42703 42703
SELECT 'héllo wörld', '中文字符', 'emoji 👩‍👩‍👧‍👦 🏳️‍🌈', 'e' || chr(769), 'العربية', chr(1114111) AS "последний";

SELECT U&'d\0061t\+000061', E'tab\tnewline\nquote\'backslash\\', $$dollar 'quoted'$$, $tag$ $$ $tag$, 'it''s';

SELECT 1 AS "Spalte ""mit"" Anführung", 2 AS "列", 3 AS "🦊";

SELECT length('👩‍👩‍👧‍👦'), octet_length('中文'), upper('straße'), initcap('élan'), reverse('añb');

SELECT repeat('long ', 5000);

SELECT 'padded'::char(10), 'cut'::varchar(2), 'n'::"char", 'somename'::name;

SELECT 'too long'::text::varchar(3), ''::text, ' '::char(3);

SELECT chr(0);

SELECT convert_from('\xff', 'UTF8');

CREATE TABLE "Tabelle 表" ("Größe" int CHECK ("Größe" > 0));

INSERT INTO "Tabelle 表" VALUES (-1);

SELECT "größe" FROM "Tabelle 表";

SELECT 'é', '中', nicht_da FROM "Tabelle 表";

DO $$ BEGIN RAISE NOTICE 'Hinweis: % 🦊', '表'; END $$;
