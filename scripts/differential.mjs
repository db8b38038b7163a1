/** `npm run differential -- 100000 [first seed]`: as written against through the gateway, for as many statements as one likes. A failure names its seed; the same seed makes the same statement. */
import { spawn } from 'node:child_process';

const [statements = '100000', seed = String(Math.floor(Math.random() * 2 ** 30))] = process.argv.slice(2);
const env = { ...process.env, HOLOGEN_STATEMENTS: statements, HOLOGEN_SEED: seed };
const run = spawn('npx', ['vitest', 'run', 'test/rewriter/differential.test.ts'], { stdio: 'inherit', env });
run.once('exit', (code) => process.exit(code ?? 1));
