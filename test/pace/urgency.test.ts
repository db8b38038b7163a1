/** A gate of one place: who is let in next, and when those that give way must go. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createGate, type Gate } from '../../src/pace/gate.js';
import type { Urgency } from '../../src/pace/urgency.js';

const never = new AbortController().signal;
let gate: Gate;
let entered: string[];
let leave: () => void;
beforeEach(async () => {
  vi.useFakeTimers();
  gate = createGate({ submitsPerSecond: Number.POSITIVE_INFINITY, concurrentTasks: 1 });
  entered = [];
  leave = await gate.enter(never, 'somebody');
});
afterEach(() => void vi.useRealTimers());

function enter(name: string, role: string, urgency?: Urgency, signal = never): void {
  gate.enter(signal, role, false, urgency).then(
    (left) => {
      entered.push(name);
      leave = left;
    },
    () => {},
  );
}
async function next(): Promise<string | undefined> {
  leave();
  await vi.advanceTimersByTimeAsync(0);
  return entered.at(-1);
}
const wantedIn = (seconds: number, secondsEach: number): Urgency => ({
  standing: 'after all',
  by: { at: Date.now() + seconds * 1000, secondsEach: () => secondsEach },
});

test('one that is wanted by a time gives way until just as long is left as it will take', async () => {
  enter('wanted', 'ann', wantedIn(100, 10));
  for (const name of ['bob 1', 'bob 2', 'bob 3']) enter(name, 'bob');
  expect(await next()).toBe('bob 1');
  // Three calls of 10 s one after another, a tenth more, and 5 s: it must go when 38 s are left.
  await vi.advanceTimersByTimeAsync(61_000);
  expect(gate.state()).toMatchObject({ queued: 3, givingWay: 1 });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(gate.state()).toMatchObject({ queued: 3, givingWay: 0 });
  expect([await next(), await next(), await next()]).toEqual(['bob 2', 'wanted', 'bob 3']);
});

test('those that are wanted earlier go along with one that must go, and those that have left count no more', async () => {
  const gone = new AbortController();
  enter('later', 'ann', wantedIn(1000, 10));
  enter('first', 'ann', wantedIn(50, 10));
  enter('given up', 'ann', wantedIn(60, 10), gone.signal);
  enter('low', 'ann', { standing: 'after all' });
  enter('bob', 'bob');
  gone.abort();
  await vi.advanceTimersByTimeAsync(40_000);
  expect(gate.state()).toMatchObject({ queued: 4, givingWay: 2 });
  expect([await next(), await next()]).toEqual(['bob', 'first']);
  expect([await next(), await next()]).toEqual(['later', 'low']);
});

test('one that cannot be over by then any more stands as the others do at once', async () => {
  enter('bob 1', 'bob');
  enter('bob 2', 'bob');
  enter('too late', 'ann', wantedIn(1, 10));
  expect([await next(), await next(), await next()]).toEqual(['bob 1', 'too late', 'bob 2']);
});
