/** Calls of ai_submit: made when their transaction is committed, whoever is connected then; any later session of the role asks for them by handle. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import { hasEnded, type JobOutcome, type JobState } from '../ledger/job.js';
import { dryRunPrefix } from './dry-run.js';
import type { Drivers } from './perform.js';
import { keptFailure, valueOfFailure } from './row-errors.js';
import { newJob, type Sender } from './send.js';
import type { Call, Statement } from './statements.js';

export interface DetachedCalls {
  /** Opens the call's job; nothing is sent before its statement settles. Returns the handle. */
  submit(call: Call, stop: AbortController): Promise<string>;
  /** The statement's transaction is over: its detached calls are made, or dropped with it. */
  settle(statement: Statement, committed: boolean): void;
  /** The result for a statement that waits, null for a failure it skips; undefined when `longestMs` were not enough. */
  wait(handle: string, statement: Statement, longestMs: number): Promise<string | null | undefined>;
  status(handle: string, role: string): Promise<JobState>;
  /** True when the call ends without a result for it; one that the provider works on goes on and is paid for. */
  cancel(handle: string, role: string): Promise<boolean>;
  /** Gives a call up that is made by this gateway; nothing happens for any other. */
  cancelHere(handle: string): void;
}

const notCommitted = 'the transaction of its ai_submit was not committed';
const lookEveryMs = 250;
const cancelledWithinMs = 3_000;

export function createDetachedCalls(drivers: Drivers, sender: Sender, log: Logger): DetachedCalls {
  const { ledger } = drivers;
  /** Until they have ended. Then the ledger knows all of them. */
  const calls = new Map<string, { call: Call; stop: AbortController }>();

  function find(handle: string, role: string): Call | undefined {
    const call = calls.get(handle)?.call;
    return call?.statement.origin.role === role ? call : undefined;
  }

  function make(call: Call): void {
    sender.make(call, () => calls.get(call.handle)?.stop.abort(cancelled()));
    const forget = () => calls.delete(call.handle);
    call.outcome?.then(forget, forget);
  }

  async function release(released: Call[]): Promise<void> {
    // From here on it is no longer `waiting`: whoever else comes to release it finds it done.
    for (const call of released) call.state = 'queued';
    await ledger.release(released.map((call) => call.handle));
    for (const call of released) make(call);
  }

  async function drop(call: Call, message: string): Promise<void> {
    calls.delete(call.handle);
    call.state = 'cancelled';
    await ledger.change(call.handle, {
      state: 'cancelled',
      error: { kind: 'queryCanceled', message },
    });
  }

  /** What the ledger knows of a handle, which may be any text. */
  async function kept(handle: string, role: string): Promise<JobOutcome> {
    const job = handlePattern.test(handle) ? await ledger.find(handle, role) : undefined;
    if (job) return job;
    throw new KnownError({
      kind: 'undefinedObject',
      message: `there is no call with the handle "${handle}"`,
      hint: 'Handles belong to the role that made them with ai_submit; they are the job_id of hologen.jobs.',
    });
  }

  function cancelHere(handle: string): void {
    const waiting = calls.get(handle)?.call;
    if (waiting?.state === 'waiting') drop(waiting, 'cancelled by ai_cancel').catch(complain);
    else sender.underWay.get(handle)?.cancel();
  }

  function complain(error: unknown): void {
    log.error({ err: error }, 'a detached call was not recorded');
  }

  return {
    async submit(call, stop) {
      await call.storageChecked;
      await ledger.open([newJob(call)]);
      calls.set(call.handle, { call, stop });
      call.statement.detached.push(call);
      // It ended while the job was being opened, and settled what it had then.
      if (call.statement.stop.signal.aborted) await drop(call, notCommitted);
      return call.handle;
    },

    settle({ detached }, committed) {
      const waiting = detached.filter((call) => call.state === 'waiting');
      if (committed) release(waiting).catch(complain);
      else for (const call of waiting) drop(call, notCommitted).catch(complain);
    },

    async wait(handle, statement, longestMs) {
      if (handle.startsWith(dryRunPrefix)) return `(${handle}: nothing was sent)`;
      const until = Date.now() + longestMs;
      const { role } = statement.origin;
      const own = find(handle, role);
      // Asked for in the transaction that submitted it: it cannot be committed before it has its answer.
      if (own?.state === 'waiting') await release([own]);
      for (;;) {
        const job = await kept(handle, role);
        if (job.result !== undefined && hasEnded(job.state)) {
          statement.collected.push(handle);
          return job.result;
        }
        if (hasEnded(job.state)) return valueOfFailure(keptFailure(handle, job), statement.onError);
        const leftMs = until - Date.now();
        if (leftMs <= 0) return undefined;
        const news = sender.underWay.get(handle)?.outcome ?? delay(Math.min(leftMs, lookEveryMs));
        await Promise.race([news, delay(leftMs)]).catch(() => {});
      }
    },

    async status(handle, role) {
      const state = find(handle, role)?.state ?? (await kept(handle, role)).state;
      return state === 'waiting' || state === 'queued' ? 'submitted' : state;
    },

    async cancel(handle, role) {
      const { state } = await kept(handle, role);
      if (!hasEnded(state)) {
        if (calls.has(handle) || sender.underWay.has(handle)) cancelHere(handle);
        else await ledger.askCancel(handle);
      }
      // What is not sent yet ends at once, a task that waits at the provider after a word with it; one that runs there goes on.
      for (const until = Date.now() + cancelledWithinMs; ; await delay(lookEveryMs / 5)) {
        const now = await kept(handle, role);
        if (hasEnded(now.state) || Date.now() > until) return now.state === 'cancelled';
      }
    },

    cancelHere,
  };
}

function cancelled(): KnownError {
  return new KnownError({ kind: 'queryCanceled', message: 'cancelled by ai_cancel' });
}

const handlePattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
