/** Statements that PostgreSQL may run in another way than they are looked at: planned for any values, or by the costs of functions. */
import { type Case, sent } from './case.js';

const drawn = (name: string, model: string, made = `ai_gen('${model}', p)`) =>
  `CREATE FUNCTION ${name}(p text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ${made}; END $$`;
const both = [drawn('drawn', 'm1'), drawn('also', 'm2')];
const costing = (name: string, gives: string, type: string, cost: number) =>
  `CREATE FUNCTION ${name}(p text) RETURNS ${type} LANGUAGE plpgsql IMMUTABLE COST ${cost} AS $$ BEGIN RETURN ${gives}; END $$`;

/** One value is in many rows of "many", and most of them fit none of "few": for it both are read and joined, for any other one rows are looked up. */
const manyAndFew = [
  'CREATE TABLE many (id int, x int, y int)',
  'INSERT INTO many SELECT i, CASE WHEN i = 1 THEN 5 ELSE 1000 + i END, 1 FROM generate_series(1, 500) i',
  'INSERT INTO many SELECT i, i, i FROM generate_series(501, 5500) i',
  'CREATE TABLE few (x int, p text)',
  "INSERT INTO few SELECT i, 'fox ' || i FROM generate_series(1, 40) i",
  'CREATE INDEX ON few (x)',
  'CREATE INDEX ON many (y)',
  'ANALYZE many',
  'ANALYZE few',
];
const forAnyValues = 'SET LOCAL plan_cache_mode = force_generic_plan';
const joined = (value: string) =>
  `SELECT many.id FROM many JOIN few ON many.x = few.x WHERE many.y = ${value} AND ai_gen('m1', few.p) <> ''`;
/** It sees what the statement has written by then. */
const counting = (name: string, parameters: string) =>
  `CREATE FUNCTION ${name}(${parameters}) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN $1::text || (SELECT count(*) FROM w WHERE k = 9)::text; END $$`;
const ownUpper = counting('upper', 'json');
const ownOperator = [
  counting('beside', 'text, int'),
  'CREATE OPERATOR || (FUNCTION = beside, LEFTARG = text, RIGHTARG = int)',
];
const inLatin1 = `SET LOCAL client_encoding = 'LATIN1'`;
/** Half of the rows have one value, and come first; by the index they come from behind. */
const fromBothEnds = [
  'CREATE TABLE halves (id int, y int, p text)',
  "INSERT INTO halves SELECT i, i % 2, 'fox ' || i FROM generate_series(1, 2000) i",
  "INSERT INTO halves SELECT i, i, 'fox ' || i FROM generate_series(2001, 5000) i",
  'CREATE INDEX ON halves (y, id DESC)',
  'ANALYZE halves',
];

export const otherWays: Record<string, Case[]> = {
  'planned for any values': [
    ['a parameter', sent(['1'], joined('$1')), ...manyAndFew, forAnyValues],
    [
      'EXECUTE',
      [`PREPARE run (int) AS ${joined('$1')}`, 'EXECUTE run (1)', 'DEALLOCATE run'],
      ...manyAndFew,
      forAnyValues,
    ],
    [
      'a batch',
      { text: `INSERT INTO log ${joined('$1')}`, batch: [['1'], ['2']] },
      ...manyAndFew,
      forAnyValues,
    ],
    [
      'a LIMIT without an order',
      sent(['1'], "SELECT id, ai_gen('m1', p) FROM halves WHERE y = $1 LIMIT 3"),
      ...fromBothEnds,
      forAnyValues,
    ],
    [
      'a parameter of a function',
      'SELECT * FROM found(1)',
      ...manyAndFew,
      `CREATE FUNCTION found(given int) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY ${joined('given')}; END $$`,
      forAnyValues,
    ],
    [
      'a loop over a parameter of a function',
      'SELECT found(1)',
      ...manyAndFew,
      `CREATE FUNCTION found(given int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE row record; n int := 0;
         BEGIN FOR row IN ${joined('given')} LOOP n := n + 1; END LOOP; RETURN n; END $$`,
      forAnyValues,
    ],
    [
      'a parameter of a function in SQL',
      'SELECT * FROM found(1)',
      ...manyAndFew,
      `CREATE FUNCTION found(given int) RETURNS SETOF int LANGUAGE sql STRICT AS $$ ${joined('given')} $$`,
      forAnyValues,
    ],
  ],
  'the order of what functions for each row cost': [
    ['a call before it', "SELECT id FROM foxes WHERE ai_gen('m3', p) <> '' AND drawn(p) LIKE '%2%'", ...both],
    [
      'a call before it, for groups',
      "SELECT k FROM foxes GROUP BY k HAVING ai_gen('m3', max(p)) <> '' AND drawn(max(p)) LIKE '%4%'",
      ...both,
    ],
    [
      'a call before it in a join',
      "SELECT a.id FROM foxes a JOIN foxes b ON a.k = b.k AND ai_gen('m3', a.p || b.p) <> '' AND drawn(a.p || b.p) LIKE '%2%'",
      ...both,
    ],
    [
      'a call before it in an UPDATE',
      "UPDATE foxes SET r = 'x' WHERE ai_gen('m3', p) <> '' AND drawn(p) LIKE '%2%'",
      ...both,
    ],
    [
      'a call before it in a DELETE',
      "DELETE FROM foxes WHERE ai_gen('m3', p) <> '' AND drawn(p) LIKE '%2%'",
      ...both,
    ],
    [
      'one that costs more where it is written out',
      "SELECT id FROM foxes WHERE upper(also(p)) <> '' AND drawn(p) LIKE '%2%'",
      drawn('drawn', 'm1', "upper(lower(upper(ai_gen('m1', p))))"),
      drawn('also', 'm2'),
    ],
    [
      'an argument that it does not read',
      "SELECT id FROM foxes WHERE blank(dear(p), p) <> '' AND picky(p)",
      "CREATE FUNCTION blank(p text, q text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('m1', q); END $$",
      costing('dear', 'p', 'text', 1000),
      costing('picky', "p = 'fox 2'", 'boolean', 500),
    ],
  ],
  'EXECUTE with calls': [
    [
      'a value that is read for each row',
      [
        "PREPARE run (text) AS SELECT id, ai_gen('m1', $1) FROM foxes",
        "EXECUTE run (ai_gen('m2', 'x'))",
        'DEALLOCATE run',
      ],
    ],
    [
      'a value that is read twice',
      [
        "PREPARE run (text) AS INSERT INTO log VALUES ($1), (ai_gen('m1', $1)), (ai_gen('m3', $1 || 'x'))",
        "EXECUTE run (ai_gen('m2', 'x'))",
        'DEALLOCATE run',
      ],
    ],
    [
      'a value that a function gives',
      [
        "PREPARE run (text) AS SELECT id, ai_gen('m1', $1) FROM foxes",
        "EXECUTE run (drawn('x'))",
        'DEALLOCATE run',
      ],
      ...both,
    ],
  ],
  'what is bound in another encoding': [
    ['a parameter', sent(['é'], "SELECT id, ai_gen('m1', p || $1) FROM foxes ORDER BY id"), inLatin1],
    [
      'a parameter of what writes',
      sent(['é', '3'], "UPDATE foxes SET r = ai_gen('m1', p || $1) WHERE id < $2"),
      inLatin1,
    ],
    [
      'a batch',
      { text: "INSERT INTO log VALUES (ai_gen('m1', $1::text))", batch: [['é'], ['fox']] },
      inLatin1,
    ],
    [
      'the text of one in a batch',
      {
        text: "INSERT INTO log VALUES (ai_gen('m1', $1::text))",
        batch: [['fox']],
        behind: [{ text: "INSERT INTO log VALUES (ai_gen('m2', 'é'))", parameters: [] }],
      },
      inLatin1,
    ],
    [
      'a parameter without such characters',
      sent(['e'], "SELECT id, ai_gen('m1', p || $1) FROM foxes ORDER BY id"),
      inLatin1,
    ],
  ],
  "somebody's own under PostgreSQL's names, beside what writes": [
    [
      'a function of a result',
      "UPDATE w SET k = 9 RETURNING upper(to_json(ai_gen('m1', 'x' || id)))",
      ownUpper,
    ],
    ['an operator', "UPDATE w SET k = 9 RETURNING ai_gen('m1', 'x') || id", ...ownOperator],
    [
      'an operator in a call',
      "UPDATE w SET k = 9 RETURNING ai_gen('m2', ai_gen('m1', 'x') || id)",
      ...ownOperator,
    ],
    [
      'a function behind a WITH that writes',
      "WITH x AS (UPDATE w SET k = 9 RETURNING id) SELECT upper(to_json(ai_gen('m1', 'x' || id))) FROM x",
      ownUpper,
    ],
    [
      'one that is IMMUTABLE',
      "UPDATE w SET k = 9 RETURNING upper(id), ai_gen('m1', 'x' || id)",
      "CREATE FUNCTION upper(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'own ' || n $$",
    ],
  ],
  'settings of the look': [
    [
      'one that is told',
      "SELECT ai_gen('m1', p || current_setting('client_min_messages')) FROM foxes ORDER BY id",
    ],
    [
      'one by a name that is not told',
      "SELECT ai_gen('m1', p || current_setting('cursor_' || 'tuple_fraction')) FROM foxes ORDER BY id",
    ],
    [
      'one by a name in a column',
      "SELECT ai_gen('m1', p || current_setting(name)) FROM foxes, (VALUES ('client_min_messages'), ('work_mem')) AS x (name) ORDER BY id",
    ],
    [
      'one of the gateway',
      "SELECT ai_gen('m1', p || coalesce(current_setting('hologen.noted', true), '')) FROM foxes ORDER BY id",
    ],
    [
      'all',
      "SELECT ai_gen('m1', p || setting) FROM foxes, pg_settings WHERE pg_settings.name ~ '^client_min' ORDER BY id",
    ],
    [
      'in VALUES',
      "INSERT INTO log VALUES (ai_gen('m1', current_setting('client_min_messages'))), (ai_gen('m1', 'x'))",
    ],
    [
      'in VALUES without a call',
      "SELECT count(ai_gen('m1', x)) FROM (VALUES (current_setting('client_min_messages')), ('b')) AS v (x)",
    ],
    [
      'in VALUES of a view',
      "SELECT count(ai_gen('m1', x)) FROM told",
      "CREATE VIEW told (x) AS VALUES (current_setting('client_min_messages')), ('b')",
    ],
    [
      'in a LIMIT',
      "SELECT count(r) FROM (SELECT ai_gen('m1', p) AS r FROM foxes ORDER BY id LIMIT CASE current_setting('client_min_messages') WHEN 'error' THEN 3 ELSE 1 END) AS s",
    ],
    [
      'as XML',
      "SELECT count(ai_gen('m1', p || (table_to_xml('pg_settings', true, false, '') IS NULL)::text || substring(table_to_xml('pg_settings', true, false, '')::text FROM 'client_min_messages</name>\\s*<setting>(\\w+)'))) FROM foxes",
    ],
    [
      'in a function for each row',
      'SELECT drawn(p) FROM foxes ORDER BY id',
      drawn('drawn', 'm1', "ai_gen('m1', p || current_setting('client_min_messages'))"),
    ],
    ['another one', "SELECT ai_gen('m1', p || current_setting('work_mem')) FROM foxes ORDER BY id"],
  ],
};
