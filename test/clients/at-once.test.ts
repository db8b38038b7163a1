/** In which clients, and in which of their modes, the calls of a statement run at once: the table of docs/clients.md. */
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { newerPython } from './newer-clients.js';
import { mostTogether, waysOf } from './ways.js';

const here = (file: string) => fileURLToPath(new URL(`programs/${file}`, import.meta.url));
const odbcDriver = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/odbc/psqlodbcw.so`;
const fourCalls = (way: string) =>
  `SELECT ai_gen('qwen_plus', '[[sandbox:slow=400]] ' || n || ' ' || ${way}) FROM generate_series(1, 4) n`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

test('psql: at once, with FETCH_COUNT too, which declares a cursor', async () => {
  await runProgram('psql', [gateway.url, '-qAtc', fourCalls("'psql'")]);
  await runProgram('psql', [
    gateway.url,
    '-qAt',
    '-v',
    'FETCH_COUNT=9',
    '-c',
    fourCalls("'psql, FETCH_COUNT'"),
  ]);
  expect(await waysOf(gateway, 'psql')).toEqual({ atOnce: ['psql', 'psql, FETCH_COUNT'], oneByOne: [] });
});

test('pgjdbc: at once in every mode, with a fetch size too', async () => {
  await runProgram('java', ['-cp', '/usr/share/java/postgresql.jar', here('AtOnce.java'), gateway.url]);
  const { atOnce, oneByOne } = await waysOf(gateway, 'pgjdbc');
  expect(oneByOne).toEqual([]);
  expect(atOnce).toHaveLength(8);
});

test('Python’s clients and psqlODBC: at once, cursors too', async () => {
  await runProgram('/usr/bin/python3', [here('at_once.py'), gateway.url, 'prefer', odbcDriver]);
  expect(await waysOf(gateway, '')).toEqual({
    atOnce: expect.arrayContaining([
      ...['SQLAlchemy', 'asyncpg', 'pandas', 'psycopg 2', 'psycopg 3'],
      ...['psycopg 2, named cursor', 'psycopg 3, named cursor'],
      ...[0, 1].flatMap((fetch) =>
        [0, 1].map((prepare) => `psqlODBC, UseDeclareFetch=${fetch} UseServerSidePrepare=${prepare}`),
      ),
    ]),
    oneByOne: [],
  });
});

test('DuckDB’s and RPostgres’s calls of libpq, replayed: at once', async () => {
  await runProgram('/usr/bin/python3', [here('libpq_replay.py'), gateway.url]);
  expect(await waysOf(gateway, 'DuckDB')).toEqual({ atOnce: ['DuckDB'], oneByOne: [] });
  expect(await waysOf(gateway, 'RPostgres')).toEqual({ atOnce: ['RPostgres'], oneByOne: [] });
});

test('R: at once', async () => {
  const { hostname, port, username, password, pathname } = new URL(gateway.url);
  const login = `host = "${hostname}", port = ${port}, user = "${username}", password = "${password}", dbname = "${pathname.slice(1)}"`;
  const program = `library(RPostgreSQL); stopifnot(nrow(dbGetQuery(dbConnect(PostgreSQL(), ${login}), "${fourCalls('$1')}", params = list("R: RPostgreSQL"))) == 4)`;
  await runProgram('Rscript', ['-e', program]);
  expect(await waysOf(gateway, 'R:')).toEqual({ atOnce: ['R: RPostgreSQL'], oneByOne: [] });
});

test.skipIf(newerPython === undefined)('Python’s clients of today: at once', async () => {
  const args = [here('at_once.py'), gateway.url, 'prefer', odbcDriver, 'of today: '];
  await runProgram('/usr/bin/python3', args, { PYTHONPATH: newerPython, PYTHONDONTWRITEBYTECODE: '1' });
  expect(await waysOf(gateway, 'of today: ')).toEqual({
    atOnce: expect.arrayContaining(
      ['psycopg 3', 'psycopg 3, named cursor', 'SQLAlchemy'].map((way) => `of today: ${way}`),
    ),
    oneByOne: [],
  });
});

test('Node’s clients: at once', async () => {
  const client = new pg.Client(gateway.url);
  await client.connect();
  await client.query(fourCalls('$1'), ['node-postgres']);
  await client.end();
  const sql = postgres(gateway.url, { onnotice: () => {} });
  await sql.unsafe(fourCalls('$1'), ['node: postgres.js']);
  await sql.end();
  expect(await waysOf(gateway, 'node')).toEqual({
    atOnce: ['node-postgres', 'node: postgres.js'],
    oneByOne: [],
  });
});

test('what is read by parts is at once for each part; Django’s rows are as a whole, its iterator’s too', async () => {
  await runProgram('/usr/bin/python3', [here('by_parts.py'), gateway.url, odbcDriver]);
  const fetched = fourCalls("'by parts: psql, FETCH_COUNT'");
  await runProgram('psql', [gateway.url, '-qAt', '-v', 'FETCH_COUNT=2', '-c', fetched]);
  const sql = postgres(gateway.url, { onnotice: () => {} });
  let rows = 0;
  for await (const part of sql.unsafe(fourCalls("'by parts: postgres.js, cursor'")).cursor(2))
    rows += part.length;
  await sql.end();
  expect(rows).toBe(4);
  const ways = ['psycopg 2, itersize', 'SQLAlchemy, yield_per', 'psqlODBC, Fetch'];
  const all = [...ways, 'psql, FETCH_COUNT', 'postgres.js, cursor'].map((way) => [`by parts: ${way}`, 2]);
  expect(await mostTogether(gateway, 'by parts')).toEqual(Object.fromEntries(all));
  expect(await mostTogether(gateway, 'Django')).toEqual({ 'Django, as a whole': 4, 'Django, iterator': 4 });
});
