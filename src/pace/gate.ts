/** One gate: calls enter as the limits allow, fairly between the roles that wait, and return to its line when they were not taken. */
import { createFairLine, createLine } from './waiting-line.js';

export interface Gate {
  /**
   * Waits for a place; the returned function gives it back. Free places go round the roles that wait. A cancelled wait rejects with the
   * signal's reason.
   */
  enter(signal: AbortSignal, role: string): Promise<() => void>;
  /**
   * A call inside was not taken and waits for its next turn, as long as the provider asked or for growing pauses; nothing else is
   * submitted meanwhile. `throttled`: it was a 429, which lowers the rate too. A cancelled wait rejects with the signal's reason.
   */
  again(refusal: { throttled: boolean; askedMs: number | undefined }, signal: AbortSignal): Promise<void>;
  /** A submit was taken: pauses shrink and the rate rises again. */
  taken(): void;
  /** So many gateways use the account alike: each keeps to its part of the limits. */
  shareAmong(gateways: number): void;
  state(): GateState;
}

export interface Limits {
  submitsPerSecond: number;
  concurrentTasks: number | null;
  /** False: never several at once, also where the rate would allow it. */
  bursts?: false;
}

export interface GateState {
  /** Calls that wait to be sent, or sent again. */
  queued: number;
  running: number;
  /** The limits; null where there is none. */
  submitsPerSecond: number | null;
  concurrentTasks: number | null;
  /** Submits a second at present: less than the limit after a 429. */
  pace: number | null;
  /** Nothing is submitted for so long. */
  pausedMs: number;
}

export const unlimited: Limits = { submitsPerSecond: Number.POSITIVE_INFINITY, concurrentTasks: null };

const shortestPauseMs = 500;
const longestPauseMs = 30_000;
/** Submits a second where no limit is known: after the first 429, and when there is none again. */
const firstPace = 10;
const endlessPace = 1000;

interface Waiter {
  admit(): void;
}

export function createGate(limits: Limits): Gate {
  const entering = createFairLine<Waiter>();
  /** Sent once and not taken: they are inside, and go before those who were never sent. */
  const returning = createLine<Waiter>();
  const spacing = createWindow(limits);
  /** Submits a second: the limit, or less after a 429. */
  let pace = limits.submitsPerSecond;
  let admittedAt = Number.NEGATIVE_INFINITY;
  let inside = 0;
  let pauseMs = 0;
  let pausedUntil = 0;
  let gateways = 1;
  let timer: NodeJS.Timeout | undefined;

  function nextLine(): typeof entering | typeof returning | undefined {
    if (returning.length > 0) return returning;
    const full =
      limits.concurrentTasks !== null && inside >= Math.max(1, Math.floor(limits.concurrentTasks / gateways));
    return full || entering.length === 0 ? undefined : entering;
  }

  function openAt(): number {
    const lowered = pace < limits.submitsPerSecond;
    const spacedAt = spacing.nextAt(gateways);
    return Math.max(
      pausedUntil,
      lowered ? Math.max(admittedAt + 1000 / pace, gateways > 1 ? spacedAt : 0) : spacedAt,
    );
  }

  function admitNext(): void {
    clearTimeout(timer);
    timer = undefined;
    for (let line = nextLine(); line; line = nextLine()) {
      const now = performance.now();
      const waitMs = openAt() - now;
      if (waitMs > 0) {
        timer = setTimeout(admitNext, Math.ceil(waitMs));
        return;
      }
      spacing.add(now);
      admittedAt = now;
      if (line === entering) inside += 1;
      line.take()?.admit();
    }
  }

  function turn(join: (waiter: Waiter) => () => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = join({
        admit() {
          stayQuiet();
          resolve();
        },
      });
      const stayQuiet = whenAborted(signal, () => {
        leave();
        reject(signal.reason);
      });
      admitNext();
    });
  }

  return {
    async enter(signal, role) {
      await turn((waiter) => entering.join(waiter, role), signal);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        inside -= 1;
        admitNext();
      };
    },
    again({ throttled, askedMs }, signal) {
      const now = performance.now();
      // What was under way together fails together: that is one reason to slow down, not many.
      if (now >= pausedUntil) {
        pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, pauseMs * 2));
        if (throttled) pace = Number.isFinite(pace) ? pace / 2 : firstPace;
      }
      const jitteredMs = askedMs ?? pauseMs * (0.75 + Math.random() / 2);
      pausedUntil = Math.max(pausedUntil, now + jitteredMs);
      return turn(returning.join, signal);
    },
    taken() {
      pauseMs /= 2;
      if (Number.isFinite(limits.submitsPerSecond))
        pace = Math.min(limits.submitsPerSecond, pace + limits.submitsPerSecond / 10);
      else pace *= pace > endlessPace ? Number.POSITIVE_INFINITY : 1.05;
    },
    shareAmong(number) {
      gateways = number;
      admitNext();
    },
    state: () => ({
      queued: entering.length + returning.length,
      running: inside - returning.length,
      submitsPerSecond: finite(limits.submitsPerSecond),
      concurrentTasks: limits.concurrentTasks,
      pace: finite(pace),
      pausedMs: Math.max(0, Math.round(pausedUntil - performance.now())),
    }),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A fast rate is kept in short windows: fewer times to remember. */
const mostInWindow = 100;
/** Requests travel for different times, so that two of ours may come closer together at the provider than they were sent. */
const longestDoubtMs = 500;

/**
 * Keeps to a rate as the provider counts it: so many in any window of a second, of a minute for rates below one a second. All of a
 * window may come at once.
 */
function createWindow({ submitsPerSecond, bursts }: Limits) {
  const whole = submitsPerSecond < 1 ? Math.round(submitsPerSecond * 60) : Math.ceil(submitsPerSecond);
  const count = bursts === false ? 1 : Math.min(mostInWindow, Math.max(1, whole));
  const windowMs = Number.isFinite(submitsPerSecond) ? (count * 1000) / submitsPerSecond : 0;
  const lengthMs = windowMs + Math.min(longestDoubtMs, windowMs / 20);
  /** When the last `count` came, round and round. */
  const times: number[] = [];
  let next = 0;
  return {
    nextAt: (gateways: number) => (times[next] ?? Number.NEGATIVE_INFINITY) + lengthMs * gateways,
    add(now: number) {
      times[next] = now;
      next = (next + 1) % count;
    },
  };
}

const actsBySignal = new WeakMap<AbortSignal, Set<() => void>>();

/** As a listener, but thousands of them on the signal of one statement cost no more than one. The returned function takes it back. */
function whenAborted(signal: AbortSignal, act: () => void): () => void {
  const acts = actsBySignal.get(signal) ?? new Set();
  if (!actsBySignal.has(signal)) {
    actsBySignal.set(signal, acts);
    signal.addEventListener('abort', () => acts.forEach((each) => void each()), { once: true });
  }
  acts.add(act);
  return () => void acts.delete(act);
}
