/** Calls as the engine sees them: submit gives a handle, wait gives news; the calls of one statement stand and fall together. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { SqlError, sqlstate } from '../errors.js';
import { type CallArguments, checkCall, checkStorage } from './check.js';
import { createEarlierResults, requestKey } from './earlier-results.js';
import { failureOf } from './failure.js';
import type { CallOrigin, Catalogue } from './ledger.js';
import { type Drivers, perform } from './perform.js';
import { resumeJobs } from './resume.js';
import {
  type Call,
  createStatements,
  nextNotice,
  type Statement,
  type StatementOutcome,
  type StatementSettings,
} from './statements.js';

export interface WaitNews {
  done: boolean;
  result?: string;
  /** To be shown to the person who waits. */
  notice?: string;
}

export interface Calls {
  submit(call: CallArguments & StatementSettings, origin: CallOrigin): Promise<{ handle: string }>;
  /** Resolves when there is news, at the latest after `longestMs`. The first wait of a statement starts all its calls. */
  wait(handle: string, origin: CallOrigin, longestMs: number): Promise<WaitNews>;
  /** The client asked the engine process for so many rows at most; 0: for all. Calls beyond them are not sent. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** The engine process runs no statement (any more), and its transaction is over or lost. */
  statementOver(engineProcessId: number, outcome: StatementOutcome): void;
  /** Takes up what an earlier gateway did not finish. */
  resume(): Promise<void>;
  /** Resolves when everything that is paid for has its outcome in the ledger. */
  settled(): Promise<void>;
}

/** A statement of ten thousand calls must not make a log line of a megabyte. */
const mostLogged = 20;

export function createCalls(drivers: Drivers, catalogue: Catalogue, log: Logger): Calls {
  const earlier = createEarlierResults(drivers.ledger, (error) =>
    log.error({ err: error }, 'claiming failed'),
  );
  const statements = createStatements((statement, committed) => {
    for (const call of statement.calls) byHandle.delete(call.handle);
    settle(statement, committed);
    logStatement(statement);
  });
  const byHandle = new Map<string, Call>();
  const unfinished = new Map<string, Promise<unknown>>();

  /** Results are the client's once its statement is committed; until then they are kept for the next identical call. */
  function settle(statement: Statement, committed: boolean): void {
    const isClaimed = (call: Call) => committed && call.delivered;
    earlier.claim(statement.calls.filter(isClaimed).map((call) => call.earlierJob ?? call.handle));
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
        refused: statement.refused?.sqlstate,
        ms: Date.now() - statement.startedAt,
      },
      'statement',
    );
  }

  function start(call: Call): void {
    const { statement, checked, handle } = call;
    const outcome = run(call);
    call.outcome = outcome;
    unfinished.set(handle, outcome);
    outcome
      .catch((error: unknown) => {
        if (!(error instanceof SqlError)) log.error({ err: error, job: handle }, 'call failed unexpectedly');
      })
      .finally(() => {
        unfinished.delete(handle);
        log.debug(
          {
            job: handle,
            model: checked.model.name,
            state: call.state,
            statement: statement.origin.statementAt,
          },
          'call',
        );
      });
  }

  async function run(call: Call): Promise<string> {
    const { statement, checked, handle, requestKey } = call;
    const { role } = statement.origin;
    const stop = statement.stop.signal;
    const live = () => statements.liveHandles(requestKey);
    const taken = statement.reuse && (await earlier.take(role, requestKey, live, stop));
    if (taken) {
      if (stop.aborted) earlier.release([taken.jobId]);
      stop.throwIfAborted();
      call.state = 'succeeded';
      call.earlierJob = taken.jobId;
      statement.notes.add(
        'ai_gen: took results of earlier calls whose statements were not committed; nothing was paid for them (SET ai_gen.reuse = off makes new ones)',
      );
      return taken.result;
    }
    await drivers.ledger.open({
      id: handle,
      origin: statement.origin,
      modelName: checked.model.name,
      modelType: checked.model.modelType,
      scenario: checked.scenario,
      request: checked.requestText,
      requestKey,
      file: checked.file && {
        oss_path: checked.file.text,
        oss_endpoint: checked.file.access.endpoint,
        role_arn: checked.file.access.roleArn,
      },
    });
    try {
      const moved = (state: Call['state']) => {
        call.state = state;
      };
      const answered = (requestId: string) => {
        call.providerRequestId = requestId;
      };
      const result = await perform(checked, drivers, {
        jobId: handle,
        stop,
        moved,
        answered,
      });
      call.state = 'succeeded';
      return result;
    } catch (error) {
      const failure = failureOf(error);
      call.state = failure.state;
      await drivers.ledger.change(handle, failure);
      throw error;
    }
  }

  /** Everything that is to be sent is checked to the end before the first is sent. */
  async function startAll(wanted: Call): Promise<void> {
    const unsent = statements.startable(wanted);
    if (unsent.length === 0) return;
    await Promise.all(unsent.map((call) => call.storageChecked));
    for (const call of unsent) if (call.outcome === undefined) start(call);
  }

  /** A client's function may catch a refusal and go on with other calls of the same statement; what came with it was given up. */
  function setAside(statement: Statement): void {
    for (const call of statement.calls) if (call.outcome === undefined) call.aside = true;
  }

  return {
    async submit({ progress, reuse, maxCalls, ...call }, origin) {
      const statement = statements.of(origin, { progress, reuse, maxCalls });
      refuseTooMany(statement);
      const checked = await checkCall(call, catalogue).catch((error: unknown) => {
        if (error instanceof SqlError) statement.refused = error;
        throw error;
      });
      const storageChecked = checkStorage(checked, drivers.storage, statement.stop.signal);
      // Awaited at the first wait; until then a refusal must not count as unhandled.
      storageChecked.catch(() => {});
      const submitted: Call = {
        handle: randomUUID(),
        statement,
        checked,
        requestKey: requestKey(checked),
        earlierJob: undefined,
        storageChecked,
        aside: false,
        state: 'waiting',
        outcome: undefined,
        delivered: false,
        providerRequestId: undefined,
      };
      statement.calls.push(submitted);
      if (checked.request.kind === 'media')
        for (const note of checked.request.media.notes) statement.notes.add(note);
      byHandle.set(submitted.handle, submitted);
      return { handle: submitted.handle };
    },

    async wait(handle, origin, longestMs) {
      const call = byHandle.get(handle);
      if (!call || call.statement.origin.role !== origin.role) throw unknownHandle(handle);
      const { statement } = call;
      const news = await orLater(
        startAll(call).then(() => call.outcome),
        longestMs,
      ).catch((error: unknown) => {
        if (call.outcome === undefined) setAside(statement);
        throw error;
      });
      if (news !== later) {
        call.delivered = true;
        return { done: true, result: news as string, notice: nextNotice(statement) };
      }
      return { done: false, notice: nextNotice(statement) };
    },

    rowsAsked: statements.rowsAsked,
    statementOver: statements.over,
    async resume() {
      for (const [id, outcome] of await resumeJobs(drivers, catalogue, earlier, log)) {
        unfinished.set(id, outcome);
        outcome.finally(() => unfinished.delete(id));
      }
    },
    async settled() {
      await Promise.allSettled(unfinished.values());
    },
  };
}

function refuseTooMany(statement: Statement): void {
  if (statement.calls.length < statement.maxCalls) return;
  statement.refused = new SqlError({
    sqlstate: sqlstate.configurationLimitExceeded,
    message: `the statement makes more than ${statement.maxCalls} calls`,
    hint: 'SET ai_gen.max_calls to as many as you mean, or write a LIMIT.',
  });
  throw statement.refused;
}

function unknownHandle(handle: string): SqlError {
  return new SqlError({
    sqlstate: sqlstate.undefinedObject,
    message: `there is no call with the handle "${handle}"`,
    hint: 'Handles belong to the statement and the role that made them; hologen.jobs has the outcome of earlier calls.',
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
