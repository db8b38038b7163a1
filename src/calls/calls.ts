/** Calls as the engine sees them: submit gives a handle, wait gives news; the calls of one statement succeed or fail together. */
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import { type CallOrigin, isSameRole } from '../ledger/job.js';
import { atOneMoment } from './at-one-moment.js';
import type { Models, SubmittedCall } from './check.js';
import type { Services } from './course.js';
import { createDecider, type Decider } from './decide.js';
import { createDetachedCalls, type DetachedCalls, type DetachedSubmit } from './detached.js';
import { dryNote } from './dry-run.js';
import { dryRunPrefix } from './dry-run-names.js';
import { createEarlierResults, type EarlierResults } from './earlier-results.js';
import { createEndOfGateway, type EndOfGateway } from './end-of-gateway.js';
import { createEstimating, type Estimating } from './estimated.js';
import { createEstimatesUnderWay } from './estimates-under-way.js';
import { giveUpWait } from './given-up.js';
import { createLastResults, type LastResults } from './last-results.js';
import { createLeftClients, type LeftClients } from './left-clients.js';
import type { Making } from './making.js';
import { isRefusal } from './meter.js';
import { type CallMaking, callOf, nameOfCall, newCall } from './new-call.js';
import { type OnceMore, resultOf } from './once-more.js';
import { overBeforeSent } from './over-before-sent.js';
import type { Portion } from './portions.js';
import { type News, nextNotice, type Progress, progressOf } from './progress.js';
import { resumeJobs } from './resume.js';
import { inPlaceOf } from './row-errors.js';
import { readSessionSettings } from './session-settings.js';
import { settle } from './settle.js';
import type { SqlReader } from './sql-reader.js';
import { callsOfOthers, startBehind } from './start-behind.js';
import {
  createStatements,
  type Statement,
  type StatementCall,
  type StatementOutcome,
  type Statements,
} from './statement.js';
import { takeName, takeNameAgain } from './statement-bounds.js';
import { tellStatementEnd } from './statement-end.js';
import { createUnansweredNotes, type UnansweredNotes } from './unanswered-notes.js';
import { later, orLater, untilTimeout } from './waiting.js';
import { createWrittenCalls, type WrittenCalls } from './written-calls.js';

export interface WaitNews extends News {
  done: boolean;
  /** null: the call failed, and the statement skips such rows. */
  result?: string | null;
  /** The call failed, and the statement captures such failures. */
  failure?: KnownError;
}

type DetachedArguments = SubmittedCall & Pick<DetachedSubmit, 'transactionId'>;

export interface Calls
  extends Pick<DetachedCalls, 'status' | 'cancel'>,
    WrittenCalls,
    Estimating,
    EndOfGateway {
  submit(call: SubmittedCall, origin: CallOrigin): Promise<{ handle: string }>;
  /** As submit, for several calls in their order, whose handles are chosen; the first that is refused rejects it. */
  submitAll(calls: SubmittedCall[], origin: CallOrigin): Promise<void>;
  /** As submit, for a call that outlives its statement: it is made when the transaction is committed. */
  submitDetached(call: DetachedArguments, origin: CallOrigin): Promise<{ handle: string }>;
  /** Resolves when there is news, at the latest after `longestMs`. The first wait of a statement starts all its calls. */
  wait(handle: string, origin: CallOrigin, longestMs: number): Promise<WaitNews>;
  /** As wait, for a call of submitDetached, of whatever session. */
  collect(
    handle: string,
    given: Pick<SubmittedCall, 'settings' | 'statement'>,
    origin: CallOrigin,
    longestMs: number,
  ): Promise<WaitNews>;
  progress(): (Progress & { statement: Statement })[];
  /** Calls that are under way here and cannot go on for now, with a statement or without: their models, and since when. */
  heldUp(): { model: string; since: number }[];
  /** The client asked the engine process for so many rows at most; 0: for all. Calls beyond them are not sent. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** What its client asked for has reached it, in a transaction that is still open: what was only read is delivered. */
  rowsRead: Statements['rowsRead'];
  /** The engine process runs no statement (any more), and its transaction is over or lost. See Statements.over. */
  statementOver(engineProcessId: number, outcome: StatementOutcome): Promise<void> | undefined;
  /** See Statements. */
  clientCame: Statements['clientCame'];
  /** The engine process has no client any more; as statementOver. */
  clientLeft(engineProcessId: number): Promise<void> | undefined;
  /** The engine process has ended; or it goes on, and had not read what it asked last: for the result of a call, if it waited for one. */
  engineLeft(origin: CallOrigin, unread: { awaited: string | undefined } | undefined): void;
  /** The client of the engine process has moved cursors without making a call. */
  cursorsRewound(engineProcessId: number): void;
  /** See Statements. */
  savepointSet(engineProcessId: number): void;
  undone(engineProcessId: number): Promise<void> | undefined;
  transactionOver: Statements['transactionOver'];
  /** Takes up what these gateways, which are gone, did not finish. */
  takeOver(gatewayIds: string[]): Promise<void>;
  /** As cancel, for a call that is made here and whose role has perhaps asked elsewhere. */
  cancelAsked(handle: string): Promise<void>;
}

interface Surroundings extends CallMaking {
  log: Logger;
  reader: SqlReader;
  earlier: EarlierResults;
  last: LastResults;
  gone: LeftClients;
  decider: Decider;
  detached: DetachedCalls;
  unanswered: UnansweredNotes;
  /** Calls of running statements. */
  byName: Map<string, StatementCall>;
}

export function createCalls(services: Services, models: Models, reader: SqlReader, log: Logger): Calls {
  const around = surround(services, models, reader, log);
  const { decider, detached, statements, estimates } = around;
  return {
    ...createWrittenCalls(makingOf(around)),
    submit: (given, origin) => submit(given, origin, around),
    async submitAll(calls, origin) {
      const together = { ...around, models: atOneMoment(around.models) };
      for (const call of calls) await submit(call, origin, together);
    },
    submitDetached: (given, origin) => submitDetached(given, origin, around),
    wait: (handle, origin, longestMs) => wait(handle, origin, longestMs, around),
    collect: (handle, given, origin, longestMs) => collect(handle, given, origin, longestMs, around),
    status: detached.status,
    cancel: detached.cancel,
    ...createEstimating(around),
    progress: () =>
      statements
        .running()
        .filter((statement) => statement.calls.length > 0)
        .map((statement) => ({ ...progressOf(statement, services.schedule), statement })),
    heldUp: () => heldUpOf(decider),
    rowsAsked: statements.rowsAsked,
    rowsRead: statements.rowsRead,
    statementOver(engineProcessId, outcome) {
      estimates.over(engineProcessId);
      return statements.over(engineProcessId, outcome);
    },
    ...comingAndGoing(around),
    cursorsRewound: statements.cursorsRewound,
    savepointSet: statements.savepointSet,
    undone(engineProcessId) {
      estimates.over(engineProcessId);
      return statements.undone(engineProcessId);
    },
    transactionOver: statements.transactionOver,
    cancelAsked: detached.cancelAsked,
    takeOver: (gatewayIds) => takeOver(gatewayIds, around),
    ...createEndOfGateway(around),
  };
}

/** Of clients, and of the engine's processes. */
function comingAndGoing(around: Surroundings): Pick<Calls, 'clientCame' | 'clientLeft' | 'engineLeft'> {
  const { statements, gone, last, estimates } = around;
  return {
    clientCame(engineProcessId, ...given) {
      gone.came(engineProcessId);
      statements.clientCame(engineProcessId, ...given);
    },
    clientLeft(engineProcessId) {
      estimates.over(engineProcessId);
      statements.clientLeft(engineProcessId);
      gone.left(engineProcessId);
      return statements.over(engineProcessId, 'failed');
    },
    engineLeft(origin, unread) {
      if (!unread) estimates.over(origin.engineProcessId);
      // Its client's session tells what becomes of its statements.
      if (!statements.hasClient(origin.engineProcessId)) statements.over(origin.engineProcessId, 'failed');
      else if (unread) giveUpWait(unread.awaited, origin, around);
      last.left(origin, unread?.awaited);
    },
  };
}

function makingOf(around: Surroundings): Making {
  return {
    ...{ statements: around.statements, reader: around.reader },
    newCall: (given, origin, statement) => newCall(given, origin, around, { statement }),
    add: (call) => add(call, around),
    together: () => makingOf({ ...around, models: atOneMoment(around.models) }),
  };
}

function heldUpOf({ underWay }: Decider): { model: string; since: number }[] {
  return [...underWay.values()].flatMap(({ model, awaited: { holdUp } }) =>
    holdUp ? [{ model, since: holdUp.since }] : [],
  );
}

function surround(services: Services, models: Models, reader: SqlReader, log: Logger): Surroundings {
  const earlier = createEarlierResults(services.ledger, services.storage, (error) =>
    log.error({ err: error }, 'claiming failed'),
  );
  const decider = createDecider(services, earlier, log);
  const around: Surroundings = {
    ...{ services, models, log, reader, earlier, decider },
    ...{ last: createLastResults(earlier), gone: createLeftClients(), byName: new Map() },
    detached: createDetachedCalls(services, decider, log),
    unanswered: createUnansweredNotes(services.ledger),
    estimates: createEstimatesUnderWay(),
    statements: createStatements(
      (statement, outcome) => statementEnded(statement, outcome, around),
      reader.calling,
    ),
  };
  return around;
}

async function statementEnded(
  statement: Statement,
  outcome: StatementOutcome,
  around: Surroundings,
): Promise<void> {
  const committed = outcome !== 'failed';
  for (const call of statement.calls) around.byName.delete(call.name);
  around.decider.forget(statement.calls);
  // What is prepared may still be rolled back: then its results are nobody's.
  const written = settle(statement, statement.calls, outcome === 'committed', around);
  around.detached.settle(statement, committed);
  tellStatementEnd(statement, committed, around.services, around.log);
  await Promise.all([written, statement.givenUp]);
}

async function submit(
  given: SubmittedCall,
  origin: CallOrigin,
  around: Surroundings,
): Promise<{ handle: string }> {
  return add(await newCall(given, origin, around), around);
}

async function add(call: StatementCall, around: Surroundings): Promise<{ handle: string }> {
  const { statement } = call;
  // What its client has left behind in the engine is at its first call only now: it would be paid for, and given to nobody.
  if (around.gone.has(statement.origin.engineProcessId)) throw overBeforeSent();
  if (statement.calls.length === 0) await around.unanswered.tell(statement);
  enlist(call, around);
  return { handle: call.handle };
}

/** As the statement's latest, which nothing was done about yet. */
function enlist(call: StatementCall, { byName }: Surroundings): void {
  const { calls, unsent } = call.statement;
  call.index = calls.length;
  calls.push(call);
  unsent.add(call);
  takeName(call);
  byName.set(call.name, call);
}

async function submitDetached(
  { transactionId, ...given }: DetachedArguments,
  origin: CallOrigin,
  around: Surroundings,
): Promise<{ handle: string }> {
  const stop = new AbortController();
  const call = await newCall(given, origin, around, { stop });
  if (!call.dryRun) {
    const handle = await around.detached.submit({ call, stop, transactionId });
    takeName(call);
    return { handle };
  }
  call.statement.calls.push(call);
  return { handle: `${dryRunPrefix}${call.handle}` };
}

async function wait(
  handle: string,
  origin: CallOrigin,
  longestMs: number,
  around: Surroundings,
): Promise<WaitNews> {
  const call = around.byName.get(nameOfCall(handle, origin));
  if (!call || !isSameRole(call.statement.origin, origin)) throw unknownHandle(handle);
  const { statement } = call;
  const { schedule } = around.services;
  const limitMs = untilTimeout(statement, longestMs);
  const outcome = startAll(call, around)
    .then(async () => ({ result: await resultOf(call, onceMore(call, around)) }))
    .catch((error: unknown) => {
      if (call.outcome === undefined) throw error;
      return inPlaceOf(error, call.onError);
    });
  call.waits += 1;
  const news = await orLater(outcome, limitMs).finally(() => {
    call.waits -= 1;
  });
  // Perhaps nobody waits any more.
  const isKnown = around.byName.get(call.name) === call;
  if (news === later || !isKnown) return { done: false, ...nextNotice(statement, schedule) };
  // A look asks for the results of a stage to find the next: nobody has read them yet.
  if (statement.looking?.looking || statement.batch?.looking)
    return { done: true, ...news, ...nextNotice(statement, schedule) };
  // A wait that was answered "later" has given nothing, whatever became of it since.
  call.delivered = 'result' in news && news.result !== null;
  for (let other = call.again; other; other = other.again) other.delivered = call.delivered;
  // A portal goes on after a savepoint, too: what it gives from then on may be undone.
  statement.stays = false;
  if (call.delivered) around.last.given(origin.engineProcessId, call.name);
  return { done: true, ...news, ...nextNotice(statement, schedule) };
}

function onceMore(call: StatementCall, around: Surroundings): OnceMore {
  return {
    isAwaited: () => call.waits > 0,
    models: around.models,
    add(checked, { statement, dryRun, reuse, onError }) {
      const call = callOf({ statement, checked, dryRun, reuse, onError }, around);
      enlist(call, around);
      statement.inPlaceOfOthers += 1;
      return call;
    },
    start: (call) => startAll(call, around),
  };
}

/** Everything that is to be sent is checked to the end before the first is sent. */
function startAll(wanted: StatementCall, around: Surroundings): Promise<void> {
  const { statements, decider, services } = around;
  if (wanted.aside) takeNameAgain(wanted);
  wanted.aside = false;
  // It may have been tried with others of its batch, of which one was refused.
  if (wanted.decided)
    return wanted.decided.then(() => (wanted.decided ? undefined : startAll(wanted, around)));
  const { batch } = wanted.statement;
  const others = batch && callsOfOthers(batch, wanted);
  const calls = statements.startable(wanted).filter((call) => !call.decided && !others?.has(call));
  for (const portion of decider.decide(calls)) {
    const decided = portion.decided.catch((error: unknown) => {
      // A client's function may catch a refusal and go on with other calls of the same statement; what came with it was given up.
      for (const call of portion.calls) Object.assign(call, { decided: undefined, aside: true });
      if (isRefusal(error)) noteRefused(portion, error, services);
      throw error;
    });
    // Perhaps nobody waits for them.
    decided.catch(() => {});
    for (const call of portion.calls) call.decided = decided;
  }
  // Once for a stage, not for each of a thousand rows that come one after another.
  if (wanted.dryRun && (calls.length > 1 || wanted.index === 0))
    wanted.statement.notes.add(dryNote(dryCalls(wanted.statement.calls)));
  if (batch) startBehind(batch, wanted, decider);
  return wanted.decided ?? Promise.resolve();
}

function noteRefused({ calls }: Portion, error: unknown, { meter }: Services): void {
  for (const { checked, statement } of calls) {
    meter.refused(checked.model);
    if (error instanceof KnownError) statement.refused = error;
  }
}

function dryCalls(calls: StatementCall[]): StatementCall[] {
  return calls.filter((call) => call.dryRun);
}

async function collect(
  handle: string,
  { settings, statement: client }: Pick<SubmittedCall, 'settings' | 'statement'>,
  origin: CallOrigin,
  longestMs: number,
  { statements, detached, decider, last, estimates, services: { schedule } }: Surroundings,
): Promise<WaitNews> {
  const own = readSessionSettings(settings);
  estimates.require(origin.engineProcessId, own.estimate);
  const statement = statements.of(origin, own, client);
  const limitMs = untilTimeout(statement, longestMs);
  statement.collects = handle;
  const news = await detached.wait(handle, { statement, dryRun: own.dryRun }, limitMs).then(
    (result) => ({ result }),
    (error: unknown) => inPlaceOf(error, statement.onError),
  );
  const done = 'failure' in news || news.result !== undefined;
  if ('result' in news && done) last.given(origin.engineProcessId, nameOfCall(handle, origin));
  return { done, ...news, ...nextNotice(statement, schedule, decider.underWay.get(handle)) };
}

async function takeOver(gatewayIds: string[], around: Surroundings): Promise<void> {
  const { decider, services, models } = around;
  for (const [id, job] of await resumeJobs(gatewayIds, services, models, around)) {
    decider.underWay.set(id, job);
    job.end.finally(() => decider.underWay.delete(id)).catch(() => {});
  }
  await around.unanswered.load();
}

function unknownHandle(handle: string): KnownError {
  return new KnownError({
    kind: 'undefinedObject',
    message: `there is no call with the handle "${handle}"`,
    hint: 'Handles belong to the statement and the role that made them; hologen.jobs has the outcome of earlier calls.',
  });
}
