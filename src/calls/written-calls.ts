/** Calls that stand in a statement as they were written: the engine is asked to look for all of a stage before the first of them is made. */
import { setImmediate } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import type { CallOrigin } from '../ledger/job.js';
import { partOfCall } from './batch.js';
import {
  answerAboutBatches,
  type BatchAnswers,
  type BatchLook,
  beginBatch,
  noteInBatch,
} from './batch-look.js';
import { type Ahead, aheadOf } from './begin-look.js';
import type { SubmittedCall } from './check.js';
import { createKnownNames, type KnownNames } from './known-names.js';
import {
  endIfMisplaced,
  endLook,
  hasFound,
  hasMade,
  isAskedInTwoStages,
  isOnceMore,
  isSpent,
  type Look,
  type LookAhead,
  lookInstead,
  lostWhileLooking,
  mayLookAgain,
  maySkip,
  newLookAhead,
  nextLook,
  noteFound,
  pending,
  type Run,
  readOn,
  readsSome,
  type StoredText,
  storedFound,
  takeFound,
  toExplain,
  toRun,
  whyUncertain,
} from './look-ahead.js';
import { besideFound, goOn, hasEnough, planFound } from './look-plan.js';
import { unknownParameters } from './look-problem.js';
import type { Making, NamesFound } from './making.js';
import { noSerialCalls } from './own-statements.js';
import { areReadable } from './readable-values.js';
import { noteAlone } from './serial-notes.js';
import { foundOthers, leaveLook, setAside } from './set-aside.js';
import type { Bound } from './sql-reader.js';
import type { Statement, StatementCall } from './statement.js';

export interface WrittenCalls extends BatchAnswers {
  /**
   * As submit, for a call that stands as it was written. In place of a handle the engine may be given a query to plan: the statement's calls are
   * to be looked for first, and this one submitted again. `enough`: the look ends with it.
   */
  submitWritten(
    call: SubmittedCall,
    place: CallPlace,
    origin: CallOrigin,
  ): Promise<{ handle: string; enough?: boolean } | Look | BatchLook>;
  /** While the engine looks for the calls of a later stage: one of an earlier stage, whose result it needs. `enough`: the look ends with it. */
  submitMade(call: SubmittedCall, origin: CallOrigin): { handle: string; enough?: boolean };
  /** What the engine keeps under the name that it was asked for, and from when. */
  storedFound(call: SubmittedCall, found: StoredText | undefined, origin: CallOrigin): Look | object;
  /** The query that is looked at, with the values of its parameters, whose types the engine has found. */
  typesFound(call: SubmittedCall, types: string[], origin: CallOrigin): Promise<{ explain: string }>;
  /**
   * What the engine is to find out about the plan, or to plan besides, or to run, where all that is known; or nothing: the calls in it are not
   * certain to be made. `state`: of its catalogue.
   */
  planFound(call: SubmittedCall, plan: unknown, state: string | undefined, origin: CallOrigin): object;
  /** The same when it has planned what else it was to. */
  besideFound(call: SubmittedCall, plan: unknown, origin: CallOrigin): object;
  /** The query to run if nothing in the plan is unsure. */
  planChecked(call: SubmittedCall, found: NamesFound, origin: CallOrigin): Run | object;
  /**
   * Calls that the engine has come to while it looks, in their order. `part`: of a batch, those behind it are that part's. What is wrong with
   * one may be told the next time, or when the engine has looked.
   */
  noteAll(calls: NotedCall[], origin: CallOrigin): Promise<void>;
  /** As submitWritten, when the engine has looked. Throws what the statement must be told before anything of it is sent. */
  submitLooked(
    call: SubmittedCall,
    look: Looked,
    place: CallPlace,
    origin: CallOrigin,
  ): ReturnType<WrittenCalls['submitWritten']>;
}

export interface Looked {
  /** What has ended the look before its end. */
  problem: string | undefined;
  /** Calls that it has come to and that were not told of yet. */
  noted: NotedCall[];
  /** So many rows it has read, where these are counted. */
  rows: number;
}

export type NotedCall = SubmittedCall & { part?: number | undefined };

export interface CallPlace {
  /** The body of a function that it stands in, by the engine's context of it; undefined: the statement itself. */
  inside: string | undefined;
  /** It is come to while the engine looks; `part`: of a batch. */
  looking: boolean;
  part: number;
  /** So many rows the look has come to. */
  passed: number;
}

export function createWrittenCalls(making: Making): WrittenCalls {
  const { reader } = making;
  const names = createKnownNames();
  const aheadFor = (given: SubmittedCall, origin: CallOrigin) => aheadOf(given, origin, making).ahead;
  return {
    submitWritten: (given, place, origin) => submitWritten(given, place, origin, making),
    submitMade(given, origin) {
      const ahead = aheadFor(given, origin);
      const call = ahead.looking ? takeFound(ahead, given, 'again') : undefined;
      if (call) return { handle: call.handle };
      // From here on it is not known which rows there are.
      if (ahead.looking && ahead.window) return { ...pending, enough: true };
      throw lostWhileLooking();
    },
    storedFound: (given, found, origin) => storedText(given, found, origin, making),
    async typesFound(given, types, origin) {
      const ahead = aheadFor(given, origin);
      ahead.types = types;
      const texts = await reader.valueTexts(types, ahead.bound?.values ?? []).catch(() => {
        throw lostWhileLooking(unknownParameters);
      });
      ahead.running = reader.withValues(ahead.running, types, texts);
      ahead.noting = reader.withValues(ahead.noting, types, texts);
      return toExplain(ahead);
    },
    planFound(given, plan, state, origin) {
      const ahead = aheadFor(given, origin);
      ahead.catalogue = state;
      return unlessKnown(planFound(plan, ahead, reader), given, origin, names, making);
    },
    besideFound: (given, plan, origin) =>
      unlessKnown(besideFound(plan, aheadFor(given, origin), reader), given, origin, names, making),
    planChecked(given, found, origin) {
      names.remember(aheadFor(given, origin).namesKey, found);
      return planChecked(given, found, origin, making);
    },
    ...answerAboutBatches(making),
    noteAll: (calls, origin) => noteAll(calls, origin, making),
    async submitLooked(given, look, place, origin) {
      await looked(given, look, origin, making);
      return submitWritten(given, place, origin, making);
    },
  };
}

async function looked(
  given: SubmittedCall,
  { problem, noted, rows }: Looked,
  origin: CallOrigin,
  making: Making,
): Promise<void> {
  const { statement, ahead } = aheadOf(given, origin, making);
  const wrong = await noteAll(noted, origin, making)
    .then(() => ahead.noted)
    .then(() => undefined, lost);
  statement.looking = undefined;
  if (ahead.window) goOn(ahead.window, rows);
  ahead.reached = Math.max(ahead.reached, rows);
  // One of a later stage is found by a later look.
  const isOther = ahead.left > 0 && !mayLookAgain(ahead) && !hasFound(ahead, given);
  endLook(ahead, problem ?? wrong ?? (isOther ? foundOthers : undefined));
  if (isOther || ahead.refusal) setAside(statement, ahead);
  if (ahead.refusal) throw ahead.refusal;
}

function storedText(
  given: SubmittedCall,
  found: StoredText | undefined,
  origin: CallOrigin,
  making: Making,
): Look | object {
  const { statements } = making;
  const { statement, ahead } = aheadOf(given, origin, making);
  const isBlock = ahead.stored?.stored === 'block' || ahead.stored?.stored === 'sql';
  const isOfTable = ahead.stored?.stored === 'table';
  const { name = '', rows = 0 } = ahead.stored ?? {};
  const cursor = ahead.stored?.stored === 'cursor' ? `${name} ${found?.created}` : undefined;
  storedFound(ahead, found);
  if (ahead.query?.serves) lookAtWhole(statement, ahead, ahead.query.serves);
  if (cursor !== undefined) {
    statement.ahead = statements.cursors.read(statement, cursor, ahead);
    statement.looking = statement.ahead;
    statement.declaredBy = found?.statement;
    const asked = { name, text: given.engineText, declaredBy: found?.statement ?? '' };
    readOn(statement.ahead, rows, statements.placeOf(statement, asked));
  }
  const text = isOfTable || ahead.query?.serves ? given.engineText : (found?.statement ?? '');
  // What the client bound to its statement is nothing to a function's query.
  const bound = () => (isBlock ? undefined : boundTo(statement, text, given, making));
  return nextLook(statement.looking ?? ahead, bound) ?? {};
}

function boundTo(
  statement: Statement,
  text: string,
  { settings, engineText }: SubmittedCall,
  { statements }: Making,
): Bound | undefined {
  const bound = statements.boundTo(statement, text, text === engineText);
  return bound && areReadable(bound.values, settings) ? bound : undefined;
}

/** What is found in the statement are the calls of its functions and its own; those that were made before would be found once more. */
function lookAtWhole(statement: Statement, ahead: LookAhead<StatementCall>, serves: string[]): void {
  const { ahead: own, blocks } = statement;
  const others = serves.map((key) => blocks.get(key)).filter((each) => each !== undefined && each !== ahead);
  if ((own && hasMade(own)) || others.length > 0) {
    endLook(ahead, 'the statement has made calls before');
    return;
  }
  for (const key of serves) blocks.set(key, ahead);
  statement.ahead = ahead;
}

async function submitWritten(
  given: SubmittedCall,
  place: CallPlace,
  origin: CallOrigin,
  making: Making,
): Promise<{ handle: string; enough?: boolean } | Look | BatchLook> {
  const { statements, newCall, add } = making;
  const { inside } = place;
  if (place.looking) {
    await aheadOf(given, origin, making).ahead.noted;
    if (inside !== undefined) throw lostWhileLooking();
    const { part, passed } = place;
    return noteCall(given, { ...aheadOf(given, origin, making), part, passed }, origin, making);
  }
  if (inside === undefined) statements.comeTo(origin, given);
  const { statement, ahead: outer } = aheadOf(given, origin, making);
  // A function may go on behind what has ended the look.
  if (outer.looking) leaveLook(statement, outer);
  const block = inside === undefined ? undefined : blockOf(statement, inside, given.engineText, making);
  const part = inside === undefined ? partOfCall(given, statement.batch) : undefined;
  if (part) statement.ahead = part;
  const ahead = block ?? statement.ahead ?? outer;
  const found = takeFound(ahead, given, 'given');
  if (found) return { handle: found.handle };
  const batch = inside === undefined ? await beginBatch(given, statement, making) : undefined;
  if (batch) return batch;
  const mayLook = statement.atOnce && (inside === undefined || block !== undefined);
  const bound = () => (block ? undefined : boundTo(statement, given.engineText, given, making));
  const look = mayLook ? nextLook(ahead, bound) : undefined;
  if (look) {
    statement.looking = ahead;
    return look;
  }
  if (endIfMisplaced(ahead)) statements.cursors.moved(statement);
  const call = await newCall(given, origin);
  if (inside !== undefined || ahead.movesCursor === true) statements.cursors.moved(statement);
  else if (ahead.movesCursor) statements.cursors.readUnseen(statement, 'cursors');
  // Nothing is sent, or nobody says when its client has its answers.
  const isOnItsOwn = call.dryRun || !statements.hasClient(origin.engineProcessId);
  const serial = isOnItsOwn ? noSerialCalls() : statements.serialOf(statement);
  const alone = { ahead, inside: inside !== undefined, serial };
  noteAlone(statement, alone, making.reader);
  // A later look comes upon it again, for this part of the rows or the next.
  if (mayLookAgain(ahead) || readsSome(ahead)) noteFound(ahead, given, call, 'given');
  return add(call);
}

/** What is known of the query of a function that makes the call. It may run again, over other rows. */
function blockOf(
  statement: Statement,
  context: string,
  text: string,
  { reader, statements }: Making,
): LookAhead<StatementCall> | undefined {
  const { blocks } = statement;
  const block = reader.blockQuery(context, text);
  if (!block) return undefined;
  const known = blocks.get(block.key);
  // A statement is run once.
  if (known && (block.isWhole || !isSpent(known))) return known;
  const begun = { ...newLookAhead<StatementCall>(block.query()), inBlock: true };
  const { executions = 1 } = statements.boundTo(statement, text, true) ?? {};
  if (block.isWhole && (statements.rowsAskedOf(statement) !== 0 || executions > 1))
    endLook(begun, 'how many of its rows are wanted is not known');
  blocks.set(block.key, begun);
  return begun;
}

/** In the first stage, in which nothing is waited for, the engine goes on to its next calls while these are checked. */
async function noteAll(calls: NotedCall[], origin: CallOrigin, making: Making): Promise<void> {
  const [first] = calls;
  if (!first) return;
  const { statement, ahead } = aheadOf(first, origin, making);
  await ahead.noted;
  const check = () => noteEach(calls, statement, origin, making);
  if (ahead.stage !== 1 || statement.batch?.looking) return check();
  // The engine has its answer first.
  ahead.noted = setImmediate().then(check);
  // Whoever comes next is told.
  ahead.noted.catch(() => {});
}

async function noteEach(
  calls: NotedCall[],
  { stop }: Statement,
  origin: CallOrigin,
  making: Making,
): Promise<void> {
  const together = making.together();
  for (const call of calls) {
    if (stop.signal.aborted) return;
    const known = aheadOf(call, origin, making);
    const { batch } = known.statement;
    if (batch?.looking && call.part !== undefined) batch.telling = call.part;
    else await noteCall(call, { ...known, part: batch?.telling ?? 0, passed: 0 }, origin, together);
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
  { statement, ahead, part, passed }: Ahead & Pick<CallPlace, 'part' | 'passed'>,
  origin: CallOrigin,
  making: Making,
): Promise<{ handle: string; enough?: boolean }> {
  if (statement.batch?.looking) {
    await noteInBatch(given, part, statement.batch, origin, making);
    return pending;
  }
  if (!ahead.looking) throw lostWhileLooking();
  // The statement has made it before, without having looked for it.
  const known = takeFound(ahead, given, 'again');
  if (ahead.window && isAskedInTwoStages(ahead, given)) ahead.window.isLast = true;
  if (known && ahead.window) return { handle: known.handle };
  if (known || isOnceMore(ahead, given)) return pending;
  const { refused } = statement;
  const call = await making.newCall(given, origin, statement).catch((error: unknown) => {
    statement.refused = refused;
    // It is certain to be come to: nothing of the statement is sent.
    if (error instanceof KnownError) ahead.refusal = error;
    throw error;
  });
  await making.add(call);
  noteFound(ahead, given, call, 'again');
  return ahead.window ? { ...pending, enough: hasEnough(ahead, ahead.window, passed) } : pending;
}

/** The engine need not be asked again what it has found out before. */
function unlessKnown(
  asked: object,
  given: SubmittedCall,
  origin: CallOrigin,
  names: KnownNames,
  making: Making,
): object {
  const { ahead } = aheadOf(given, origin, making);
  ahead.namesKey = names.keyOf(asked, ahead.catalogue, origin);
  const found = names.found(ahead.namesKey);
  return found ? planChecked(given, found, origin, making) : asked;
}

/** A look would ask for the calls of rows that were read before. */
function whyUnseen(ahead: LookAhead<unknown>): string | undefined {
  return ahead.unseen && !maySkip(ahead) && ahead.before > 0 ? 'rows of it were read before' : undefined;
}

function planChecked(
  given: SubmittedCall,
  found: NamesFound,
  origin: CallOrigin,
  { statements, reader, ...making }: Making,
): Run | object {
  const { statement, ahead } = aheadOf(given, origin, { statements, reader, ...making });
  const { others, unsure, doubt } = found;
  const why = whyUncertain(found) ?? whyUnseen(ahead);
  const isOwn = ahead === statement.ahead && statements.rowsAskedOf(statement) === 0;
  const mayChange = ahead.query && !ahead.query.serves && !hasMade(ahead);
  if (unsure.length > 0 && !doubt && isOwn && mayChange) {
    lookInstead(ahead, reader.withRowFunctions(unsure, given.engineText, { why }));
    return {};
  }
  // What is known by then gives its results, so that rows are counted.
  if (!others && !ahead.window) ahead.running = ahead.noting;
  if (why === undefined && ahead.query) return toRun(ahead);
  endLook(ahead, why);
  return {};
}
