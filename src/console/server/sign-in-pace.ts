/** Slows down who guesses passwords: after some failures each further attempt has to wait, twice as long each time. */

const freeFailures = 4;
const longestWaitMs = 60_000;
const forgottenAfterMs = 15 * 60_000;
const mostRemembered = 10_000;

export interface SignInPace {
  /** Milliseconds until this key may try again; 0: now. */
  waitMs(keys: string[]): number;
  failed(keys: string[]): void;
  succeeded(keys: string[]): void;
}

export function createSignInPace(now: () => number = Date.now): SignInPace {
  const failures = new Map<string, { count: number; at: number }>();

  function waitOf(key: string): number {
    const entry = failures.get(key);
    if (!entry || entry.count < freeFailures) return 0;
    const pauseMs = Math.min(longestWaitMs, 1_000 * 2 ** (entry.count - freeFailures));
    return Math.max(0, entry.at + pauseMs - now());
  }

  return {
    waitMs: (keys) => Math.max(...keys.map(waitOf)),
    failed(keys) {
      for (const key of keys) {
        const old = failures.get(key);
        const fresh = old && now() - old.at < forgottenAfterMs ? old.count : 0;
        // Taken out first: the map then stays in the order of the last failure, and the oldest are dropped.
        failures.delete(key);
        failures.set(key, { count: fresh + 1, at: now() });
      }
      for (const key of failures.keys()) {
        if (failures.size <= mostRemembered) break;
        failures.delete(key);
      }
    },
    succeeded(keys) {
      for (const key of keys) failures.delete(key);
    },
  };
}
