/** What an agent may run: the statement that was estimated, once, and not for ever. */
import { expect, test } from 'vitest';
import { createApprovals } from '../../src/doors/mcp/approvals.js';

const minuteMs = 60_000;

test('an approval is for its own statement, once and for half an hour', () => {
  let now = 0;
  const approvals = createApprovals(() => now);
  const [first, second, third] = ['one', 'two', 'three'].map((statement) =>
    approvals.add({ statement, price: 1, estimates: [] }),
  );
  expect(new Set([first, second, third]).size).toBe(3);
  now = 29 * minuteMs;
  expect(approvals.take(second ?? '')).toMatchObject({ statement: 'two', price: 1 });
  expect(() => approvals.take(second ?? '')).toThrow('call estimate again');
  now = 31 * minuteMs;
  expect(() => approvals.take(first ?? '')).toThrow('call estimate again');
  expect(() => approvals.take('guessed')).toThrow('call estimate again');
});
