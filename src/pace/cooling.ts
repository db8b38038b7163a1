/** Keys that the provider refused are out of the way for a while, longer each time; whoever uses one then finds out whether it is mended. */

export interface Cooling {
  /** Refused now. Those that were refused while it cools down already were under way with the first. */
  refused(key: string): void;
  /** The provider took a call with it: whatever was wrong is mended. */
  taken(key: string): void;
  /** 0: it may be used. */
  leftMs(key: string): number;
}

const firstMs = 60_000;
const longestMs = 15 * 60_000;

export function createCooling(now: () => number = performance.now.bind(performance)): Cooling {
  const cooling = new Map<string, { until: number; ms: number }>();
  const leftMs = (key: string) => Math.max(0, Math.round((cooling.get(key)?.until ?? 0) - now()));
  return {
    leftMs,
    refused(key) {
      if (leftMs(key) > 0) return;
      const before = cooling.get(key);
      const ms = before ? Math.min(longestMs, before.ms * 2) : firstMs;
      cooling.set(key, { until: now() + ms, ms });
    },
    taken: (key) => void cooling.delete(key),
  };
}
