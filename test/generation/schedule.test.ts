/** The schedule's gates: how many calls they let in, and whose limits hold. */
import { setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import { ownLimits } from '../../src/generation/own-limits.js';
import { createSchedule, type Gate, type Limits } from '../../src/generation/schedule.js';

const table: Limits = { submitsPerSecond: 1000, concurrentTasks: 3 };
const never = new AbortController().signal;

/** How many of `calls` are let in before any of them leaves. */
async function letIn(gate: Gate, calls: number): Promise<number> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let inside = 0;
  const waits = Array.from({ length: calls }, () =>
    gate.enter(stop.signal).then(
      () => {
        inside += 1;
      },
      () => {},
    ),
  );
  stop.abort();
  await Promise.all(waits);
  return inside;
}

test('a gate lets in as many at once as the model table allows, and the next when one leaves', async () => {
  const gate = createSchedule(true).gate('key type', table, {});
  const leave = await gate.enter(never);
  expect(await letIn(gate, 5)).toBe(2);
  let entered = false;
  const next = gate.enter(never).then(() => {
    entered = true;
  });
  expect(entered).toBe(false);
  leave();
  await next;
});

test("a deployed model's own limits replace those of the table, one by one", async () => {
  const schedule = createSchedule(true);
  expect(await letIn(schedule.gate('key type', table, { concurrentTasks: 5 }), 9)).toBe(5);
  expect(await letIn(schedule.gate('key type', table, { concurrentTasks: null }), 9)).toBe(9);
  const slow = schedule.gate('key type', table, { submitsPerSecond: 2, concurrentTasks: null });
  expect(await letIn(slow, 9)).toBe(2);
});

test('where no documented limits hold, a model of its own limits still keeps them', async () => {
  const schedule = createSchedule(false);
  expect(await letIn(schedule.gate('key type', table, {}), 50)).toBe(50);
  expect(await letIn(schedule.gate('key type', table, { concurrentTasks: 4 }), 50)).toBe(4);
});

test('calls of one key and the same limits share a gate; other limits have a gate of their own', () => {
  const schedule = createSchedule(true);
  const gate = schedule.gate('key type', table, {});
  expect(schedule.gate('key type', table, {})).toBe(gate);
  expect(schedule.gate('key type', table, { concurrentTasks: 3 })).toBe(gate);
  expect(schedule.gate('key type', table, { concurrentTasks: 2 })).not.toBe(gate);
  expect(schedule.gate('other type', table, {})).not.toBe(gate);
});

test('a call that is given up while it waits leaves no gap', async () => {
  const gate = createSchedule(true).gate('key type', table, { concurrentTasks: 1 });
  const leave = await gate.enter(never);
  const stop = new AbortController();
  const givenUp = gate.enter(stop.signal);
  const next = gate.enter(never);
  stop.abort(new Error('given up'));
  await expect(givenUp).rejects.toThrow('given up');
  leave();
  (await next)();
});

test('a 429 pauses everyone, once for all that fail together, and longer the next time', async () => {
  const gate = createSchedule(true).gate('key type', table, {});
  const refused = { throttled: true, askedMs: undefined };
  const startedAt = performance.now();
  await Promise.all([gate.again(refused, never), gate.again(refused, never), gate.enter(never)]);
  const first = performance.now();
  expect(first - startedAt).toBeGreaterThanOrEqual(370);
  expect(first - startedAt).toBeLessThan(900);
  await gate.again(refused, never);
  expect(performance.now() - first).toBeGreaterThanOrEqual(740);
  await gate.again({ throttled: true, askedMs: 20 }, never);
  expect(performance.now() - first).toBeLessThan(1_900);
});

test('a 429 lowers the rate, and taken submits raise it again', async () => {
  const gate = createSchedule(true).gate('key type', { submitsPerSecond: 40, concurrentTasks: null }, {});
  await gate.again({ throttled: true, askedMs: 1 }, never);
  const startedAt = performance.now();
  for (let count = 0; count < 10; count++) await gate.enter(never);
  const lowered = performance.now() - startedAt;
  expect(lowered).toBeGreaterThanOrEqual(400);
  for (let count = 0; count < 5; count++) gate.taken();
  for (let count = 0; count < 10; count++) await gate.enter(never);
  expect(performance.now() - startedAt - lowered).toBeLessThan(lowered);
});

test('limits of a config are read, and wrong ones are refused with the field and what is allowed', () => {
  expect(ownLimits({})).toEqual({});
  expect(ownLimits({ submits_per_second: 0.5, concurrent_tasks: 50 })).toEqual({
    submitsPerSecond: 0.5,
    concurrentTasks: 50,
  });
  expect(ownLimits({ concurrent_tasks: null })).toEqual({ concurrentTasks: null });
  for (const wrong of [0, -1, '5', null, Number.NaN])
    expect(() => ownLimits({ submits_per_second: wrong })).toThrow(/submits_per_second .*a number above 0/);
  for (const wrong of [0, 1.5, '5', true])
    expect(() => ownLimits({ concurrent_tasks: wrong })).toThrow(/concurrent_tasks .*a whole number above 0/);
});
