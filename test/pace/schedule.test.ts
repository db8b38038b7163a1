/** The schedule's gates: how many calls they let in, and whose limits hold. */
import { setMaxListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createCooling } from '../../src/pace/cooling.js';
import { enterFirst } from '../../src/pace/first-gate.js';
import type { Gate, Limits } from '../../src/pace/gate.js';
import { createSchedule } from '../../src/pace/schedule.js';
import { usual } from '../../src/pace/urgency.js';
import { ownLimits } from '../../src/providers/model-studio/own-limits.js';

const table: Limits = { submitsPerSecond: 1000, concurrentTasks: 3 };
const never = new AbortController().signal;

/** How many of `calls` are let in before any of them leaves. */
async function letIn(gate: Gate, calls: number): Promise<number> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let inside = 0;
  const waits = Array.from({ length: calls }, () =>
    gate.enter(stop.signal, 'ann').then(
      () => {
        inside += 1;
      },
      () => {},
    ),
  );
  // A second gate is reached in a turn of its own.
  await turn();
  stop.abort();
  await Promise.all(waits);
  return inside;
}

test('a gate lets in as many at once as the model table allows, and the next when one leaves', async () => {
  const gate = createSchedule(true).gate('type', { account: 'key', limits: table, own: {} });
  const leave = await gate.enter(never, 'ann');
  expect(await letIn(gate, 5)).toBe(2);
  let entered = false;
  const next = gate.enter(never, 'ann').then(() => {
    entered = true;
  });
  expect(entered).toBe(false);
  leave();
  await next;
});

test("a deployed model's own limits replace those of the table, one by one", async () => {
  const schedule = createSchedule(true);
  expect(
    await letIn(schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks: 5 } }), 9),
  ).toBe(5);
  expect(
    await letIn(schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks: null } }), 9),
  ).toBe(9);
  const slow = schedule.gate('type', {
    account: 'key',
    limits: table,
    own: { submitsPerSecond: 2, concurrentTasks: null },
  });
  expect(await letIn(slow, 9)).toBe(2);
});

test('where no documented limits hold, a model of its own limits still keeps them', async () => {
  const schedule = createSchedule(false);
  expect(await letIn(schedule.gate('type', { account: 'key', limits: table, own: {} }), 50)).toBe(50);
  expect(
    await letIn(schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks: 4 } }), 50),
  ).toBe(4);
});

test('different limits of one key and type do not add up: the widest holds for all of them together', async () => {
  const schedule = createSchedule(true);
  const [six, two] = [6, 2].map((concurrentTasks) =>
    schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks } }),
  );
  expect(await letIn(two as Gate, 9)).toBe(2);
  expect(await letIn(six as Gate, 9)).toBe(4);
  expect(
    await letIn(schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks: 5 } }), 9),
  ).toBe(0);
  expect(
    await letIn(
      schedule.gate('type', { account: 'another key', limits: table, own: { concurrentTasks: 5 } }),
      9,
    ),
  ).toBe(5);
  // One that waits at the second gate and is given up has left the first one, too.
  expect(
    await letIn(schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks: 8 } }), 9),
  ).toBe(2);
});

test('calls of one key and the same limits share a gate; other limits have a gate of their own', () => {
  const schedule = createSchedule(true);
  const gate = schedule.gate('type', { account: 'key', limits: table, own: {} });
  expect(schedule.gate('type', { account: 'key', limits: table, own: {} })).toBe(gate);
  expect(schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks: 3 } })).toBe(gate);
  expect(schedule.gate('type', { account: 'key', limits: table, own: { concurrentTasks: 2 } })).not.toBe(
    gate,
  );
  expect(schedule.gate('other', { account: 'key', limits: table, own: {} })).not.toBe(gate);
});

test('a call that is given up while it waits leaves no gap', async () => {
  const gate = createSchedule(true).gate('type', {
    account: 'key',
    limits: table,
    own: { concurrentTasks: 1 },
  });
  const leave = await gate.enter(never, 'ann');
  const stop = new AbortController();
  const givenUp = gate.enter(stop.signal, 'ann');
  const next = gate.enter(never, 'ann');
  stop.abort(new Error('given up'));
  await expect(givenUp).rejects.toThrow('given up');
  leave();
  (await next)();
});

test('a 429 pauses everyone, once for all that fail together, and longer the next time', async () => {
  const gate = createSchedule(true).gate('type', { account: 'key', limits: table, own: {} });
  const refused = { throttled: true, askedMs: undefined };
  const pausedMs = () => gate.state().pausedMs;
  const startedAt = performance.now();
  const waits = [gate.again(refused, never), gate.again(refused, never), gate.enter(never, 'ann')];
  expect(pausedMs()).toBeLessThanOrEqual(625);
  await Promise.all(waits);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(370);
  const askedAt = performance.now();
  const second = gate.again(refused, never);
  const longer = pausedMs();
  // Some of the pause may be over before it is looked at.
  expect(longer + performance.now() - askedAt).toBeGreaterThan(625);
  expect(longer).toBeLessThanOrEqual(1250);
  await second;
  const asked = gate.again({ throttled: true, askedMs: 20 }, never);
  expect(pausedMs()).toBeLessThanOrEqual(20);
  await asked;
});

test('a 429 lowers the rate, and taken submits raise it again', async () => {
  const gate = createSchedule(true).gate('type', {
    account: 'key',
    limits: { submitsPerSecond: 40, concurrentTasks: null },
    own: {},
  });
  for (let count = 0; count < 3; count++) await gate.again({ throttled: true, askedMs: 1 }, never);
  expect(gate.state().pace).toBe(5);
  const lowered = await timeOf(5);
  expect(lowered).toBeGreaterThanOrEqual(800);
  for (let count = 0; count < 9; count++) gate.taken();
  expect(gate.state().pace).toBe(40);
  expect(await timeOf(5)).toBeLessThan(lowered);

  async function timeOf(submits: number): Promise<number> {
    const startedAt = performance.now();
    for (let count = 0; count < submits; count++) await gate.enter(never, 'ann');
    return performance.now() - startedAt;
  }
});

test('free places go round the roles that wait, first come within one', async () => {
  const gate = createSchedule(true).gate('type', {
    account: 'key',
    limits: table,
    own: { concurrentTasks: 1 },
  });
  const leave = await gate.enter(never, 'ann');
  const order: string[] = [];
  const call = async (role: string, name: string, signal = never) => {
    const goOut = await gate.enter(signal, role);
    order.push(name);
    goOut();
  };
  const stop = new AbortController();
  const calls = ['a1', 'a2', 'a3', 'a4'].map((name) => call('ann', name));
  const givenUp = call('bob', 'b0', stop.signal);
  const later = [call('bob', 'b1'), call('cy', 'c1'), call('bob', 'b2')];
  stop.abort(new Error('given up'));
  await expect(givenUp).rejects.toThrow('given up');
  leave();
  await Promise.all([...calls, ...later]);
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
});

test('a role that gave all its calls up takes no turn, and has one again when it comes back', async () => {
  const gate = createSchedule(true).gate('type', {
    account: 'key',
    limits: table,
    own: { concurrentTasks: 1 },
  });
  const leave = await gate.enter(never, 'ann');
  const stop = new AbortController();
  const givenUp = Array.from({ length: 3 }, () => gate.enter(stop.signal, 'bob').catch(() => 'gone'));
  const next = gate.enter(never, 'ann');
  stop.abort();
  expect(await Promise.all(givenUp)).toEqual(['gone', 'gone', 'gone']);
  leave();
  const goOut = await next;
  const back = gate.enter(never, 'bob');
  goOut();
  (await back)();
  expect(gate.state()).toMatchObject({ queued: 0, running: 0 });
});

test('no window of a second has more submits than the limit', async () => {
  const gate = createSchedule(true).gate('type', {
    account: 'key',
    limits: { submitsPerSecond: 5, concurrentTasks: null },
    own: {},
  });
  const times: number[] = [];
  for (let count = 0; count < 16; count++) {
    await gate.enter(never, 'ann');
    times.push(performance.now());
  }
  for (const [index, time] of times.slice(5).entries())
    expect(time - (times[index] as number)).toBeGreaterThanOrEqual(1000);
});

test('ten thousand calls wait and are given up without one of them searching the others', async () => {
  const gate = createSchedule(true).gate('type', {
    account: 'key',
    limits: table,
    own: { submitsPerSecond: 1e9, concurrentTasks: 1 },
  });
  const leave = await gate.enter(never, 'ann');
  const stop = new AbortController();
  let through = 0;
  const calls = Array.from({ length: 10_000 }, (_, index) => {
    const signal = index % 2 === 0 ? stop.signal : never;
    return gate.enter(signal, `role ${index % 7}`).then(
      (goOut) => {
        through += 1;
        goOut();
      },
      () => {},
    );
  });
  expect(gate.state()).toMatchObject({ queued: 10_000, running: 1 });
  stop.abort();
  expect(gate.state().queued).toBe(5_000);
  leave();
  await Promise.all(calls);
  expect(through).toBe(5_000);
});

test('what waits and runs can be told, with the pace of the moment and without the key', async () => {
  const schedule = createSchedule(true);
  const gate = schedule.gate('type', {
    account: 'key',
    limits: { submitsPerSecond: 40, concurrentTasks: 2 },
    own: {},
  });
  schedule.gate('free', { account: 'key', limits: table, own: { concurrentTasks: null } });
  await gate.enter(never, 'ann');
  const stop = new AbortController();
  const refused = { throttled: true, askedMs: 60_000 };
  const waits = [gate.again(refused, stop.signal), gate.enter(stop.signal, 'ann')].map((each) =>
    each.catch(() => {}),
  );
  const [queue, free] = schedule.queues();
  expect(queue).toEqual({
    modelType: 'type',
    queued: 2,
    givingWay: 0,
    running: 0,
    submitsPerSecond: 40,
    concurrentTasks: 2,
    pace: 20,
    pausedMs: expect.any(Number),
    key: undefined,
    coolingMs: 0,
  });
  expect(queue?.pausedMs).toBeGreaterThan(30_000);
  expect(free).toMatchObject({ modelType: 'free', queued: 0, concurrentTasks: null, pausedMs: 0 });
  stop.abort();
  await Promise.all(waits);
  expect(createSchedule(false).queues()).toEqual([]);
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

test('through several gates as many enter as through each together, and none waits while one is open', async () => {
  const schedule = createSchedule(true);
  const gates = ['one', 'two'].map((account) => ({
    gate: schedule.gate('type', { account, limits: { submitsPerSecond: 100, concurrentTasks: 3 }, own: {} }),
  }));
  const stop = new AbortController();
  const entered: string[] = [];
  const leaves: (() => void)[] = [];
  for (let call = 0; call < 9; call++)
    enterFirst(gates, stop.signal, { role: 'role', urgency: usual }, false).then(
      ({ entered: { gate }, leave }) => {
        entered.push(gate === gates[0]?.gate ? 'one' : 'two');
        leaves.push(leave);
      },
      () => {},
    );
  await expect.poll(() => entered.length).toBe(6);
  expect(entered).toEqual(['one', 'one', 'one', 'two', 'two', 'two']);
  expect(gates.map(({ gate }) => gate.state())).toMatchObject([{ queued: 3 }, { queued: 3 }]);
  leaves[4]?.();
  await expect.poll(() => entered.length).toBe(7);
  expect(entered.at(-1)).toBe('two');
  // Whoever is through at one gate waits at none.
  expect(gates.map(({ gate }) => gate.state())).toMatchObject([
    { queued: 2, running: 3 },
    { queued: 2, running: 3 },
  ]);
  stop.abort();
});

test('whoever was sent before goes first, and a paused gate is not open', async () => {
  const gate = createSchedule(true).gate('type', {
    account: 'key',
    limits: { submitsPerSecond: 100, concurrentTasks: 1 },
    own: {},
  });
  const leave = await gate.enter(never, 'role');
  const order: string[] = [];
  const enter = (name: string, sentBefore: boolean) =>
    gate.enter(never, 'role', sentBefore).then((left) => {
      order.push(name);
      left();
    });
  const all = [enter('new', false), enter('sent before', true)];
  leave();
  await Promise.all(all);
  expect(order).toEqual(['sent before', 'new']);
  gate.slowDown({ throttled: false, askedMs: 60_000 });
  expect(gate.isOpen()).toBe(false);
});

test('a refused key is left out for longer each time, until it is taken again', () => {
  let now = 0;
  const cooling = createCooling(() => now);
  const refusedFor = () => {
    cooling.refused('key');
    const ms = cooling.leftMs('key');
    now += ms;
    return ms;
  };
  expect([refusedFor(), refusedFor(), refusedFor()]).toEqual([60_000, 120_000, 240_000]);
  cooling.refused('key');
  // Calls that were under way with the first.
  cooling.refused('key');
  expect(cooling.leftMs('key')).toBe(480_000);
  cooling.taken('key');
  expect(cooling.leftMs('key')).toBe(0);
  expect(refusedFor()).toBe(60_000);
});

test('limits that change while calls wait hold for those that wait', async () => {
  const schedule = createSchedule(true);
  const of = { account: 'key', limits: { submitsPerSecond: 1000, concurrentTasks: 1 } };
  const [gate, narrow] = [{}, { submitsPerSecond: 500 }].map((own) => schedule.gate('type', { ...of, own }));
  await gate?.enter(never, 'amy');
  const waiting = gate?.enter(never, 'amy');
  const limits = () => schedule.queues().map((each) => [each.submitsPerSecond, each.concurrentTasks]);
  expect(limits()).toEqual([
    [1000, 1],
    [500, 1],
  ]);
  schedule.keepTo(false);
  await waiting;
  expect(limits()).toEqual([
    [null, null],
    [500, null],
  ]);
  expect([gate?.isOpen(), narrow?.isOpen()]).toEqual([true, true]);
  schedule.keepTo(true);
  expect([gate?.isOpen(), narrow?.isOpen()]).toEqual([false, false]);
});
