/** What keeps a call from going on for now: it is tried again with growing pauses, and whoever waits for it hears of that. The call does not end by it. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import { ProviderFailure } from '../providers/provider.js';

export interface HoldUp {
  /** Milliseconds since 1970. */
  since: number;
  /** Attempts in a row that came to nothing. */
  times: number;
  /** The last of them in a row for which whoever waits has the same patience. */
  alike: number;
  patience: Patience;
  /** The ledger and the person who waits have been told. */
  isTold: boolean;
  error: unknown;
}

/** A call, or a job that cannot be read yet, as those who wait for it see it. */
export interface Awaited {
  /** Undefined: it goes on as it should. */
  holdUp: HoldUp | undefined;
  /** What is told to each of those who wait now; they are told of its end in any case. Undefined: nobody waits. */
  waiting: Set<(error: unknown) => void> | undefined;
  /** Ends the pause of a call that is held up: somebody waits for it again. */
  wake(): void;
  /** The model type in whose line it waits to be sent; undefined: it does not. */
  line: string | undefined;
  /** The provider has been asked, and can be asked for its answer at this one time only. */
  isAsked: boolean;
  /** The gateway ends: whatever the call waits for, the next gateway sees to it. */
  left: boolean;
}

/** A call that is being made, as those see it who did not begin it. */
export interface UnderWay {
  jobId: string;
  model: string;
  awaited: Awaited;
  /** What it gives, or the error it ends with. */
  end: Promise<string>;
  /** For one who waits from now on: see hear. */
  hear(): Promise<string>;
  /** False: its end is in the ledger. */
  isOpen(): boolean;
  /** Gives the call up as far as that is possible. */
  cancel(): void;
}

/** How long somebody waits for a call that is held up, before being told so. */
export interface Patience {
  /** Attempts in a row with this patience: one with another in between begins the count anew. */
  times: number;
  ms: number;
}

export function newAwaited(): Awaited {
  return {
    holdUp: undefined,
    waiting: undefined,
    wake: nothing,
    line: undefined,
    isAsked: false,
    left: false,
  };
}

function nothing(): void {}

/** What one who waits from now on is told: the call's end, or, as an error, that it is held up for longer than one waits. */
function hear(awaited: Awaited, end: Promise<string>): Promise<string> {
  awaited.wake();
  return new Promise((resolve, reject) => {
    awaited.waiting = (awaited.waiting ?? new Set()).add(reject);
    end.then(resolve, reject).finally(() => {
      awaited.waiting?.delete(reject);
      if (awaited.waiting?.size === 0) awaited.waiting = undefined;
    });
  });
}

/** For those who did not begin the call; `end` settles when the ledger has its end. */
export function newUnderWay(
  facts: Pick<UnderWay, 'jobId' | 'model' | 'awaited' | 'cancel'>,
  end: Promise<string>,
): UnderWay {
  let open = true;
  const close = () => {
    open = false;
  };
  // Before anybody hears of the end.
  end.then(close, close);
  const { jobId, model, awaited, cancel } = facts;
  return { jobId, model, awaited, cancel, end, hear: () => hear(awaited, end), isOpen: () => open };
}

/** One more attempt came to nothing. */
export function heldUp(awaited: Awaited, error: unknown, patience: Patience): HoldUp {
  const { since = Date.now(), times = 0, isTold = false } = awaited.holdUp ?? {};
  const alike = awaited.holdUp?.patience === patience ? awaited.holdUp.alike + 1 : 1;
  awaited.holdUp = { since, times: times + 1, alike, patience, isTold, error };
  return awaited.holdUp;
}

/** Those who waited are told when their patience is over, and wait no more. */
export function tellWaiting(awaited: Awaited): void {
  const { holdUp, waiting = [] } = awaited;
  if (!holdUp) return;
  const { patience, alike, since } = holdUp;
  if (alike < patience.times && Date.now() - since < patience.ms) return;
  for (const tell of waiting) tell(goesOn(holdUp.error));
  awaited.waiting = undefined;
}

/** For whoever looks; of an error that nobody foresaw the log has the particulars. */
export function reasonOf(error: unknown): string {
  return error instanceof KnownError ? error.message : 'unexpected failure, see the log';
}

/** The provider or the store may say otherwise in a moment; else somebody must do something first. */
export function isPassing(error: unknown): boolean {
  return error instanceof ProviderFailure
    ? error.repeat !== 'no'
    : error instanceof KnownError && error.retryable;
}

const goesOnHint =
  'The call goes on without its statement: run the same statement again, and it takes the result when it is there.';

/** The error of a statement that waits no more, though its call goes on. */
export function goesOn(error: unknown): unknown {
  if (!(error instanceof KnownError)) return error;
  const { kind, message, detail, hint } = error;
  return new KnownError({
    ...{ kind, message, detail, retryable: true, cause: error },
    hint: hint ? `${hint} ${goesOnHint}` : goesOnHint,
  });
}

/** The provider keeps tasks and their results for 24 hours: for so long a call may be held up. */
export const keptMs = 24 * 60 * 60 * 1000;

const longestPauseMs = 5 * 60 * 1000;

/** The pause before the next attempt: twice as long each time. */
export function growing(pauseMs: number, { holdUp }: Awaited, longestMs = longestPauseMs): number {
  return Math.min(pauseMs * 2 ** Math.min((holdUp?.times ?? 1) - 1, 20), longestMs);
}

/** The pause before the engine is asked once more what became of a transaction. It keeps no gateway from ending. */
export async function untilAskedAgain(times: number): Promise<void> {
  await delay(Math.min(1_000 * 2 ** Math.min(times - 1, 10), 60_000), undefined, { ref: false });
}

/** Resolves after so long, or as soon as somebody begins to wait for the call, or the signal aborts; never for a call that is left. */
export function pause(awaited: Awaited, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      awaited.wake = nothing;
      if (!awaited.left) resolve();
    };
    const timer = setTimeout(over, ms);
    // A call that is held up keeps no gateway from ending.
    if (awaited.holdUp) timer.unref();
    signal?.addEventListener('abort', over);
    if (awaited.holdUp) awaited.wake = over;
  });
}
