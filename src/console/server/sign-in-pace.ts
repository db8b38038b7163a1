/** Slows down who guesses passwords: after some failures each further attempt has to wait, twice as long each time. */
import { isIPv6 } from 'node:net';

/** Who tries to sign in, as which role. */
export interface Attempt {
  role: string;
  /** The address it comes from: of a proxy, where everybody comes through one. */
  from: string;
  /** A browser that has signed in as this role before. */
  knownBrowser: string | undefined;
}

export interface SignInPace {
  /** Milliseconds until this may be tried; 0: now. */
  waitMs(attempt: Attempt): number;
  failed(attempt: Attempt): void;
  /** What was counted as a failure was none. */
  succeeded(attempt: Attempt): void;
  /** The same, where nobody could say whether the password is right. */
  undecided(attempt: Attempt): void;
}

interface Bound {
  /** As many failures cost no wait, and as many are forgotten in a quarter of an hour. */
  free: number;
  longestWaitMs: number;
}

const forgottenAfterMs = 15 * 60_000;
const mostRemembered = 10_000;
const pairBound: Bound = { free: 4, longestWaitMs: 60_000 };
/** Wide, and with short waits: they slow down the guessing of many roles, or from many addresses, and are everybody's who shares them. */
const addressBound: Bound = { free: 100, longestWaitMs: 8_000 };
const roleBound: Bound = { free: 50, longestWaitMs: 8_000 };

export function createSignInPace(now: () => number = Date.now): SignInPace {
  const pairs = createCount(pairBound, now);
  const addresses = createCount(addressBound, now);
  const roles = createCount(roleBound, now);
  const browsers = createCount(pairBound, now);

  /** What a stranger behind the same proxy does must not keep out who was here before: a known browser has a count of its own. */
  function countsOf({ role, from, knownBrowser }: Attempt): [Count, string][] {
    if (knownBrowser !== undefined) return [[browsers, knownBrowser]];
    const network = networkOf(from);
    return [
      [pairs, JSON.stringify([role, network])],
      [addresses, network],
      [roles, role],
    ];
  }

  return {
    waitMs: (attempt) => Math.max(...countsOf(attempt).map(([count, key]) => count.waitMs(key))),
    failed(attempt) {
      for (const [count, key] of countsOf(attempt)) count.add(key);
    },
    succeeded(attempt) {
      const [[own, key], ...shared] = countsOf(attempt) as [[Count, string], ...[Count, string][]];
      own.forget(key);
      // Others' failures stay: whoever has a login of their own must not wipe out what they guess in between.
      for (const [count, each] of shared) count.takeBack(each);
    },
    undecided(attempt) {
      for (const [count, key] of countsOf(attempt)) count.takeBack(key);
    },
  };
}

interface Count {
  waitMs(key: string): number;
  add(key: string): void;
  takeBack(key: string): void;
  forget(key: string): void;
}

function createCount({ free, longestWaitMs }: Bound, now: () => number): Count {
  const failures = new Map<string, { count: number; at: number }>();

  return {
    waitMs(key) {
      const { count, at } = failures.get(key) ?? { count: 0, at: 0 };
      // As it was at the last failure: otherwise what is forgotten would shorten a pause while it lasts.
      const above = Math.ceil(count) - free;
      return above < 0 ? 0 : Math.max(0, at + Math.min(longestWaitMs, 1_000 * 2 ** above) - now());
    },
    add(key) {
      const { count, at } = failures.get(key) ?? { count: 0, at: 0 };
      const left = Math.max(0, count - ((now() - at) * free) / forgottenAfterMs);
      // Taken out first: the map then stays in the order of the last failure, and the oldest are dropped.
      failures.delete(key);
      failures.set(key, { count: left + 1, at: now() });
      const [oldest] = failures.keys();
      if (failures.size > mostRemembered && oldest !== undefined) failures.delete(oldest);
    },
    takeBack(key) {
      const entry = failures.get(key);
      if (entry) entry.count -= 1;
    },
    forget: (key) => void failures.delete(key),
  };
}

/** Who has an IPv6 address has a network of 2⁶⁴ of them. */
function networkOf(address: string): string {
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(mapped)) return mapped;
  const [head = '', tail] = mapped.split('::');
  const groups = head.split(':').filter(Boolean);
  const known = tail === undefined ? [] : tail.split(':').filter(Boolean);
  const zeros = Array(Math.max(0, 8 - groups.length - known.length)).fill('0');
  return [...groups, ...zeros, ...known].slice(0, 4).join(':');
}
