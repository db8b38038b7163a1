/** Calls that stand in a statement as they were written: the engine looks for all of a stage before the first of them is waited for. */
import { KnownError } from '../errors.js';
import type { SubmittedCall } from './check.js';
import { notSeen, unknownParameters } from './look-problem.js';
import type { AheadQuery, Beside, Bound, OneByOne, Since, StoredQuery } from './sql-reader.js';

/** What the engine knows of it. */
export interface StoredText {
  statement: string;
  /** Of a prepared statement its parameters' types, of a cursor when it was made. */
  types: string[];
  created: string;
  /** Of a function: others than the client's statement may call it, too. */
  elsewhere: boolean;
}

export interface LookAhead<Call> {
  /** Undefined: it cannot be looked ahead in, or not any more, or the engine has to be asked for it first. */
  query: AheadQuery | undefined;
  stored: StoredQuery | undefined;
  /** Where its rows are read in parts: it is a cursor's, so many were read before, so many at most are to be read now; 0: all. */
  cursor: boolean;
  before: number;
  rows: number;
  /** So many of those before are certain to have been read, and what they asked for is asked for no more: the look says nothing of them. */
  passed: number;
  /** So many rows the last look came to. */
  reached: number;
  /** Rows before have made calls that are not among those that were found. */
  unseen: boolean;
  /** It is a cursor's row that makes calls, and it is not known of which cursor; 'counted': where they stand is known. */
  movesCursor: boolean | 'counted';
  /** It is a query of a function or a DO block. */
  inBlock: boolean;
  /** One of several: its first call is of a later stage, and could not be found before those of the first are made. */
  comesLater: boolean;
  /** Why its calls are made one after another, if there is more to say than that they are few. */
  why: string | undefined;
  /** The last stage that was looked for. */
  stage: number;
  looking: boolean;
  /** Its client has prepared it before, or opened its portal. */
  since: Since | undefined;
  /** Its plan when that had just been opened. */
  openedAs: string | undefined;
  /** Its plan when the first of its rows were looked at. */
  firstPlan: string | undefined;
  /** The parameters' values, and the types that the engine has found them to have. */
  bound: Bound | undefined;
  types: string[];
  /** The state of the engine's catalogue when it was planned, and what is found out of its names by that. */
  catalogue: string | undefined;
  namesKey: string | undefined;
  /** Its plan, with what is to be asked about it when another one is there that it must be like. */
  planned: { plan: unknown; judged: object; beside: Beside } | undefined;
  /** What is looked at now, with values in place of parameters. */
  running: string;
  /** The same with its calls told many at a time. */
  noting: string;
  /** Of an expanded call: so often it is evaluated for each row, and so often that of the last one is still to come. */
  inRow: number;
  leftInRow: number;
  /** The calls that were found, by what they ask for. */
  found: Map<string, FoundCalls<Call>>;
  /** The same in the order in which they were. */
  inOrder: Call[];
  /** So many of them the statement has not come to. */
  left: number;
  /** Settles when the calls that the engine has told of last are checked and found; undefined: none were told many at a time. */
  noted: Promise<void> | undefined;
  /** Results decide how many rows are read: its calls are looked for as rows are still wanted. */
  window: RowWindow | undefined;
  /** Calls made without having been found, some of them in functions or blocks. */
  alone: number;
  inFunction: boolean;
  /** Found out while looking, and to be told of the statement as a whole. */
  refusal: KnownError | undefined;
}

/** So many rows are wanted in all; so many calls of the first stage the look has noted; and more of them may be certain when those have their results. */
export interface RowWindow {
  wanted: number;
  noted: number;
  mayGoOn: boolean;
  /** Behind it nothing is certain any more. */
  isLast: boolean;
}

interface FoundCalls<Call> {
  calls: Call[];
  /** How many of them the statement itself has come to, and how many the query that looks for a later stage has. */
  given: number;
  again: number;
  /** So many are of rows that were read before. */
  passed: number;
  /** In which the look has come to them; undefined: the statement has first. */
  stage: number | undefined;
}

export function newLookAhead<Call>(read: AheadQuery | StoredQuery | OneByOne): LookAhead<Call> {
  const ahead: LookAhead<Call> = {
    ...{ query: undefined, stored: undefined, why: undefined, stage: 0, looking: false },
    ...{ cursor: false, before: 0, rows: 0, passed: 0, reached: 0 },
    ...{ movesCursor: false, inBlock: false, comesLater: false, unseen: false },
    ...{ inRow: 1, leftInRow: 0, since: undefined, openedAs: undefined, firstPlan: undefined },
    ...{
      bound: undefined,
      types: [],
      catalogue: undefined,
      namesKey: undefined,
      planned: undefined,
      running: '',
      noting: '',
      found: new Map(),
      inOrder: [],
      left: 0,
      noted: undefined,
      window: undefined,
    },
    ...{ alone: 0, inFunction: false, refusal: undefined },
  };
  if ('stored' in read) Object.assign(ahead, { stored: read, movesCursor: read.stored === 'cursor' });
  else takeQuery(ahead, read);
  return ahead;
}

function takeQuery(ahead: LookAhead<unknown>, read: AheadQuery | OneByOne): void {
  if ('why' in read) Object.assign(ahead, { why: read.why, movesCursor: read.movesCursor ?? false });
  else Object.assign(ahead, { query: read, cursor: read.plannedAsCursor ?? false });
}

/** What the engine keeps under the name is known now. */
export function storedFound(ahead: LookAhead<unknown>, found: StoredText | undefined): void {
  const { stored } = ahead;
  if (!stored) return;
  Object.assign(ahead, { stored: undefined, movesCursor: false });
  if (found) takeQuery(ahead, stored.queryOf(found.statement, found.types, found.elsewhere));
  else if (stored.otherwise) takeQuery(ahead, stored.otherwise);
  else endLook(ahead, whyNothing[stored.stored]);
  if (stored.stored === 'cursor') ahead.cursor = found !== undefined;
}
const notKnown = 'nothing is known under its name';
const whyNothing: Record<StoredQuery['stored'], string> = {
  cursor: 'nothing is declared under its name',
  held: 'it keeps several cursors',
  prepared: 'nothing is prepared under its name',
  view: 'nothing is stored under its name',
  block: notKnown,
  sql: notKnown,
  function: notKnown,
  table: notKnown,
};

/** Another query is looked at from its first stage, when the engine is done with this one. */
export function lookInstead(ahead: LookAhead<unknown>, stored: StoredQuery): void {
  Object.assign(ahead, { query: undefined, stored, stage: 0, inRow: 1, leftInRow: 0 });
}

/** A result decides about other calls of its stage: they are looked for in more stages, from the first. False: there are no more. */
export function lookApart(ahead: LookAhead<unknown>): boolean {
  const { query, stage } = ahead;
  if (!query?.apart || stage !== 1 || hasMade(ahead)) return false;
  ahead.query = { ...query, ...query.apart, apart: undefined };
  ahead.stage = 0;
  return true;
}

/**
 * More rows of the same cursor or portal are read: what was found before was for those before them. `passed`: so many were; undefined: nobody knows,
 * but at least as many as a look has come to.
 */
export function readOn(ahead: LookAhead<unknown>, rows: number, passed: number | undefined): void {
  // Of a window the last look may have come to fewer than were read.
  const least = ahead.window ? ahead.before + ahead.rows : ahead.reached;
  if (ahead.query?.goesBack && ahead.rows > 0 && passed === undefined)
    endLook(ahead, 'its cursor may have gone back');
  if (passed === undefined && ahead.unseen) endLook(ahead, placeUnknown);
  if (passed === undefined) ahead.why ??= placeUnknown;
  for (const each of ahead.found.values()) each.passed = each.calls.length;
  const before = passed ?? least;
  Object.assign(ahead, { rows, before, passed: passed ?? 0, stage: 0, alone: 0, window: undefined });
}
const placeUnknown = 'where its cursor stands is not known';

/** Of rows that were read before nothing has to be known but how many they are: no call follows from the results of theirs. */
export function maySkip({ query, window, passed }: LookAhead<unknown>): boolean {
  return passed > 0 && !window && query?.stopsAtRows === true && query.stages === 1 && !query.apart;
}

/** A call was not found though all was looked for from where its cursor was thought to stand: it stands elsewhere, and nothing is looked for any more. */
export function endIfMisplaced(ahead: LookAhead<unknown>): boolean {
  if (!maySkip(ahead) || mayLookAgain(ahead)) return false;
  endLook(ahead, placeUnknown);
  return true;
}

export function sinceOf({ isKept, isOpened }: Pick<Bound, 'isKept' | 'isOpened'>): Since | undefined {
  return isOpened ? 'opened' : isKept ? 'prepared' : undefined;
}

/** What was opened under this plan means the same, as far as a plan tells. `plan`: its JSON text. */
export function sinceLook(ahead: LookAhead<unknown>, plan: string): { since?: Since } {
  const since = ahead.since ?? ahead.query?.since;
  if (ahead.stage > 1) return since ? { since } : {};
  if (since !== 'opened' && ahead.rows > 0) ahead.openedAs = plan;
  if (!since) return {};
  return { since: since === 'opened' && ahead.openedAs === plan ? 'prepared' : since };
}

/** In place of a handle, where a call was only noted. */
export const pending = { handle: 'pending' };

export function mayLookAgain({ query, stored, stage, window }: LookAhead<unknown>): boolean {
  return (
    stored !== undefined ||
    (query !== undefined && (stage < query.stages || (window?.mayGoOn === true && !window.isLast)))
  );
}

/** What the engine is to look at first to find the next stage's calls; undefined if there is none. `bound` tells of the statement's parameters. */
export function nextLook(ahead: LookAhead<unknown>, bound: () => Bound | undefined): Look | undefined {
  const { query, stored } = ahead;
  if (stored) return { stored: stored.stored, name: stored.name };
  if (!query || !mayLookAgain(ahead)) return undefined;
  if (query.parameters) ahead.bound ??= bound();
  if (query.parameters && !ahead.bound) {
    endLook(ahead, unknownParameters);
    return undefined;
  }
  // What was found of all stages is there, and more rows are wanted.
  ahead.stage = ahead.stage < query.stages ? ahead.stage + 1 : 1;
  ahead.looking = true;
  if (ahead.stage === 1) ahead.window = undefined;
  for (const each of ahead.found.values()) each.again = 0;
  ahead.running = query.forStage(ahead.stage);
  ahead.noting = query.forStage(ahead.stage, 'noted');
  return ahead.bound
    ? { prepare: query.typedBy ?? ahead.running, types: ahead.bound.types }
    : toExplain(ahead);
}

/** What is to be explained. */
export function toExplain({ running, cursor }: LookAhead<unknown>): { explain: string } {
  return { explain: planned(running, cursor) };
}

/** A cursor is planned for its first rows. */
function planned(query: string, cursor: boolean): string {
  return cursor ? `DECLARE hologen_ahead NO SCROLL CURSOR FOR ${query}` : query;
}

/** What is to be explained, too, for any values of parameters of these types. */
export function toExplainBeside({ cursor }: LookAhead<unknown>, { text, types }: Beside): object {
  return { beside: types ? text : planned(text, cursor), types };
}

/** Parts of the rows are read. */
export function readsSome({ rows, query }: LookAhead<unknown>): boolean {
  return rows > 0 && query?.stopsAtRows === true;
}

/** As many as PL/pgSQL moves at once. */
const allRows = 2 ** 31 - 1;

/** What is to be run, for how many rows from the first; without `rows` for all. */
export function toRun(ahead: LookAhead<unknown>): Run {
  const { running, rows, before, passed, cursor, window, found } = ahead;
  if (window) return { run: running, wanted: window.wanted, cursor };
  const all = ahead.query?.plannedAsCursor ? { rows: allRows, cursor } : {};
  if (maySkip(ahead)) {
    for (const each of found.values()) each.again = each.passed;
    return { run: running, passed, cursor, ...(rows > 0 && { rows }) };
  }
  const some = readsSome(ahead) ? { rows: before + rows, cursor } : all;
  return { run: running, ...some };
}

export interface Run {
  run: string;
  /** So many first, of which nothing is told. */
  passed?: number;
  rows?: number;
  /** Its rows are counted until there are so many. */
  wanted?: number;
  /** Planned as a cursor, or else as a statement that is read to its end. */
  cursor?: boolean;
}

/**
 * The engine plans the query, or first tells the types of its parameters, or what it keeps under a name; `types` are those that are known, by
 * number.
 */
export type Look =
  | { explain: string }
  | { prepare: string; types: number[] }
  | { stored: StoredQuery['stored']; name: string };

/** Notes a call that was not found before; `as`: who has come to it, and so does not come to it as a found one. */
export function noteFound<Call>(
  ahead: LookAhead<Call>,
  given: SubmittedCall,
  call: Call,
  as: 'given' | 'again',
): void {
  const { found, stage } = ahead;
  const key = keyOf(given);
  const same = found.get(key) ?? {
    ...{ calls: [], given: 0, again: 0, passed: 0 },
    stage: as === 'again' ? stage : undefined,
  };
  found.set(key, same);
  same.calls.push(call);
  ahead.inOrder.push(call);
  same[as] += 1;
  if (as === 'again') ahead.left += 1;
}

/**
 * Calls of another stage ask for the same. Which of their answers is whose the statement says when it comes to them: where results decide how far is
 * read, that may be farther or less far than it looks.
 */
export function isAskedInTwoStages({ found, stage }: LookAhead<unknown>, given: SubmittedCall): boolean {
  const first = found.get(keyOf(given))?.stage;
  return first !== undefined && first !== stage;
}

/** The last call that was found, if the engine has come to it once more, for another column of the same row. */
export function isOnceMore<Call>(ahead: LookAhead<Call>, given: SubmittedCall): boolean {
  const same = ahead.leftInRow > 0 ? ahead.found.get(keyOf(given)) : undefined;
  const last = same?.calls.at(-1);
  ahead.leftInRow = last ? ahead.leftInRow - 1 : ahead.inRow - 1;
  if (last) noteFound(ahead, given, last, 'again');
  return last !== undefined;
}

/** The next call that asks for the same, of those that were found. */
export function takeFound<Call>(
  ahead: LookAhead<Call>,
  given: SubmittedCall,
  as: 'given' | 'again',
): Call | undefined {
  const same = ahead.found.get(keyOf(given));
  const call = same?.calls[same[as]];
  if (!same || !call) return undefined;
  same[as] += 1;
  if (as === 'given') ahead.left -= 1;
  return call;
}

/** The statement may come to it next. */
export function hasFound({ found }: LookAhead<unknown>, given: SubmittedCall): boolean {
  const same = found.get(keyOf(given));
  return same !== undefined && same.given < same.calls.length;
}

/** The statement has come to calls. */
export function hasMade({ alone, found }: LookAhead<unknown>): boolean {
  return alone > 0 || found.size > 0;
}

/** The statement has come to all that was found, and there is no more to look for. */
export function isSpent(ahead: LookAhead<unknown>): boolean {
  const { query, found, left } = ahead;
  return query !== undefined && !mayLookAgain(ahead) && found.size > 0 && left === 0;
}

function keyOf({ form, function: asker, model, request, file }: SubmittedCall): string {
  return JSON.stringify([form, asker?.name, model, request, file]);
}

export function endLook(ahead: LookAhead<unknown>, problem: string | undefined): void {
  Object.assign(ahead, { looking: false, noted: undefined });
  if (problem === undefined) return;
  Object.assign(ahead, { query: undefined, stored: undefined });
  ahead.why ??= problem;
}

/** Why a query may ask for something else when its turn comes, by what the engine knows of its names. */
export function whyUncertain({
  unsure: [first],
  doubt,
}: {
  unsure: string[];
  doubt: string | undefined;
}): string | undefined {
  return doubt ?? (first === undefined ? undefined : `${first} may give something else each time`);
}

/** Ends the look, and is told to nobody but in a NOTICE. */
export function lostWhileLooking(message = notSeen): KnownError {
  return new KnownError({ kind: 'featureNotSupported', message });
}
