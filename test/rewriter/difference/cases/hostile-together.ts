/** Statements that are sent together, where a later one meets something else than is there when they are looked at. */
import type { Case } from './case.js';

const ofU = "INSERT INTO log SELECT ai_gen('m2', style) FROM u WHERE style IS NOT NULL ORDER BY style";
const checked = [
  `CREATE FUNCTION checked(x text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN UPDATE u SET style = x; RETURN true; END $$`,
  'CREATE DOMAIN dom AS text CHECK (checked(VALUE))',
];
const partial = [
  'ALTER TABLE foxes DROP CONSTRAINT foxes_pkey',
  'CREATE INDEX ON foxes (id) WHERE r IS NULL',
  'SET LOCAL enable_seqscan = off',
];

export const hostileTogether: Record<string, Case[]> = {
  'rows of several statements that ask for the same': [
    [
      'the last row what the first one asks',
      {
        text: "SELECT id, ai_gen('m1', coalesce(name, 'n')) FROM s WHERE id < $1 ORDER BY id",
        batch: [['9'], ['9']],
      },
    ],
  ],
  'a first call that needs another one for other rows only': [
    [
      'of the first statement',
      {
        text: "INSERT INTO log SELECT ai_gen('m1', p) FROM foxes WHERE id = $1 OR (id < 3 AND ai_gen('m2', p) > '')",
        batch: [['1'], ['9']],
      },
    ],
    [
      'of a statement that makes no other ones',
      {
        text: "INSERT INTO log SELECT ai_gen('m1', p) FROM foxes WHERE id = $1 OR (id < $2 AND ai_gen('m2', p) > '')",
        batch: [
          ['1', '0'],
          ['9', '3'],
          ['1', '3'],
        ],
      },
    ],
  ],
  'columns that a plan of one table names without the table': [
    [
      'a column that is written is asked about',
      "UPDATE foxes SET r = 'z' || ai_gen('m1', p) WHERE id = 1; SELECT ai_gen('m2', 'r ' || r) FROM foxes WHERE id = 1",
      "UPDATE foxes SET r = 'old'",
    ],
    [
      'prompts are changed before an INSERT of what they give',
      "SELECT ai_gen('m1', 'x'); UPDATE foxes SET p = 'new'; INSERT INTO log SELECT ai_gen('m2', p) FROM foxes WHERE id = 1",
    ],
    [
      'a column that is written is asked about in a pipe',
      {
        text: "UPDATE foxes SET r = ai_gen('m1', p) WHERE id = $1",
        batch: [['1'], ['2']],
        behind: [{ text: "SELECT ai_gen('m2', 'r ' || r) FROM foxes WHERE id = $1", parameters: ['1'] }],
      },
      "UPDATE foxes SET r = 'old'",
    ],
    [
      'a generated column is asked about',
      "UPDATE o SET r = ai_gen('m1', 'a') WHERE id = 1; SELECT ai_gen('m2', 'len ' || len) FROM o",
      "INSERT INTO o (r) VALUES ('abc')",
    ],
    [
      'a virtual generated column is asked about',
      "UPDATE gv SET r = ai_gen('m1', 'a'); SELECT ai_gen('m2', 'len ' || len) FROM gv",
      'CREATE TABLE gv (r text, len int GENERATED ALWAYS AS (length(r)) VIRTUAL)',
      "INSERT INTO gv VALUES ('abc')",
    ],
    [
      'ctid is asked about',
      "UPDATE foxes SET r = ai_gen('m1', p) WHERE id = 1; SELECT ai_gen('m2', (ctid = '(0,1)')::text) FROM foxes WHERE id = 1",
    ],
  ],
  'a call of a view or a function in front of those of the text': [
    ['a view that calls, then TRUNCATE', `SELECT r FROM painted WHERE id < 3; TRUNCATE u; ${ofU}`],
    [
      'a view that calls, then a DO block',
      `SELECT r FROM painted WHERE id < 3; DO $$ BEGIN UPDATE u SET style = 'x'; END $$; ${ofU}`,
    ],
    [
      'an SQL function that calls, then MERGE',
      `SELECT paint('a'); MERGE INTO u USING s ON s.id = u.id WHEN MATCHED THEN UPDATE SET style = 'x'; ${ofU}`,
    ],
    [
      'a table is made of one that calls, then TRUNCATE',
      `CREATE TABLE made AS SELECT paint('a') AS r; TRUNCATE u; ${ofU}`,
    ],
  ],
  'what a plan does not tell of statements that are sent together': [
    [
      'a partial index in place of a condition',
      "UPDATE foxes SET r = ai_gen('m1', p) WHERE id = 1 AND r IS NULL; UPDATE foxes SET r = ai_gen('m1', p || '.') WHERE id = 1 AND r IS NULL",
      ...partial,
    ],
    [
      'a partial index in place of a condition in a pipe',
      {
        text: "UPDATE foxes SET r = ai_gen('m1', p || $2::text) WHERE id = $1 AND r IS NULL",
        batch: [
          ['1', 'a'],
          ['1', 'b'],
        ],
      },
      ...partial,
    ],
    [
      'a sequence that is read as a table',
      "INSERT INTO o (r) VALUES (ai_gen('m1', 'a')); INSERT INTO o (r) VALUES ('b'); INSERT INTO log SELECT ai_gen('m2', last_value || ' orders') FROM o_id_seq",
    ],
    [
      'a table that is read as XML',
      "INSERT INTO log VALUES (ai_gen('m1', 'a')); SELECT ai_gen('m2', length(table_to_xml('log', false, false, '')::text)::text)",
    ],
  ],
  'domains that do more, below the type of a column': [
    [
      'a row type of a domain',
      `SELECT ai_gen('m1', 'x'); INSERT INTO d VALUES (ROW('y')); ${ofU}`,
      ...checked,
      'CREATE TYPE rt AS (x dom)',
      'CREATE TABLE d (x rt)',
    ],
    [
      'an array of a domain',
      `SELECT ai_gen('m1', 'x'); INSERT INTO d VALUES ('{y}'); ${ofU}`,
      ...checked,
      'CREATE TABLE d (x dom[])',
    ],
    [
      'a domain of a domain',
      `SELECT ai_gen('m1', 'x'); INSERT INTO d VALUES ('y'); ${ofU}`,
      ...checked,
      'CREATE DOMAIN dom2 AS dom',
      'CREATE TABLE d (x dom2)',
    ],
    [
      'a default of a domain',
      `SELECT ai_gen('m1', 'x'); INSERT INTO d (y) VALUES (1); ${ofU}`,
      "CREATE FUNCTION touch() RETURNS int LANGUAGE sql VOLATILE AS $$ UPDATE u SET style = 'touched'; SELECT 1 $$",
      'CREATE DOMAIN dom AS int DEFAULT touch()',
      'CREATE TABLE d (x dom, y int)',
    ],
  ],
};
