-- JSON, JSONB, XML, bytea, UUID, network and geometric types, text search.
-- Refused with: 22P02 22P02 2200M 22023 22P02
SELECT '{"a": [1, 2.50, "x\u00e9", null, true], "a": 2}'::json, '{"b": 1, "a": [1, 2.50, "é"], "b": 2}'::jsonb, 'null'::jsonb, '"s"'::json;

SELECT '{"a": {"b": [10, 20]}}'::jsonb #> '{a,b,1}', '{"a": 1}'::jsonb @? '$.a', jsonb_path_query_array('[1,2,3]', '$[*] ? (@ > 1)');

SELECT '{"a": 1,}'::json;

SELECT '{"a": "\ud800"}'::jsonb;

SELECT * FROM json_to_recordset('[{"a": 1, "b": "x"}, {"a": 2}]') AS r(a int, b text);

SELECT '$.a[*] ? (@ > 1)'::jsonpath;

SELECT '<a x="1">text<b/></a>'::xml;

SELECT xmlparse(document '<a>');

SELECT '\xdeadbeef'::bytea, ''::bytea, decode('AAEC', 'base64'), E'\\000\\377'::bytea;

SET bytea_output = 'escape';

SELECT '\x00ff4142'::bytea;

SELECT '\xzz'::bytea;

SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '192.168.0.1/24'::inet, '10.0.0.0/8'::cidr, '08:00:2b:01:02:03'::macaddr, '08:00:2b:01:02:03:04:05'::macaddr8;

SELECT '(1,2)'::point, '((0,0),(1,1))'::box, '[(0,0),(1,1)]'::lseg, '<(1,2),3>'::circle, '((0,0),(1,1),(2,0))'::polygon, '{1,2,3}'::line;

SELECT to_tsvector('simple', 'the quick brown fox'), 'fox & !dog'::tsquery, '16/B374D848'::pg_lsn, '10:20:10,14,15'::pg_snapshot;

SELECT 'pg_class'::regclass, 'int4'::regtype, 'now()'::regprocedure, 'english'::regconfig;

SELECT 'not-a-uuid'::uuid;
