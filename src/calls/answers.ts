/** What an answer of provider or storage means for the life of a call. Pure, like call.ts: the two together are what the checker walks. */
import { KnownError } from '../errors.js';
import { type Look, type Made, ProviderFailure } from '../providers/provider.js';
import type { Call, CallEvent } from './call.js';

const mostAttempts = 3;

export type Repetition = 'no' | 'throttled' | 'attempt';

/** Whether a call whose submit was refused goes back into its line: as a further attempt, or because the provider is busy, which is none. */
export function repetitionAfter(
  error: unknown,
  { call, attempt, throttledTooLong }: { call: Call; attempt: number; throttledTooLong: boolean },
): Repetition {
  const taken = call.state !== 'sent' || call.requestId !== undefined;
  if (taken || !(error instanceof ProviderFailure) || error.mayBeTaken) return 'no';
  if (error.repeat === 'wait' && !throttledTooLong) return 'throttled';
  const again = error.repeat === 'again' ? attempt < mostAttempts : error.repeat === 'once' && attempt === 1;
  return again ? 'attempt' : 'no';
}

/** What a look at the task says about the call; undefined: that it goes on. `finished` says what is to be done with what is made. */
export function eventOfLook(look: Look, finished: (made: Made) => CallEvent): CallEvent | undefined {
  switch (look.state) {
    case 'goes on':
      return undefined;
    case 'made':
      return finished(look.made);
    case 'cancelled':
      return { kind: 'cancelled', error: look.error };
    default:
      return { kind: 'failed', error: look.error };
  }
}

/** Whether a look that failed is simply made again: the task goes on whether we see it or not. */
export function isLookedAtAgain(error: unknown): boolean {
  return error instanceof ProviderFailure && error.repeat !== 'no';
}

/** How a call ends that cannot go on because of this error. */
export function endAfter(call: Call, error: unknown): CallEvent {
  switch (call.state) {
    case 'sent':
      return endAfterSending(call.requestId !== undefined, error);
    case 'saving':
      return { kind: 'not saved', error };
    default:
      return { kind: isGivenUp(error) ? 'dropped' : 'refused', error };
  }
}

function endAfterSending(taken: boolean, error: unknown): CallEvent {
  if (isGivenUp(error)) return { kind: 'cancelled', error };
  if (error instanceof ProviderFailure && error.mayBeTaken) return { kind: 'lost', error };
  return taken ? { kind: 'failed', error } : { kind: 'not taken', again: false, error };
}

function isGivenUp(error: unknown): boolean {
  return error instanceof KnownError && error.kind === 'queryCanceled';
}
