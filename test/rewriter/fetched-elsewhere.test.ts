/** Cursors and portals that stand elsewhere than it seems: what is read, and what is asked for, is the same as it is written. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bind, execute, parse } from '../frontend/raw-client.js';
import { shown } from './difference/outcome.js';
import type { Sent } from './difference/wire-session.js';
import { startWorld, type World } from './difference/world.js';
import { calling, declared, fetches, queryOf } from './fetched-rows.js';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** What is read is the same as it is written, whatever is at once. */
describe('where a place is not what it seems', () => {
  const sent = (text: string, name = ''): Sent => ({
    text,
    frames: [parse(name, text), bind('', name), execute('')],
  });
  const view = `CREATE TEMP VIEW called_rows AS ${queryOf(calling)}`;
  const twice = `SELECT i, CASE WHEN i > 3 THEN ai_gen('m1', 'row ' || i % 2) END AS r FROM generate_series(1, 12) i`;
  const staged = `SELECT i, CASE WHEN i > 3 THEN ai_gen('m1', ai_gen('m2', 'row ' || i)) END AS r FROM generate_series(1, 12) i`;
  const once = `SELECT i, CASE WHEN i > 2 THEN ai_gen('m1', i || (SELECT ai_gen('m2', 'style'))) END AS r FROM generate_series(1, 12) i`;
  const beside = `SELECT i, CASE WHEN i > 2 THEN ai_gen('m1', 'row ' || i) END AS r, (SELECT ai_gen('m2', 'style')) AS s FROM generate_series(1, 12) i`;
  const filtered = `SELECT i FROM generate_series(1, 24) i WHERE i < 6 OR length(ai_gen('m1', 'row ' || i)) % 2 = 0`;
  const sorted = `SELECT ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 8) i ORDER BY 1`;
  const moves = `CREATE FUNCTION pg_temp.moves() RETURNS int LANGUAGE plpgsql AS $$ DECLARE c refcursor := 'c'; BEGIN MOVE FORWARD 3 FROM c; RETURN 1; END $$`;
  const anew = `CREATE FUNCTION pg_temp.anew() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'CLOSE c'; EXECUTE 'DECLARE c CURSOR FOR ${twice.replaceAll("'", "''")}'; RETURN 1; END $$`;
  const every = `SELECT i, ai_gen('m1', 'row ' || i) AS r FROM generate_series(1, 20) i`;
  const partly = `SELECT i, CASE WHEN i < 6 OR i > 10 THEN ai_gen('m1', 'row ' || i) END AS r FROM generate_series(1, 30) i`;
  const same = `CREATE FUNCTION pg_temp.same() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'CLOSE c'; EXECUTE 'DECLARE c  CURSOR FOR ${every.replaceAll("'", "''")}'; RETURN 1; END $$`;
  const of = (query: string, options = '') => `DECLARE c ${options} CURSOR FOR ${query}`;

  /** Those with turns are at once in each part. */
  const cases: [string, (string | Sent)[], number[]?][] = [
    [
      'a view, by the extended protocol',
      [
        view,
        sent('DECLARE c CURSOR FOR SELECT * FROM called_rows'),
        sent('FETCH 4 FROM c'),
        sent('FETCH 3 FROM c', 'f'),
        sent('FETCH 7 FROM c'),
      ],
      [2, 4],
    ],
    [
      'a view',
      [
        view,
        'DECLARE c CURSOR FOR SELECT * FROM called_rows',
        'FETCH 4 FROM c',
        'FETCH 3 FROM c',
        'FETCH 7 FROM c',
      ],
      [2, 4],
    ],
    ['the same call for several rows', [of(twice), ...fetches([2, 3, 3, 4])], [2, 3, 4]],
    ['calls in two stages', [of(staged), ...fetches([2, 3, 3, 4])], [2, 2, 3, 3, 4, 4]],
    [
      'calls in two stages, behind ROLLBACK TO',
      [of(staged), 'FETCH 5 FROM c', 'SAVEPOINT one', 'FETCH 2 FROM c', 'ROLLBACK TO one', 'FETCH 3 FROM c'],
    ],
    [
      'calls in two stages, behind two FETCHes in one text',
      [of(staged), 'FETCH 2 FROM c; FETCH 3 FROM c', 'FETCH 3 FROM c', 'FETCH 3 FROM c'],
    ],
    ['a sub-select that is computed once', [of(once), ...fetches([2, 3, 3, 4])], [1, 3, 3, 4]],
    ['a sub-select that is computed at the first row', [of(beside), ...fetches([2, 3, 3, 4])]],
    ['a filter on results', [of(filtered), ...fetches([3, 2, 3, 2, 4])]],
    [
      'a filter on results, behind two FETCHes in one text',
      [of(filtered), 'FETCH 5 FROM c; FETCH 2 FROM c', ...fetches([3, 2])],
    ],
    [
      'a filter on results, behind ROLLBACK TO',
      [of(filtered), 'SAVEPOINT one', 'FETCH 7 FROM c', 'ROLLBACK TO one', ...fetches([3, 2])],
    ],
    ['rows that are sorted by results', [of(sorted), ...fetches([2, 3, 3])]],
    [
      'moved by a function',
      [moves, declared(), 'FETCH 2 FROM c', 'SELECT pg_temp.moves()', 'FETCH 4 FROM c', 'FETCH 4 FROM c'],
    ],
    [
      'moved by a function first',
      [moves, declared(), 'SELECT pg_temp.moves()', 'FETCH 4 FROM c', 'FETCH 4 FROM c'],
    ],
    [
      'declared anew by a function',
      [anew, declared(), 'FETCH 4 FROM c', 'SELECT pg_temp.anew()', 'FETCH 5 FROM c', 'FETCH 4 FROM c'],
    ],
    [
      'declared anew in one text',
      [declared(), 'FETCH 4 FROM c', `CLOSE c; ${of(twice)}; FETCH 2 FROM c`, 'FETCH 4 FROM c'],
    ],
    [
      'declared twice, which fails',
      [
        declared(),
        'FETCH 10 FROM c',
        'SAVEPOINT one',
        { text: declared(), mayFail: true },
        'ROLLBACK TO one',
        ...fetches([3, 9]),
      ],
    ],
    [
      'moved back by what was prepared',
      [
        declared(),
        'FETCH 4 FROM c',
        { text: 'back', frames: [parse('b', 'MOVE BACKWARD 3 FROM c')] },
        'FETCH 2 FROM c',
        { text: 'back', frames: [bind('', 'b'), execute('')] },
        'FETCH 5 FROM c',
        'FETCH 6 FROM c',
      ],
    ],
    [
      'moved back behind many spaces',
      [
        declared(),
        'FETCH 4 FROM c',
        `${' '.repeat(40)}MOVE/**/BACKWARD 3 FROM c`,
        'FETCH 5 FROM c',
        'FETCH 6 FROM c',
      ],
    ],
    [
      'in a text that is long',
      [
        declared(),
        'FETCH 4 FROM c',
        `/* ${'x'.repeat(3000)} */ FETCH 3 FROM c`,
        'FETCH 6 FROM c',
        'FETCH 6 FROM c',
      ],
    ],
    [
      'declared in a text that is long',
      [`DECLARE c CURSOR FOR ${queryOf(calling)} WHERE '${'x'.repeat(3000)}' <> ''`, ...fetches([4, 3, 7])],
    ],
    [
      'a FETCH whose rows the client reads in parts',
      [
        declared(),
        { text: 'parts', frames: [parse('', 'FETCH 7 FROM c'), bind('f', ''), execute('f', 2)] },
        { text: 'more', frames: [execute('f', 2)] },
        'FETCH 7 FROM c',
      ],
      [2, 4],
    ],
    [
      'a portal that FETCH reads over',
      [
        { text: 'portal', frames: [parse('', queryOf(calling)), bind('p', '')] },
        'FETCH 4 FROM p',
        { text: 'Execute', frames: [execute('p', 3)] },
        { text: 'Execute', frames: [execute('p', 6)] },
      ],
      [2, 4],
    ],
    [
      'a portal of calls in two stages',
      [
        { text: 'portal', frames: [parse('', staged), bind('p', '')] },
        ...[2, 3, 3, 4].map((rows) => ({ text: 'Execute', frames: [execute('p', rows)] })),
      ],
      [2, 2, 3, 3, 4, 4],
    ],
    [
      'a portal of which two parts are asked for in one pipe',
      [
        { text: 'portal', frames: [parse('', queryOf(calling)), bind('p', '')] },
        { text: 'Execute', frames: [execute('p', 5), execute('p', 3)] },
        { text: 'Execute', frames: [execute('p', 6)] },
      ],
    ],
    [
      'a portal behind an Execute that was left out',
      [
        { text: 'portal', frames: [parse('', queryOf(calling)), bind('p', '')] },
        { text: 'Execute', frames: [execute('p', 5)] },
        'SAVEPOINT one',
        {
          text: 'error',
          frames: [parse('', 'SELECT 1/0'), bind('', ''), execute(''), execute('p', 7)],
          mayFail: true,
        },
        'ROLLBACK TO one',
        { text: 'Execute', frames: [execute('p', 8)] },
      ],
      [1, 5],
    ],
    [
      'two portals of views, in turns',
      [
        `CREATE TEMP VIEW all_rows AS ${every}`,
        { text: 'one', frames: [parse('', 'SELECT * FROM all_rows'), bind('p', ''), execute('p', 5)] },
        { text: 'another', frames: [parse('', 'SELECT * FROM all_rows'), bind('q', ''), execute('q', 5)] },
        { text: 'one', frames: [execute('p', 5)] },
        { text: 'another', frames: [execute('q', 5)] },
      ],
    ],
    [
      'planned in another order by then',
      [
        `CREATE TEMP TABLE ordered AS SELECT i AS k, i FROM generate_series(20, 1, -1) i`,
        'CREATE INDEX ON ordered (k)',
        'SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexscan = off',
        of(`SELECT k, ai_gen('m1', 'row ' || k) FROM ordered WHERE k < 30`),
        'FETCH 5 FROM c',
        'SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on',
        ...fetches([5, 5]),
      ],
    ],
    ['behind many spaces', [of(every), `\n${' '.repeat(30)}FETCH 5 FROM c`, ...fetches([5, 5])]],
    [
      'moved by cursor_to_xml()',
      [of(every), 'FETCH 5 FROM c', "SELECT cursor_to_xml('c', 5, false, false, '')", ...fetches([5, 5])],
    ],
    [
      'forward by less than nothing',
      [of(partly), 'FETCH 10 FROM c', 'FETCH FORWARD -4 FROM c', ...fetches([5, 5])],
    ],
    [
      'backward behind a comment',
      [of(partly), 'FETCH 10 FROM c', 'FETCH/**/BACKWARD 4 FROM c', ...fetches([5, 5])],
    ],
    [
      'declared anew by a function, in the same words',
      [same, of(every), 'FETCH 5 FROM c', 'SELECT pg_temp.same()', ...fetches([5, 5])],
    ],
    ['SCROLL', [of(twice, 'SCROLL'), ...fetches([2, 3, 3, 4])], [2, 3, 4]],
    [
      'at_once off between',
      [
        declared(),
        'FETCH 6 FROM c',
        'SET LOCAL ai_gen.at_once = off',
        'FETCH 3 FROM c',
        'SET LOCAL ai_gen.at_once = on',
        'FETCH 9 FROM c',
      ],
    ],
  ];
  test.each(cases)('%s', async (_, steps, turns) => {
    const statement = {
      ...{ form: 'place', setup: [], ordered: true, after: ['DEALLOCATE ALL'] },
      steps: steps.map((step) => (typeof step === 'string' ? { text: step } : step)),
    };
    const { through, difference } = await world.compare(statement, 12);
    expect(difference ? shown(statement, difference) : '').toBe('');
    expect(through.heard.at(-1)?.error).toBe('');
    if (turns) expect(through.calls.turns).toEqual(turns);
  });
});
