/** `npm run bench -- NAME`: runs one benchmark, prints its table, writes its figures as JSON. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { benchCrowd } from './crowd.mjs';
import { benchGeneration } from './generation.mjs';
import { benchLedger } from './ledger.mjs';
import { benchRewriter } from './rewriter.mjs';
import { benchShapes } from './shapes.mjs';
import { benchRelay, benchWire } from './wire.mjs';

const benchmarks = {
  wire: benchWire,
  relay: benchRelay,
  generation: benchGeneration,
  ledger: benchLedger,
  crowd: benchCrowd,
  rewriter: benchRewriter,
  shapes: benchShapes,
};
const name = process.argv[2] ?? '';
const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
if (!benchmark) {
  console.error(`npm run bench -- ${Object.keys(benchmarks).join(' | ')}`);
  process.exit(2);
}

const results = await benchmark(process.argv.slice(3));
const machine = {
  node: process.version,
  cpus: cpus().length,
  model: cpus()[0]?.model,
  at: new Date().toISOString(),
};
const folder = fileURLToPath(new URL('results/', import.meta.url));
await mkdir(folder, { recursive: true });
await writeFile(`${folder}${name}.json`, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
console.log(`\nFigures: bench/results/${name}.json`);
// Drivers of what was measured may keep sockets open; everything is written.
process.exit(0);
