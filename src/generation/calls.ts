/** Calls as the engine sees them: submit gives a handle, wait gives news; the calls of one statement stand and fall together. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { SqlError, sqlstate } from '../errors.js';
import { type CallArguments, type CheckedCall, checkCall, checkStorage } from './check.js';
import type { CallOrigin, Catalogue, JobState } from './ledger.js';
import { type Drivers, perform } from './perform.js';

export interface WaitNews {
  done: boolean;
  result?: string;
  /** To be shown to the person who waits. */
  notice?: string;
}

export interface Calls {
  submit(call: CallArguments & { progress: boolean }, origin: CallOrigin): Promise<{ handle: string }>;
  /** Resolves when there is news, at the latest after `longestMs`. The first wait of a statement starts all its calls. */
  wait(handle: string, origin: CallOrigin, longestMs: number): Promise<WaitNews>;
  /** The engine process runs no statement (any more). */
  statementOver(engineProcessId: number): void;
  /** Ids of the jobs that are not finished. */
  running(): string[];
  /** Resolves when everything that is paid for has its outcome in the ledger. */
  settled(): Promise<void>;
}

interface Statement {
  origin: CallOrigin;
  calls: Call[];
  stop: AbortController;
  progress: boolean;
  noticedAt: number;
  startedAt: number;
  /** The check that ended the statement before anything was sent. */
  refused: SqlError | undefined;
}

interface Call {
  handle: string;
  statement: Statement;
  checked: CheckedCall;
  /** The checks that need OSS; started with the submit, awaited before the first spending. */
  storageChecked: Promise<void>;
  /** Submitted together with one that was refused: not sent unless it is waited for by itself. */
  aside: boolean;
  state: JobState | 'waiting' | 'queued';
  outcome: Promise<string> | undefined;
  delivered: boolean;
  providerRequestId: string | undefined;
}

const noticeEveryMs = 3_000;
/** A statement of ten thousand calls must not make a log line of a megabyte. */
const mostLogged = 20;

export function createCalls(drivers: Drivers, catalogue: Catalogue, log: Logger): Calls {
  const statements = new Map<number, Statement>();
  const byHandle = new Map<string, Call>();
  const unfinished = new Map<string, Promise<unknown>>();

  function statementOf(origin: CallOrigin, progress: boolean): Statement {
    const known = statements.get(origin.engineProcessId);
    if (known?.origin.statementAt === origin.statementAt) return known;
    if (known) end(known);
    const now = Date.now();
    const statement = {
      origin,
      calls: [],
      stop: new AbortController(),
      progress,
      noticedAt: now,
      startedAt: now,
      refused: undefined,
    };
    statements.set(origin.engineProcessId, statement);
    return statement;
  }

  /** Whatever was not sent is dropped; whatever runs goes on to its end, because it is paid for. */
  function end(statement: Statement): void {
    if (statements.get(statement.origin.engineProcessId) === statement) {
      statements.delete(statement.origin.engineProcessId);
    }
    for (const call of statement.calls) byHandle.delete(call.handle);
    const left = statement.calls.filter((call) => !call.delivered);
    statement.stop.abort(
      new SqlError({
        sqlstate: sqlstate.queryCanceled,
        message: 'the statement ended before the call was sent',
      }),
    );
    logStatement(statement, left.length);
  }

  function logStatement(statement: Statement, left: number): void {
    const { origin, calls } = statement;
    log.info(
      {
        role: origin.role,
        database: origin.database,
        application: origin.application,
        calls: calls.length,
        delivered: calls.length - left,
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
    const { statement, checked, handle } = call;
    await drivers.ledger.open({
      id: handle,
      origin: statement.origin,
      modelName: checked.model.name,
      modelType: checked.model.modelType,
      scenario: checked.scenario,
      request: checked.requestText,
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
        stop: statement.stop.signal,
        moved,
        answered,
      });
      call.state = 'succeeded';
      return result;
    } catch (error) {
      call.state =
        error instanceof SqlError && error.sqlstate === sqlstate.queryCanceled ? 'cancelled' : 'failed';
      const known = error instanceof SqlError ? error : undefined;
      await drivers.ledger.change(handle, {
        state: call.state,
        error: {
          sqlstate: known?.sqlstate ?? sqlstate.internalError,
          message: known?.message ?? 'unexpected failure, see the log',
          detail: known?.detail,
        },
      });
      throw error;
    }
  }

  /** Every call of the statement is checked to the end before the first one is sent. */
  async function startAll(statement: Statement, wanted: Call): Promise<void> {
    const waiting = statement.calls.filter(
      (call) => call.outcome === undefined && (!call.aside || call === wanted),
    );
    if (waiting.length === 0) return;
    await Promise.all(waiting.map((call) => call.storageChecked));
    for (const call of waiting) if (call.outcome === undefined) start(call);
  }

  /** A client's function may catch a refusal and go on with other calls of the same statement; what came with it was given up. */
  function setAside(statement: Statement): void {
    for (const call of statement.calls) if (call.outcome === undefined) call.aside = true;
  }

  return {
    async submit({ progress, ...call }, origin) {
      const statement = statementOf(origin, progress);
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
        storageChecked,
        aside: false,
        state: 'waiting',
        outcome: undefined,
        delivered: false,
        providerRequestId: undefined,
      };
      statement.calls.push(submitted);
      byHandle.set(submitted.handle, submitted);
      return { handle: submitted.handle };
    },

    async wait(handle, origin, longestMs) {
      const call = byHandle.get(handle);
      if (!call || call.statement.origin.role !== origin.role) throw unknownHandle(handle);
      const { statement } = call;
      const news = await orLater(
        startAll(statement, call).then(() => call.outcome),
        longestMs,
      ).catch((error: unknown) => {
        if (call.outcome === undefined) setAside(statement);
        throw error;
      });
      if (news !== later) {
        call.delivered = true;
        return { done: true, result: news as string };
      }
      return { done: false, notice: notice(statement) };
    },

    statementOver(engineProcessId) {
      const statement = statements.get(engineProcessId);
      if (statement) end(statement);
    },
    running: () => [...unfinished.keys()],
    async settled() {
      await Promise.allSettled(unfinished.values());
    },
  };
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

/** One line every few seconds: what the statement's calls are doing. */
function notice(statement: Statement): string | undefined {
  const now = Date.now();
  if (!statement.progress || now - statement.noticedAt < noticeEveryMs) return undefined;
  statement.noticedAt = now;
  const count = (...states: Call['state'][]) =>
    statement.calls.filter((call) => states.includes(call.state)).length;
  const parts = [
    [count('succeeded'), 'done'],
    [count('running'), 'running'],
    [count('saving'), 'saving'],
    [count('queued', 'waiting'), 'queued'],
    [count('failed', 'cancelled'), 'failed'],
  ] as const;
  const states = parts.filter(([number]) => number > 0).map(([number, name]) => `${number} ${name}`);
  const models = [...new Set(statement.calls.map((call) => call.checked.model.name))].join(', ');
  return `ai_gen: ${states.join(', ')}, ${Math.round((now - statement.startedAt) / 1000)} s (${models})`;
}
