/** Lets calls through as fast as the provider allows: one gate for each API key and model type, shared by all sessions. */

export interface Gate {
  /** Waits for a place; the returned function gives it back. A cancelled wait rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<() => void>;
  /** The provider said 429: nothing more is submitted before the pause is over. Returns the pause. */
  slowDown(askedMs: number | undefined): number;
  /** A submit was taken: pauses shrink again. */
  taken(): void;
}

export interface Limits {
  submitsPerSecond: number;
  concurrentTasks: number | null;
}

const shortestPauseMs = 500;
const longestPauseMs = 30_000;

export interface Schedule {
  gate(key: string, limits: Limits): Gate;
}

/** `paced: false` (the sandbox without documented limits) leaves only the 429 pauses. */
export function createSchedule(paced: boolean): Schedule {
  const gates = new Map<string, Gate>();
  return {
    gate(key, limits) {
      let gate = gates.get(key);
      if (!gate) {
        gate = createGate(
          paced ? limits : { submitsPerSecond: Number.POSITIVE_INFINITY, concurrentTasks: null },
        );
        gates.set(key, gate);
      }
      return gate;
    },
  };
}

function createGate(limits: Limits): Gate {
  const queue: { admit(): void }[] = [];
  const spacingMs = 1000 / limits.submitsPerSecond;
  /** A limit of two a minute still lets both come at once, as the provider does. */
  const burst =
    limits.submitsPerSecond < 1
      ? Math.max(1, Math.round(limits.submitsPerSecond * 60))
      : Math.ceil(limits.submitsPerSecond);
  let tokens = burst;
  let refilledAt = Date.now();
  let inside = 0;
  let pauseMs = 0;
  let pausedUntil = 0;
  let timer: NodeJS.Timeout | undefined;

  function refill(now: number): void {
    if (!Number.isFinite(limits.submitsPerSecond)) {
      tokens = Number.POSITIVE_INFINITY;
      return;
    }
    tokens = Math.min(burst, tokens + (now - refilledAt) / spacingMs);
    refilledAt = now;
  }

  function admitNext(): void {
    clearTimeout(timer);
    timer = undefined;
    while (queue.length > 0) {
      const now = Date.now();
      refill(now);
      if (limits.concurrentTasks !== null && inside >= limits.concurrentTasks) return;
      const waitMs = Math.max(pausedUntil - now, tokens >= 1 ? 0 : (1 - tokens) * spacingMs);
      if (waitMs > 0) {
        timer = setTimeout(admitNext, Math.ceil(waitMs));
        return;
      }
      tokens -= 1;
      inside += 1;
      queue.shift()?.admit();
    }
  }

  return {
    enter(signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const waiter = {
          admit() {
            signal.removeEventListener('abort', leave);
            let left = false;
            resolve(() => {
              if (left) return;
              left = true;
              inside -= 1;
              admitNext();
            });
          },
        };
        const leave = () => {
          queue.splice(queue.indexOf(waiter), 1);
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave, { once: true });
        queue.push(waiter);
        admitNext();
      });
    },
    slowDown(askedMs) {
      pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, pauseMs * 2));
      const jittered = askedMs ?? pauseMs * (0.75 + Math.random() / 2);
      pausedUntil = Math.max(pausedUntil, Date.now() + jittered);
      return jittered;
    },
    taken() {
      pauseMs /= 2;
    },
  };
}
