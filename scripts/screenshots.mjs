/** `npm run screenshots`: makes the pictures of docs/console.md anew, from a gateway in the sandbox; `npm run screenshots -- FOLDER` one of each page in each state, language, width and theme. */
import { spawn } from 'node:child_process';

const [folder] = process.argv.slice(2);
const env = folder
  ? { ...process.env, HOLOGEN_SCREENSHOTS: folder }
  : { ...process.env, HOLOGEN_DOCUMENTED_SCREENSHOTS: 'docs' };
const words = folder ? [] : ['-t', 'in en'];
const run = spawn('npx', ['vitest', 'run', 'test/console/every-page.test.ts', ...words], {
  stdio: 'inherit',
  env,
});
run.once('exit', (code) => process.exit(code ?? 1));
