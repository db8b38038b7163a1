/** Which statements come together, so that an error in one of them ends those behind it. */
import { setImmediate as turn } from 'node:timers/promises';
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

type Parts = ReturnType<SqlReader['partOf']>[];

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
  const own = await partsOnce(await wholeText(given, statement, making), statement, making.reader);
  return own.length > 1 ? inText(own, statement) : inPipe(own, given, statement, making);
}

/** The engine sends the beginning of a long text; the client's Query has all of it. */
async function wholeText(
  { engineText }: SubmittedCall,
  statement: Statement,
  { statements }: Making,
): Promise<string> {
  if (engineText.length < longestSent) return engineText;
  const { query } = (await statements.standing(statement)) ?? {};
  return query?.startsWith(engineText) ? query : engineText;
}
const longestSent = 10_000;

/** A statement's calls that are made one after another have one text. */
async function partsOnce(text: string, statement: Statement, reader: SqlReader): Promise<Parts> {
  const known = lastRead.get(statement);
  if (known?.text === text) return known.parts;
  const parts = await readParts(text, reader);
  lastRead.set(statement, { text, parts });
  return parts;
}

/** Each statement of a text. */
export async function readParts(text: string, reader: SqlReader): Promise<Parts> {
  const texts = reader.statementsIn(text);
  return 'why' in texts ? [{ ...texts, calls: true }] : inTurns(texts, reader.partOf);
}

const longestTurnMs = 5;

/** Lets others have their turn in between. */
export async function inTurns<Item, Read>(items: Item[], read: (item: Item) => Read): Promise<Read[]> {
  const done: Read[] = [];
  let turnEnds = performance.now() + longestTurnMs;
  for (const item of items) {
    done.push(read(item));
    if (performance.now() < turnEnds) continue;
    await turn();
    turnEnds = performance.now() + longestTurnMs;
  }
  return done;
}

/** The statements beside a call's own in its text. */
function inText(read: Parts, statement: Statement): Together {
  const parts = statement.batch ? { why: undefined } : partsTogether(read);
  if ('why' in parts) return { ...parts, oneText: true };
  return parts.map((part) => ({ part, given: [], values: [], standing: undefined }));
}

/** Which of the statements of a text the engine is at is not known: all that make calls must stand together. */
export function partsTogether(read: Parts): Part[] | Pick<Alone, 'why'> {
  if (read.length > mostParts) return { why: `more than ${mostParts} statements were sent together` };
  const runs = split(read, (each) => 'why' in each);
  const calling = runs.filter((run) => run.some(({ calls }) => calls));
  const unread = read.find((each) => 'why' in each && each.calls) as { why?: string } | undefined;
  const [run] = calling;
  if (unread || calling.length !== 1 || !run)
    return { why: unread ? unread.why : 'statements of another kind stand between them' };
  // The engine may be at a call that stands before the run, in a view or a block.
  const before = read.slice(0, read.indexOf(run[0] as Part));
  if (before.some((each) => !('why' in each && each.callsNothing)))
    return { why: 'statements of another kind stand before them' };
  return run as Part[];
}

/** The Executes behind a call's own. Which of them the engine is at is not known: all of its text must stand together. */
async function inPipe(
  ownParts: Parts,
  { engineText, settings }: SubmittedCall,
  statement: Statement,
  { statements, reader }: Making,
): Promise<Together> {
  const pipe = await statements.standing(statement);
  // What it still writes those behind it would not see.
  if (!pipe || statement.calls.length > 0) return { why: undefined, oneText: false };
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
  if (pipe.hides) return give('a parameter is longer than 256 KB');
  if (!pipe.certain) return give('several batches were sent one behind another');
  if (fresh.length < 2) return give(undefined);
  const readOnce = await readEach(new Set(all.map(({ bound }) => bound.text)), engineText, ownParts, reader);
  const read = (text: string) => readOnce.get(text) ?? { why: undefined };
  const runs = pipe.runs.flatMap((run) => split(run, (each) => !isWhole(each, read(each.bound.text))));
  const [run, another] = runs.filter((each) => each.some(({ bound }) => bound.text === engineText));
  const own = read(engineText);
  if (!run) return give('why' in own ? own.why : undefined);
  if (another) return give('other statements stand between them');
  const unseen = run.filter(({ bound }) => !seen.has(bound));
  if (unseen.length < 2) return give(undefined);
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

/** What each text is, where it is one statement. */
async function readEach(
  texts: Set<string>,
  engineText: string,
  ownParts: Parts,
  reader: SqlReader,
): Promise<Map<string, Part | { why: string | undefined }>> {
  const partIn = (text: string) => {
    const statements = reader.statementsIn(text);
    if ('why' in statements) return statements;
    return statements.length === 1 ? reader.partOf(text) : { why: undefined };
  };
  const [own = { why: undefined }, more] = ownParts;
  const isOwn = (text: string) => text === engineText && !more;
  const known = await inTurns([...texts], (text) => [text, isOwn(text) ? own : partIn(text)] as const);
  return new Map(known);
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
