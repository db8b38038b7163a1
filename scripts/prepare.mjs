/** What npm runs behind `npm ci` and before a package is made: builds dist. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const built = 'dist/src/cli/hologen.js';

/** What is built is made of these. */
function isBehind() {
  if (!existsSync(built)) return true;
  const sources = ['src', 'sandbox'].flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, name)),
  );
  const builtAt = statSync(built).mtimeMs;
  return [...sources, 'package.json', 'tsconfig.build.json'].some((name) => statSync(name).mtimeMs > builtAt);
}

// `npx hologen` in a checkout comes here, too: other programs may be running what a build writes anew.
if (process.env.npm_command !== 'exec' || isBehind())
  process.exitCode = spawnSync('npm run build', { shell: true, stdio: 'inherit' }).status ?? 1;
