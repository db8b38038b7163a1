/** Calls that stand in a statement as they were written: the engine is asked to look for all of a stage before the first of them is made. */
import { setImmediate } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import type { CallOrigin } from '../ledger/job.js';
import type { SubmittedCall } from './check.js';
import {
  endLook,
  isSpent,
  type Look,
  type LookAhead,
  lostWhileLooking,
  mayLookAgain,
  newLookAhead,
  nextLook,
  noteAlone,
  noteFound,
  pending,
  type Run,
  readOn,
  readsSome,
  type SqlReader,
  type StoredText,
  storedFound,
  takeFound,
  toExplain,
  toRun,
} from './look-ahead.js';
import { readSessionSettings } from './session-settings.js';
import type { Statement, StatementCall, Statements } from './statement.js';

export interface WrittenCalls {
  /**
   * As submit, for a call that stands as it was written. In place of a handle the engine may be given a query to plan: the statement's calls are
   * to be looked for first, and this one submitted again.
   */
  submitWritten(
    call: SubmittedCall,
    place: CallPlace,
    origin: CallOrigin,
  ): Promise<{ handle: string } | Look>;
  /** While the engine looks for the calls of a later stage: one of an earlier stage, whose result it needs. */
  submitMade(call: SubmittedCall, origin: CallOrigin): { handle: string };
  /** What the engine keeps under the name that it was asked for, and from when. */
  storedFound(call: SubmittedCall, found: StoredText | undefined, origin: CallOrigin): Look | object;
  /** The query that is looked at, with the values of its parameters, whose types the engine has found. */
  typesFound(call: SubmittedCall, types: string[], origin: CallOrigin): Promise<{ explain: string }>;
  /** What the engine is to find out about the plan, or nothing: the calls in it are not certain to be made. */
  planFound(call: SubmittedCall, plan: unknown, origin: CallOrigin): object;
  /** The query to run if nothing in the plan is unsure. */
  planChecked(call: SubmittedCall, found: NamesFound, origin: CallOrigin): Run | object;
  /** Calls that the engine has come to while it looks, in their order. What is wrong with one is told the next time, or when it has looked. */
  noteAll(calls: SubmittedCall[], origin: CallOrigin): Promise<void>;
  /**
   * The engine has looked, to the end or to a problem; at so many rows, where it read some. Throws what the statement must be told before
   * anything of it is sent.
   */
  looked(call: SubmittedCall, problem: string | undefined, rows: number, origin: CallOrigin): Promise<void>;
}

export interface CallPlace {
  /** The body of a function that it stands in, by the engine's context of it; undefined: the statement itself. */
  inside: string | undefined;
  /** It is come to while the engine looks. */
  looking: boolean;
}

/** What the engine knows of names in a plan: those that may give something else each time; and whether AI functions' names may mean others. */
export interface NamesFound {
  unsure: string[];
  others: boolean;
}

/** What the calls of statements are made with. */
export interface Making {
  statements: Statements;
  reader: SqlReader;
  newCall(given: SubmittedCall, origin: CallOrigin): Promise<StatementCall>;
  add(call: StatementCall): Promise<{ handle: string }>;
  /** The same for calls that come together. */
  together(): Making;
}

export function createWrittenCalls(making: Making): WrittenCalls {
  const { reader } = making;
  const aheadFor = (given: SubmittedCall, origin: CallOrigin) => aheadOf(given, origin, making).ahead;
  return {
    submitWritten: (given, place, origin) => submitWritten(given, place, origin, making),
    submitMade(given, origin) {
      const ahead = aheadFor(given, origin);
      const call = ahead.looking ? takeFound(ahead, given, 'again') : undefined;
      if (!call) throw lostWhileLooking();
      return { handle: call.handle };
    },
    storedFound: (given, found, origin) => storedText(given, found, origin, making),
    async typesFound(given, types, origin) {
      const ahead = aheadFor(given, origin);
      const texts = await reader.valueTexts(types, ahead.bound?.values ?? []).catch((error: Error) => {
        throw lostWhileLooking(error.message);
      });
      ahead.running = reader.withValues(ahead.running, types, texts);
      ahead.noting = reader.withValues(ahead.noting, types, texts);
      return toExplain(ahead);
    },
    planFound(given, plan, origin) {
      const ahead = aheadFor(given, origin);
      const judged = reader.judgePlan(plan, ahead.query?.text ?? '', readsSome(ahead) ? 'some' : 'all');
      if ('why' in judged) endLook(ahead, judged.why);
      return 'why' in judged ? {} : judged;
    },
    planChecked: (given, found, origin) => planChecked(aheadFor(given, origin), found),
    noteAll: (calls, origin) => noteAll(calls, origin, making),
    async looked(given, problem, rows, origin) {
      const { statement, ahead } = aheadOf(given, origin, making);
      const wrong = await ahead.noted?.then(() => undefined, lost);
      statement.looking = undefined;
      ahead.reached = Math.max(ahead.reached, rows);
      endLook(ahead, problem ?? wrong);
      if (ahead.refusal) throw ahead.refusal;
    },
  };
}

function aheadOf(
  given: SubmittedCall,
  origin: CallOrigin,
  { statements, reader }: Making,
): { statement: Statement; ahead: LookAhead<StatementCall> } {
  const statement = statements.of(origin, readSessionSettings(given.settings), given.statement);
  statement.ahead ??= beginLook(statement, given.engineText, statements, reader);
  return { statement, ahead: statement.looking ?? statement.ahead };
}

/** A portal of which rows were read before goes on with what was found for them. */
function beginLook(
  statement: Statement,
  text: string,
  { rowsAskedOf, boundTo, reads }: Statements,
  reader: SqlReader,
): LookAhead<StatementCall> {
  const rows = rowsAskedOf(statement);
  if (rows === 0) return newLookAhead(reader.aheadQuery(text));
  const portal = boundTo(statement, text);
  const ahead = (portal && reads.get(portal)) ?? newLookAhead<StatementCall>(reader.aheadQuery(text));
  // What it runs may be asked for again by another one.
  if (ahead.query?.stopsAtRows && !(rows && portal))
    endLook(ahead, 'how many of its rows are wanted is not known');
  if (portal) reads.set(portal, ahead);
  readOn(ahead, rows ?? 0);
  return ahead;
}

function storedText(
  given: SubmittedCall,
  found: StoredText | undefined,
  origin: CallOrigin,
  making: Making,
): Look | object {
  const { statements } = making;
  const { statement, ahead } = aheadOf(given, origin, making);
  const isBlock = ahead.stored?.stored === 'block';
  const cursor = ahead.stored?.stored === 'cursor' ? `${ahead.stored.name} ${found?.created}` : undefined;
  const rows = ahead.stored?.rows ?? 0;
  storedFound(ahead, found);
  if (cursor !== undefined) {
    statement.ahead = statements.cursorRead(statement, cursor, ahead);
    statement.looking = statement.ahead;
    readOn(statement.ahead, rows);
  }
  const text = found?.statement ?? '';
  // What the client bound to its statement is nothing to a function's query.
  const bound = () => (isBlock ? undefined : statements.boundTo(statement, text));
  return nextLook(statement.looking ?? ahead, bound) ?? {};
}

async function submitWritten(
  given: SubmittedCall,
  { inside, looking }: CallPlace,
  origin: CallOrigin,
  making: Making,
): Promise<{ handle: string } | Look> {
  const { statements, newCall, add } = making;
  const { statement, ahead: outer } = aheadOf(given, origin, making);
  if (looking) {
    await outer.noted;
    return noteCall(given, inside, origin, making);
  }
  // A function may go on behind what has ended the look.
  if (outer.looking) leaveLook(statement, outer);
  const block = inside === undefined ? undefined : blockOf(statement, inside, given.engineText, making);
  const ahead = block ?? statement.ahead ?? outer;
  const found = takeFound(ahead, given, 'given');
  if (found) return { handle: found.handle };
  const mayLook = statement.atOnce && (inside === undefined || block !== undefined);
  const bound = () => (block ? undefined : statements.boundTo(statement, given.engineText));
  const look = mayLook ? nextLook(ahead, bound) : undefined;
  if (look) {
    statement.looking = ahead;
    return look;
  }
  const call = await newCall(given, origin);
  if (inside !== undefined || ahead.movesCursor) statements.cursorsMoved(statement);
  noteAlone(statement.notes, ahead, inside !== undefined);
  // A later look comes upon it again.
  if (mayLookAgain(ahead)) noteFound(ahead, given, call, 'given');
  return add(call);
}

function leaveLook(statement: Statement, ahead: LookAhead<StatementCall>): void {
  endLook(ahead, 'its first look was cut off');
  statement.looking = undefined;
}

/** What is known of the query of a function that makes the call. It may run again, over other rows. */
function blockOf(
  { blocks }: Statement,
  context: string,
  text: string,
  { reader }: Making,
): LookAhead<StatementCall> | undefined {
  const block = reader.blockQuery(context, text);
  if (!block) return undefined;
  const known = blocks.get(block.key);
  if (known && !isSpent(known)) return known;
  const begun = newLookAhead<StatementCall>(block.query);
  blocks.set(block.key, begun);
  return begun;
}

/** In the first stage, in which nothing is waited for, the engine goes on to its next calls while these are checked. */
async function noteAll(calls: SubmittedCall[], origin: CallOrigin, making: Making): Promise<void> {
  const [first] = calls;
  if (!first) return;
  const { statement, ahead } = aheadOf(first, origin, making);
  await ahead.noted;
  const noted = noteEach(calls, statement, origin, making);
  ahead.noted = noted;
  if (ahead.stage > 1) await noted;
  // Whoever comes next is told.
  noted.catch(() => {});
}

async function noteEach(
  calls: SubmittedCall[],
  { stop }: Statement,
  origin: CallOrigin,
  making: Making,
): Promise<void> {
  // The engine has its answer first.
  await setImmediate();
  const together = making.together();
  for (const { chosenHandle: _, ...given } of calls) {
    if (stop.signal.aborted) return;
    // Its handle is its own: the one that it was described with nobody waits for.
    await noteCall(given, undefined, origin, together);
  }
}

/** What ends the look, and not the statement. */
function lost(error: unknown): string {
  if (error instanceof KnownError) return error.message;
  throw error;
}

/** A call that the statement will come to. */
async function noteCall(
  given: SubmittedCall,
  inside: string | undefined,
  origin: CallOrigin,
  making: Making,
): Promise<{ handle: string }> {
  const { statement, ahead } = aheadOf(given, origin, making);
  if (inside !== undefined || !ahead.looking) throw lostWhileLooking();
  // The statement has made it before, without having looked for it.
  if (takeFound(ahead, given, 'again')) return pending;
  const { refused } = statement;
  const call = await making.newCall(given, origin).catch((error: unknown) => {
    statement.refused = refused;
    // It is certain to be come to: nothing of the statement is sent.
    if (error instanceof KnownError) ahead.refusal = error;
    throw error;
  });
  await making.add(call);
  noteFound(ahead, given, call, 'again');
  return pending;
}

function planChecked(ahead: LookAhead<StatementCall>, { unsure, others }: NamesFound): Run | object {
  const [first] = unsure;
  if (!others) ahead.running = ahead.noting;
  if (first === undefined && ahead.query) return toRun(ahead);
  endLook(ahead, `${first} may give something else each time`);
  return {};
}
