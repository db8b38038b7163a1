/** Rows of one portal that are read in two ways: by a client's Execute, and by the FETCH of SQL or of a function. */
import { bind, execute, parse } from '../../../frontend/raw-client.js';
import type { Sent } from '../wire-session.js';
import { type Case, sent } from './case.js';

const query = "SELECT id, ai_gen('m1', p) FROM foxes ORDER BY id";
const made: Sent = {
  text: `portal "a" of ${query}`,
  frames: [parse('', query), bind('a', '')],
};
/** 0: all. */
const executed = (rows: number, portal = 'a'): Sent => ({
  text: `Execute ${rows} of ${portal}`,
  frames: [execute(portal, rows)],
});
const declared = `DECLARE c CURSOR FOR ${query}`;
const held = `DECLARE c CURSOR WITH HOLD FOR ${query}`;
const inBlock =
  "DO $$ DECLARE c refcursor := 'a'; row record; BEGIN FETCH c INTO row; RAISE NOTICE 'noted %', row; END $$";

const asked = "SELECT id, ai_gen('m1', $1 || p) FROM foxes ORDER BY id";
const bound = (value: string): Sent => ({ text: `DECLARE c CURSOR FOR ${asked}`, parameters: [value] });

/** What COMMIT keeps is read afterwards. */
const kept = ['COMMIT', 'FETCH ALL FROM c', 'CLOSE c'];
const heldSo = (options: string, from = query): string => `DECLARE c ${options} CURSOR WITH HOLD FOR ${from}`;

const ofThose = "SELECT ai_gen('m1', p) FROM foxes WHERE id <= $1::int ORDER BY id";
const upTo = (most: string) => sent([most], `DECLARE c CURSOR FOR ${ofThose}`);

/** The second value is refused, as the portal is there; then so many more of its rows are asked for. */
const boundAgain = (text: string, [value, another]: [string, string], rows: number): (string | Sent)[] => [
  { text: `portal "a" of ${value}`, frames: [parse('q', text), bind('a', 'q', [value])] },
  executed(1),
  'SAVEPOINT s',
  { text: `portal "a" of ${another}`, frames: [bind('a', 'q', [another])], mayFail: true },
  'ROLLBACK TO s',
  executed(rows),
  'DEALLOCATE q',
];

export const portals: Record<string, Case[]> = {
  'a cursor WITH HOLD that COMMIT reads': [
    ['unread', [held, ...kept]],
    ['that cannot go back', [heldSo('NO SCROLL'), ...kept]],
    ['read in part', [held, 'FETCH 2 FROM c', ...kept]],
    ['read in part, and it cannot go back', [heldSo('NO SCROLL'), 'FETCH 2 FROM c', ...kept]],
    ['moved, and it cannot go back', [heldSo('NO SCROLL'), 'MOVE 2 FROM c', ...kept]],
    ['read to its end, and it cannot go back', [heldSo('NO SCROLL'), 'FETCH ALL FROM c', ...kept]],
    [
      'of which an aggregate gives one row, read before',
      [heldSo('', "SELECT count(ai_gen('m1', p)) FROM foxes"), 'FETCH 1 FROM c', ...kept],
    ],
    [
      'beside another one',
      [
        held,
        `DECLARE d CURSOR WITH HOLD FOR SELECT ai_gen('m2', p) FROM foxes WHERE id > 2`,
        ...kept,
        'CLOSE d',
      ],
    ],
    [
      'beside one that is closed with its transaction',
      [
        held,
        `DECLARE d CURSOR FOR SELECT ai_gen('m2', p) FROM foxes WHERE id > 2`,
        'FETCH 1 FROM d',
        ...kept,
      ],
    ],
    [
      'whose table has other rows since',
      [held, "INSERT INTO foxes VALUES (71, 'late')", ...kept, 'DELETE FROM foxes WHERE id = 71'],
    ],
    ['of two stages', [heldSo('', "SELECT ai_gen('m1', ai_gen('m2', p)) FROM foxes WHERE id < 4"), ...kept]],
    ['of which PostgreSQL reads some', [heldSo('', `${query} LIMIT 2`), ...kept]],
    [
      'with what is another value each time',
      [heldSo('', "SELECT ai_gen('m1', p || (random() < 2)) FROM foxes"), ...kept],
    ],
    [
      'that keeps what it has computed',
      [
        heldSo(
          'SCROLL',
          "SELECT a.id, ai_gen('m1', a.p || b.p) FROM foxes a JOIN foxes b ON a.k = b.k ORDER BY 1, 2",
        ),
        'FETCH 2 FROM c',
        ...kept,
      ],
    ],
    [
      'of a sub-select that is computed once',
      [heldSo('', "SELECT id, (SELECT ai_gen('m1', 'style')) FROM foxes"), 'FETCH 2 FROM c', ...kept],
    ],
    [
      'beside the same call of another one that was fetched',
      [held, `DECLARE d CURSOR FOR ${query}`, 'FETCH ALL FROM d', ...kept],
    ],
    ['by another word', [held, 'END', 'FETCH 1 FROM c', 'CLOSE c']],
    ['that is in another one’s text', [`${held}; SELECT 1`, ...kept]],
  ],
  'what failed has changed nothing': [
    [
      'a cursor that is declared once more with other values',
      [
        bound('a'),
        'SAVEPOINT s',
        { ...bound('b'), mayFail: true },
        'ROLLBACK TO s',
        'FETCH 2 FROM c',
        'FETCH 2 FROM c',
      ],
    ],
    ['a portal that is bound once more with other values', boundAgain(asked, ['x', 'y'], 2)],
  ],
  'what is bound once more, and refused': [
    [
      'a cursor, to more of the same rows',
      [upTo('2'), 'SAVEPOINT s', { ...upTo('4'), mayFail: true }, 'ROLLBACK TO s', 'FETCH 10 FROM c'],
    ],
    ['a portal, to more of the same rows', boundAgain(ofThose, ['2', '4'], 0)],
    [
      'a cursor that is closed and bound once more',
      [upTo('2'), 'FETCH 10 FROM c', 'CLOSE c', upTo('4'), 'FETCH 10 FROM c'],
    ],
  ],
  'a portal that is read in two ways': [
    ['FETCH between', [made, executed(1), 'FETCH 2 FROM a', executed(1)]],
    ['MOVE between', [made, executed(1), 'MOVE 2 FROM a', executed(1)]],
    ['FETCH in a block between', [made, executed(1), inBlock, executed(1), executed(1)]],
    ['FETCH between, and then all', [made, executed(1), 'FETCH 1 FROM a', executed(0)]],
    ['FETCH before', [made, 'FETCH 1 FROM a', executed(1), executed(0)]],
    ['FETCH before all', [made, 'FETCH 1 FROM a', executed(0)]],
    ['some, and then all', [made, executed(1), executed(0)]],
    ['some, more, and then all', [made, executed(1), executed(2), executed(0)]],
  ],
  "a cursor of SQL that is read by a client's Execute": [
    ['some', [declared, executed(2, 'c')]],
    ['FETCH between', [declared, executed(1, 'c'), 'FETCH 1 FROM c', executed(1, 'c'), 'FETCH 1 FROM c']],
    ['FETCH before', [declared, 'FETCH 2 FROM c', executed(1, 'c'), 'FETCH 1 FROM c']],
    ['FETCH before all', [declared, 'FETCH 1 FROM c', executed(0, 'c')]],
    ['WITH HOLD', [held, 'FETCH 1 FROM c', executed(1, 'c'), 'FETCH 1 FROM c']],
    ['WITH HOLD, all', [held, 'FETCH 1 FROM c', executed(0, 'c')]],
  ],
};
