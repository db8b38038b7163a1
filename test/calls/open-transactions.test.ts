/** What is known of the statements of a transaction that stays open: each of them is judged once, however many there are. */
import { expect, test } from 'vitest';
import { readSessionSettings } from '../../src/calls/session-settings.js';
import { createStatements } from '../../src/calls/statement.js';

const origin = {
  ...{ role: 'role', roleOid: 1, database: 'database', application: '', engineProcessId: 7, admin: false },
};

test('whether a statement only read is judged once, when its answer has reached its client', async () => {
  const statements = createStatements(
    async () => {},
    (text) => text,
  );
  const settings = readSessionSettings({});
  const judged: string[] = [];
  const made = ['INSERT 1', 'SELECT 2', 'INSERT 3'].map((text, index) => {
    const statement = statements.of({ ...origin, statementAt: String(index) }, settings, {
      text,
      stopsAtRows: true,
    });
    statements.rowsRead(7, (each) => {
      judged.push(each);
      return each.startsWith('SELECT');
    });
    return statement;
  });
  expect(judged).toEqual(['INSERT 1', 'SELECT 2', 'INSERT 3']);
  expect(made.map(({ read, answered }) => ({ read, answered }))).toEqual([
    { read: false, answered: true },
    { read: true, answered: true },
    { read: false, answered: true },
  ]);
});
