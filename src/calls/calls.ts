/** Calls as the engine sees them: submit gives a handle, wait gives news; the calls of one statement stand and fall together. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import type { CallOrigin, Catalogue } from '../ledger/job.js';
import { type CallArguments, type CheckedCall, checkCall, checkStorage } from './check.js';
import { createDetachedCalls, type DetachedCalls } from './detached.js';
import { dryNote, dryRunPrefix, type Estimate, estimateOf } from './dry-run.js';
import { createEarlierResults, requestKey } from './earlier-results.js';
import { isRefusal, type MeteredModel } from './meter.js';
import type { Drivers } from './perform.js';
import { nextNotice, type Progress, progressOf } from './progress.js';
import { resumeJobs } from './resume.js';
import { valueOfFailure } from './row-errors.js';
import { createSender } from './send.js';
import { readStatementSettings } from './statement-settings.js';
import { type Call, createStatements, type Statement, type StatementOutcome } from './statements.js';
import { createUnansweredNotes } from './unanswered-notes.js';

export interface SubmittedCall extends CallArguments {
  /** The session's ai_gen.* settings, as they were SET. */
  settings: Record<string, unknown>;
  /** What the client sent, and whether PostgreSQL stops it after as many rows as the client asks for. */
  statement: { text: string; stopsAtRows: boolean };
}

export interface WaitNews {
  done: boolean;
  /** null: the call failed, and the statement skips such rows. */
  result?: string | null;
  /** To be shown to the person who waits. */
  notice?: string;
}

export interface Calls extends Pick<DetachedCalls, 'status' | 'cancel'> {
  submit(call: SubmittedCall, origin: CallOrigin): Promise<{ handle: string }>;
  /** As submit, for a call that outlives its statement: it is made when the transaction is committed. */
  submitDetached(call: SubmittedCall, origin: CallOrigin): Promise<{ handle: string }>;
  /** Resolves when there is news, at the latest after `longestMs`. The first wait of a statement starts all its calls. */
  wait(handle: string, origin: CallOrigin, longestMs: number): Promise<WaitNews>;
  /** As wait, for a call of submitDetached, of whatever session. */
  collect(
    handle: string,
    given: Pick<SubmittedCall, 'settings' | 'statement'>,
    origin: CallOrigin,
    longestMs: number,
  ): Promise<WaitNews>;
  /** What the dry calls of the caller's statement would cost. */
  estimate(origin: CallOrigin): Estimate[];
  progress(): (Progress & { statement: Statement })[];
  /** The client asked the engine process for so many rows at most; 0: for all. Calls beyond them are not sent. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** The engine process runs no statement (any more), and its transaction is over or lost. */
  statementOver(engineProcessId: number, outcome: StatementOutcome): boolean;
  /** Takes up what these gateways, which are gone, did not finish. */
  takeOver(gatewayIds: string[]): Promise<void>;
  /** As cancel, for a call that is made here and whose role has asked elsewhere. */
  cancelHere(handle: string): void;
  /** Resolves when everything that is paid for has its outcome in the ledger. */
  settled(): Promise<void>;
}

/** A statement of ten thousand calls must not make a log line of a megabyte. */
const mostLogged = 20;

export function createCalls(drivers: Drivers, catalogue: Catalogue, log: Logger): Calls {
  const { ledger, storage, meter } = drivers;
  const earlier = createEarlierResults(ledger, storage, (error) =>
    log.error({ err: error }, 'claiming failed'),
  );
  const sender = createSender(drivers, earlier, log);
  const detached = createDetachedCalls(drivers, sender, log);
  const unanswered = createUnansweredNotes(ledger);
  const told = { earlier, unanswered, log };
  const statements = createStatements((statement, committed) => {
    for (const call of statement.calls) byHandle.delete(call.handle);
    sender.forget(statement.calls);
    settle(statement, committed);
    detached.settle(statement, committed);
    logStatement(statement);
    tellEnd(statement, committed);
  });
  const byHandle = new Map<string, Call>();

  /** Results are the client's once its statement is committed; until then they are kept for the next identical call. */
  function settle(statement: Statement, committed: boolean): void {
    const isClaimed = (call: Call) => committed && call.delivered;
    const claimed = statement.calls.filter(isClaimed).map((call) => call.earlierJob ?? call.handle);
    earlier.claim([...claimed, ...(committed ? statement.collected : [])]);
    const kept = statement.calls.filter((call) => !isClaimed(call));
    earlier.release(kept.flatMap((call) => call.earlierJob ?? []));
    for (const { handle, requestKey, outcome, earlierJob } of kept) {
      if (outcome && !earlierJob) earlier.abandon(statement.origin.role, requestKey, handle, outcome);
    }
  }

  function logStatement(statement: Statement): void {
    const { origin, calls } = statement;
    log.info(
      {
        role: origin.role,
        database: origin.database,
        application: origin.application,
        calls: calls.length,
        delivered: calls.filter((call) => call.delivered).length,
        models: [...new Set(calls.map((call) => call.checked.model.name))],
        jobs: calls.slice(0, mostLogged).map((call) => call.handle),
        providerRequests: calls.slice(0, mostLogged).map((call) => call.providerRequestId),
        refused: statement.refused?.kind,
        ms: Date.now() - statement.startedAt,
      },
      'statement',
    );
  }

  /** Dry calls are no calls. */
  function tellEnd(statement: Statement, committed: boolean): void {
    const made = [...statement.calls, ...statement.detached].filter((call) => !call.dryRun);
    if (made.length === 0 && !statement.refused) return;
    // A transaction may stay open long after its last call.
    const begun = made.filter((call) => call.outcome !== undefined && !call.detached);
    const lastEnd = begun.reduce(
      (latest, call) => Math.max(latest, call.endedAt ?? Number.POSITIVE_INFINITY),
      0,
    );
    meter.statementEnded({
      statement,
      outcome: committed ? 'committed' : statement.refused && begun.length === 0 ? 'refused' : 'failed',
      calls: made.length,
      endedAt: lastEnd > 0 && Number.isFinite(lastEnd) ? lastEnd : Date.now(),
    });
  }

  async function checkOrRefuse(given: CallArguments, statement: Statement): Promise<CheckedCall> {
    try {
      refuseTooMany(statement);
      return await checkCall(given, catalogue, storage, statement.origin);
    } catch (error) {
      if (error instanceof KnownError) statement.refused = error;
      if (isRefusal(error)) meter.refused(await deployedModel(given.model));
      throw error;
    }
  }

  /** What the user wrote may be no model's name. */
  async function deployedModel(name: string | null): Promise<MeteredModel | undefined> {
    return name === null ? undefined : catalogue.find(name).catch(() => undefined);
  }

  /** `ownStop`: of a detached call, which its statement does not end. */
  async function newCall(
    { settings, statement: client, ...given }: SubmittedCall,
    origin: CallOrigin,
    ownStop?: AbortController,
  ): Promise<Call> {
    const own = readStatementSettings(settings);
    const statement = statements.of(origin, own, client);
    const checked = await checkOrRefuse(given, statement);
    if (checked.request.kind === 'media')
      for (const note of checked.request.media.notes) statement.notes.add(note);
    const call: Call = {
      handle: randomUUID(),
      statement,
      index: statement.calls.length,
      checked,
      detached: ownStop !== undefined,
      dryRun: own.dryRun,
      stop: (ownStop ?? statement.stop).signal,
      requestKey: '',
      earlierJob: undefined,
      storageChecked: checkStorage(checked, storage, statement.stop.signal, own.dryRun).then((etags) => {
        call.requestKey = requestKey(checked, etags);
      }),
      sending: undefined,
      aside: false,
      state: 'waiting',
      startedAt: undefined,
      endedAt: undefined,
      phases: [],
      outcome: undefined,
      delivered: false,
      providerRequestId: undefined,
    };
    // Awaited at the first wait; until then a refusal must not count as unhandled.
    call.storageChecked.catch(() => {});
    return call;
  }

  /** Everything that is to be sent is checked to the end before the first is sent. */
  function startAll(wanted: Call): Promise<void> {
    if (wanted.sending) return wanted.sending;
    const calls = statements.startable(wanted).filter((call) => !call.sending);
    const sending = sender.send(calls).catch((error: unknown) => {
      // A client's function may catch a refusal and go on with other calls of the same statement; what came with it was given up.
      for (const call of calls) Object.assign(call, { sending: undefined, aside: true });
      if (error instanceof KnownError && isRefusal(error)) wanted.statement.refused = error;
      throw error;
    });
    for (const call of calls) call.sending = sending;
    // Once for a stage, not for each of a thousand rows that come one after another.
    if (wanted.dryRun && (calls.length > 1 || wanted.index === 0))
      wanted.statement.notes.add(dryNote(wanted.statement.calls.filter((call) => call.dryRun)));
    return sending;
  }

  /** A call of the statement itself. */
  async function waitOwn(call: Call, longestMs: number): Promise<WaitNews> {
    const { statement } = call;
    const news = await orLater(
      startAll(call)
        .then(() => call.outcome as Promise<string>)
        .catch((error: unknown) => {
          if (call.outcome === undefined) throw error;
          return valueOfFailure(error, statement.onError);
        }),
      untilTimeout(statement, longestMs),
    );
    if (news === later) return { done: false, notice: nextNotice(statement) };
    call.delivered = true;
    return { done: true, result: news, notice: nextNotice(statement) };
  }

  return {
    async submit(given, origin) {
      const call = await newCall(given, origin);
      const { statement } = call;
      if (statement.calls.length === 0) await unanswered.tell(statement);
      call.index = statement.calls.length;
      statement.calls.push(call);
      statement.unsent.add(call);
      byHandle.set(call.handle, call);
      return { handle: call.handle };
    },
    async submitDetached(given, origin) {
      const stop = new AbortController();
      const call = await newCall(given, origin, stop);
      if (!call.dryRun) return { handle: await detached.submit(call, stop) };
      call.statement.calls.push(call);
      return { handle: `${dryRunPrefix}${call.handle}` };
    },

    async wait(handle, origin, longestMs) {
      const call = byHandle.get(handle);
      if (!call || call.statement.origin.role !== origin.role) throw unknownHandle(handle);
      return waitOwn(call, longestMs);
    },

    async collect(handle, { settings, statement: client }, origin, longestMs) {
      const statement = statements.of(origin, readStatementSettings(settings), client);
      const result = await detached.wait(handle, statement, untilTimeout(statement, longestMs));
      return { done: result !== undefined, result, notice: nextNotice(statement) };
    },

    status: detached.status,
    cancel: detached.cancel,
    estimate: (origin) => estimateOf((statements.find(origin)?.calls ?? []).filter((call) => call.dryRun)),
    progress: () =>
      statements
        .running()
        .filter((statement) => statement.calls.length > 0)
        .map((statement) => ({ ...progressOf(statement), statement })),
    rowsAsked: statements.rowsAsked,
    statementOver: statements.over,
    cancelHere: detached.cancelHere,
    async takeOver(gatewayIds) {
      for (const [id, job] of await resumeJobs(gatewayIds, drivers, catalogue, told)) {
        sender.underWay.set(id, job);
        job.outcome.finally(() => sender.underWay.delete(id)).catch(() => {});
      }
      await unanswered.load();
    },
    async settled() {
      await Promise.allSettled([...sender.underWay.values()].map((job) => job.outcome));
    },
  };
}

function refuseTooMany(statement: Statement): void {
  if (statement.calls.length + statement.detached.length < statement.maxCalls) return;
  throw new KnownError({
    kind: 'configurationLimitExceeded',
    message: `the statement makes more than ${statement.maxCalls} calls`,
    hint: 'SET ai_gen.max_calls to as many as you mean, or write a LIMIT.',
  });
}

function unknownHandle(handle: string): KnownError {
  return new KnownError({
    kind: 'undefinedObject',
    message: `there is no call with the handle "${handle}"`,
    hint: 'Handles belong to the statement and the role that made them; hologen.jobs has the outcome of earlier calls.',
  });
}

/** How long a wait may take for the statement to end in time. KnownError 57014 when its time is over. */
function untilTimeout({ startedAt, timeoutMs }: Statement, longestMs: number): number {
  if (timeoutMs === undefined) return longestMs;
  const leftMs = startedAt + timeoutMs - Date.now();
  if (leftMs > 0) return Math.min(leftMs, longestMs);
  throw new KnownError({
    kind: 'queryCanceled',
    message: `the calls of the statement took longer than ai_gen.timeout (${timeoutMs / 1000} s)`,
    hint: 'What the provider has begun goes on and is kept: the same statement takes it when it is run again. SET ai_gen.timeout = 0 waits as long as it takes.',
  });
}

const later = Symbol('later');

async function orLater<T>(work: Promise<T>, longestMs: number): Promise<T | typeof later> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<typeof later>((resolve) => {
    timer = setTimeout(resolve, longestMs, later);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
