/** The gateway stays awake between messages only while one session takes quick turns with the engine. */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { createBusyLook, type Side } from '../../src/frontend/busy-look.js';

/** A clock that is moved by hand; each turn of the event loop takes 0.01 ms. */
function clock() {
  let at = 0;
  const due: (() => void)[] = [];
  return {
    now: () => at,
    nextTurn: (look: () => void) => void due.push(look),
    /** How long it has looked before this time was over. */
    pass(ms: number): number {
      const end = at + ms;
      let turns = 0;
      for (let look = due.shift(); look; look = at < end ? due.shift() : undefined) {
        at += 0.01;
        turns += 1;
        look();
      }
      at = Math.max(at, end);
      return turns;
    },
  };
}

test.skipIf(availableParallelism() < 2)('it looks while one session takes quick turns, and no longer', () => {
  const own = clock();
  const look = createBusyLook(0.15, own);
  const [one, other] = [{}, {}];
  const turn = (session: object, side: Side, ms: number) => {
    look?.passed(session, side);
    return own.pass(ms);
  };
  // Nothing is known yet.
  expect([turn(one, 0, 0.05), turn(one, 1, 0.05), turn(one, 0, 0.05)]).toEqual([0, 0, 0]);
  turn(one, 1, 0.05);
  expect(turn(one, 0, 0.05)).toBe(5);
  expect(turn(one, 1, 0.05)).toBeGreaterThan(0);
  // What does not come is not waited for any longer, nor the next time.
  const inVain = turn(one, 0, 10);
  expect(inVain).toBeGreaterThan(5);
  expect(inVain).toBeLessThan(25);
  turn(one, 1, 0.05);
  // One that was begun before ends with its next turn.
  expect(turn(one, 0, 10)).toBeLessThanOrEqual(1);
  // Two at once, and one that sends without being answered.
  for (let round = 0; round < 4; round += 1) {
    turn(one, 0, 0.02);
    turn(other, 0, 0.02);
    turn(one, 1, 0.02);
    expect(turn(other, 1, 0.02)).toBeLessThanOrEqual(1);
  }
  turn(one, 1, 0.02);
  expect(turn(one, 1, 1)).toBe(0);
});

test('it can be switched off', () => {
  expect(createBusyLook(0)).toBe(undefined);
});
