/** Makes random statements over what may stand around a call, from a seed: the same seed makes the same statement. */
import { createRandom, type Random } from '../random.js';
import { generateStatement } from '../statement-generator.js';
import { type Scope, scopeOf } from './expressions.js';
import {
  distinctOn,
  existsOverSeveral,
  groupingSets,
  jsonTables,
  setsOfResults,
  windows,
  withinGroup,
} from './further-queries.js';
import { copied, mergedFromBoth, severalColumns, upserted } from './further-writes.js';
import { cursors, keptCursors, namedStatements } from './kept-open.js';
import { queriesInFunctions } from './named-functions.js';
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

/** Both ways have the same plan, and so the same order. */
function inOrder(write: (scope: Scope) => string): (random: Random) => Part {
  return (random) => alone(write(scopeOf(random, [], [])), true);
}

/** Forms, and how often each comes. */
const forms: [form: string, share: number, write: (random: Random) => Part][] = [
  ['query', 9, query],
  ['insert', 4, inOrder(randomInsert)],
  ['update', 4, inOrder(randomUpdate)],
  ['delete', 1, inOrder(randomDelete)],
  ['merge', 1, inOrder(randomMerge)],
  ['several in one', 2, inOrder(randomWritingCte)],
  ['parameters', 2, withParameters],
  ['fetched in part', 2, fetchedInPart],
  ['prepared', 1, prepared],
  ['own names', 2, overloaded],
  ['functions', 2, inFunctions],
  ['functions for each row', 2, forEachRow],
  ['queries in functions', 2, queriesInFunctions],
  ['session state', 2, inAnotherState],
  ['other tables', 3, overOtherTables],
  ['several in one text', 3, inOneText],
  ['several in one pipe', 3, inOnePipe],
  ['run by another', 1, runByAnother],
  ['committed', 3, committed],
  ['distinct on', 1, inOrder(distinctOn)],
  ['within group', 1, inOrder(withinGroup)],
  ['grouping sets', 1, inOrder(groupingSets)],
  ['windows', 1, inOrder(windows)],
  ['sets of results', 1, inOrder(setsOfResults)],
  ['json tables', 1, inOrder(jsonTables)],
  ['exists', 1, inOrder(existsOverSeveral)],
  ['copied', 1, copied],
  ['merged from both', 1, inOrder(mergedFromBoth)],
  ['several columns', 1, inOrder(severalColumns)],
  ['upserts', 2, upserted],
  ['kept cursors', 1, keptCursors],
  ['cursors', 2, cursors],
  ['named statements', 2, namedStatements],
  ['other functions', 2, withOtherFunctions],
];
const drawn = forms.flatMap((form) => Array.from({ length: form[1] }, () => form));

export function statementOf(seed: number): Statement {
  const random = createRandom(seed);
  const [form, , write] = random.pick(drawn);
  const statement = { form, ...write(random) };
  // Both ways have the same plan, and so the same order, also where none is asked for; but of a function that calls twice for a row one call of each row comes first.
  return { ...statement, ordered: statement.ordered || form !== 'functions for each row' };
}

function query(random: Random): Part {
  const { text, ordered } = randomQuery(scopeOf(random, [], []));
  // A driver's way of sending it.
  return random.chance(0.3)
    ? { setup: [], steps: [{ text, parameters: [] }], ordered }
    : alone(text, ordered);
}

function withOtherFunctions(random: Random): Part {
  const scope = { ...scopeOf(random, [], [], 3), others: true };
  const write = random.pick([
    ...[(each: Scope) => randomQuery(each).text, (each: Scope) => randomQuery(each).text],
    ...[distinctOn, windows, existsOverSeveral, randomInsert, randomUpdate, randomDelete, randomMerge],
  ]);
  return alone(write(scope), true);
}

/** Each on its own, without a BEGIN before it. */
function committed(random: Random): Part {
  const scope = scopeOf(random, [], []);
  const part = random.pick<() => Part>([
    () => query(random),
    () => alone(randomInsert(scope), true),
    () => alone(randomUpdate(scope), true),
    () => alone(randomDelete(scope), true),
    () => alone(randomMerge(scope), true),
    () => alone(randomWritingCte(scope), true),
    () => inOneText(random),
    () => inOnePipe(random),
    () => withParameters(random),
    () => prepared(random),
  ])();
  return { ...part, committed: true };
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
