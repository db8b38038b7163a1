/** Makes random statements over what may stand around a call, from a seed: the same seed makes the same statement. */
import { createRandom, type Random } from '../random.js';
import { generateStatement } from '../statement-generator.js';
import { scopeOf } from './expressions.js';
import type { Statement } from './outcome.js';
import { randomQuery } from './queries.js';
import { forEachRow } from './row-functions.js';
import {
  fetchedInPart,
  inAnotherState,
  inFunctions,
  overloaded,
  prepared,
  withParameters,
} from './sessions.js';
import { inOnePipe, inOneText } from './together.js';
import { randomDelete, randomInsert, randomMerge, randomUpdate, randomWritingCte } from './writes.js';

type Part = Omit<Statement, 'form'>;

const alone = (text: string, ordered = false): Part => ({ setup: [], steps: [{ text }], ordered });

/** Forms, and how often each comes. */
const forms: [form: string, share: number, write: (random: Random) => Part][] = [
  ['query', 9, query],
  ['insert', 4, (random) => alone(randomInsert(scopeOf(random, [], [])))],
  ['update', 4, (random) => alone(randomUpdate(scopeOf(random, [], [])))],
  ['delete', 1, (random) => alone(randomDelete(scopeOf(random, [], [])))],
  ['merge', 1, (random) => alone(randomMerge(scopeOf(random, [], [])))],
  ['several in one', 2, (random) => alone(randomWritingCte(scopeOf(random, [], [])))],
  ['parameters', 2, withParameters],
  ['fetched in part', 2, fetchedInPart],
  ['prepared', 1, prepared],
  ['own names', 2, overloaded],
  ['functions', 2, inFunctions],
  ['functions for each row', 2, forEachRow],
  ['session state', 2, inAnotherState],
  ['other tables', 3, overOtherTables],
  ['several in one text', 3, inOneText],
  ['several in one pipe', 3, inOnePipe],
  ['run by another', 1, runByAnother],
];
const drawn = forms.flatMap((form) => Array.from({ length: form[1] }, () => form));

export function statementOf(seed: number): Statement {
  const random = createRandom(seed);
  const [form, , write] = random.pick(drawn);
  return { form, ...write(random) };
}

function query(random: Random): Part {
  const { text, ordered } = randomQuery(scopeOf(random, [], []));
  // A driver's way of sending it.
  return random.chance(0.3)
    ? { setup: [], steps: [{ text, parameters: [] }], ordered }
    : alone(text, ordered);
}

/** EXPLAIN tells of no time, and so of what the plan alone decides. */
function runByAnother(random: Random): Part {
  const scope = scopeOf(random, [], []);
  const explain = 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off)';
  const explained = (text: string): Part => alone(`${explain} ${text}`, true);
  return random.pick<() => Part>([
    () => explained(randomQuery(scope).text),
    () => explained(randomInsert(scope)),
    () => explained(randomUpdate(scope)),
    () => explained(randomDelete(scope)),
    () => {
      const prepare = `PREPARE made_by AS ${randomQuery(scope).text}`;
      const steps = [prepare, 'CREATE TABLE made_of AS EXECUTE made_by', 'SELECT * FROM made_of'];
      return {
        ...{ setup: [], ordered: false, after: ['DEALLOCATE ALL'] },
        steps: steps.map((each) => ({ text: each })),
      };
    },
  ])();
}

/** The statements of ../statement-generator.ts, over its tables. */
function overOtherTables(random: Random): Part {
  const { text, parameters, ordered } = generateStatement(random);
  const given = parameters.map((value) => (value === null ? null : String(value)));
  const step = parameters.length > 0 ? { text, parameters: given } : { text };
  return { setup: ['SET LOCAL search_path = other, public, hologen_names'], steps: [step], ordered };
}
