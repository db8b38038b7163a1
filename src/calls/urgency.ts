/** How a call stands in its line, by what its session says and may. */
import type { Urgency } from '../pace/urgency.js';
import type { SessionSettings } from './session-settings.js';

/** How long one call of a model takes, as far as is known: of one that nobody has called yet some time is assumed. */
export interface RecentTimes {
  /** The same function for the same model. */
  of(modelName: string): () => number;
}

export type Said = Pick<SessionSettings, 'priority' | 'by'>;

/** `mayPass`: it may go before other people's calls. */
export function urgencyOf(
  { priority, by }: Said,
  { mayPass, secondsEach }: { mayPass: boolean; secondsEach(): number },
): Urgency {
  // What is wanted by a time that is over waits no longer.
  if (by !== undefined && by > Date.now()) return { standing: 'after all', by: { at: by, secondsEach } };
  if (priority === 'low') return { standing: 'after all' };
  if (priority === 'high') return { standing: mayPass ? 'before all' : 'before own' };
  return { standing: 'usual' };
}

const assumedSeconds = 120;
const goodForMs = 60_000;

/** `look` asks the ledger; it is asked at most once a minute for a model, and what it said before holds meanwhile. */
export function createRecentTimes(look: (modelName: string) => Promise<number | undefined>): RecentTimes {
  const times = new Map<string, () => number>();

  function timesOf(modelName: string): () => number {
    let seconds = assumedSeconds;
    let lookedAt = Number.NEGATIVE_INFINITY;
    return () => {
      if (Date.now() - lookedAt > goodForMs) {
        lookedAt = Date.now();
        look(modelName).then(
          (known) => {
            seconds = known ?? seconds;
          },
          () => {},
        );
      }
      return seconds;
    };
  }

  return {
    of(modelName) {
      const known = times.get(modelName) ?? timesOf(modelName);
      times.set(modelName, known);
      return known;
    },
  };
}
