/** Rows that a client reads in parts, of which some make a call and others none: each part's calls are made at once, and no others. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bind, execute, parse } from '../frontend/raw-client.js';
import { shown } from './difference/outcome.js';
import type { Sent } from './difference/wire-session.js';
import { startWorld, type World } from './difference/world.js';
import { calling, declared, fetches, last, queryOf } from './fetched-rows.js';
import { createRandom } from './random.js';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** More than are ever there: a turn ends when no call has come for a while. */
const many = 40;

/** So many calls are in the provider's hands at once for each part that has any. */
function turnsOf(parts: number[], rows = calling, from = 0): number[] {
  let before = from;
  return parts.flatMap((part) => {
    const calls = rows.filter((row) => row > before && row <= before + part).length;
    before += part;
    return calls > 0 ? [calls] : [];
  });
}

async function areSame(steps: (string | Sent)[], turns: number[]): Promise<void> {
  const sent = steps.map((step) => (typeof step === 'string' ? { text: step } : step));
  const statement = { form: 'fetched', setup: [], steps: sent, ordered: true, after: ['DEALLOCATE ALL'] };
  const { written, through, difference } = await world.compare(statement, many);
  expect(difference ? shown(statement, difference) : '').toBe('');
  expect(through.heard.at(-1)?.error).toBe('');
  expect(through.calls.turns).toEqual(turns);
  expect(through.calls.calls).toEqual(written.calls.calls);
}

describe('a cursor of SQL', () => {
  test.each([
    ['of which the first rows make no call', [4, 4, 4, 4, 4, 4]],
    ['of which rows between make none', [6, 2, 4, 5, 4, 3]],
    ['read by one row, too', [1, 1, 3, 1, 5, 4, 9]],
  ])('%s', (_, parts) => areSame([declared(), ...fetches(parts), 'CLOSE c'], turnsOf(parts)));

  test.each([1, 2, 3, 4, 5])('at random, %i', async (seed) => {
    const random = createRandom(seed);
    const rows = Array.from({ length: last }, (_, index) => index + 1).filter(() => random.chance(0.4));
    const parts = Array.from({ length: 6 }, () => 1 + random.below(7));
    const options = random.pick(['', 'NO SCROLL']);
    await areSame([declared(rows, options), ...fetches(parts)], turnsOf(parts, rows));
  });

  test('that is read to its end at last', () =>
    areSame([declared(), 'FETCH 4 FROM c', 'FETCH 3 FROM c', 'FETCH ALL FROM c'], turnsOf([4, 3, 17])));

  test('that was moved forward over rows without a call, and over others', () =>
    areSame(
      [
        declared(),
        'MOVE 4 FROM c',
        'FETCH 2 FROM c',
        'MOVE FORWARD 6 IN c',
        'FETCH 5 FROM c',
        'FETCH 5 FROM c',
      ],
      turnsOf([4, 2, 6, 5, 5]),
    ));

  test('by FETCH in other words, in one text with others', () =>
    areSame(
      [
        `${declared()}; FETCH NEXT FROM c`,
        'FETCH FORWARD 4 IN "c"',
        '/* more */ fetch 3 c',
        'FETCH 2 FROM c; FETCH 1 FROM c',
        'SELECT 1; FETCH NEXT c',
        'FETCH 9 FROM c',
      ],
      [...turnsOf([1, 4, 3]), 1, 1, ...turnsOf([1, 9], calling, 11)],
    ));

  test('beside another one', () =>
    areSame(
      [
        declared(),
        declared([2, 3, 4, 8]).replace('DECLARE c', 'DECLARE d'),
        ...['FETCH 4 FROM c', 'FETCH 1 FROM d', 'FETCH 2 FROM c', 'FETCH 4 FROM d', 'FETCH 6 FROM c'],
      ],
      [...turnsOf([4, 2]), 3, ...turnsOf([6], calling, 6)],
    ));

  test('that is declared anew under its name', () =>
    areSame(
      [declared(), 'FETCH 4 FROM c', 'CLOSE c', declared(), 'FETCH 5 FROM c', 'FETCH 7 FROM c'],
      turnsOf([5, 7]),
    ));

  test('in which nothing was read by FETCH 0 and MOVE 0', () =>
    areSame([declared(), 'MOVE 0 FROM c', 'FETCH 6 FROM c'], turnsOf([6])));

  test('behind ROLLBACK TO, which moves it nowhere', () =>
    areSame(
      [
        declared(),
        'FETCH 5 FROM c',
        'SAVEPOINT one',
        'FETCH 4 FROM c',
        'ROLLBACK TO one',
        'FETCH 3 FROM c',
        'ROLLBACK TO one',
        'FETCH 12 FROM c',
      ],
      turnsOf([5, 4, 3, 12]),
    ));

  test('behind the error of another statement', () =>
    areSame(
      [
        declared(),
        ...['FETCH 4 FROM c', 'SAVEPOINT one', { text: 'SELECT 1/0', mayFail: true }, 'ROLLBACK TO one'],
        ...['FETCH 2 FROM c', 'FETCH 7 FROM c'],
      ],
      turnsOf([4, 2, 7]),
    ));

  test('behind a FETCH that was not read, because the transaction had failed', async () => {
    const steps = [
      declared(),
      ...['FETCH 4 FROM c', 'SAVEPOINT one', { text: 'SELECT 1/0', mayFail: true }],
      ...[{ text: 'FETCH 5 FROM c', mayFail: true }, 'ROLLBACK TO one', 'FETCH 2 FROM c', 'FETCH 7 FROM c'],
    ];
    await areSame(steps, turnsOf([4, 2, 7]));
  });
});

/** Each is as it is written, one call after another where it is not known where the cursor stands. */
describe('a cursor that goes back', () => {
  test.each([
    ['BACKWARD', ['FETCH 7 FROM c', 'FETCH BACKWARD 3 FROM c', 'FETCH 4 FROM c']],
    ['before a call', ['FETCH 4 FROM c', 'MOVE BACKWARD 3 FROM c', 'FETCH 5 FROM c', 'FETCH 6 FROM c']],
    ['ABSOLUTE', ['FETCH 4 FROM c', 'MOVE ABSOLUTE 2 FROM c', 'FETCH 6 FROM c', 'FETCH 4 FROM c']],
    ['by -', ['FETCH 6 FROM c', 'MOVE -4 FROM c', 'FETCH 6 FROM c']],
    ['to its begin', ['FETCH ALL FROM c', 'MOVE FIRST FROM c', 'FETCH 9 FROM c']],
    ['PRIOR', ['FETCH 6 FROM c', 'FETCH PRIOR FROM c', 'FETCH 6 FROM c']],
    ['behind its end', ['FETCH 99 FROM c', 'FETCH BACKWARD 5 FROM c', 'FETCH 3 FROM c']],
    ['at its row', ['FETCH 6 FROM c', 'FETCH 0 FROM c', 'FETCH 6 FROM c']],
  ])('%s', async (_, steps) => {
    const sent = [`DECLARE c SCROLL CURSOR FOR SELECT id, ai_gen('m1', p) FROM foxes WHERE id > 1`, ...steps];
    const other = [declared(calling, 'SCROLL'), ...steps];
    for (const texts of [sent, other]) {
      const statement = {
        ...{ form: 'back', setup: [], ordered: true, after: [] },
        steps: texts.map((text) => ({ text })),
      };
      const { difference } = await world.compare(statement);
      expect(difference ? shown(statement, difference) : '').toBe('');
    }
  });
});

describe('as drivers do', () => {
  const parts = [4, 3, 1, 4, 7, 5];
  /** psqlODBC's UseDeclareFetch, with a cursor for each statement. */
  test('psqlODBC', () =>
    areSame(
      [
        `SAVEPOINT own; declare "SQL_CUR1" cursor for ${queryOf(calling)}; fetch 4 in "SQL_CUR1"`,
        ...parts.slice(1).map((rows) => `fetch ${rows} in "SQL_CUR1"`),
        'close "SQL_CUR1"; RELEASE own',
      ],
      turnsOf(parts),
    ));

  test('psycopg, by Parse, Bind and Execute', () => {
    const sent = (text: string): Sent => ({ text, frames: [parse('', text), bind('', ''), execute('')] });
    return areSame(
      [sent(declared()), ...parts.map((rows) => sent(`FETCH FORWARD ${rows} FROM "c"`))],
      turnsOf(parts),
    );
  });

  test('by a FETCH that was prepared', () => {
    const text = 'FETCH FORWARD 3 FROM c';
    return areSame(
      [
        declared(),
        { text, frames: [parse('f', text)] },
        ...Array.from({ length: 7 }, () => ({ text, frames: [bind('', 'f'), execute('')] })),
      ],
      turnsOf(Array.from({ length: 7 }, () => 3)),
    );
  });

  const portal = (named: string, rows: number[]): Sent[] => [
    { text: 'portal', frames: [parse('', queryOf(rows)), bind(named, '')] },
  ];
  const executed = (named: string, rows: number): Sent => ({
    text: `Execute ${rows}`,
    frames: [execute(named, rows)],
  });

  test.each([
    ['pgjdbc, with a fetch size', 'C_1'],
    ['pg-cursor', ''],
  ])('%s', (_, named) =>
    areSame([...portal(named, calling), ...parts.map((rows) => executed(named, rows))], turnsOf(parts)),
  );

  test('a portal that is read to its end at last', () =>
    areSame(
      [...portal('p', calling), executed('p', 4), executed('p', 3), executed('p', 0)],
      turnsOf([4, 3, 17]),
    ));

  test('a portal with a parameter, behind ROLLBACK TO', () =>
    areSame(
      [
        'SAVEPOINT one',
        {
          text: 'portal',
          frames: [parse('', queryOf(calling).replace("'row '", "$1 || 'row '")), bind('p', '', ['a '])],
        },
        executed('p', 4),
        'SAVEPOINT two',
        executed('p', 2),
        'ROLLBACK TO two',
        executed('p', 7),
      ],
      turnsOf([4, 2, 7]),
    ));

  test('several FETCHes in one pipe', async () => {
    const texts = ['FETCH 4 FROM c', 'FETCH 2 FROM c', 'FETCH 7 FROM c'];
    const pipe = texts.flatMap((text) => [parse('', text), bind('', ''), execute('')]);
    await areSame([declared(), { text: texts.join('; '), frames: pipe }], turnsOf([4, 2, 7]));
  });
});
