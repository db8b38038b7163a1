/** Lets calls through as fast as the provider allows: one gate for each API key, model type and limits, shared by all sessions. */

export interface Gate {
  /** Waits for a place; the returned function gives it back. A cancelled wait rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<() => void>;
  /**
   * A call inside was not taken and waits for its next turn, as long as the provider asked or for growing pauses; nothing else is
   * submitted meanwhile. `throttled`: it was a 429, which lowers the rate too. A cancelled wait rejects with the signal's reason.
   */
  again(refusal: { throttled: boolean; askedMs: number | undefined }, signal: AbortSignal): Promise<void>;
  /** A submit was taken: pauses shrink and the rate rises again. */
  taken(): void;
}

export interface Limits {
  submitsPerSecond: number;
  concurrentTasks: number | null;
}

const shortestPauseMs = 500;
const longestPauseMs = 30_000;
/** Submits a second where no limit is known: after the first 429, and when there is none again. */
const firstPace = 10;
const endlessPace = 1000;

export interface Schedule {
  /** `own` are a deployed model's limits, which replace those of the model table. Calls of one key and the same limits share a gate. */
  gate(key: string, limits: Limits, own: Partial<Limits>): Gate;
}

const unlimited: Limits = { submitsPerSecond: Number.POSITIVE_INFINITY, concurrentTasks: null };

/** `paced: false` (the sandbox without documented limits) leaves a deployed model's own limits and the 429 pauses. */
export function createSchedule(paced: boolean): Schedule {
  const gates = new Map<string, Gate>();
  return {
    gate(key, limits, own) {
      const { submitsPerSecond, concurrentTasks } = { ...(paced ? limits : unlimited), ...own };
      const name = `${key} ${submitsPerSecond} ${concurrentTasks}`;
      const gate = gates.get(name) ?? createGate({ submitsPerSecond, concurrentTasks });
      gates.set(name, gate);
      return gate;
    },
  };
}

interface Waiter {
  admit(): void;
}

function createGate(limits: Limits): Gate {
  const entering: Waiter[] = [];
  /** Sent once and not taken: they are inside, and go before those who were never sent. */
  const returning: Waiter[] = [];
  /** A limit of two a minute still lets both come at once, as the provider does. */
  const burst =
    limits.submitsPerSecond < 1
      ? Math.max(1, Math.round(limits.submitsPerSecond * 60))
      : Math.ceil(limits.submitsPerSecond);
  /** Submits a second: the limit, or less after a 429. */
  let pace = limits.submitsPerSecond;
  let tokens = burst;
  let refilledAt = Date.now();
  let inside = 0;
  let pauseMs = 0;
  let pausedUntil = 0;
  let timer: NodeJS.Timeout | undefined;

  function refill(now: number): void {
    const most = pace < limits.submitsPerSecond ? 1 : burst;
    tokens = Number.isFinite(pace)
      ? Math.min(most, tokens + ((now - refilledAt) * pace) / 1000)
      : Number.POSITIVE_INFINITY;
    refilledAt = now;
  }

  function nextLine(): Waiter[] | undefined {
    if (returning.length > 0) return returning;
    const full = limits.concurrentTasks !== null && inside >= limits.concurrentTasks;
    return full || entering.length === 0 ? undefined : entering;
  }

  function admitNext(): void {
    clearTimeout(timer);
    timer = undefined;
    for (let line = nextLine(); line; line = nextLine()) {
      const now = Date.now();
      refill(now);
      const waitMs = Math.max(pausedUntil - now, tokens >= 1 ? 0 : ((1 - tokens) * 1000) / pace);
      if (waitMs > 0) {
        timer = setTimeout(admitNext, Math.ceil(waitMs));
        return;
      }
      tokens -= 1;
      if (line === entering) inside += 1;
      line.shift()?.admit();
    }
  }

  function turn(line: Waiter[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const waiter = {
        admit() {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        line.splice(line.indexOf(waiter), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      line.push(waiter);
      admitNext();
    });
  }

  return {
    async enter(signal) {
      await turn(entering, signal);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        inside -= 1;
        admitNext();
      };
    },
    again({ throttled, askedMs }, signal) {
      const now = Date.now();
      // What was under way together fails together: that is one reason to slow down, not many.
      if (now >= pausedUntil) {
        pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, pauseMs * 2));
        if (throttled) pace = Number.isFinite(pace) ? pace / 2 : firstPace;
      }
      const jitteredMs = askedMs ?? pauseMs * (0.75 + Math.random() / 2);
      pausedUntil = Math.max(pausedUntil, now + jitteredMs);
      return turn(returning, signal);
    },
    taken() {
      pauseMs /= 2;
      if (Number.isFinite(limits.submitsPerSecond))
        pace = Math.min(limits.submitsPerSecond, pace + limits.submitsPerSecond / 10);
      else pace *= pace > endlessPace ? Number.POSITIVE_INFINITY : 1.05;
    },
  };
}
