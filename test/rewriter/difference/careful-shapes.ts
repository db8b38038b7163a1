/** Shapes that look as those that are left as written for a reason, and have none: what is looked for beforehand must not grow too careful. */
import { one } from './query-shapes.js';
import type { Sent } from './wire-session.js';

const settings = ["SET timezone = 'UTC'", "SET datestyle = 'ISO'", "SET intervalstyle = 'postgres'"];

export const carefulShapes: [name: string, setup: string[], steps: (string | Sent)[], atOnce?: number][] = [
  [
    'a function in SQL that is STABLE by its word',
    [
      "CREATE FUNCTION answers() RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT ai_gen('m1', p) FROM foxes $$",
    ],
    ['SELECT * FROM answers()'],
  ],
  [
    'conditions on parameters that are NULL, in front of a call',
    [],
    [
      {
        text: `SELECT id FROM foxes WHERE ($1::int IS NULL OR k = $1) AND ($2::text IS NULL OR p = $2) AND ${one} <> ''`,
        parameters: [null, null],
      },
    ],
  ],
  [
    'a condition on a parameter that an index serves, in front of a call',
    ['SET LOCAL enable_seqscan = off'],
    [{ text: `SELECT id FROM foxes WHERE id > $1::int AND ${one} <> ''`, parameters: ['0'] }],
  ],
  [
    'a prepared prompt that begins with a word for a time, with the settings of drivers',
    settings,
    [
      "PREPARE q AS SELECT ai_gen('m1', 'Now rate this from 1-5 as qwen3-max would: ' || p) FROM foxes",
      'EXECUTE q',
    ],
  ],
  [
    'a cast of a call beside NATURAL JOIN',
    [],
    [`SELECT ${one}::varchar FROM foxes NATURAL JOIN (SELECT id FROM foxes) b`],
  ],
  [
    'results that are looked up by a function of them',
    [
      'CREATE TABLE labels (name text)',
      "INSERT INTO labels VALUES ('m1<fox 1>'), ('m1<fox 2>')",
      'ANALYZE labels',
    ],
    [`SELECT a.id FROM (SELECT id, ${one} AS r FROM foxes) a JOIN labels l ON l.name = lower(a.r)`],
  ],
  [
    'a function in SQL whose columns have names of its tables',
    [
      "CREATE FUNCTION rated_foxes() RETURNS TABLE (foxes int, rating text) LANGUAGE sql AS $$ SELECT foxes.id, ai_gen('m1', foxes.p) FROM foxes $$",
    ],
    ['SELECT * FROM rated_foxes()'],
  ],
  [
    'a cursor, and rows of others FETCHed FIRST between',
    [`DECLARE c CURSOR FOR SELECT id, ${one} FROM foxes`],
    [
      'FETCH 2 FROM c',
      'SELECT id FROM foxes ORDER BY id FETCH FIRST 1 ROWS ONLY',
      'FETCH 2 FROM c',
      'CLOSE c',
    ],
    2,
  ],
  [
    'lead() with a default that calls',
    [],
    [`SELECT id, lead(${one}, 1, ai_gen('m2', 'none ' || id)) OVER (ORDER BY id) FROM foxes`],
  ],
];
