/** A call under way: where it is in its life, what is told of it on the way, and the only place where that changes. */
import type { Draining } from '../ledger/draining.js';
import type { JobChange, Ledger } from '../ledger/job.js';
import type { Schedule } from '../pace/schedule.js';
import type { Urgency } from '../pace/urgency.js';
import type { Made, PackForm, ProviderModel } from '../providers/provider.js';
import type { Storage } from '../storage/storage.js';
import { advance, type Call, type CallEvent } from './call.js';
import type { CheckedCall } from './check.js';
import { type Awaited, heldUp, newAwaited, type Patience, reasonOf, tellWaiting } from './hold-up.js';
import type { Keys } from './keys.js';
import { enterPhase, type Meter, type PhaseTime } from './meter.js';
import { resultOf } from './result.js';
import { type Correct, currency, type SessionSpending } from './session-spending.js';
import type { RecentTimes } from './urgency.js';

/** What a call needs on its way, beside its provider. */
export interface Services {
  storage: Storage;
  ledger: Ledger;
  schedule: Schedule;
  meter: Meter;
  spending: SessionSpending;
  packs: Packs;
  draining: Pick<Draining, 'drain'>;
  times: RecentTimes;
}

/** over: the provider has given its last word. alone: it surely took none of the pack, and this call is to be sent by itself. */
export type PackEnd = 'over' | 'alone';

export interface Packs {
  /** Sends the call with others. Rejects as sending it alone would. */
  send(course: Course, form: PackForm, keys: Keys, services: Services): Promise<PackEnd>;
}

export interface Course {
  readonly jobId: string;
  /** Whose call it is. */
  readonly role: string;
  /** How it stands in its line. */
  readonly urgency: Urgency;
  /** Less of it once it has its result: see keepLittle. */
  checked: CheckedCall;
  /** Ends the call while it is surely not taken; once a task runs it goes on, because it will be billed. */
  readonly stop: AbortSignal;
  /** What the person who waits should know although the call succeeds. */
  noted(note: string): void;
  call: Call;
  /** How it spent its time. */
  phases: PhaseTime[];
  /** When it was first sent: the pauses between several attempts are part of the time it takes. */
  sentAt: number | undefined;
  endedAt: number | undefined;
  /** It has cost something, or nobody can say. */
  billed: boolean;
  /** Told what it has cost, in place of what it was reckoned to. */
  costs: Correct;
  requestId: string | undefined;
  /** When it was last submitted, by this gateway or an earlier one. */
  submittedAt: number | undefined;
  /** Why the answer to its submit was lost, where that is known. */
  lostAnswer: unknown;
  /** What keeps it from going on, and who waits for it. */
  readonly awaited: Awaited;
  /** Called once, when it waits in its line no more. */
  turned: (() => void) | undefined;
  /** Gives its place in the provider's line to the next; it has one from the first submit to the provider's last word. */
  leave(): void;
}

export type CourseFacts = Pick<Course, 'jobId' | 'role' | 'urgency' | 'checked' | 'stop' | 'noted'>;

export function newCourse(
  facts: CourseFacts,
  call: Call,
  earlier: Partial<Pick<Course, 'submittedAt' | 'awaited'>> = {},
): Course {
  const awaited = earlier.awaited ?? newAwaited();
  awaited.line = lineOf(call, facts.checked);
  // Written out, as in callOf.
  return {
    jobId: facts.jobId,
    role: facts.role,
    urgency: facts.urgency,
    checked: facts.checked,
    stop: facts.stop,
    noted: facts.noted,
    call,
    phases: [],
    sentAt: undefined,
    endedAt: undefined,
    billed: false,
    costs: nothing,
    requestId: undefined,
    submittedAt: earlier.submittedAt,
    lostAnswer: undefined,
    awaited,
    turned: undefined,
    leave: nothing,
  };
}

function nothing(): void {}

function lineOf({ state }: Call, { model }: CheckedCall): string | undefined {
  return state === 'queued' ? model.modelType : undefined;
}

/** As the ledger has it: what came to nothing, and of which the provider has counted nothing. */
function costsNothing({ state, units }: JobChange = {}): boolean {
  return (state === 'failed' || state === 'cancelled') && units === undefined;
}

/** As far as its state tells: one whose answer was lost is in the same. */
function isBeingAsked(call: Call): boolean {
  return call.state === 'sent' && call.taskId === undefined;
}

/**
 * The only writer of `course.call`: the ledger has each step in writing before anything else follows from it. Where it cannot be written,
 * because another gateway has the job by now or the engine is gone, the call ends here and this rejects.
 */
export async function tell(course: Course, event: CallEvent, services: Services): Promise<void> {
  try {
    const { call, change, bill } = advance(course.call, event);
    if (change) await services.ledger.change(course.jobId, change);
    // A job that is open may still be held; its time in the queue begins with its place there, see send.ts.
    if (call.state !== course.call.state && event.kind !== 'opened') enterPhase(course.phases, call.state);
    course.call = call;
    if (event.kind === 'sending') {
      course.submittedAt = Date.now();
      course.sentAt ??= course.submittedAt;
    }
    // Each step is one forward: whatever kept it from going on is over.
    if (event.kind !== 'held up') course.awaited.holdUp = undefined;
    if (event.kind === 'taken') course.requestId = event.requestId;
    course.billed ||= bill !== undefined && bill.cost?.amount !== 0;
    if (bill?.cost) services.meter.spent(course.checked.model, bill.cost);
    if (bill?.cost?.currency === currency) course.costs(bill.cost.amount);
    else if (costsNothing(change) && !course.billed) course.costs(0);
  } catch (error) {
    course.call = advance(course.call, { kind: 'out of hands', error }).call;
    throw error;
  } finally {
    course.awaited.line = lineOf(course.call, course.checked);
    course.awaited.isAsked =
      isBeingAsked(course.call) && (event.kind === 'sending' || course.awaited.isAsked);
    if (course.call.state !== 'waiting' && course.call.state !== 'queued') course.turned?.();
  }
}

/** Notes that the call is about to leave. Whoever gave it up while the note was written is heard: it may have taken any time. */
export async function tellSending(
  course: Course,
  key: string | undefined,
  services: Services,
): Promise<void> {
  const { stop } = course;
  stop.throwIfAborted();
  await tell(course, { kind: 'sending', key }, services);
  if (stop.aborted) await tell(course, { kind: 'not taken', again: true }, services);
  stop.throwIfAborted();
}

/** Attempts in a row that come to nothing before the ledger and the person who waits are told: the first may be a hiccup. */
const worthTelling = 3;

/**
 * An attempt to look at the call, or to save what it made, came to nothing; undefined: it came to something. The call itself goes on. What
 * the ledger cannot be told now it is told with the next step.
 */
export async function holdUp(
  course: Course,
  failed: { error: unknown; patience: Patience } | undefined,
  services: Services,
): Promise<void> {
  const { awaited, noted } = course;
  if (!failed) {
    if (awaited.holdUp) await tell(course, { kind: 'held up', why: undefined }, services);
    awaited.holdUp = undefined;
    return;
  }
  const { error, patience } = failed;
  const held = heldUp(awaited, error, patience);
  const { times, alike, since } = held;
  if (!held.isTold && (times >= worthTelling || alike >= patience.times)) {
    held.isTold = true;
    noted(`ai_gen: a call is held up, and goes on: ${reasonOf(error)}`);
    // Before anybody is told: whoever looks into the ledger then finds it there.
    await tell(course, { kind: 'held up', why: { error, since } }, services);
  }
  tellWaiting(awaited);
}

/** The model with the key that its provider is to be asked with. Its secrets are opened when they are used: one that cannot be is no end of the call. */
export function withKey({ checked: { model } }: Course, key: string | undefined): ProviderModel {
  if (key === undefined) return model;
  const same = Object.getOwnPropertyDescriptors(model);
  return Object.defineProperties({} as ProviderModel, { ...same, key: { value: key, enumerable: true } });
}

/** What is made for a place in a store is copied there; a failed video gives a value and no file. */
export function madeEvent({ checked, noted }: Course, made: Made): CallEvent {
  for (const note of made.notes) noted(note);
  const keep = checked.request.output !== undefined && !made.failure && !made.error;
  const result = keep || made.error ? undefined : resultOf(checked.request, made, []);
  return { kind: 'made', made, keep, result };
}
