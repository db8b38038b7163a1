/**
 * `npm run differential -- 100000 [first seed]`: as written against through the gateway, for as many statements as one likes, in portions with an
 * engine of their own. A failure names its seed; the same seed makes the same statement. One that is stopped tells how to go on.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const most = 5000;
const given = process.argv.slice(2).map(Number);
const statements = given[0] ?? 100_000;
const first = given[1] ?? Math.floor(Math.random() * 2 ** 30);
const last = first + statements;
const folder = mkdtempSync(join(tmpdir(), 'differential-'));
const path = join(folder, 'totals.json');

const sums = {};
let next = first;
let stopped = false;
let failed = false;
process.on('SIGINT', () => {
  stopped = true;
});

function portion() {
  const env = {
    ...process.env,
    HOLOGEN_STATEMENTS: String(Math.min(most, last - next)),
    HOLOGEN_SEED: String(next),
    HOLOGEN_TOTALS: path,
  };
  const command = ['vitest', 'run', 'test/rewriter/differential.test.ts'];
  return new Promise((resolve) =>
    spawn('npx', command, { stdio: 'inherit', env }).once('exit', (code) => resolve(code ?? 1)),
  );
}

/** Adds what it has written down; undefined where it did not come to a statement. */
function tell() {
  try {
    const totals = JSON.parse(readFileSync(path, 'utf8'));
    rmSync(path);
    for (const [form, counts] of Object.entries(totals.byForm))
      for (const [what, count] of Object.entries(counts)) {
        sums[form] ??= {};
        sums[form][what] = (sums[form][what] ?? 0) + count;
      }
    return totals.next;
  } catch {
    return undefined;
  }
}

while (next < last && !stopped) {
  const code = await portion();
  const reached = tell();
  failed ||= code !== 0;
  // One that ended before its first statement would end so again.
  if (reached === undefined) break;
  next = reached;
  console.table(sums);
  console.log(`Seeds ${first} to ${next - 1} of ${last - 1} have run.`);
}
rmSync(folder, { recursive: true, force: true });
if (next < last) console.log(`Go on with: npm run differential -- ${last - next} ${next}`);
process.exit(failed || next < last ? 1 : 0);
