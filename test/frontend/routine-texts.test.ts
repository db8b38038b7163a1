/** A text that was looked at before is not looked at again; see routine-texts.ts. */
import { expect, test } from 'vitest';
import { hasOurWords } from '../../src/frontend/statement-text.js';

/** As it comes in a Query message, behind its type and length. */
const asked = (text: string) => {
  const frame = Buffer.from(`Q0000${text}\0`);
  return hasOurWords(frame, 0, frame.length);
};

/** So often that it is certain to be known. */
const often = (text: (run: number) => string) => {
  for (let run = 0; run < 40; run++) expect(asked(text(run * run))).toBe(false);
};

test('a text that programs send with other numbers is none of ours, however often it came', () => {
  often((number) => `SELECT abalance FROM pgbench_accounts WHERE aid = ${number};`);
  expect(asked('SELECT abalance FROM pgbench_accounts WHERE aid = 987654321;')).toBe(false);
});

test('behind such a text, in place of its numbers and before it nothing is overlooked', () => {
  often((number) => `SELECT ${number} AS a, 'x' AS b`);
  for (const text of [
    "SELECT 7 AS a, 'x' AS b; SELECT ai_gen('m', 'p')",
    "SELECT ai_gen('m', 'p') AS a, 'x' AS b",
    "SELECT ai_gen('m') AS a, 'x' AS b",
    "FETCH 2 FROM c; SELECT 7 AS a, 'x' AS b",
    "SELECT 7 AS a, 'x' AS b;FETCH 2 FROM c",
  ])
    expect([text, asked(text)]).toEqual([text, true]);
});

test('what numbers are part of is looked at each time', () => {
  often((number) => `SELECT * FROM t FETCH FIRST ${number} ROWS ONLY`);
  expect(asked('FETCH 2 FROM t')).toBe(true);
  often((number) => `SELECT partition_${'x'.repeat(60)}${number} FROM t`);
  expect(asked('ALTER TABLE t SET (partition_1 = 2)')).toBe(true);
});
