/** What an answer of provider or storage means for the life of a call. Pure, like call.ts: the two together are what the checker walks. */
import { type ErrorKind, KnownError } from '../errors.js';
import { type Found, type Look, type Made, ProviderFailure } from '../providers/provider.js';
import type { Call, CallEvent } from './call.js';

const mostAttempts = 3;

export type Repetition = 'no' | 'throttled' | 'attempt' | 'other key';

/** What is wrong with a key or its account, and may be right with another one. */
const reasonsOfKeys: ErrorKind[] = ['providerAuthorization', 'providerQuota', 'undefinedObject'];

/**
 * Whether a call whose submit was refused goes back into its line: as a further attempt, or because the provider is busy, which is none, or
 * refuses the key, of which there is another.
 */
export function repetitionAfter(
  error: unknown,
  {
    call,
    attempt,
    throttledTooLong,
    hasOtherKey,
  }: { call: Call; attempt: number; throttledTooLong: boolean; hasOtherKey: boolean },
): Repetition {
  const taken = call.state !== 'sent' || call.requestId !== undefined;
  if (taken || !(error instanceof ProviderFailure) || error.mayBeTaken) return 'no';
  if (error.repeat === 'wait' && !throttledTooLong) return 'throttled';
  if (hasOtherKey && refusesKey(error)) return 'other key';
  const again = error.repeat === 'again' ? attempt < mostAttempts : error.repeat === 'once' && attempt === 1;
  return again ? 'attempt' : 'no';
}

/** The key was refused and not the call: being busy for now is no refusal. */
export function refusesKey({ kind, repeat }: ProviderFailure): boolean {
  return repeat !== 'wait' && reasonsOfKeys.includes(kind);
}

/**
 * What a look at the task says about the call; undefined: that it goes on. `finished` says what is to be done with what is made. That the
 * provider does not know the task is no last word: it may know it at the next look.
 */
export function eventOfLook(look: Look, finished: (made: Made) => CallEvent): CallEvent | undefined {
  switch (look.state) {
    case 'goes on':
    case 'forgotten':
      return undefined;
    case 'made':
      return finished(look.made);
    case 'cancelled':
      return { kind: 'cancelled', error: look.error };
    case 'failed':
      return { kind: 'failed', error: look.error };
  }
}

/** What looking for a lost submit says about the call; undefined: that it is looked for again. `why`: how its answer was lost, if that is known. */
export function eventOfFind(found: Found, why: unknown): CallEvent | undefined {
  switch (found.state) {
    case 'goes on':
      return undefined;
    case 'found':
      return { kind: 'taken', ...found.task };
    case 'lost':
      return { kind: 'lost', error: why ?? found.error };
  }
}

/** The answer to a submit was lost, and its task can be looked for: the call goes on. */
export function isLookedFor(call: Call, error: unknown, followed: boolean): boolean {
  const unknownTask = call.state === 'sent' && call.taskId === undefined;
  return unknownTask && followed && mayBeTaken(error);
}

/** How a call ends that cannot go on because of this error. */
export function endAfter(call: Call, error: unknown): CallEvent {
  switch (call.state) {
    case 'sent':
      return endAfterSending(call.requestId !== undefined, error);
    case 'saving':
      return { kind: 'not saved', error };
    default:
      // What is not sent when the gateway ends is the next one's.
      if (error instanceof KnownError && error.kind === 'adminShutdown')
        return { kind: 'out of hands', error };
      return { kind: isGivenUp(error) ? 'dropped' : 'refused', error };
  }
}

function endAfterSending(taken: boolean, error: unknown): CallEvent {
  if (isGivenUp(error)) return { kind: 'cancelled', error };
  if (mayBeTaken(error)) return { kind: 'lost', error };
  return taken ? { kind: 'failed', error } : { kind: 'not taken', again: false, error };
}

/** An error that nobody foresaw says nothing about the call. */
function mayBeTaken(error: unknown): boolean {
  return error instanceof ProviderFailure ? error.mayBeTaken : !(error instanceof KnownError);
}

/** Whoever asked for it does not want it any more. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof KnownError && error.kind === 'queryCanceled';
}
