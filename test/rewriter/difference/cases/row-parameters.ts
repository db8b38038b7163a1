/** Statements with parameters: PL/pgSQL functions for each row beside a call of the statement, and what only the engine can read. */
import { type Case, sent } from './case.js';

/** Whose types the written out form would tell otherwise, or that only the statement itself tells. */
const parameters: [name: string, text: string, given: (string | null)[], body?: string, of?: string][] = [
  ['alone', "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id", ['007']],
  ['NULL', "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id", [null]],
  ['a number by its text', "SELECT id, ai_gen('m3', p), drawn($1::int || p) FROM foxes ORDER BY id", ['007']],
  [
    'in two places',
    "SELECT id, ai_gen('m3', p), drawn(p || $1), length($1) FROM foxes ORDER BY id",
    ['a b '],
  ],
  ['of another type elsewhere', "SELECT ai_gen('m3', p), drawn(p || $1) FROM foxes WHERE k = $1", ['1']],
  ['a list', "SELECT ai_gen('m3', p), drawn(p) FROM foxes WHERE id = ANY ($1) ORDER BY id", ['{1,3}']],
  [
    'a number',
    "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id",
    ['1234567890.10'],
    "BEGIN RETURN ai_gen('m1', p::text); END",
    'p numeric',
  ],
  [
    'a date',
    "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id",
    ['1/2/2026'],
    "BEGIN RETURN ai_gen('m1', p::text); END",
    'p date',
  ],
  [
    'json',
    "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id",
    ['{"a":  1}'],
    "BEGIN RETURN ai_gen('m1', p ->> 'a'); END",
    'p jsonb',
  ],
  [
    'a varchar',
    "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id",
    ['abc'],
    undefined,
    'p varchar',
  ],
  [
    'what is no number',
    "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id",
    ['x'],
    "BEGIN RETURN ai_gen('m1', p::text); END",
    'p int',
  ],
  [
    'a row',
    "SELECT id, ai_gen('m3', p), drawn($1) FROM foxes ORDER BY id",
    ['(1,"a ""b""",2,,)'],
    "BEGIN RETURN ai_gen('m1', p.p); END",
    'p foxes',
  ],
  [
    'written',
    "INSERT INTO o (n, r) SELECT id + $1, drawn(p || $2) || ai_gen('m3', p) FROM foxes",
    ['3', "it's \\"],
  ],
  ['a limit', "SELECT ai_gen('m3', p), drawn(p) FROM foxes ORDER BY id LIMIT $1", ['2']],
  [
    'in a condition',
    "SELECT id, ai_gen('m3', p), CASE WHEN $1 THEN drawn(p) ELSE drawn('not ' || p) END FROM foxes ORDER BY id",
    ['f'],
  ],
  [
    'two functions beside',
    "SELECT id, drawn(p || $1), drawn($2 || p), ai_gen('m2', $1) FROM foxes ORDER BY id",
    ['a', 'b'],
  ],
];

export const rowParameters: Record<string, Case[]> = {
  'parameters in an encoding that is not UTF-8': [
    [
      'of a call',
      sent(['é'], "SELECT ai_gen('m1', $1 || p) FROM foxes ORDER BY id"),
      'SET LOCAL client_encoding = LATIN1',
    ],
    [
      'of a call, without a letter of it',
      sent(['e'], "SELECT ai_gen('m1', $1 || p) FROM foxes ORDER BY id"),
      'SET LOCAL client_encoding = LATIN1',
    ],
    [
      'of a batch',
      {
        text: "UPDATE foxes SET r = ai_gen('m1', $2 || p) WHERE id = $1",
        batch: [
          ['1', 'é'],
          ['2', 'ü'],
        ],
      } as never,
      'SET LOCAL client_encoding = LATIN1',
    ],
  ],
  'functions for each row, with parameters': parameters.map(
    ([name, text, given, body = "BEGIN RETURN ai_gen('m1', p); END", of = 'p text']): Case => [
      name,
      sent(given, text),
      `CREATE FUNCTION drawn(${of}) RETURNS text LANGUAGE plpgsql AS $$ ${body} $$`,
    ],
  ),
};
