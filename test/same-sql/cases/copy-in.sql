-- COPY FROM STDIN: text, CSV, options; bad rows; the client's own failure; data nobody asked for.
-- Refused with: 22P02 22P04 22P04 57014 42P01 42703 58P01 22P02 25P02
CREATE TABLE c (id int, name text, at date);

COPY c FROM STDIN
\data
1	one	2026-01-01
2	\N	\N
3	tab\there \\ newline\n 中文	2026-12-31
\.

COPY c (name, id) FROM STDIN WITH (FORMAT csv, HEADER, NULL 'nil', QUOTE '"')
\data
name,id
"quoted, ""twice""",4
nil,5
"multi",6
\.

COPY c FROM STDIN
\data
7	seven	2026-01-07
eight	wrong	2026-01-08
\.

COPY c FROM STDIN
\data
9	too few
\.

COPY c FROM STDIN
\data
9	nine	2026-01-01	too many
\.

COPY c FROM STDIN
\data
10	ten	2026-01-01
\fail the client thought better of it 🦊

COPY c FROM STDIN WITH (FORMAT csv, ON_ERROR ignore, LOG_VERBOSITY verbose)
\data
11,eleven,2026-01-01
bad,row,2026-01-01
12,twelve,never
\.

COPY nosuch FROM STDIN
\data
1	2
\.

COPY c (nosuch) FROM STDIN;

COPY c FROM STDIN WHERE id > 20
\data
20	no	\N
21	yes	\N
\.

COPY c FROM '/nowhere/at/all';

SELECT * FROM c ORDER BY id;

BEGIN;

COPY c FROM STDIN
\data
x	y	z
\.

SELECT 1;

ROLLBACK;

COPY c FROM STDIN; SELECT 'behind the copy' AS a
\data
30	in a text of two	\N
\.

COPY c FROM STDIN
\data
31	ends with a mark	\N
\\.
32	behind the mark	\N
\.

SELECT count(*) FROM c;
