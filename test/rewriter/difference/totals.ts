/** What came of a run of random statements: counted by form, told while it runs, and written down for scripts/differential.mjs. */
import { writeFileSync } from 'node:fs';
import type { Compared } from './world.js';

interface Count {
  ran: number;
  failed: number;
  calls: number;
  atOnce: number;
  differed: number;
}

export interface Totals {
  add(form: string, compared: Compared): void;
  /** Behind each seed, also of a statement that was left out. */
  reached(seed: number): void;
  byForm(): Record<string, Count>;
}

/** So often a run says how far it is. */
const pauseMs = 60_000;

export function createTotals(statements: number, path: string | undefined): Totals {
  const counts = new Map<string, Count>();
  let told = Date.now();
  let done = 0;
  const byForm = () => Object.fromEntries(counts);
  return {
    byForm,
    add(form, { difference, written, through }) {
      const count = counts.get(form) ?? { ran: 0, failed: 0, calls: 0, atOnce: 0, differed: 0 };
      counts.set(form, count);
      count.ran += 1;
      if (written.heard.at(-1)?.error) count.failed += 1;
      count.calls += written.calls.calls.length;
      if (through.calls.most > written.calls.most) count.atOnce += 1;
      if (difference) count.differed += 1;
      done += 1;
    },
    reached(seed) {
      // Now: whoever is stopped has told how far he was.
      if (path) writeFileSync(path, JSON.stringify({ next: seed + 1, byForm: byForm() }));
      if (Date.now() - told < pauseMs) return;
      told = Date.now();
      const differed = [...counts.values()].reduce((sum, each) => sum + each.differed, 0);
      console.log(`${done} of ${statements} statements, to seed ${seed}: ${differed} differences`);
    },
  };
}
