/** Python's clients of today, newer than Debian's: the same programs, and what only they can do. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { newerPython } from './newer-clients.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = (file: string, args: string[], environment: NodeJS.ProcessEnv = {}) =>
  runProgram('/usr/bin/python3', [`${root}test/clients/programs/${file}`, ...args], {
    PYTHONPATH: `${newerPython}:${root}python`,
    PYTHONDONTWRITEBYTECODE: '1',
    ...environment,
  });

describe.skipIf(newerPython === undefined)('psycopg 3.3, SQLAlchemy 2.1, polars', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway?.close());

  test.each(['disable', 'require'])(
    'the programs of Debian’s pass with them, sslmode=%s',
    async (sslmode) => {
      const psycopg = await program('psycopg3_program.py', [gateway.url, sslmode]);
      expect(psycopg.stdout).toMatch(/^notify$/m);
      const sqlalchemy = await program('sqlalchemy_program.py', [gateway.url, sslmode]);
      expect(sqlalchemy.stdout).toMatch(/^drop_all$/m);
    },
  );
  test.each(['disable', 'require'])('cancel_safe ends cleanly, sslmode=%s', async (sslmode) => {
    const { stdout } = await program('cancel_safe.py', [gateway.url, sslmode]);
    expect(stdout).toBe(`tls ${sslmode === 'require'}\ncancelled 10, goes on 1\n`);
  });
  test('a frame of polars is made of rows', async () => {
    const { stdout } = await program('hologen_package.py', [], { HOLOGEN_URL: gateway.url });
    expect(stdout).toContain('polars (2, 2)');
  });
});
