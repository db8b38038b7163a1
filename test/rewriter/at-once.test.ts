/** Wherever a person writes a call: the calls of all rows are in the provider's hands before one of them is answered, and are as many as written. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shown } from './difference/outcome.js';
import { type Shape, shapes } from './difference/shapes.js';
import { startWorld, type World } from './difference/world.js';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** Those that run one after another today: taken out of the list when they are mended. */
const serial = new Set<string>(['INSERT with a default that calls', 'a trigger that calls']);

// `TEST_ENGINE=14 npx vitest run test/rewriter/at-once.test.ts`: older engines do not tell what is compared, or have no MERGE.
const engine = Number(process.env.TEST_ENGINE) || 18;
if (engine < 17)
  for (const name of [
    'JSON_TABLE',
    'JSON_TABLE of results',
    'IN',
    'NOT IN, over results that decide',
    'IN, over results that decide, in the list',
  ])
    serial.add(name);
// Before 18 both arms of an EXCEPT are read before it is computed.
if (engine < 18)
  for (const shape of shapes)
    if (shape.name === 'EXCEPT of arms that are filtered by calls') Object.assign(shape, { atOnce: 8 });
if (engine < 15) for (const { name } of shapes) if (name.startsWith('MERGE')) serial.add(name);

async function runsAtOnce({ setup = [], steps, atOnce = 4, fewer }: Shape): Promise<void> {
  const statement = { form: 'shape', setup, steps, ordered: false, after: ['DEALLOCATE ALL'] };
  const { written, through, difference } = await world.compare(statement, atOnce);
  expect(written.heard.map(({ error }) => error).join('')).toBe('');
  if (fewer === undefined) expect(difference ? shown(statement, difference) : '').toBe('');
  else expect(through.heard.map(({ rows }) => rows)).toEqual(written.heard.map(({ rows }) => rows));
  expect(through.calls.most).toBe(atOnce);
  expect(through.calls.calls).toHaveLength(fewer ?? written.calls.calls.length);
}

for (const shape of shapes) (serial.has(shape.name) ? test.fails : test)(shape.name, () => runsAtOnce(shape));

/** Of which about every second one fits. */
const rows = Array.from({ length: 40 }, (_, index) => `item ${index + 1}`);
const fits = (prompt: string) => createHash('md5').update(`m1<${prompt}>`).digest('hex') > '8';

/** As many as rows are still wanted, until there are so many. */
function turnsOf(wanted: number, before: number[] = []): number[] {
  const turns: number[] = [];
  let asked = before.reduce((sum, turn) => sum + turn, 0);
  for (let left = wanted; left > 0 && asked < rows.length; ) {
    const turn = rows.slice(asked, asked + left);
    turns.push(turn.length);
    asked += turn.length;
    left -= turn.filter(fits).length;
  }
  return turns;
}

const filtered = `SELECT * FROM (SELECT i, ai_gen('m1', 'item ' || i) AS r FROM generate_series(1, 40) i) s WHERE md5(r) > '8'`;
test.each([
  ['behind a LIMIT', [`${filtered} LIMIT 9`], turnsOf(9)],
  ['behind FETCH FIRST', [`${filtered} FETCH FIRST 5 ROWS ONLY`], turnsOf(5)],
  ['behind a LIMIT of more rows than there are', [`${filtered} LIMIT 30`], turnsOf(30)],
  [
    'of rows that are fetched in parts',
    [`DECLARE c CURSOR FOR ${filtered}`, 'FETCH 5 FROM c', 'FETCH 4 FROM c', 'CLOSE c'],
    [...turnsOf(5), ...turnsOf(4, turnsOf(5))],
  ],
])('%s a filter on results is asked about as many rows as are still wanted', async (_, texts, turns) => {
  const statement = {
    form: 'shape',
    setup: [],
    steps: texts.map((text) => ({ text })),
    ordered: true,
    after: [],
  };
  const { through, difference } = await world.compare(statement, 40);
  expect(difference ? shown(statement, difference) : '').toBe('');
  expect(through.calls.turns).toEqual(turns);
});
