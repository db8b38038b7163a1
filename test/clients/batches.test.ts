/** In which clients the calls of a batch run at once: statements that stand in one pipe, or in one text. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { newerPython } from './newer-clients.js';
import { waysOf } from './ways.js';

const here = (file: string) => fileURLToPath(new URL(`programs/${file}`, import.meta.url));

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await (await gateway.client()).query('CREATE TABLE made (id int, r text)');
});
afterAll(() => gateway?.close());

const ways = (names: string[], beginning = '') => ({
  atOnce: names.map((name) => `${beginning}batch: ${name}`).sort(),
  oneByOne: [],
});

test('pgjdbc’s batches: at once, in a transaction and without; its simple mode sends no batch but statements', async () => {
  await runProgram('java', ['-cp', '/usr/share/java/postgresql.jar', here('Batches.java'), gateway.url]);
  const modes = ['extended', 'extendedForPrepared', 'extendedCacheEverything'];
  const named = (mode: string) => [`pgjdbc batch: ${mode}`, `pgjdbc batch: ${mode}, in a transaction`];
  const found = await waysOf(gateway, 'pgjdbc batch');
  expect(found).toEqual({ atOnce: modes.flatMap(named).sort(), oneByOne: named('simple') });
});

test('Python’s batches and pipelines: at once', async () => {
  await runProgram('/usr/bin/python3', [here('batches.py'), gateway.url]);
  const names = ['executemany', 'pipeline', 'UPDATE'].map((way) => `psycopg 3 ${way}`);
  const others = ['psycopg 2 execute_batch', 'asyncpg executemany', 'SQLAlchemy, psycopg2'];
  expect(await waysOf(gateway, 'batch: ')).toMatchObject({
    atOnce: expect.arrayContaining(ways([...names, ...others]).atOnce),
    oneByOne: [],
  });
});

test.skipIf(newerPython === undefined)('Python’s clients of today: at once', async () => {
  const environment = { PYTHONPATH: newerPython, PYTHONDONTWRITEBYTECODE: '1' };
  await runProgram('/usr/bin/python3', [here('batches.py'), gateway.url, 'of today: '], environment);
  const names = ['executemany', 'pipeline', 'UPDATE'].map((way) => `psycopg 3 ${way}`);
  const found = await waysOf(gateway, 'of today: ');
  expect(found.oneByOne).toEqual([]);
  expect(found.atOnce).toEqual(expect.arrayContaining(ways(names, 'of today: ').atOnce));
});

test('psql -c with several statements: at once', async () => {
  const insert = (n: number) =>
    `INSERT INTO made VALUES (${n}, ai_gen('qwen_plus', '[[sandbox:slow=400]] ${n} batch: psql'))`;
  await runProgram('psql', [gateway.url, '-qc', [1, 2, 3, 4].map(insert).join('; ')]);
  expect(await waysOf(gateway, 'batch: psql')).toEqual(ways(['psql']));
});
