/**
 * The life of a call: its states, what may happen to it, and the one function that leads from one state to the next. Pure: memory, ledger
 * and meter follow from what `advance` returns. docs/life-of-a-call.md draws it.
 *
 * Room: src/calls holds the life of a call: what it may go through, who carries it, and what a statement sees of it.
 */
import { KnownError } from '../errors.js';
import type { JobChange, JobFailure, UnfinishedJob } from '../ledger/job.js';
import { type Bill, type Made, ProviderFailure } from '../providers/provider.js';

export type Call =
  /** Submitted by its statement; nothing is decided. */
  | { state: 'waiting' }
  /** An earlier job's result is kept for it. */
  | { state: 'reserved'; jobId: string }
  /** Its job is open, and the provider surely has not taken it. */
  | { state: 'queued'; attempts: number }
  /** The provider may have taken it. */
  | Sent
  /** The provider has made it; its outputs are being copied. */
  | { state: 'saving'; made: Made }
  | Ended;

export interface Sent {
  state: 'sent';
  attempts: number;
  /** Known from the provider's answer on: it has taken the call. */
  requestId: string | undefined;
  taskId: string | undefined;
  /** Its price is counted: it was being saved when an earlier gateway ended. Its outputs keep the name of that request. */
  countedAs: string | undefined;
  /** The name of the key in the model's pool that it was sent with; undefined: the model has one key. */
  key: string | undefined;
}

/**
 * How a call ends. refused: our own checks or a budget. not taken: the provider refused or failed the submit, or could not be reached.
 * failed: the provider's last word. unknown: nobody will ever learn. cancelled: before it was sent, or by the provider's word.
 * unclaimed: it is made and paid for, and not saved.
 */
export type Ending =
  | 'succeeded'
  | 'reused'
  | 'refused'
  | 'not taken'
  | 'failed'
  | 'unknown'
  | 'cancelled'
  | 'unclaimed';

export interface Ended {
  state: 'ended';
  how: Ending;
  /** What the evaluation gives; undefined: `error` is raised. A failed video is a value, with why beside it. */
  result: string | undefined;
  error: unknown;
  /** The earlier job whose result it took. */
  earlierJob: string | undefined;
}

export type CallEvent =
  /** An earlier job's result is found, and nobody else's from now on; `free` gives it back. */
  | { kind: 'reserved'; jobId: string }
  | { kind: 'free' }
  /** `error`: why a film came to nothing, whose value it is. */
  | { kind: 'reused'; result: string; error?: unknown }
  /** A dry run: nothing is opened, nothing is sent. */
  | { kind: 'pretended'; result: string }
  /** Its job is in the ledger. */
  | { kind: 'opened' }
  /** It will not be made: our own checks, or whoever asked for it gave up before it was sent. */
  | { kind: 'refused' | 'dropped'; error: unknown }
  /** It is about to leave: from now on the provider may have it. */
  | { kind: 'sending'; key: string | undefined }
  /** The provider surely did not take it. `again`: it goes back into its line. */
  | { kind: 'not taken'; again: true }
  | { kind: 'not taken'; again: false; error: unknown }
  | { kind: 'taken'; requestId: string; taskId: string | undefined }
  /** The provider's last word. `keep`: the outputs are to be copied; otherwise `result` is what there is. */
  | { kind: 'made'; made: Made; keep: boolean; result: string | undefined }
  | { kind: 'failed'; error: unknown }
  | { kind: 'cancelled'; error: unknown }
  /** Whether it was taken, or what became of it, nobody can say any more. */
  | { kind: 'lost'; error: unknown }
  /** It cannot go on for now, since then; undefined: it goes on again. It ends by neither. */
  | { kind: 'held up'; why: { error: unknown; since: number } | undefined }
  | { kind: 'saved'; result: string; outputs: Output[] }
  /** `outputs`: all of them, those with a path that were saved. */
  | { kind: 'not saved'; error: unknown; outputs?: NonNullable<JobChange['outputs']> }
  /** Another gateway works on it now, or the ledger cannot be written: this one stops, and nothing is to be written down. */
  | { kind: 'out of hands'; error: unknown };

export interface Output {
  url: string;
  /** Where it was saved; undefined: nowhere. */
  ossPath?: string;
}

export interface Step {
  call: Call;
  /** What the ledger is told before anything else follows from the step. */
  change: JobChange | undefined;
  /** The price of the call, told once in its life. */
  bill: Bill | undefined;
}

export type CallAction = 'decide' | 'send' | 'find' | 'follow' | 'save' | 'nothing';

/** What is to be done for a call in this state, by a gateway that has just come to it too. `find`: the submit's answer was lost. */
export function nextAction(call: Call): CallAction {
  switch (call.state) {
    case 'waiting':
    case 'reserved':
      return 'decide';
    case 'queued':
      return 'send';
    case 'sent':
      return call.taskId === undefined ? 'find' : 'follow';
    case 'saving':
      return 'save';
    case 'ended':
      return 'nothing';
  }
}

/** The only way from one state to another. An event that cannot happen in a state is a mistake of ours, and an error. */
export function advance(call: Call, event: CallEvent): Step {
  if (event.kind === 'out of hands') return step(ended('unknown', event));
  if (event.kind === 'held up' && call.state !== 'ended') return step(call, { holdUp: holdUpOf(event) });
  switch (call.state) {
    case 'waiting':
      return fromWaiting(call, event);
    case 'reserved':
      return fromReserved(call, event);
    case 'queued':
      return fromQueued(call, event);
    case 'sent':
      return fromSent(call, event);
    case 'saving':
      return fromSaving(call, event);
    case 'ended':
      return impossible(call, event);
  }
}

function fromWaiting(call: Call, event: CallEvent): Step {
  switch (event.kind) {
    case 'reserved':
      return step({ state: 'reserved', jobId: event.jobId });
    case 'pretended':
      return step(ended('succeeded', event));
    case 'opened':
      return step({ state: 'queued', attempts: 0 });
    case 'refused':
      return step(ended('refused', event));
    case 'dropped':
      return step(ended('cancelled', event));
    default:
      return impossible(call, event);
  }
}

function fromReserved(call: Extract<Call, { state: 'reserved' }>, event: CallEvent): Step {
  switch (event.kind) {
    case 'free':
      return step({ state: 'waiting' });
    case 'reused':
      return step(ended('reused', event, call.jobId));
    default:
      return impossible(call, event);
  }
}

function fromQueued(call: Extract<Call, { state: 'queued' }>, event: CallEvent): Step {
  switch (event.kind) {
    case 'refused':
      return step(ended('refused', event), { state: 'failed', error: failureOf(event.error) });
    case 'dropped':
      return step(ended('cancelled', event), { state: 'cancelled', error: failureOf(event.error) });
    case 'sending': {
      const { key } = event;
      const nothingKnown = { requestId: undefined, taskId: undefined, countedAs: undefined };
      const sent: Sent = { state: 'sent', attempts: call.attempts + 1, ...nothingKnown, key };
      return step(sent, { state: 'running', keyName: key });
    }
    default:
      return impossible(call, event);
  }
}

function fromSent(call: Sent, event: CallEvent): Step {
  switch (event.kind) {
    case 'not taken':
      if (call.requestId !== undefined) return impossible(call, event);
      return event.again
        ? step({ state: 'queued', attempts: call.attempts }, { state: 'submitted' })
        : step(ended('not taken', event), { state: 'failed', error: failureOf(event.error) });
    case 'taken':
      return step(
        { ...call, requestId: event.requestId, taskId: event.taskId },
        { taskId: event.taskId, providerRequestId: event.requestId || undefined },
      );
    case 'made':
      return fromMade(call, event);
    case 'failed':
      return step(ended('failed', event), { state: 'failed', error: failureOf(event.error) });
    case 'cancelled':
      return step(ended('cancelled', event), { state: 'cancelled', error: failureOf(event.error) });
    case 'lost':
      return step(ended('unknown', event), { state: 'unanswered', error: failureOf(event.error) });
    default:
      return impossible(call, event);
  }
}

function fromMade(call: Sent, event: Extract<CallEvent, { kind: 'made' }>): Step {
  const made = call.countedAs === undefined ? event.made : { ...event.made, requestId: call.countedAs };
  const bill = call.countedAs === undefined ? made.bill : undefined;
  const facts = madeFacts(made);
  if (made.error)
    return {
      call: ended('failed', { error: made.error }),
      change: { state: 'failed', ...facts, error: failureOf(made.error) },
      bill,
    };
  if (event.keep) return { call: { state: 'saving', made }, change: { state: 'saving', ...facts }, bill };
  const result = event.result;
  return made.failure
    ? {
        call: ended('failed', { result, error: made.failure }),
        change: { state: 'failed', ...facts, result, error: failureOf(made.failure) },
        bill,
      }
    : { call: ended('succeeded', { result }), change: { state: 'succeeded', ...facts, result }, bill };
}

function fromSaving(call: Extract<Call, { state: 'saving' }>, event: CallEvent): Step {
  switch (event.kind) {
    case 'saved': {
      const { result, outputs } = event;
      return step(ended('succeeded', { result }), { state: 'succeeded', outputs, result });
    }
    case 'not saved':
      return step(ended('unclaimed', event), {
        ...{ state: 'failed', error: failureOf(event.error) },
        ...(event.outputs && { outputs: event.outputs }),
      });
    default:
      return impossible(call, event);
  }
}

/** What the ledger keeps of the provider's last word. */
function madeFacts({ requestId, usage, bill, urls, text }: Made): JobChange {
  return {
    ...(text === undefined && { providerRequestId: requestId, outputs: urls.map((url) => ({ url })) }),
    ...{ usage, units: bill.units, price: bill.cost?.amount, currency: bill.cost?.currency },
  };
}

function step(call: Call, change?: JobChange): Step {
  return { call, change, bill: undefined };
}

function ended(
  how: Ending,
  { result, error }: { result?: string; error?: unknown },
  earlierJob?: string,
): Ended {
  return { state: 'ended', how, result, error, earlierJob };
}

function impossible(call: Call, event: CallEvent): never {
  throw new Error(`a call that is ${call.state} was told "${event.kind}"`);
}

/** The earlier job whose result this call has, or is to have. */
export function earlierJobOf(call: Call): string | undefined {
  if (call.state === 'reserved') return call.jobId;
  return call.state === 'ended' ? call.earlierJob : undefined;
}

function holdUpOf({ why }: Extract<CallEvent, { kind: 'held up' }>): JobChange['holdUp'] {
  return why ? { since: new Date(why.since).toISOString(), ...failureOf(why.error) } : null;
}

/** How an error stands in the ledger. Of an error that nobody foresaw the log has the particulars. */
function failureOf(error: unknown): JobFailure {
  if (!(error instanceof KnownError))
    return { kind: 'internalError', message: 'unexpected failure, see the log' };
  const { kind, message, detail, hint, retryable } = error;
  if (!(error instanceof ProviderFailure)) return { kind, message, detail, hint, retryable };
  const { code, requestId } = error;
  return { kind, message, detail, hint, code, requestId: requestId || undefined, retryable };
}

/** Where a job stands that another gateway left unfinished. `followed`: its task can be asked again for what it made. */
export function leftBehind(job: UnfinishedJob, followed: boolean): Call {
  const { providerRequestId: requestId, taskId, keyName: key } = job;
  switch (job.state) {
    case 'submitted':
      return { state: 'queued', attempts: 0 };
    case 'saving':
      // Its type may have had no tasks when it was made.
      return followed && taskId !== undefined
        ? { state: 'sent', attempts: 1, requestId, taskId, countedAs: requestId ?? job.id, key }
        : { state: 'saving', made: madeBefore(job) };
    default:
      return { state: 'sent', attempts: 1, requestId, taskId, countedAs: undefined, key };
  }
}

/** The ledger has the addresses; its bill is counted already. */
function madeBefore({ id, outputs, providerRequestId, usage }: UnfinishedJob): Made {
  const urls = outputs.map(({ url }) => String(url));
  const nothingElse = { text: undefined, task: undefined, notes: [] };
  return {
    requestId: providerRequestId ?? id,
    urls,
    usage,
    bill: { units: {}, cost: undefined },
    ...nothingElse,
  };
}
