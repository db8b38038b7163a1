/** How long a statement still takes is told where it is known how many calls it makes, and not reckoned from those that were made by then. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let client: pg.Client;
let notices: string[];

beforeAll(async () => {
  gateway = await startTestGateway();
  [owner, client] = [await gateway.client(), await gateway.client()];
  client.on('notice', ({ message }) => notices.push(message ?? ''));
});
beforeEach(async () => {
  await client.query('RESET ALL');
  notices = [];
});
afterAll(() => gateway?.close());

/** A text that takes so many seconds. */
const slow = (seconds: string, prompt: string) =>
  `ai_gen('qwen_plus', '[[sandbox:slow=' || 1000 * (${seconds}) || ']] ${prompt} ' || i)`;

/** What is told while one of its calls is done and one runs. */
async function toldMidway(statement: string): Promise<{ left: number | null; left_notices: string[] }> {
  const running = client.query(statement);
  let left: number | null | undefined;
  const look = async () => {
    const { rows } = await owner.query(
      'SELECT remaining_seconds::int AS left FROM hologen.progress WHERE done > 0 AND running > 0',
    );
    left = rows[0]?.left;
    return rows.length;
  };
  await expect.poll(look, { timeout: 20_000 }).toBe(1);
  await running;
  return { left: left as number | null, left_notices: notices.filter((each) => each.includes(' s left')) };
}

test('of calls that are made at once it is told how long they still take', async () => {
  const { left, left_notices: told } = await toldMidway(
    `SELECT ${slow('3 * i - 1', 'at once')} FROM generate_series(1, 2) i`,
  );
  expect(left).toBeGreaterThanOrEqual(2);
  expect(told).toEqual([
    expect.stringMatching(/^ai_gen: 1 done, 1 running, \d+ s, about \d+ s left \(qwen_plus\)$/),
  ]);
});

test.each([
  ['with at_once off', 'SET ai_gen.at_once = off', `SELECT ${slow('2', 'off')} FROM generate_series(1, 3) i`],
  ['in a loop', '', `DO $do$ BEGIN FOR i IN 1..3 LOOP PERFORM ${slow('2', 'loop')}; END LOOP; END $do$`],
  [
    'in queries of a loop',
    '',
    `DO $do$ BEGIN FOR n IN 1..2 LOOP PERFORM ${slow('2 * i - 1', 'query')} FROM generate_series(1, 2) i; END LOOP; END $do$`,
  ],
  ['beside random()', '', `SELECT count(${slow('2 + random() * 0', 'random')}) FROM generate_series(1, 3) i`],
  [
    'in the first of two stages',
    '',
    `SELECT ai_gen('qwen_plus', 'again ' || length(${slow('4 * i - 3', 'stage')})) FROM generate_series(1, 2) i`,
  ],
])('of calls %s it is not', async (_where, setting, statement) => {
  if (setting) await client.query(setting);
  expect(await toldMidway(statement)).toEqual({ left: null, left_notices: [] });
});

test('in the last of several stages it is told', async () => {
  const { left } = await toldMidway(
    `SELECT ai_gen('qwen_plus', '[[sandbox:slow=' || 3000 * i - 2500 || ']] last ' || ai_gen('qwen_plus', 'first ' || i)) FROM generate_series(1, 2) i`,
  );
  expect(left).not.toBeNull();
});
