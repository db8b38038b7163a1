/** As written on the engine's own socket, and through the gateway: the same rows, names, types, errors, positions, notices, side effects, calls and money. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Difference, type Statement, shown } from './difference/outcome.js';
import { shrunk } from './difference/shrink.js';
import { statementOf } from './difference/statements.js';
import { createTotals } from './difference/totals.js';
import { startWorld, type World } from './difference/world.js';

const statements = Number(process.env.HOLOGEN_STATEMENTS ?? 2000);
/** Of this form alone. */
const only = process.env.HOLOGEN_FORM;
/** So many differences are told in full. */
const told = Number(process.env.HOLOGEN_TOLD ?? 20);

/** `npm run differential` draws it: what is red here is so by the change that it is run on. */
const firstSeed = Number(process.env.HOLOGEN_SEED ?? 1);
const seeds = Array.from({ length: statements }, (_, index) => firstSeed + index);
const about = `seeds ${firstSeed} and on`;

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

test(`${statements} random statements, ${about}: no difference`, { timeout: 24 * 3_600_000 }, async () => {
  console.log(about);
  const totals = createTotals(statements, process.env.HOLOGEN_TOTALS);
  const found: string[] = [];
  const tell = async (seed: number, statement: Statement, difference: Difference) => {
    const smaller = found.length < told ? await smallest(statement, difference) : difference.what;
    found.push(`seed ${seed}: ${smaller}`);
    // A run of hours tells what it finds as it finds it.
    console.log(found.at(-1));
  };
  for (const seed of seeds) {
    const statement = statementOf(seed);
    if (only === undefined || statement.form === only) {
      const compared = await world.compare(statement);
      totals.add(statement.form, compared);
      if (compared.difference) await tell(seed, statement, compared.difference);
    }
    totals.reached(seed);
  }
  console.table(totals.byForm());
  const { sent, price, entries, ledgerPrice } = await world.sums();
  expect({ sent: entries, price: ledgerPrice }).toEqual({ sent, price });
  expect(`${found.length} differences\n\n${found.slice(0, told).join('\n\n')}`.trim()).toBe('0 differences');
});
