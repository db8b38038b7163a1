/** Keeps to a rate as the provider counts it: so many requests in any second, or in any minute for rates below one a second. */

interface Rate {
  submitsPerSecond: number;
  /** False: never several at once, even if the rate would allow it. */
  bursts?: false;
}

export interface RateWindow {
  /** When the next request may be sent if so many gateways share the rate, on the clock of performance.now(). */
  nextAt(gateways: number): number;
  /** A request is sent now. */
  add(now: number): void;
}

/** Fast rates are kept in shorter windows, so that fewer times must be remembered. */
const mostInWindow = 100;
/** Requests take different times to arrive, so two of them may be closer together at the provider than when they were sent. */
const longestDoubtMs = 500;

/** The requests of a window may all be sent at once. */
export function createRateWindow({ submitsPerSecond, bursts }: Rate): RateWindow {
  const whole = submitsPerSecond < 1 ? Math.round(submitsPerSecond * 60) : Math.ceil(submitsPerSecond);
  const count = bursts === false ? 1 : Math.min(mostInWindow, Math.max(1, whole));
  const windowMs = Number.isFinite(submitsPerSecond) ? (count * 1000) / submitsPerSecond : 0;
  const lengthMs = windowMs + Math.min(longestDoubtMs, windowMs / 20);
  /** When the last `count` requests were sent, as a ring. */
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
