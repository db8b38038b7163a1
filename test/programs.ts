/** Runs the real programs that tests talk with; one that is missing says what to install. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Debian's package of each program that a bare machine may lack. */
const packages: Record<string, string> = {
  psql: 'postgresql-client',
  ffprobe: 'ffmpeg',
  java: 'default-jdk-headless',
  Rscript: 'r-base-core r-cran-dbi r-cran-rpostgresql',
  '/usr/bin/python3': 'python3',
};

/** Less than a test may take: then the program's last words are told, and not only that something hangs. */
const hangsAfterMs = 240_000;

/** What the program printed. PG… variables of the person who runs the tests are not passed on. Rejects when it fails. */
export async function runProgram(
  program: string,
  args: string[],
  environment: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<{ stdout: string; stderr: string }> {
  const own = Object.entries(process.env).filter(([name]) => !/^PG[A-Z]/.test(name));
  const env = { ...Object.fromEntries(own), ...environment };
  return run(program, args, { env, cwd, maxBuffer: 1 << 26, timeout: hangsAfterMs }).catch((error) => {
    if (error.killed) throw new Error(`${program} hangs; its last words: ${lastWords(error)}`);
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`${program} is not on this machine: apt-get install ${packages[program] ?? program}`);
  });
}

function lastWords({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return [stdout, stderr].map((printed) => printed.trimEnd().slice(-1_000)).join('\n');
}
