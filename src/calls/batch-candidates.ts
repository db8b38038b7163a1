/** Which statements come together, so that an error in one of them ends those behind it. */
import type { Standing } from './batch.js';
import type { SubmittedCall } from './check.js';
import type { Making } from './making.js';
import { areReadable } from './readable-values.js';
import type { Bound, Part, SqlReader } from './sql-reader.js';
import type { Statement } from './statement.js';

/** A statement that comes with others, and what was bound to it. */
export interface Candidate {
  part: Part;
  given: number[];
  values: Bound['values'];
  standing: Standing | undefined;
}

const mostParts = 1_000;
const mostCharacters = 1024 * 1024;

/** Executes that were looked at, or may have run unseen: their calls are not looked for any more. */
const seen = new WeakSet<Standing['bound']>();

type Parts = ReturnType<SqlReader['partsOf']>;

const lastRead = new WeakMap<Statement, { text: string; parts: Parts }>();

export type Together = Candidate[] | Alone;

/** Its calls are made one after another. */
export interface Alone {
  why: string | undefined;
  oneText: boolean;
}

/** The statements that come with that of a call, its own included. */
export async function comeTogether(
  given: SubmittedCall,
  statement: Statement,
  making: Making,
): Promise<Together> {
  const own = partsOnce(given.engineText, statement, making.reader);
  return own.length > 1 ? inText(own, statement) : inPipe(own, given, statement, making);
}

/** A statement's calls that are made one after another have one text. */
function partsOnce(text: string, statement: Statement, reader: SqlReader): Parts {
  const known = lastRead.get(statement);
  if (known?.text === text) return known.parts;
  const parts = reader.partsOf(text);
  lastRead.set(statement, { text, parts });
  return parts;
}

/** The statements beside a call's own in its text. Which of them the engine is at is not known: all that make calls must stand together. */
function inText(read: Parts, statement: Statement): Together {
  const alone = (why: string | undefined) => ({ why, oneText: true });
  if (statement.batch) return alone(undefined);
  const runs = split(read, (each) => 'why' in each);
  const calling = runs.filter((run) => run.some(({ calls }) => calls));
  const unread = read.find((each) => 'why' in each && each.calls) as { why?: string } | undefined;
  const [run] = calling;
  if (unread || calling.length !== 1 || !run)
    return alone(unread ? unread.why : 'statements of another kind stand between them');
  // The engine may be at a call that stands before the run, in a view or a block.
  const before = read.slice(0, read.indexOf(run[0] as Part));
  if (before.some((each) => !('why' in each && each.callsNothing)))
    return alone('statements of another kind stand before them');
  const parts = run as Part[];
  return parts.map((part) => ({ part, given: [], values: [], standing: undefined }));
}

/** The Executes behind a call's own. Which of them the engine is at is not known: all of its text must stand together. */
async function inPipe(
  ownParts: Parts,
  { engineText, settings }: SubmittedCall,
  statement: Statement,
  { statements, reader }: Making,
): Promise<Together> {
  const pipe = await statements.standing(statement);
  if (!pipe) return { why: undefined, oneText: false };
  const all = pipe.runs.flat();
  const fresh = all.filter(({ bound }) => !seen.has(bound));
  const give = (why: string | undefined): Together => {
    for (const { bound } of all) seen.add(bound);
    return { why: fresh.length > 1 ? why : undefined, oneText: false };
  };
  // Of a portal that is executed twice the second time gives no more.
  if (new Set(all.map(({ bound }) => bound)).size < all.length) return give(undefined);
  if (!all.every(({ bound: { text, values } }) => areReadable([text, ...values], settings)))
    return give('they are not in UTF-8');
  if (!pipe.certain) return give('several batches were sent one behind another');
  const read = readingOnce((text) => (text === engineText ? ownParts : reader.partsOf(text)));
  const runs = pipe.runs.flatMap((run) => split(run, (each) => !isWhole(each, read(each.bound.text))));
  const [run, another] = runs.filter((each) => each.some(({ bound }) => bound.text === engineText));
  const own = read(engineText);
  if (!run) return give('why' in own ? own.why : undefined);
  if (another) return give('other statements stand between them');
  const unseen = run.filter(({ bound }) => !seen.has(bound));
  // What the engine is at may be the only one.
  if (unseen.length < (statement.calls.length > 0 ? 1 : 2)) return give(undefined);
  const some = withinBounds(unseen);
  for (const { bound } of some) seen.add(bound);
  return some.map((standing) => ({
    ...{ part: read(standing.bound.text) as Part, standing },
    ...{ given: standing.bound.types, values: standing.bound.values },
  }));
}

/** It runs to its end: what writes does, however many rows are asked for. */
function isWhole({ rows }: Standing, read: Part | { why: unknown }): boolean {
  return !('why' in read) && (rows === 0 || !read.query.stopsAtRows);
}

function readingOnce(partsOf: SqlReader['partsOf']) {
  const known = new Map<string, Part | { why: string | undefined }>();
  return (text: string) => {
    const [only = { why: undefined }, more] = known.has(text) ? [known.get(text)] : partsOf(text);
    const read = more ? { why: undefined } : only;
    known.set(text, read);
    return read;
  };
}

/** Lists of those that stand one behind another with none between them that parts them. */
function split<Item>(items: Item[], parts: (item: Item) => boolean): Item[][] {
  const runs: Item[][] = [[]];
  for (const item of items) {
    if (parts(item)) runs.push([]);
    else runs.at(-1)?.push(item);
  }
  return runs;
}

/** As many as may be asked of the engine at once; at least one. */
function withinBounds(standing: Standing[]): Standing[] {
  let characters = 0;
  const fit = standing.slice(0, mostParts).filter(({ bound: { text, values } }) => {
    characters += values.reduce<number>((sum, value) => sum + (value?.length ?? 0), text.length);
    return characters <= mostCharacters;
  });
  return fit.length > 0 ? fit : standing.slice(0, 1);
}
