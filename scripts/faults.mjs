/** `npm run faults -- 10000 [seed]`: the fault run of test/faults, for as long as one likes. A failure names its seed; the same seed draws the same faults. */
import { spawn } from 'node:child_process';

const [schedules = '10000', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
const env = { ...process.env, HOLOGEN_SCHEDULES: schedules, HOLOGEN_SEED: seed };
const run = spawn('npx', ['vitest', 'run', 'test/faults'], { stdio: 'inherit', env });
run.once('exit', (code) => process.exit(code ?? 1));
