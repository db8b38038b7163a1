import { test } from 'vitest';
import { shown } from './difference/outcome.js';
import { statementOf } from './difference/statements.js';
import { startWorld } from './difference/world.js';

test('x', async () => {
  const world = await startWorld();
  let ran = 0,
    bad = 0,
    atOnce = 0,
    errs: Record<string, number> = {};
  for (let seed = 5_000_000; ran < 250; seed++) {
    const s = statementOf(seed);
    if (s.form !== 'run by another') continue;
    ran++;
    const { difference, through, written } = await world.compare(s);
    if (through.calls.most > 1) atOnce++;
    const e = written.heard.at(-1)?.error ?? '';
    if (e) errs[e.slice(0, 70)] = (errs[e.slice(0, 70)] ?? 0) + 1;
    if (difference) {
      bad++;
      console.log('seed', seed, shown(s, difference));
    }
  }
  console.log({ ran, bad, atOnce, errs });
  await world.close();
}, 590000);
