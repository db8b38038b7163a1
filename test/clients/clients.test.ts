/** The clients people have, each in a small program that checks what it can do; plain and over TLS. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const here = (file: string) => fileURLToPath(new URL(`programs/${file}`, import.meta.url));
const python = '/usr/bin/python3';
const odbcDriver = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/odbc/psqlodbcw.so`;

/** The command, words behind URL and sslmode, the packages it needs (Node's come with npm), and the checks it must pass. */
const clients: Record<string, { command: string[]; behind?: string[]; needs: string; checks: string[] }> = {
  pgjdbc: {
    command: ['java', '-cp', '/usr/share/java/postgresql.jar', here('Checks.java')],
    needs: 'apt-get install default-jdk-headless libpostgresql-jdbc-java',
    checks: [
      ...['simple', 'extended', 'extendedForPrepared', 'extendedCacheEverything'].map(
        (mode) => `preferQueryMode=${mode}`,
      ),
      ...['CopyManager', 'setQueryTimeout and cancel', 'notifications', 'generated keys and updatable rows'],
      'large objects',
    ],
  },
  psqlODBC: {
    command: [python, here('odbc_program.py')],
    behind: [odbcDriver],
    needs: 'apt-get install odbc-postgresql unixodbc python3-pyodbc',
    checks: [
      ...['UseDeclareFetch=0 UseServerSidePrepare=0', 'UseDeclareFetch=0 UseServerSidePrepare=1'],
      ...['UseDeclareFetch=1 UseServerSidePrepare=0', 'UseDeclareFetch=1 UseServerSidePrepare=1', 'cancel'],
    ],
  },
  psycopg2: {
    command: [python, here('psycopg2_program.py')],
    needs: 'apt-get install python3-psycopg2',
    checks: [
      ...[
        'connect',
        'types',
        'named cursor',
        'copy',
        'notices',
        'errors',
        'cancel',
        'notify',
        'large object',
      ],
      ...['two-phase refusal', 'asynchronous'],
    ],
  },
  'psycopg 3': {
    command: [python, here('psycopg3_program.py')],
    needs: 'apt-get install python3-psycopg',
    checks: [
      ...['connect', 'text and binary', 'pipeline', 'server cursor', 'copy', 'prepare_threshold'],
      ...['notices and errors', 'cancel', 'several results and single rows', 'notify'],
    ],
  },
  asyncpg: {
    command: [python, here('asyncpg_program.py')],
    needs: 'apt-get install python3-asyncpg',
    checks: [
      ...['connect', 'types with introspection', 'prepared', 'cursor', 'copy', 'batch and transactions'],
      ...['listen', 'notices', 'cancel', 'pool'],
    ],
  },
  SQLAlchemy: {
    command: [python, here('sqlalchemy_program.py')],
    needs: 'apt-get install python3-sqlalchemy python3-psycopg2',
    checks: [
      ...['connect', 'create_all', 'session', 'reflection', 'server-side cursor', 'upsert and executemany'],
      ...['pool_pre_ping', 'isolation levels', 'drop_all'],
    ],
  },
  'node-postgres': {
    command: [process.execPath, here('node-pg.mjs')],
    needs: 'npm ci',
    checks: [
      ...['connect', 'types', 'several results', 'prepared and errors', 'portal by parts', 'copy'],
      ...['notices and notifications', 'cancel and wrong password', 'pool'],
    ],
  },
  'postgres.js': {
    command: [process.execPath, here('postgres-js.mjs')],
    needs: 'npm ci',
    checks: [
      ...['types', 'described and simple', 'cursor', 'copy', 'transactions', 'pipeline', 'cancel'],
      'notices and notifications',
    ],
  },
};

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

describe.each(['disable', 'require'])('sslmode=%s', (sslmode) => {
  test.each(Object.entries(clients))('%s', async (name, { command, behind = [], needs, checks }) => {
    const [program = '', ...words] = command;
    const environment = { PYTHONDONTWRITEBYTECODE: '1' };
    const run = runProgram(program, [...words, gateway.url, sslmode, ...behind], environment);
    const { stdout } = await run.catch((error) => {
      throw new Error(
        `${name} failed after: ${error.stdout}${error.stderr || error.message}\nIt needs: ${needs}`,
      );
    });
    expect(stdout.trim().split('\n')).toEqual(checks);
  });
  test('isql', async () => {
    const { hostname, port, username, password, pathname } = new URL(gateway.url);
    const dsn = [
      `Driver=${odbcDriver};Server=${hostname};Port=${port};SSLmode=${sslmode}`,
      `Uid=${username};Pwd=${password};Database=${pathname.slice(1)}`,
    ].join(';');
    const statements =
      "SELECT 6 * 7 AS answer, 'größe'\nCREATE TABLE seen (by_isql int)\nhelp seen\nDROP TABLE seen\n";
    const { stdout } = await runProgram('sh', ['-c', 'printf "$1" | isql -b -k "$0"', dsn, statements]);
    expect(stdout).toMatch(/\| answer +\|.*\n.*\n\| 42 +\| größe/);
    expect(stdout).toMatch(/\| by_isql +\|/);
  });
});
