/** A provider that throttles for long is tried again all the same, and goes as before soon after it has stopped. */
import { expect, test } from 'vitest';
import { createGate } from '../../src/pace/gate.js';

test.each([
  [40, 1 / 60],
  [null, 1 / 60],
  [0.01, 0.01],
])(
  'however long a limit of %j throttles, its pace falls to %j a second and no lower, and is back soon',
  (submitsPerSecond, lowest) => {
    const limits = { submitsPerSecond: submitsPerSecond ?? Number.POSITIVE_INFINITY, concurrentTasks: null };
    const gate = createGate(limits);
    for (let count = 0; count < 50; count++) gate.slowDown({ throttled: true, askedMs: 0 });
    expect(gate.state().pace).toBeCloseTo(lowest);
    for (let count = 0; count < 10; count++) gate.taken();
    expect(gate.state().pace).toBeGreaterThanOrEqual(submitsPerSecond ?? 10);
  },
);
