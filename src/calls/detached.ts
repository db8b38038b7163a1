/** Calls of ai_submit: made when their transaction is committed, whoever is connected then; any later session of the role asks for them by handle. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import { type CallOrigin, isSameRole, type JobOutcome, type RoleIdentity } from '../ledger/job.js';
import { hasEnded } from '../ledger/states.js';
import { type Services, tell } from './course.js';
import { type Decider, open } from './decide.js';
import { dryRunPrefix } from './dry-run-names.js';
import { keptMs, untilAskedAgain } from './hold-up.js';
import { keptFailure } from './row-errors.js';
import type { Statement, StatementCall } from './statement.js';

export interface DetachedCalls {
  /** Opens the call's job; nothing is sent before its statement settles. Returns the handle. */
  submit(submitted: DetachedSubmit): Promise<string>;
  /** The statement's transaction is over: its detached calls are made, or dropped where they were undone with it or within it. */
  settle(statement: Statement, committed: boolean): void;
  /**
   * The result for a statement that waits; undefined when `longestMs` were not enough. Rejects with the error of a call that failed. In a dry run
   * nothing is sent for it.
   */
  wait(
    handle: string,
    given: { statement: Statement; dryRun: boolean },
    longestMs: number,
  ): Promise<string | undefined>;
  status(
    handle: string,
    who: RoleIdentity,
  ): Promise<Pick<JobOutcome, 'state' | 'holdUp' | 'modelType' | 'keyName'>>;
  /** True when the call ends without a result for it; one that the provider works on goes on and is paid for. */
  cancel(handle: string, who: RoleIdentity): Promise<boolean>;
  /** A call was perhaps given up at another gateway: so it is here, if the ledger says so too. */
  cancelAsked(handle: string): Promise<void>;
}

export interface DetachedSubmit {
  call: StatementCall;
  stop: AbortController;
  /** The engine's id of the (sub)transaction that asked. null: whoever asked by hand did not tell. */
  transactionId: string | null;
}

interface DetachedCall extends DetachedSubmit {
  /** Its transaction is open: nothing is sent, and nobody has decided yet. */
  held: boolean;
  /** Its transaction is over, and it is being decided. */
  settling: Promise<void> | undefined;
}

interface Surroundings {
  services: Services;
  decider: Decider;
  log: Logger;
  /** Until they have ended. Then the ledger knows all of them. */
  calls: Map<string, DetachedCall>;
}

const notCommitted = 'the transaction of its ai_submit was not committed';
const lookEveryMs = 250;
const cancelledWithinMs = 3_000;

export function createDetachedCalls(services: Services, decider: Decider, log: Logger): DetachedCalls {
  const around: Surroundings = { services, decider, log, calls: new Map() };
  return {
    submit: (submitted) => submit(submitted, around),
    settle(statement, committed) {
      const held = statement.detached.flatMap(({ handle }) => heldCall(handle, around) ?? []);
      if (held.length === 0) return;
      const settling = settle(held, committed, around).catch(complain(log));
      for (const each of held) each.settling = settling;
    },
    wait: (handle, given, longestMs) => wait(handle, given, longestMs, around),
    status: (handle, who) => kept(handle, who, around),
    cancel: (handle, who) => cancel(handle, who, around),
    async cancelAsked(handle) {
      if (!isHandle(handle) || !(around.calls.has(handle) || around.decider.underWay.has(handle))) return;
      if (await services.ledger.cancelAsked(handle)) cancelHere(handle, around);
    },
  };
}

async function submit(submitted: DetachedSubmit, around: Surroundings): Promise<string> {
  const { services, calls } = around;
  const { call, transactionId } = submitted;
  await call.storageChecked;
  await open([call], services, { transactionId: transactionId ?? undefined });
  await tell(call.course, { kind: 'opened' }, services);
  const detached = { ...submitted, held: true, settling: undefined };
  calls.set(call.handle, detached);
  call.statement.detached.push(call);
  // It ended while the job was being opened, and settled what it had then.
  if (call.statement.stop.signal.aborted) await drop(detached, notCommitted, around);
  return call.handle;
}

/**
 * The engine knows best what became of each: a block of PL/pgSQL may have caught an error, a procedure rolled back, and an error may have
 * come after a COMMIT. It is asked until it has decided: what is prepared may be committed later, and a client that left may have said COMMIT
 * before. Of what nobody can ask it about, what the client was told counts.
 */
async function settle(held: DetachedCall[], committed: boolean, around: Surroundings): Promise<void> {
  let open = held;
  for (let times = 0; open.length > 0; times++) {
    if (times > 0) await untilAskedAgain(times);
    const outcomes = await outcomesOf(open, times === 0, around);
    const still = open.filter((each) => each.held);
    const sorted = { made: [] as DetachedCall[], undone: [] as DetachedCall[], open: [] as DetachedCall[] };
    for (const each of still) sorted[fateOf(each, outcomes, committed)].push(each);
    const work = [
      release(sorted.made, around),
      ...sorted.undone.map((each) => drop(each, notCommitted, around)),
    ];
    // What cannot be written of one keeps no other from its end.
    await Promise.all(work.map((each) => each.catch(complain(around.log))));
    open = sorted.open;
  }
}

/** Undefined: the engine does not answer. */
async function outcomesOf(
  held: DetachedCall[],
  isFirst: boolean,
  { services, log }: Surroundings,
): Promise<Map<string, string> | undefined> {
  const ids = new Set(held.flatMap(({ transactionId }) => transactionId ?? []));
  return services.ledger.transactionOutcomes([...ids]).catch((error: unknown) => {
    if (isFirst)
      log.warn(
        { err: error },
        'what became of a transaction with calls of ai_submit cannot be asked for now',
      );
    return undefined;
  });
}

function fateOf(
  { transactionId, call }: DetachedCall,
  outcomes: Map<string, string> | undefined,
  committed: boolean,
): 'made' | 'undone' | 'open' {
  const outcome = outcomes?.get(transactionId ?? '');
  if (outcome === 'committed') return 'made';
  if (outcome === 'aborted') return 'undone';
  const isUndecided = outcome === 'in progress' || (!outcomes && transactionId !== null);
  if (isUndecided) return Date.now() < call.statement.startedAt + keptMs ? 'open' : 'undone';
  return committed ? 'made' : 'undone';
}

function heldCall(handle: string, { calls }: Surroundings): DetachedCall | undefined {
  const detached = calls.get(handle);
  return detached?.held ? detached : undefined;
}

async function release(released: DetachedCall[], around: Surroundings): Promise<void> {
  const { services, decider, calls } = around;
  // Whoever else comes to release it finds it done.
  for (const detached of released) detached.held = false;
  await services.ledger.release(released.map(({ call }) => call.handle));
  for (const { call, stop } of released) {
    decider.make(call, () => stop.abort(cancelled('cancelled by ai_cancel')));
    const forget = () => calls.delete(call.handle);
    call.underWay?.end.then(forget, forget);
  }
}

async function drop(
  detached: DetachedCall,
  message: string,
  { calls, services }: Surroundings,
): Promise<void> {
  detached.held = false;
  calls.delete(detached.call.handle);
  await tell(detached.call.course, { kind: 'dropped', error: cancelled(message) }, services);
}

async function wait(
  handle: string,
  { statement, dryRun }: Parameters<DetachedCalls['wait']>[1],
  longestMs: number,
  around: Surroundings,
): Promise<string | undefined> {
  if (handle.startsWith(dryRunPrefix)) return `(${handle}: nothing was sent)`;
  const until = Date.now() + longestMs;
  const { origin } = statement;
  const own = heldCall(handle, around);
  if (own && dryRun) return `(${handle}: is sent when its transaction is committed)`;
  if (own) await Promise.race([own.settling ?? releaseEarly(own, origin, around), delay(longestMs)]);
  for (;;) {
    const job = await kept(handle, origin, around);
    if (hasEnded(job.state)) {
      if (job.result === undefined) throw keptFailure(handle, job);
      statement.collected.push(handle);
      return job.result;
    }
    const leftMs = until - Date.now();
    if (leftMs <= 0) return undefined;
    const call = around.decider.underWay.get(handle);
    const news = call?.hear() ?? delay(Math.min(leftMs, lookEveryMs));
    await Promise.race([news, delay(leftMs)]).catch((error: unknown) => {
      // One that has ended is read from the ledger; one that is held up goes on, and whoever waits is told why.
      if (call?.isOpen()) throw error;
    });
  }
}

/** Asked for in the transaction that submitted it: it cannot be committed before it has its answer. */
async function releaseEarly(held: DetachedCall, asker: CallOrigin, around: Surroundings): Promise<void> {
  const { origin } = held.call.statement;
  if (isSameRole(origin, asker) && origin.engineProcessId === asker.engineProcessId)
    await release([held], around);
}

async function cancel(handle: string, who: RoleIdentity, around: Surroundings): Promise<boolean> {
  const { calls, decider, services } = around;
  const { state } = await kept(handle, who, around);
  if (!hasEnded(state)) {
    if (calls.has(handle) || decider.underWay.has(handle)) cancelHere(handle, around);
    else await services.ledger.askCancel(handle);
  }
  // What is not sent yet ends at once, a task that waits at the provider after a word with it; one that runs there goes on.
  for (const until = Date.now() + cancelledWithinMs; ; await delay(lookEveryMs / 5)) {
    const now = await kept(handle, who, around);
    if (hasEnded(now.state) || Date.now() > until) return now.state === 'cancelled';
  }
}

function cancelHere(handle: string, around: Surroundings): void {
  const held = heldCall(handle, around);
  const underWay = around.decider.underWay.get(handle);
  if (held) drop(held, 'cancelled by ai_cancel', around).catch(complain(around.log));
  else if (underWay) underWay.cancel();
  // Its transaction has just been committed, and it is not begun yet.
  else around.calls.get(handle)?.stop.abort(cancelled('cancelled by ai_cancel'));
}

/** The id of a job, which is what ai_submit gives as its handle. */
export const isHandle = (handle: string) => handlePattern.test(handle);
const handlePattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What the ledger knows of a handle, which may be any text. */
async function kept(handle: string, who: RoleIdentity, { services }: Surroundings): Promise<JobOutcome> {
  const job = isHandle(handle) ? await services.ledger.find(handle, who) : undefined;
  if (job) return job;
  throw new KnownError({
    kind: 'undefinedObject',
    message: `there is no call with the handle "${handle}"`,
    hint: 'Handles belong to the role that made them with ai_submit; they are the job_id of hologen.jobs.',
  });
}

function cancelled(message: string): KnownError {
  return new KnownError({ kind: 'queryCanceled', message });
}

function complain(log: Logger): (error: unknown) => void {
  return (error) => log.error({ err: error }, 'a detached call was not recorded');
}
