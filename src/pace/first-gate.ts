/** Several gates lead to the same: whoever waits goes through the first that opens. */
import type { Gate } from './gate.js';
import type { Urgency } from './urgency.js';

/**
 * Enters the first of these that is open, in their order, or waits at all of them; `entered` says which it was. A cancelled wait rejects
 * with the signal's reason.
 */
export async function enterFirst<G extends { gate: Gate }>(
  gates: readonly G[],
  signal: AbortSignal,
  { role, urgency }: { role: string; urgency: Urgency },
  sentBefore: boolean,
): Promise<{ entered: G; leave: () => void }> {
  const open = gates.find(({ gate }) => gate.isOpen());
  const tried = open ? [open] : gates;
  const [only, ...more] = tried;
  // Nothing is to be left elsewhere, and nearly all models have one key.
  if (only && more.length === 0)
    return { entered: only, leave: await only.gate.enter(signal, role, sentBefore, urgency) };
  const elsewhere = new AbortController();
  const either = AbortSignal.any([signal, elsewhere.signal]);
  return new Promise((resolve, reject) => {
    let through = false;
    for (const each of tried)
      each.gate.enter(either, role, sentBefore, urgency).then((leave) => {
        // Two may open at once.
        if (through) return leave();
        through = true;
        elsewhere.abort();
        resolve({ entered: each, leave });
      }, reject);
  });
}
