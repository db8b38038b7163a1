/** What is asked for at the same time is done together, and each caller learns its own outcome. */
import { expect, test } from 'vitest';
import { inBatches } from '../../src/ledger/batches.js';

function signal() {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

const itself = (item: string) => item;

test('what comes in one turn of the event loop, and while earlier work is under way, is done together', async () => {
  const batches: string[][] = [];
  const running = signal();
  const finish = signal();
  const double = inBatches(itself, async (items) => {
    batches.push(items);
    if (batches.length === 1) {
      running.give();
      await finish.given;
    }
    return items.map((item) => item + item);
  });
  const first = [double('a'), double('b')];
  await running.given;
  const second = [double('c'), double('d'), double('e')];
  finish.give();
  expect(await Promise.all([...first, ...second])).toEqual(['aa', 'bb', 'cc', 'dd', 'ee']);
  expect(batches).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
  expect(await double('f')).toBe('ff');
});

test('items of the same key follow one another, in their order', async () => {
  const batches: string[][] = [];
  const write = inBatches(
    (item: string) => item[0] ?? '',
    async (items) => {
      batches.push(items);
      return items;
    },
  );
  await Promise.all(['x1', 'y1', 'x2', 'x3', 'y2'].map(write));
  expect(batches).toEqual([['x1', 'y1'], ['x2', 'y2'], ['x3']]);
});

test('an item that cannot be done fails alone', async () => {
  const write = inBatches(itself, async (items) => {
    if (items.includes('bad')) throw new Error(`${items.length} at once`);
    return items;
  });
  const outcomes = await Promise.allSettled(['good', 'bad', 'also good'].map(write));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({ reason: new Error('1 at once') });
});
