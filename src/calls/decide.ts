/** Decides about calls that are waited for: earlier results first, then jobs within the budgets, then all at once. */
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import type { NewJob } from '../ledger/job.js';
import { bringToEnd } from './bring-to-end.js';
import { type CallEvent, earlierJobOf } from './call.js';
import { type Course, type Services, tell } from './course.js';
import { dryResult } from './dry-run.js';
import type { EarlierResult, EarlierResults } from './earlier-results.js';
import { tellEnd } from './end-of-course.js';
import { newUnderWay, type UnderWay } from './hold-up.js';
import { keepLittle } from './keep-little.js';
import { asMade, asTwin } from './made-as.js';
import { overBeforeSent } from './over-before-sent.js';
import { inPortions, type Portion, type Reservation } from './portions.js';
import type { Correct } from './session-spending.js';
import type { StatementCall } from './statement.js';
import { createTwins, type Twins, twinsResult } from './twins.js';
import { wouldTake } from './would-take.js';

export interface Decider {
  /**
   * Decides about all of these calls of one statement together: when one must not be made (a missing file, a budget), none is sent, and
   * all portions are rejected. A portion is decided when each of its calls has an outcome to wait for.
   */
  decide(calls: StatementCall[]): Portion[];
  /** Makes a call whose job is open; `cancel` gives it up as far as that is possible. */
  make(call: StatementCall, cancel: () => void): void;
  /** The statement is over; nobody waits for its calls any more. */
  forget(calls: StatementCall[]): void;
  /** Of dry calls those that would not be made: see wouldTake. */
  wouldTake(calls: StatementCall[]): Promise<Set<StatementCall>>;
  /** What is being made, by job. */
  readonly underWay: Map<string, UnderWay>;
}

interface Surroundings {
  services: Services;
  earlier: EarlierResults;
  log: Logger;
  underWay: Map<string, UnderWay>;
  /** Jobs that have a client of their own, by what they ask for: no other call may take their results. */
  live: Map<string, string[]>;
  twins: Twins;
}

export function createDecider(services: Services, earlier: EarlierResults, log: Logger): Decider {
  const around: Surroundings = {
    ...{ services, earlier, log, underWay: new Map(), live: new Map(), twins: createTwins() },
  };
  return {
    decide: (calls) =>
      inPortions(calls, {
        services,
        decide: (some, reservation) => decide(some, around, reservation),
      }),
    make: (call, cancel) => begin(call, bringToEnd(call.course, services), around, cancel),
    forget: (calls) => forget(calls, around.live),
    wouldTake: (calls) => wouldTake(calls, earlier, around),
    underWay: around.underWay,
  };
}

async function decide(
  calls: StatementCall[],
  around: Surroundings,
  reservation?: Reservation,
): Promise<void> {
  await Promise.all(calls.map((call) => call.storageChecked));
  const real = calls.filter((call) => !call.dryRun);
  if (real.length > 0) await makeOrTake(real, around, reservation);
  for (const call of calls) {
    call.statement.unsent.delete(call);
    if (!call.dryRun) continue;
    const result = dryResult(call.handle, call.checked);
    await tell(call.course, { kind: 'pretended', result }, around.services);
    call.outcome = Promise.resolve(result);
  }
}

async function makeOrTake(
  calls: StatementCall[],
  around: Surroundings,
  reservation?: Reservation,
): Promise<void> {
  const { earlier, services, twins } = around;
  const { first, others } = twins.part(calls);
  const { fresh, late, found, failure } = await lookUp(first, around);
  try {
    if (failure) throw failure.reason;
    await open(fresh, services, { reservation });
  } catch (error) {
    for (const [call, { jobId }] of found) {
      await tell(call.course, { kind: 'free' }, services);
      earlier.release([jobId]);
    }
    twins.forget(first);
    throw error;
  }
  for (const [call, result] of found) {
    // Its statement may have ended meanwhile, and with it the only one who would release it.
    if (call.course.stop.aborted) {
      earlier.release([result.jobId]);
      twins.forget([call]);
    } else begin(call, accept(call, result, around), around);
  }
  for (const call of fresh) {
    reservation?.turns.wait(call);
    begin(call, makeOpened(call, services), around);
  }
  for (const call of late) begin(call, takeLate(call, around), around);
  for (const [call, twin] of others) begin(call, takeTwins(call, twin, around), around);
}

interface Opening {
  /** What was kept for them, and for others that need nothing. */
  reservation?: Reservation | undefined;
  /** The engine's id of the (sub)transaction that decides whether they are sent. */
  transactionId?: string | undefined;
}

export async function open(
  calls: StatementCall[],
  { ledger, spending }: Services,
  { reservation, transactionId }: Opening = {},
): Promise<void> {
  reservation?.takeBack();
  const [first] = calls;
  if (!first) return reservation && ledger.unreserve([reservation.id]);
  const { origin, spendAtMost, notes } = first.statement;
  const { engineProcessId } = origin;
  const spent = spending.take(
    { engineProcessId, spendAtMost },
    calls.map(({ checked }) => checked),
  );
  calls.forEach(({ course }, at) => {
    course.costs = spent[at] as Correct;
  });
  const jobs = calls.map((call) => newJob(call, transactionId));
  const news = await ledger.open(jobs, reservation?.id).catch((error: unknown) => {
    for (const correct of spent) correct(0);
    throw error;
  });
  for (const note of news) notes.add(note);
}

/** With ai_gen.reuse on, calls that ask for the same at the same time are one: the others take what the first one gets. */
async function takeTwins(call: StatementCall, twin: StatementCall, around: Surroundings): Promise<string> {
  let result: string | undefined;
  try {
    result = await twinsResult(twin);
  } catch (error) {
    const kind: CallEvent['kind'] = call.course.stop.aborted ? 'dropped' : 'refused';
    await tell(call.course, { kind, error }, around.services);
    throw error;
  } finally {
    // What the first one was billed for is asked of nobody again.
    call.course.billed ||= twin.course.billed;
  }
  if (result === undefined) {
    const [again] = around.twins.part([call]).others;
    return again && again[1] !== twin ? takeTwins(call, again[1], around) : takeLate(call, around);
  }
  const { call: end } = twin.course;
  const jobId = earlierJobOf(end) ?? twin.handle;
  await tell(call.course, { kind: 'reserved', jobId }, around.services);
  call.checked = asTwin(call.checked, twin.checked);
  return accept(call, { jobId, result }, around, end.state === 'ended' ? end.error : undefined);
}

/** Sorts calls by what is to be done for them; what was found is reserved for them, to be used or released. */
async function lookUp(calls: StatementCall[], around: Surroundings) {
  const fresh: StatementCall[] = [];
  const late: StatementCall[] = [];
  const found: [StatementCall, EarlierResult][] = [];
  const looks = await Promise.allSettled(
    calls.map(async (call) => {
      const { statement, requestKey, reuse } = call;
      if (reuse === 'off') return fresh.push(call);
      if (around.earlier.isUnderWay(statement.origin, requestKey)) return late.push(call);
      const result = await take(call, around, around.earlier.take);
      if (result === 'elsewhere') return late.push(call);
      return result ? found.push([call, result]) : fresh.push(call);
    }),
  );
  const failure = looks.find((look) => look.status === 'rejected');
  return { fresh, late, found, failure };
}

/** Reserves an earlier result for the call; released if the call is given up. */
async function take<Found extends EarlierResult | 'elsewhere' | undefined>(
  call: StatementCall,
  { earlier, live, services }: Surroundings,
  search: (...given: Parameters<EarlierResults['take']>) => Promise<Found>,
  stop: AbortSignal = call.course.stop,
): Promise<Found> {
  const { statement, requestKey, course, reuse } = call;
  const { role, roleOid } = statement.origin;
  const wish = {
    ...{ role, roleOid, requestKey, delivered: reuse === 'on' },
    image: call.checked.image !== undefined,
  };
  // With reuse on a result may have several clients.
  const others = () => (reuse === 'on' ? [] : (live.get(requestKey) ?? []));
  const found = await search(wish, others, call.checked, stop);
  if (typeof found !== 'object') return found;
  if (stop.aborted) earlier.release([found.jobId]);
  stop.throwIfAborted();
  await tell(course, { kind: 'reserved', jobId: found.jobId }, services);
  return found;
}

const takenNote =
  'ai_gen: took results of earlier calls whose statements were not committed; nothing was paid for them (SET ai_gen.reuse = off makes new ones)';
const takenAgainNote =
  'ai_gen: took results of earlier calls again (ai_gen.reuse is on); nothing was paid for them';

async function accept(
  call: StatementCall,
  { jobId, result, madeAs }: EarlierResult,
  { services, log }: Surroundings,
  error?: unknown,
): Promise<string> {
  const { statement, course } = call;
  await tell(course, { kind: 'reused', result, error }, services);
  if (madeAs) call.checked = asMade(call.checked, madeAs);
  statement.notes.add(call.reuse === 'on' ? takenAgainNote : takenNote);
  await services.ledger
    .reused(jobId, newJob(call))
    .catch((error: unknown) => log.error({ err: error, job: jobId }, 'a reuse was not recorded'));
  return result;
}

async function makeOpened({ course }: StatementCall, services: Services): Promise<string> {
  await tell(course, { kind: 'opened' }, services);
  return bringToEnd(course, services);
}

/** The same is being made for nobody: its end is waited for, and if it comes to nothing a new job is opened. */
async function takeLate(call: StatementCall, around: Surroundings): Promise<string> {
  const { services } = around;
  const stop = untilLetGo(call);
  try {
    const found = await take(call, around, around.earlier.takeElsewhere, stop);
    if (found) return accept(call, found, around);
    stop.throwIfAborted();
    await open([call], services);
    await tell(call.course, { kind: 'opened' }, services);
    stop.throwIfAborted();
  } catch (error) {
    const kind: CallEvent['kind'] = stop.aborted ? 'dropped' : 'refused';
    await tell(call.course, { kind, error }, services);
    throw error;
  }
  return bringToEnd(call.course, services);
}

/** Aborted when nobody waits for the call any more, though its statement may go on. */
function untilLetGo(call: StatementCall): AbortSignal {
  const lettingGo = new AbortController();
  call.letGo = (reason) => lettingGo.abort(reason);
  if (call.settled) call.letGo(overBeforeSent());
  return AbortSignal.any([call.course.stop, lettingGo.signal]);
}

function begin(
  call: StatementCall,
  outcome: Promise<string>,
  { underWay, live, twins, log, services }: Surroundings,
  cancel = () => {},
): void {
  const { handle, statement, requestKey, course } = call;
  const model = call.checked.model.name;
  call.underWay = newUnderWay({ jobId: handle, model, awaited: course.awaited, cancel }, outcome);
  call.outcome = call.underWay.hear();
  // Told to whoever waits; a statement that is over waits no more.
  call.outcome.catch(() => {});
  underWay.set(handle, call.underWay);
  // A statement that is over forgets its calls no more.
  if (!course.stop.aborted) keepLive(requestKey, handle, live);
  outcome
    .catch((error: unknown) => {
      if (!(error instanceof KnownError)) log.error({ err: error, job: handle }, 'call failed unexpectedly');
    })
    .finally(() => {
      underWay.delete(handle);
      // Its statement forgets it no more.
      if (call.detached) forget([call], live);
      twins.forget([call]);
      tellEnd(course, services.meter, statement);
      log.debug(facts(course, statement.origin.statementAt), 'call');
      keepLittle(call, outcome);
    });
}

function facts({ jobId, checked, call }: Course, statement: string) {
  const state = call.state === 'ended' ? call.how : call.state;
  return { job: jobId, model: checked.model.name, state, statement };
}

/** Lists and not sets, which are ten times as large: mostly each has one job. */
function keepLive(key: string, jobId: string, live: Surroundings['live']): void {
  const siblings = live.get(key);
  if (siblings) siblings.push(jobId);
  else live.set(key, [jobId]);
}

function forget(calls: StatementCall[], live: Surroundings['live']): void {
  const over = new Set(calls.map(({ handle }) => handle));
  for (const key of new Set(calls.map(({ requestKey }) => requestKey))) {
    const left = live.get(key)?.filter((jobId) => !over.has(jobId)) ?? [];
    if (left.length > 0) live.set(key, left);
    else live.delete(key);
  }
}

function newJob(
  { handle, statement, checked, requestKey, detached }: StatementCall,
  transactionId?: string,
): NewJob {
  const { cost } = checked.request.estimate;
  return {
    id: handle,
    origin: statement.origin,
    statementId: statement.id,
    statementText: statement.text,
    modelName: checked.model.name,
    modelType: checked.model.modelType,
    modelDeployedAt: checked.model.deployedAt,
    scenario: checked.request.scenario,
    request: checked.requestText,
    requestKey,
    detached,
    transactionId,
    estimatedPrice: cost?.amount,
    currency: cost?.currency ?? 'CNY',
    tag: statement.tag,
    webhook: statement.webhook,
    priority: statement.priority,
    by: statement.by,
    label: checked.request.label,
    file: checked.file?.fields,
    inPlaceOf: checked.inPlaceOf?.jobId,
  };
}
