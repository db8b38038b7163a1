/** Which calls belong to one statement, which of them may be sent, and when they are given up. */
import { setMaxListeners } from 'node:events';
import { SqlError, sqlstate } from '../errors.js';
import type { CheckedCall } from './check.js';
import type { CallOrigin, JobState } from './ledger.js';

export interface Statement {
  origin: CallOrigin;
  calls: Call[];
  /** Aborted when the statement is over: what was not sent by then is dropped. */
  stop: AbortController;
  progress: boolean;
  /** Results that are paid for but reached nobody may be taken. */
  reuse: boolean;
  /** More calls than this are refused: nobody writes a statement of a thousand pictures by accident twice. */
  maxCalls: number;
  /** What the person should know although the requests are good; each is said once. */
  notes: Set<string>;
  noticedAt: number;
  startedAt: number;
  /** The check that ended the statement before anything was sent. */
  refused: SqlError | undefined;
  /** The Execute message that waits at present, and the index of its first wait. */
  window: { execute: number; from: number } | undefined;
}

export interface Call {
  handle: string;
  statement: Statement;
  checked: CheckedCall;
  requestKey: string;
  /** The earlier job whose result this call took. */
  earlierJob: string | undefined;
  /** The checks that need OSS; started with the submit, awaited before the first spending. */
  storageChecked: Promise<void>;
  /** Submitted together with one that was refused: not sent unless it is waited for by itself. */
  aside: boolean;
  state: JobState | 'waiting' | 'queued';
  outcome: Promise<string> | undefined;
  delivered: boolean;
  providerRequestId: string | undefined;
}

/** What the session's ai_gen.* settings say about a statement. */
export type StatementSettings = Pick<Statement, 'progress' | 'reuse' | 'maxCalls'>;

export type StatementOutcome = 'committed' | 'failed';

export interface Statements {
  /** The statement a call belongs to: same engine process, same time. */
  of(origin: CallOrigin, settings: StatementSettings): Statement;
  /** The client asked the engine process for so many rows at most; 0: for all. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** The calls that may be sent now that `wanted` is waited for, itself included. */
  startable(wanted: Call): Call[];
  /** The engine process has nothing of its statements left to do. Not for open transactions: portals may still be read, results rolled back. */
  over(engineProcessId: number, outcome: StatementOutcome): void;
  /** The handles of all calls of this request key whose statement or transaction is not over. */
  liveHandles(requestKey: string): string[];
}

/** `ended` hears of each statement once; only of a committed one the results have reached their client for good. */
export function createStatements(ended: (statement: Statement, committed: boolean) => void): Statements {
  const running = new Map<number, Map<string, Statement>>();
  const asked = new Map<number, { execute: number; rows: number }>();

  function end(statement: Statement, outcome: StatementOutcome): void {
    statement.stop.abort(
      new SqlError({
        sqlstate: sqlstate.queryCanceled,
        message: 'the statement ended before the call was sent',
      }),
    );
    ended(statement, outcome === 'committed');
  }

  /** Calls were submitted in row order and each row makes at least one: so many from the first wait on are surely asked for. */
  function windowEnd({ statement, handle }: Call): number {
    const limit = asked.get(statement.origin.engineProcessId);
    if (!limit || limit.rows === 0) return Number.POSITIVE_INFINITY;
    if (statement.window?.execute !== limit.execute) {
      const from = statement.calls.findIndex((call) => call.handle === handle);
      statement.window = { execute: limit.execute, from };
    }
    return statement.window.from + limit.rows;
  }

  return {
    of(origin, settings) {
      const own = running.get(origin.engineProcessId) ?? new Map<string, Statement>();
      running.set(origin.engineProcessId, own);
      const known = own.get(origin.statementAt);
      if (known) return known;
      const now = Date.now();
      const statement: Statement = {
        origin,
        calls: [],
        stop: new AbortController(),
        ...settings,
        notes: new Set(),
        noticedAt: now,
        startedAt: now,
        refused: undefined,
        window: undefined,
      };
      // Each call of the statement listens, and Node takes more than ten listeners for a leak.
      setMaxListeners(0, statement.stop.signal);
      own.set(origin.statementAt, statement);
      return statement;
    },

    rowsAsked(engineProcessId, rows) {
      asked.set(engineProcessId, { execute: (asked.get(engineProcessId)?.execute ?? 0) + 1, rows });
    },

    startable(wanted) {
      const { statement } = wanted;
      const end = windowEnd(wanted);
      return statement.calls.filter(
        (call, index) => call.outcome === undefined && (call === wanted || (!call.aside && index < end)),
      );
    },

    over(engineProcessId, outcome) {
      const own = running.get(engineProcessId);
      running.delete(engineProcessId);
      asked.delete(engineProcessId);
      for (const statement of own?.values() ?? []) end(statement, outcome);
    },

    liveHandles: (requestKey) =>
      [...running.values()].flatMap((own) =>
        [...own.values()].flatMap(({ calls }) =>
          calls.filter((call) => call.requestKey === requestKey).map((call) => call.handle),
        ),
      ),
  };
}

const noticeEveryMs = 3_000;

/** What to tell the person who waits: notes at once, then a line every few seconds on what the statement's calls are doing. */
export function nextNotice(statement: Statement): string | undefined {
  if (!statement.progress) return undefined;
  const [note] = statement.notes;
  if (note !== undefined) {
    statement.notes.delete(note);
    return note;
  }
  const now = Date.now();
  if (now - statement.noticedAt < noticeEveryMs) return undefined;
  statement.noticedAt = now;
  const count = (...states: Call['state'][]) =>
    statement.calls.filter((call) => states.includes(call.state)).length;
  const parts = [
    [count('succeeded'), 'done'],
    [count('running'), 'running'],
    [count('saving'), 'saving'],
    [count('queued', 'waiting'), 'queued'],
    [count('failed', 'cancelled', 'unanswered'), 'failed'],
  ] as const;
  const states = parts.filter(([number]) => number > 0).map(([number, name]) => `${number} ${name}`);
  const models = [...new Set(statement.calls.map((call) => call.checked.model.name))].join(', ');
  return `ai_gen: ${states.join(', ')}, ${Math.round((now - statement.startedAt) / 1000)} s (${models})`;
}
