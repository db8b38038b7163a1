/** Calls that stand in a statement as they were written: the engine looks for all of a stage before the first of them is waited for. */
import { KnownError } from '../errors.js';
import type { CallArguments } from './check.js';
import type { Statement, StatementCall } from './statement.js';

/** What can be told of texts and plans, by whoever reads SQL. */
export interface SqlReader {
  /** Of a client's text what may call. */
  calling(text: string): string;
  aheadQuery(text: string): AheadQuery | { why: string | undefined };
  /** What has to be asked of the engine about a plan, or why its calls are not certain. */
  judgePlan(plan: unknown, query: string): object | { why: string };
}

export interface AheadQuery {
  stages: number;
  forStage(stage: number): string;
}

export interface LookAhead {
  /** Undefined: it cannot be looked ahead in, or not any more. */
  query: AheadQuery | undefined;
  /** Why its calls are made one after another, if there is more to say than that they are few. */
  why: string | undefined;
  /** The last stage that was looked for. */
  stage: number;
  looking: boolean;
  /** The calls that were found, by what they ask for. */
  found: Map<string, FoundCalls>;
  /** Calls made without having been found. */
  alone: number;
  /** Found out while looking, and to be told of the statement as a whole. */
  refusal: KnownError | undefined;
}

interface FoundCalls {
  calls: StatementCall[];
  /** How many of them the statement itself has come to, and how many the query that looks for a later stage has. */
  given: number;
  again: number;
}

export function newLookAhead(text: string, reader: SqlReader): LookAhead {
  const read = reader.aheadQuery(text);
  const [query, why] = 'why' in read ? [undefined, read.why] : [read, undefined];
  return { query, why, stage: 0, looking: false, found: new Map(), alone: 0, refusal: undefined };
}

/** In place of a handle, where a call was only noted. */
export const pending = { handle: 'pending' };

/** The query that finds the next stage's calls; undefined if there is none. */
export function nextLook(ahead: LookAhead): string | undefined {
  if (!ahead.query || ahead.stage >= ahead.query.stages) return undefined;
  ahead.stage += 1;
  ahead.looking = true;
  for (const each of ahead.found.values()) each.again = 0;
  return ahead.query.forStage(ahead.stage);
}

export function noteFound(ahead: LookAhead, given: CallArguments, call: StatementCall): void {
  const key = keyOf(given);
  const same = ahead.found.get(key);
  if (same) same.calls.push(call);
  else ahead.found.set(key, { calls: [call], given: 0, again: 0 });
}

/** The next call that asks for the same, of those that were found. */
export function takeFound(
  { found }: LookAhead,
  given: CallArguments,
  as: 'given' | 'again',
): StatementCall | undefined {
  const same = found.get(keyOf(given));
  const call = same?.calls[same[as]];
  if (same && call) same[as] += 1;
  return call;
}

function keyOf({ model, request, file }: CallArguments): string {
  return JSON.stringify([model, request, file]);
}

export function endLook(ahead: LookAhead, problem: string | undefined): void {
  ahead.looking = false;
  if (problem === undefined) return;
  ahead.query = undefined;
  ahead.why ??= problem;
}

/** The second call that comes alone is the first of which somebody would wonder. */
export function noteAlone(statement: Statement, ahead: LookAhead, inside: boolean): void {
  ahead.alone += 1;
  if (ahead.alone !== 2) return;
  const why = inside ? 'they stand in a function or a block' : ahead.why;
  if (why === undefined) return;
  statement.notes.add(
    `the calls of this statement are made one after another: ${why}. At once are the calls of a sub-select or a CTE that gives their results to the rest.`,
  );
}

export function lostWhileLooking(): KnownError {
  return new KnownError({ kind: 'queryCanceled', message: 'a call cannot be looked ahead to' });
}
