/** As written on the engine's own socket, and through the gateway: the same rows, names, types, errors, positions, notices, side effects, calls and money. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Difference, type Statement, shown } from './difference/outcome.js';
import { shrunk } from './difference/shrink.js';
import { statementOf } from './difference/statements.js';
import { startWorld, type World } from './difference/world.js';

const first = Number(process.env.HOLOGEN_SEED ?? 1);
const statements = Number(process.env.HOLOGEN_STATEMENTS ?? 2000);
/** Of this form alone. */
const only = process.env.HOLOGEN_FORM;
/** So many differences are told in full. */
const told = Number(process.env.HOLOGEN_TOLD ?? 20);

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

async function smallest(statement: Statement, difference: Difference): Promise<string> {
  let last = difference;
  const small = await shrunk(statement, async (smaller) => {
    // Without a part of what it needs it cannot be tried.
    const { difference: found } = await world.compare(smaller).catch(() => ({ difference: undefined }));
    if (found?.what !== difference.what) return false;
    // Another mistake in the statement as written is another statement.
    if (sqlstate(found.written) !== sqlstate(difference.written)) return false;
    last = found;
    return true;
  });
  return shown(small, last);
}

/** Of a difference of errors. */
function sqlstate(told: string): string | undefined {
  return /\| C (\w{5})/.exec(told)?.[1];
}

test(`${statements} random statements, seeds ${first} and on: no difference`, {
  timeout: 24 * 3_600_000,
}, async () => {
  const counts = new Map<
    string,
    { ran: number; failed: number; calls: number; atOnce: number; differed: number }
  >();
  const found: string[] = [];
  for (let seed = first; seed < first + statements; seed++) {
    const statement = statementOf(seed);
    if (only !== undefined && statement.form !== only) continue;
    const { difference, written, through } = await world.compare(statement);
    const count = counts.get(statement.form) ?? { ran: 0, failed: 0, calls: 0, atOnce: 0, differed: 0 };
    counts.set(statement.form, count);
    count.ran += 1;
    if (written.heard.at(-1)?.error) count.failed += 1;
    count.calls += written.calls.calls.length;
    if (through.calls.most > written.calls.most) count.atOnce += 1;
    if (!difference) continue;
    count.differed += 1;
    const about = found.length < told ? await smallest(statement, difference) : difference.what;
    found.push(`seed ${seed}: ${about}`);
    // A run of hours tells what it finds as it finds it.
    console.log(found.at(-1));
  }
  console.table(Object.fromEntries(counts));
  const { sent, price, entries, ledgerPrice } = await world.sums();
  expect({ sent: entries, price: ledgerPrice }).toEqual({ sent, price });
  expect(`${found.length} differences\n\n${found.slice(0, told).join('\n\n')}`.trim()).toBe('0 differences');
});
