/**
 * Walks every life that a call can have: each order of answers, refusals, cancels, crashes and restarts, against a provider that knows
 * what it really took. The walk uses the product's own decisions (call.ts, answers.ts), nothing of its doing.
 */
import { endAfter, eventOfFind, eventOfLook, isLookedFor, repetitionAfter } from '../../src/calls/answers.js';
import { advance, type Call, type CallEvent, leftBehind, nextAction } from '../../src/calls/call.js';
import { KnownError } from '../../src/errors.js';
import type { JobChange, UnfinishedJob } from '../../src/ledger/job.js';
import type { JobState } from '../../src/ledger/states.js';
import {
  type Found,
  type Look,
  type Made,
  ProviderFailure,
  type Repeat,
} from '../../src/providers/provider.js';

/** What the provider knows, whoever was told. */
type Truth = 'not taken' | 'working' | 'made' | 'failed' | 'cancelled';

interface World {
  call: Call;
  truth: Truth;
  /** The submit has left, and its answer is not here yet. */
  submitting: boolean;
  row: { state: JobState; taskId?: string; providerRequestId?: string };
  attempts: number;
  crashes: number;
  /** Whoever asked for it gave it up. */
  stopped: boolean;
  /** How often its price was counted. */
  counted: number;
  /** It was sent although the provider worked on it, or had made it. */
  sentAgain: boolean;
  path: string[];
}

export interface Breach {
  rule: 'last word' | 'sent again' | 'price once' | 'paid again';
  /** The step after which it stood. */
  cause: string;
  path: string[];
}

const mostCrashes = 2;
const mostAttempts = 4;
const cancelled = new KnownError({ kind: 'queryCanceled', message: 'given up' });
const failure = (repeat: Repeat, mayBeTaken = false) =>
  new ProviderFailure({
    kind: 'providerFailure',
    code: 'x',
    message: 'x',
    requestId: '',
    repeat,
    mayBeTaken,
  });
const refusedKey = new ProviderFailure({
  ...{ kind: 'providerAuthorization', code: 'Arrearage', message: 'x', requestId: '', repeat: 'no' },
});
const made: Made = {
  ...{ requestId: 'r', urls: ['https://results.example/1'], text: undefined, usage: {}, task: undefined },
  ...{ failed: false, notes: [], bill: { units: { pictures: 1 }, cost: { amount: 1, currency: 'CNY' } } },
};

/** `followed`: the call has a task; `keep`: its outputs are to be saved. */
export interface Kind {
  followed: boolean;
  keep: boolean;
}

/** Every breach of a rule on every path. `states`: different moments, `ends`: those among them in which it has ended. */
export function walkEveryLife(kind: Kind): { breaches: Breach[]; states: number; ends: number } {
  const seen = new Set<string>();
  const breaches: Breach[] = [];
  let ends = 0;
  const open: World[] = [
    {
      ...{ call: { state: 'waiting' }, truth: 'not taken', submitting: false, row: { state: 'submitted' } },
      ...{ attempts: 0, crashes: 0, stopped: false, counted: 0, sentAgain: false, path: [] },
    },
  ];
  for (let world = open.pop(); world; world = open.pop()) {
    const { path, ...facts } = world;
    // Of several ways into one moment each counts: the breach is of the step.
    breaches.push(...breachesOf(world));
    const name = JSON.stringify({ ...facts, call: shape(world.call) });
    if (seen.has(name)) continue;
    seen.add(name);
    if (world.call.state === 'ended') ends += 1;
    else open.push(...next(world, kind));
  }
  return { breaches, states: seen.size, ends };
}

function shape(call: Call) {
  return call.state === 'ended' ? { state: call.state, how: call.how } : { ...call, made: undefined };
}

/** The rules of the house, looked at in one moment. */
function breachesOf({ call, truth, counted, sentAgain, path }: World): Breach[] {
  const cause = path.at(-1) ?? '';
  const breach = (rule: Breach['rule']): Breach => ({ rule, cause, path });
  const breaches: Breach[] = [];
  if (sentAgain) breaches.push(breach('sent again'));
  if (counted > 1) breaches.push(breach('price once'));
  if (call.state !== 'ended' || call.how === 'reused') return breaches;
  const billed = isBilled(truth);
  if (call.how === 'succeeded' && counted !== 1) breaches.push(breach('price once'));
  if (billed && !['succeeded', 'unclaimed'].includes(call.how)) breaches.push(breach('last word'));
  // Its address at the provider is gone: the next identical call sends it again.
  if (billed && call.how === 'unclaimed') breaches.push(breach('paid again'));
  return breaches;
}

function isBilled(truth: Truth): boolean {
  return truth === 'working' || truth === 'made';
}

function next(world: World, kind: Kind): World[] {
  const worlds = world.submitting ? answers(world, kind) : steps(world, kind);
  const stop = world.stopped ? [] : [{ ...world, stopped: true, path: [...world.path, 'given up'] }];
  const finished: World[] =
    world.truth === 'working' ? [{ ...world, truth: 'made', path: [...world.path, 'made unseen'] }] : [];
  return [...worlds, ...stop, ...finished, ...crash(world, kind)];
}

/** The gateway ends here, and the next one begins with what the ledger has. */
function crash(world: World, kind: Kind): World[] {
  if (world.crashes === mostCrashes || world.call.state === 'waiting' || world.call.state === 'reserved')
    return [];
  const row = { ...world.row, id: 'job', outputs: [{ url: 'u' }], usage: {} } as unknown as UnfinishedJob;
  const call = leftBehind(row, kind.followed);
  const after = { ...world, call, submitting: false, crashes: world.crashes + 1, stopped: false };
  // Nobody waits for what was never sent.
  if (call.state === 'queued')
    return [told(after, { kind: 'dropped', error: cancelled }, 'crash before it was sent')];
  return [{ ...after, path: [...world.path, 'crash'] }];
}

function told(world: World, event: CallEvent, why: string, truth: Truth = world.truth): World {
  const { call, change, bill } = advance(world.call, event);
  const counted = world.counted + (bill?.cost ? 1 : 0);
  return {
    ...world,
    ...{ call, counted, truth, row: written(world.row, change), path: [...world.path, why] },
  };
}

function written(row: World['row'], change: JobChange = {}): World['row'] {
  return {
    state: change.state ?? row.state,
    taskId: change.taskId ?? row.taskId,
    providerRequestId: change.providerRequestId ?? row.providerRequestId,
  };
}

function ended(world: World, error: unknown, why: string, truth?: Truth): World {
  return told(world, endAfter(world.call, error), why, truth);
}

function steps(world: World, kind: Kind): World[] {
  switch (nextAction(world.call)) {
    case 'decide':
      return decisions(world);
    case 'send':
      return world.stopped ? [ended(world, cancelled, 'given up before it was sent')] : sends(world);
    case 'find':
      return finds(world, kind);
    case 'follow':
      return looks(world, kind);
    case 'save':
      return [
        told(world, { kind: 'saved', result: 'result', outputs: [] }, 'saved'),
        heldUp(world, new KnownError({ kind: 'ioError', message: 'no' }), 'saving refused'),
        ended(world, new KnownError({ kind: 'ioError', message: 'no' }), 'not saved within 24 hours'),
      ];
    case 'nothing':
      return [];
  }
}

/** It is tried again; the ledger says why. */
function heldUp(world: World, error: KnownError, why: string): World {
  return told(world, { kind: 'held up', why: { error, since: 0 } }, why);
}

function decisions(world: World): World[] {
  const refused = new KnownError({ kind: 'configurationLimitExceeded', message: 'no' });
  if (world.call.state === 'reserved')
    return [
      told(world, { kind: 'reused', result: 'result' }, 'reused'),
      told(world, { kind: 'free' }, 'released'),
    ];
  return [
    told(world, { kind: 'opened' }, 'opened'),
    told(world, { kind: 'reserved', jobId: 'earlier' }, 'reserved'),
    told(world, { kind: 'refused', error: refused }, 'refused by a budget'),
    told(world, { kind: 'dropped', error: cancelled }, 'dropped'),
  ];
}

function sends(world: World): World[] {
  const sent = told(world, { kind: 'sending', key: undefined }, 'sending');
  const unsigned = ended(world, new KnownError({ kind: 'undefinedFile', message: 'no' }), 'not signed');
  const sentAgain = isBilled(world.truth);
  return [{ ...sent, submitting: true, attempts: world.attempts + 1, sentAgain }, unsigned];
}

/** What becomes of a submit that has left. */
function answers(world: World, kind: Kind): World[] {
  const here = { ...world, submitting: false };
  const took: Truth = 'working';
  const refusals = (['no', 'wait', 'again', 'once'] as const).map((repeat) => refused(here, failure(repeat)));
  const key = refused(here, refusedKey, world.attempts < mostAttempts);
  const taken = told(
    here,
    { kind: 'taken', requestId: 'r', taskId: kind.followed ? 'task' : undefined },
    'taken',
    took,
  );
  return [
    ...refusals,
    key,
    lostAnswer(here, kind, 'answer lost, not taken', 'not taken'),
    lostAnswer(here, kind, 'answer lost, taken', took),
    ...(kind.followed ? [taken] : lastWords(taken, kind)),
    // It ends before it hears the answer.
    ...crash({ ...here, truth: took }, kind),
  ];
}

/** Where it has a task, it is looked for from now on. */
function lostAnswer(world: World, { followed }: Kind, why: string, truth: Truth): World {
  const lost = failure('no', true);
  return isLookedFor(world.call, lost, followed)
    ? { ...world, truth, path: [...world.path, why] }
    : ended(world, lost, why, truth);
}

/** `hasOtherKey`: of the model's pool, for a refusal of this one. */
function refused(world: World, error: ProviderFailure, hasOtherKey = false): World {
  const throttledTooLong = world.attempts >= mostAttempts;
  const attempt = world.attempts;
  const again = repetitionAfter(error, { call: world.call, attempt, throttledTooLong, hasOtherKey });
  const why = `refused (${error.kind}, ${error.repeat})`;
  return again === 'no'
    ? ended(world, error, why)
    : told(world, { kind: 'not taken', again: true }, `${why}, again: ${again}`);
}

/** A synchronous answer has the result in it. */
function lastWords(world: World, kind: Kind): World[] {
  return [
    told(world, madeEvent(made, kind), 'made', 'made'),
    ended(world, failure('again'), 'failed', 'failed'),
  ];
}

function madeEvent(what: Made, { keep }: Kind): CallEvent {
  return { kind: 'made', made: what, keep, result: keep ? undefined : 'result' };
}

function finds(world: World, kind: Kind): World[] {
  const search = (found: Found, why: string) => {
    const event = eventOfFind(found, undefined);
    return event ? [told(world, event, why)] : [];
  };
  const lost: Found = { state: 'lost', error: failure('no', true) };
  if (!kind.followed) return search(lost, 'it has no task that could be found');
  return [
    ...search({ state: 'goes on' }, 'not found yet'),
    ...search(lost, 'no task can be proved to be its own'),
    ...(world.truth === 'not taken'
      ? []
      : search({ state: 'found', task: { requestId: 'r', taskId: 'task' } }, 'found by proof')),
    told(world, { kind: 'lost', error: failure('no', true) }, '24 hours without a word'),
  ];
}

function looks(world: World, kind: Kind): World[] {
  const error = new KnownError({ kind: 'providerFailure', message: 'no' });
  const seen = (look: Look, why: string, truth?: Truth) => {
    const event = eventOfLook(look, (what) => madeEvent(what, kind));
    return event ? [told(world, event, why, truth)] : [];
  };
  return [
    ...seen({ state: 'goes on' }, 'goes on'),
    ...seen({ state: 'made', made }, 'made', 'made'),
    ...(world.truth === 'made' ? [] : seen({ state: 'failed', error }, 'failed', 'failed')),
    ...(world.truth === 'made'
      ? []
      : seen({ state: 'cancelled', error: cancelled }, 'cancelled', 'cancelled')),
    ...seen({ state: 'forgotten', error }, 'the provider does not know the task'),
    heldUp(world, error, 'look refused'),
    told(world, { kind: 'lost', error }, '24 hours without a word'),
    ...(world.stopped && world.truth === 'working'
      ? [told(world, { kind: 'cancelled', error: cancelled }, 'cancel confirmed', 'cancelled')]
      : []),
  ];
}
