/** Functions for each row, and values that are written out for the look, where these are not what the engine evaluates. */
import { type Case, sent } from './case.js';

const drawn = (body: string, options = '', parameters = 'p text') =>
  `CREATE FUNCTION drawn(${parameters}) RETURNS text LANGUAGE plpgsql ${options} AS $$ ${body} $$`;
const dear = drawn("BEGIN RETURN ai_gen('m1', p); END", 'COST 1000000');
const odd =
  'CREATE FUNCTION odd(i int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 5000 AS $$ BEGIN RETURN i % 2 = 1; END $$';
const inBlock = (declared: string, ...run: string[]) =>
  `DO $$ DECLARE ${declared}; BEGIN ${run.map((each) => `${each}; `).join('')}END $$`;

export const hostileRows: Record<string, Case[]> = {
  'a function that is dearer than what it is written out as': [
    [
      'a sub-select beside a dear function',
      "SELECT id FROM foxes WHERE drawn(p) <> '' AND (SELECT count(*) FROM u WHERE u.id = foxes.id) > 0 ORDER BY id",
      dear,
    ],
    [
      'a function beside a dearer one',
      "SELECT id FROM foxes WHERE drawn(p) <> '' AND odd(id) ORDER BY id",
      dear,
      odd,
    ],
    [
      'a function beside a dearer one in HAVING',
      "SELECT k FROM foxes GROUP BY k HAVING drawn(max(p)) <> '' AND odd(max(id)) ORDER BY k",
      dear,
      odd,
    ],
  ],
  'casts that PL/pgSQL does not make': [
    [
      'a "char" that is assigned a number',
      'SELECT id, drawn(p) FROM foxes ORDER BY id',
      drawn(`DECLARE c "char"; BEGIN c := 65; RETURN ai_gen('m1', p || c::text); END`),
    ],
    [
      'an explicit cast of somebody',
      'SELECT id, drawn(p) FROM foxes ORDER BY id',
      'CREATE TYPE feel AS (a text)',
      `CREATE FUNCTION to_feel(text) RETURNS feel LANGUAGE sql IMMUTABLE AS $$ SELECT ROW('cast ' || $1)::feel $$`,
      'CREATE CAST (text AS feel) WITH FUNCTION to_feel(text)',
      drawn("DECLARE c feel; BEGIN c := p; RETURN ai_gen('m1', (c).a); END"),
      "UPDATE foxes SET p = '(' || id || ')'",
    ],
    [
      'a "char" declared with a number',
      inBlock('c "char" := 65', "PERFORM ai_gen('m1', p || c::text) FROM foxes"),
    ],
  ],
  'types whose names mean a length of 1': [
    [
      'a bpchar parameter of a function for each row',
      'SELECT drawn(p) FROM foxes ORDER BY id',
      drawn("BEGIN RETURN ai_gen('m1', x || '|'); END", '', 'x bpchar'),
    ],
    [
      'a bit parameter of a function for each row',
      'SELECT drawn(id::bit(4)) FROM foxes ORDER BY id',
      drawn("BEGIN RETURN ai_gen('m1', x::text || '|'); END", '', 'x bit'),
    ],
    [
      'a bpchar parameter that is given a literal',
      "SELECT go('abc')",
      "CREATE FUNCTION go(d bpchar) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM ai_gen('m1', p || d) FROM foxes; END $$",
    ],
    ['a bpchar that is bound', sent(['abc'], "SELECT ai_gen('m1', p || $1::bpchar || '.') FROM foxes")],
    [
      'a bpchar of a PREPARE',
      "EXECUTE of_bpchar('abc')",
      "PREPARE of_bpchar (bpchar) AS SELECT ai_gen('m1', p || $1 || '.') FROM foxes",
    ],
    [
      'a bit(4) of a PREPARE',
      "EXECUTE of_bit('1011')",
      "PREPARE of_bit (bit(4)) AS SELECT ai_gen('m1', p || $1::text || '.') FROM foxes",
    ],
    [
      'a bpchar that is bound in a batch',
      { text: "INSERT INTO log VALUES (ai_gen('m1', $1::bpchar || '.'))", batch: [['abc'], ['def']] },
    ],
    [
      'a char(n) in a condition of a batch',
      {
        text: "INSERT INTO log SELECT ai_gen('m1', $2::text) WHERE 'ab'::char(4) <> $1",
        batch: [
          ['ab', 'x'],
          ['b', 'y'],
        ],
      },
    ],
  ],
  'values that are written out and meant something else before': [
    [
      'a field of a row parameter is assigned',
      "SELECT go('(a,1)')",
      "CREATE FUNCTION go(q pair) RETURNS void LANGUAGE plpgsql AS $$ BEGIN q.b := 2; PERFORM ai_gen('m1', (q).b || p) FROM foxes; END $$",
    ],
    [
      'a date whose style is set behind it',
      inBlock(
        "d date := '01/02/2026'",
        "PERFORM set_config('datestyle', 'ISO, DMY', true)",
        "PERFORM ai_gen('m1', p || d) FROM foxes",
      ),
      "SET LOCAL datestyle = 'ISO, MDY'",
    ],
    [
      'a table whose path is set behind it',
      inBlock(
        "d regclass := 'o'",
        "PERFORM set_config('search_path', 'other, public', true)",
        "PERFORM ai_gen('m1', p || d::oid::regclass) FROM public.foxes",
      ),
    ],
  ],
};
