/** Which calls belong to one statement, which of them may be sent, and when they are given up. */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { KnownError } from '../errors.js';
import type { CallOrigin } from '../ledger/job.js';
import { type Batch, type StandingPipe, whoseCall } from './batch.js';
import type { CheckedCall, SubmittedCall } from './check.js';
import type { Course } from './course.js';
import { type CursorAsked, type Cursors, createCursors } from './cursors.js';
import type { UnderWay } from './hold-up.js';
import type { LookAhead } from './look-ahead.js';
import { maskSecrets } from './mask-secrets.js';
import { overBeforeSent } from './over-before-sent.js';
import {
  beginAnew,
  comeAs,
  drop,
  endThose,
  expectedAs,
  keep,
  keepExpected,
  newOwnStatements,
  noSerialCalls,
  type OnlyReads,
  type OwnStatements,
  type SerialCalls,
  setAnswered,
  setStaying,
} from './own-statements.js';
import { ownOutcome, setCommitted, setUndone } from './pipe-outcomes.js';
import { type Requests, requestsAt, requestsOfEstimate } from './requests-at.js';
import { readSessionSettings, type SessionSettings } from './session-settings.js';
import type { Bound } from './sql-reader.js';
import { behindTime, nameOf, nameWith } from './statement-name.js';

export interface Statement extends Omit<SessionSettings, 'dryRun'> {
  id: string;
  /** What tells it from the others of its engine process. */
  name: string;
  /** Its calls are known, and the engine has not come to this text. */
  isExpected: boolean;
  standingText: string | undefined;
  /** Those that its client sent together with it, if their calls were looked for. */
  batch: Batch<Statement, StatementCall> | undefined;
  /** See OnlyReads. */
  declaredBy: string | undefined;
  /** As the client wrote it, without keys and passwords. Of several statements those that may call. */
  text: string;
  /** PostgreSQL stops it after as many rows as the client asks for; otherwise all its calls are made whatever that number is. */
  stopsAtRows: boolean;
  origin: CallOrigin;
  calls: StatementCall[];
  /** So many of `calls` were made in the place of others, which came to nothing: the statement has not asked for them. */
  inPlaceOfOthers: number;
  /** Of `calls` those that nothing was done about yet, in their order. */
  unsent: Set<StatementCall>;
  /** Of `calls` those that say the name of their file, by the path they save it at. */
  named: Map<string, StatementCall>;
  /** Calls of ai_submit: sent when the statement is committed, and from then on its no more. */
  detached: StatementCall[];
  /** Detached jobs whose result the statement was given. */
  collected: string[];
  /** Aborted when the statement is over: what was not sent by then is dropped. */
  stop: AbortController;
  /** What the person should know although the requests are good; each is said once. */
  notes: Set<string>;
  /** Adds to them. */
  note(note: string): void;
  /** What can be done about some of them. */
  hints: Map<string, string>;
  /** Of `notes` those that were said. */
  told: Set<string>;
  /** Of all requests that its engine process has made at its time: a function may change settings, and so begin another one, at each row. */
  requests: Requests;
  /** It only reads, and its rows have reached its client: they are the client's, even if the transaction is rolled back. */
  read: boolean;
  /** All that its client sent along is answered. */
  answered: boolean;
  /** It stood before the oldest savepoint that is open: no ROLLBACK TO undoes what it has given. */
  stays: boolean;
  /** Its transaction has failed, and others of its client go on behind it. */
  isUndone: boolean;
  /** So many calls it had when a transaction of its client was committed, and the engine had had all of them. */
  committedAt: number | undefined;
  /** What becomes of calls whose waits were cancelled is in writing. */
  givenUp: Promise<void>;
  noticedAt: number;
  startedAt: number;
  /** The check that ended the statement before anything was sent. */
  refused: KnownError | undefined;
  /** What is known of the calls that stand in it as they were written. */
  ahead: LookAhead<StatementCall> | undefined;
  /** Of those that stand in functions, by their places. */
  blocks: Map<string, LookAhead<StatementCall>>;
  /** The call of ai_submit that it waits for, or has waited for last. */
  collects: string | undefined;
  /** Which of these the engine looks for at present. */
  looking: LookAhead<StatementCall> | undefined;
  /** The Execute message that waits at present, and the index of its first wait. */
  window: { execute: number; from: number } | undefined;
}

/** A call of a statement: what was asked for, and how far it is. */
export interface StatementCall {
  /** Its job's. */
  handle: string;
  /** What its engine process calls it: see nameOfCall. */
  name: string;
  statement: Statement;
  /** Its place among the calls of the statement. */
  index: number;
  checked: CheckedCall;
  /** Made by ai_submit: it has a life of its own. */
  detached: boolean;
  /** Checked and priced, and never sent. */
  dryRun: boolean;
  /** What its failure gives: its function's own word, else the session's. */
  onError: SessionSettings['onError'];
  /** Known when the storage is checked: what is in the media belongs to it. */
  requestKey: string;
  /** Which earlier results it may take: see SessionSettings. */
  reuse: SessionSettings['reuse'];
  /** The call that is made in its place; it came to nothing and cost nothing. */
  again: StatementCall | undefined;
  /** So many waits for it are being answered. */
  waits: number;
  /** While that is found out, and afterwards. */
  next: Promise<StatementCall | undefined> | undefined;
  /** The checks that need the storage; started with the submit, awaited before the first spending. */
  storageChecked: Promise<void>;
  /** Settles when it is decided that the call is made, or that nothing of its statement may be. */
  decided: Promise<void> | undefined;
  /** Submitted together with one that was refused or cancelled: not sent unless it is waited for by itself. */
  aside: boolean;
  course: Course;
  /** There as soon as it is decided that the call is made. */
  outcome: Promise<string> | undefined;
  underWay: UnderWay | undefined;
  /** Its result was given to the engine. */
  delivered: boolean;
  /** It is decided what becomes of its result. */
  settled: boolean;
  /** Of one that has no job of its own, because it waits for what another makes: ends that wait. */
  letGo: ((reason: unknown) => void) | undefined;
}

/** prepared: somebody will commit it or roll it back, in whatever session. */
export type StatementOutcome = 'committed' | 'failed' | 'prepared';

export interface Statements {
  /** The statement a call belongs to: same engine process, same time. */
  of(
    origin: CallOrigin,
    settings: SessionSettings,
    client: Pick<Statement, 'text' | 'stopsAtRows'>,
  ): Statement;
  /** One that comes behind this one in its client's pipe. */
  expect(before: Statement, client: Pick<Statement, 'text' | 'stopsAtRows'>): Statement;
  /** The engine has come to a statement that makes this call: the next one of which it was expected, if it is not known. */
  comeTo(origin: CallOrigin, given: SubmittedCall): void;
  /** The engine does not come to it. */
  forget(expected: Statement): void;
  /** What the client has sent, the statement and what stands behind it; undefined: it has no client here. */
  standing(statement: Statement): Promise<StandingPipe> | undefined;
  /** What has made calls at this moment: a statement, or several of one text. */
  find(origin: CallOrigin): Statement[];
  /** The estimate is told: what it has run is over, and nothing of it stays. */
  estimateOver(engineProcessId: number, estimate: string): Promise<void> | undefined;
  /** The client asked the engine process for so many rows at most; 0: for all. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** The engine process has a client; `executing` tells the parameters of what that runs at the moment, if it has any. */
  clientCame(
    engineProcessId: number,
    executing: (text: string, now: boolean) => Bound | undefined,
    standing: () => Promise<StandingPipe>,
    placeOf: (cursor: CursorAsked) => number | undefined,
  ): void;
  clientLeft(engineProcessId: number): void;
  /** Whether its client is connected here, so that the end of its statements is heard. */
  hasClient(engineProcessId: number): boolean;
  /** `now`: the engine is at this text. */
  boundTo(statement: Statement, text: string, now: boolean): Bound | undefined;
  /** So many rows of the cursor were read before this statement; undefined: nobody knows. */
  placeOf(statement: Statement, cursor: CursorAsked): number | undefined;
  /** How many rows its client asked for; 0: all; undefined: that is not known. */
  rowsAskedOf(statement: Statement): number | undefined;
  /** What is known of portals whose rows are read in parts. */
  reads: WeakMap<Bound, LookAhead<StatementCall>>;
  cursors: Cursors<StatementCall>;
  /** The client has moved cursors without a call. */
  cursorsRewound(engineProcessId: number): void;
  /** All that the client of the engine process asked for has reached it, in a transaction that is still open. `onlyReads` judges texts. */
  rowsRead(engineProcessId: number, onlyReads: OnlyReads): void;
  /** The client of the engine process has set a savepoint where none was open, after all that was answered before. */
  savepointSet(engineProcessId: number): void;
  /** The calls that may be sent now that `wanted` is waited for, itself included. */
  startable(wanted: StatementCall): StatementCall[];
  /**
   * The engine process has nothing of its statements left to do. Not for open transactions: portals may still be read, results rolled back.
   * Undefined when it had made no calls; else resolves when whoever makes the same calls, through any gateway, can take what was paid for.
   */
  over(engineProcessId: number, outcome: StatementOutcome): Promise<void> | undefined;
  /** As over, for what failed or was undone in a transaction that may go on: what stood before its savepoint is still to be decided. */
  undone(engineProcessId: number): Promise<void> | undefined;
  /**
   * One of the transactions that its client has sent behind one another is over, and the engine is perhaps at the next. If that was committed, so are
   * statements that make no more calls; else what has called by now counts as undone, whatever comes of the others.
   */
  transactionOver(engineProcessId: number, outcome: 'committed' | 'failed'): void;
  /** Of its client's statements that came without a wait between them. */
  serialOf(statement: Statement): SerialCalls<Statement>;
  running(): Statement[];
}

type StatementsOfOne = OwnStatements<Statement>;

interface Running {
  /** By engine process. */
  statements: Map<number, StatementsOfOne>;
  /** The newest Execute of each engine process, and how many rows it asked for; 0: all. */
  asked: Map<number, { execute: number; rows: number }>;
  cursors: Cursors<StatementCall>;
  /** By engine process, of the latest time. */
  requests: Map<number, Requests>;
  calling(text: string): string;
}

/**
 * `ended` is called once for each statement; only when it was committed have its results reached their client for good. `calling`: of a
 * client's text what may call.
 */
export function createStatements(
  ended: (statement: Statement, outcome: StatementOutcome) => Promise<void>,
  calling: (text: string) => string,
): Statements {
  const running: Running = {
    statements: new Map(),
    asked: new Map(),
    cursors: createCursors(),
    requests: new Map(),
    calling,
  };
  const { statements, cursors } = running;
  const end = (
    own: StatementsOfOne | undefined,
    outcome: StatementOutcome,
    which: (each: Statement) => boolean,
  ) =>
    endThose(own, which, (statement) => {
      statement.stop.abort(overBeforeSent());
      return ended(statement, ownOutcome(statement, outcome));
    });
  return {
    ...{ reads: new WeakMap(), cursors, cursorsRewound: cursors.rewound },
    ...whatClientsAsk(running),
    of: (origin, settings, client) => statementOf(origin, settings, client, running),
    ...whatIsExpected(running),
    find: (origin) => statementsAt(origin, statements.get(origin.engineProcessId)),
    estimateOver: (engineProcessId, estimate) =>
      end(statements.get(engineProcessId), 'failed', (statement) => statement.estimate === estimate),
    rowsRead: (engineProcessId, onlyReads) =>
      setAnswered(beginAnew(statements.get(engineProcessId)), onlyReads),
    savepointSet: (engineProcessId) => setStaying(statements.get(engineProcessId)),
    startable(wanted) {
      const last = windowEnd(wanted, running);
      const isSent = (call: StatementCall) => call === wanted || (!call.aside && call.index < last);
      return [...wanted.statement.unsent].filter(isSent);
    },
    over(engineProcessId, outcome) {
      cursors.forget(engineProcessId);
      return end(beginAnew(statements.get(engineProcessId)), outcome, () => true);
    },
    undone(engineProcessId) {
      return end(statements.get(engineProcessId), 'failed', (statement) => !statement.stays);
    },
    transactionOver(engineProcessId, outcome) {
      statements.get(engineProcessId)?.byName.forEach(outcome === 'failed' ? setUndone : setCommitted);
    },
    running: () => [...statements.values()].flatMap(({ byName }) => [...byName.values()]),
  };
}

function whatClientsAsk({
  asked,
  requests,
}: Running): Pick<
  Statements,
  'rowsAsked' | 'rowsAskedOf' | 'clientCame' | 'clientLeft' | 'hasClient' | 'boundTo' | 'standing' | 'placeOf'
> {
  type Came = Parameters<Statements['clientCame']>;
  const clients = new Map<number, { executing: Came[1]; standing: Came[2]; placeOf: Came[3] }>();
  return {
    rowsAsked(engineProcessId, rows) {
      asked.set(engineProcessId, { execute: (asked.get(engineProcessId)?.execute ?? 0) + 1, rows });
    },
    rowsAskedOf: ({ origin, stopsAtRows }) => (stopsAtRows ? asked.get(origin.engineProcessId)?.rows : 0),
    clientCame: (engineProcessId, executing, standing, placeOf) =>
      clients.set(engineProcessId, { executing, standing, placeOf }),
    clientLeft(engineProcessId) {
      for (const known of [asked, requests, clients]) known.delete(engineProcessId);
    },
    hasClient: (engineProcessId) => clients.has(engineProcessId),
    boundTo: ({ origin }, text, now) => clients.get(origin.engineProcessId)?.executing(text, now),
    placeOf: ({ origin }, cursor) => clients.get(origin.engineProcessId)?.placeOf(cursor),
    standing: ({ origin }) => clients.get(origin.engineProcessId)?.standing(),
  };
}

function statementsAt(origin: CallOrigin, own: StatementsOfOne | undefined): Statement[] {
  return [...(own?.byName.values() ?? [])].filter(
    (statement) => !statement.isExpected && nameOf(statement.origin) === nameOf(origin),
  );
}

function statementOf(
  origin: CallOrigin,
  settings: SessionSettings,
  { text, stopsAtRows }: Pick<Statement, 'text' | 'stopsAtRows'>,
  running: Running,
): Statement {
  const { statements } = running;
  const own = statements.get(origin.engineProcessId) ?? newOwnStatements<Statement>();
  statements.set(origin.engineProcessId, own);
  const name = nameWith(settings, origin);
  const known = own.byName.get(name);
  if (known) return known;
  const statement: Statement = { ...settings, ...begun({ name, origin, text, stopsAtRows }, running) };
  if (settings.estimate)
    statement.requests = requestsOfEstimate(settings.estimate, origin, own.byName.values());
  keep(own, statement);
  return statement;
}

/** Nothing is known of its calls. */
function begun(
  { name, origin, text, stopsAtRows }: Pick<Statement, 'name' | 'origin' | 'text' | 'stopsAtRows'>,
  running: Running,
): Omit<Statement, keyof SessionSettings> {
  const now = Date.now();
  const notes = new Set<string>();
  const stop = new AbortController();
  // Each call of the statement listens, and Node takes more than ten listeners for a leak.
  setMaxListeners(0, stop.signal);
  return {
    ...{ id: randomUUID(), name, text: maskSecrets(running.calling(text)), stopsAtRows, origin, stop },
    ...{ isExpected: false, standingText: undefined, batch: undefined, declaredBy: undefined },
    ...{ calls: [], inPlaceOfOthers: 0, unsent: new Set(), named: new Map(), detached: [], collected: [] },
    ...{ notes, note: (note: string) => notes.add(note), hints: new Map(), told: new Set<string>() },
    ...{ read: false, answered: false, stays: false, isUndone: false, committedAt: undefined },
    givenUp: Promise.resolve(),
    requests: requestsAt(origin, running.requests),
    ...{ noticedAt: now, startedAt: now, refused: undefined, window: undefined, ahead: undefined },
    ...{ blocks: new Map(), looking: undefined, collects: undefined },
  };
}

function whatIsExpected(running: Running): Pick<Statements, 'expect' | 'comeTo' | 'forget' | 'serialOf'> {
  const of = (engineProcessId: number) => running.statements.get(engineProcessId);
  return {
    serialOf: ({ origin }) => of(origin.engineProcessId)?.serial ?? noSerialCalls(),
    expect(before, client) {
      // Of the same role and settings, at a time that nobody knows yet.
      const name = `${randomUUID()}${behindTime(before.name)}`;
      const itself = begun({ ...client, name, origin: before.origin }, running);
      const expected = { ...before, ...itself, isExpected: true };
      const own = of(before.origin.engineProcessId);
      if (own) keepExpected(own, expected);
      return expected;
    },
    comeTo(origin, given) {
      const own = of(origin.engineProcessId);
      if (!own || own.expected.size === 0) return;
      const name = nameWith(readSessionSettings(given.settings), origin);
      if (own.byName.get(name)?.calls.length) return;
      const whose = whoseCall(expectedAs(own, name), given);
      if (!whose) return;
      const { next, passed } = whose;
      for (const each of passed) each.isExpected = false;
      comeAs(own, next, name);
      Object.assign(next, { origin, isExpected: false, startedAt: Date.now() });
    },
    forget(expected) {
      const own = of(expected.origin.engineProcessId);
      if (own) drop(own, expected);
    },
  };
}

/** Calls were submitted in row order and each row makes at least one: so many from the first wait on are surely asked for. */
function windowEnd({ statement, index }: StatementCall, { asked }: Running): number {
  const limit = asked.get(statement.origin.engineProcessId);
  // What stands as it was written is known one by one, or for just as many rows.
  const all = !limit || limit.rows === 0 || !statement.stopsAtRows || statement.ahead !== undefined;
  if (all) return Number.POSITIVE_INFINITY;
  if (statement.window?.execute !== limit.execute) statement.window = { execute: limit.execute, from: index };
  return statement.window.from + limit.rows;
}
