/** Thousands of listeners on the signal of one statement, at the cost of one. */

const actsBySignal = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `act` when the signal aborts; the returned function takes that back. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  const acts = actsBySignal.get(signal) ?? new Set();
  if (!actsBySignal.has(signal)) {
    actsBySignal.set(signal, acts);
    signal.addEventListener('abort', () => acts.forEach((each) => void each()), { once: true });
  }
  acts.add(act);
  return () => void acts.delete(act);
}
