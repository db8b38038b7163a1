/** psql as people use it: a script with its own commands, \watch, Ctrl-C while a statement runs and while data is copied in. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

const script = fileURLToPath(new URL('programs/script.psql', import.meta.url));

/** Starts psql on a script of standard input; Ctrl-C when its output has `ready`. */
async function interrupted(sslmode: string, ready: RegExp, ...lines: string[]) {
  const own = Object.entries(process.env).filter(([name]) => !/^PG[A-Z]/.test(name));
  const child = spawn('psql', ['-X', '-q', '-A', '-t', `${gateway.url}?sslmode=${sslmode}`], {
    env: Object.fromEntries(own),
  });
  let output = '';
  let sent = false;
  const look = (piece: Buffer) => {
    output += piece.toString();
    if (sent || !ready.test(output)) return;
    sent = true;
    untilRunning().then(() => child.kill('SIGINT'));
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  child.stdin.end(`${lines.join('\n')}\n`);
  await new Promise((resolve) => child.once('close', resolve));
  return output;
}

/** psql takes the signal as a cancel only when the statement is on its way. */
async function untilRunning(): Promise<void> {
  const client = await gateway.client();
  const running =
    "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%to be interrupted%' AND pid <> pg_backend_pid()";
  while ((await client.query(running)).rowCount === 0);
}

describe.each(['disable', 'require'])('sslmode=%s', (sslmode) => {
  test('a script with psql’s own commands', async () => {
    const { stdout, stderr } = await runProgram(
      'psql',
      [...['-X', '-v', 'VERBOSITY=verbose', '-f', script, `${gateway.url}?sslmode=${sslmode}`]],
      {},
    );
    expect(stdout.replace(/PID \d+/, 'PID 1').replace(/(lo_\w+) \d+/g, '$1 2')).toBe(
      await readFile(script.replace('.psql', '.out'), 'utf8'),
    );
    expect(stderr).toMatch(/ERROR: {2}23505.*t_pkey.*NOTICE: {2}00000: Hinweis 🦊/s);
  });

  test('\\watch repeats until Ctrl-C', async () => {
    const output = await interrupted(
      sslmode,
      /(\n7\|\n.*){2}/s,
      'SELECT 7 /* to be interrupted */, pg_sleep(0.1) \\watch 0.05',
      "SELECT 'behind'",
    );
    expect(output).toMatch(/ERROR: {2}canceling statement due to user request\n+$/);
  });

  test('Ctrl-C ends the statement, and with it the script', async () => {
    const lines = ["SELECT 'before';", 'SELECT pg_sleep(30) /* to be interrupted */;', "SELECT 'behind';"];
    const output = await interrupted(sslmode, /before/, ...lines);
    expect(output).toMatch(/^before\n.*ERROR: {2}canceling statement due to user request\n$/s);
  });
});
