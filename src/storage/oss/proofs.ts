/** Facts that were proven by asking and stay believed for a while. */

const maximumRemembered = 1000;

/** Remembers for some minutes what was proven, and lets all who ask at the same time share one proof. */
export function createProofs(durationMs: number): (key: string, prove: () => Promise<void>) => Promise<void> {
  const proofs = new Map<string, { untilMs: number; done: Promise<void> }>();
  return (key, prove) => {
    const known = proofs.get(key);
    if (known && Date.now() < known.untilMs) return known.done;
    const proof = { untilMs: Date.now() + durationMs, done: prove() };
    proof.done.catch(() => {
      if (proofs.get(key) === proof) proofs.delete(key);
    });
    proofs.delete(key);
    proofs.set(key, proof);
    const oldest = proofs.keys().next();
    if (proofs.size > maximumRemembered && !oldest.done) proofs.delete(oldest.value);
    return proof.done;
  };
}
