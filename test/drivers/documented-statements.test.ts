/** The documented statements through the clients that people use, in every way each client has of sending them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentedStatements, shapeOf } from '../documented/statements.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Read-only and isolation of the modes that ask for others than a session has by itself. */
const transactionOf: Record<string, string> = {
  'read only': 'on read committed',
  'repeatable read': 'off repeatable read',
};

const python = '/usr/bin/python3';
const java = ['java', '-cp', '/usr/share/java/postgresql.jar'];

/** The command, the Debian packages it needs (Node's come with npm), and the modes it must have run. */
const clients: Record<string, { command: string[]; needs: string; modes: string[] }> = {
  'node-postgres': {
    command: [process.execPath, here('node-pg.mjs')],
    needs: 'npm ci',
    modes: ['simple', 'prepared', 'prepared, printed text', 'binary results', 'read only', 'repeatable read'],
  },
  'postgres.js': {
    command: [process.execPath, here('postgres-js.mjs')],
    needs: 'npm ci',
    modes: ['simple', 'prepared', 'read only', 'repeatable read'],
  },
  'psycopg 3': {
    command: [python, here('psycopg3.py')],
    needs: 'apt-get install python3-psycopg',
    modes: ['simple', 'prepared', 'client-side binding', 'binary results', 'read only', 'repeatable read'],
  },
  psycopg2: {
    command: [python, here('psycopg2_client.py')],
    needs: 'apt-get install python3-psycopg2',
    modes: ['simple', 'parameters', 'server-side cursor', 'read only', 'repeatable read'],
  },
  asyncpg: {
    command: [python, here('asyncpg_client.py')],
    needs: 'apt-get install python3-asyncpg',
    modes: ['prepared, printed text', 'prepared', 'read only', 'repeatable read'],
  },
  pgjdbc: {
    command: [...java, here('Documented.java')],
    needs: 'apt-get install default-jdk-headless libpostgresql-jdbc-java',
    modes: [
      ...['simple, printed text', 'simple, setString', 'extended, printed text', 'extended, setString'],
      ...['read only', 'repeatable read'],
    ],
  },
};

interface Line {
  mode: string;
  transaction?: string;
  statement?: string;
  result?: string;
}

let gateway: TestGateway;
let directory: string;

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '1', sandboxVideoMs: '1' });
  directory = await mkdtemp(join(tmpdir(), 'hologen-drivers-'));
  const client = await gateway.client();
  // Drivers that do not commit would be given the results of the statements before.
  await client.query('ALTER ROLE hologen SET ai_gen.reuse = off');
  for (const statement of documentedStatements) {
    const { rows } = await client.query(`SELECT ${statement.requestExpression} AS request`);
    const folder = join(directory, statement.name);
    await mkdir(folder);
    const files = {
      'statement.sql': statement.text,
      model: statement.model,
      request: rows[0].request as string,
      oss_path: statement.ossPath,
      oss_endpoint: statement.ossEndpoint,
      role_arn: statement.roleArn,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  }
});
afterAll(async () => {
  await gateway?.close();
  await rm(directory, { recursive: true, force: true });
});

async function runClient(name: string): Promise<Line[]> {
  const { command, needs } = clients[name] as (typeof clients)[string];
  const [program = '', ...first] = command;
  const answer = runProgram(program, [...first, gateway.url, directory], { PYTHONDONTWRITEBYTECODE: '1' });
  const { stdout } = await answer.catch((error) => {
    throw new Error(`${name} failed; if it is missing: ${needs}\n${error.stderr || error.message}`);
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

test.each(Object.keys(clients))('%s gets the documented results in all its ways', async (name) => {
  await gateway.forgetRequests();
  const lines = await runClient(name);
  const { modes = [] } = clients[name] ?? {};
  expect([...new Set(lines.map(({ mode }) => mode))]).toEqual(modes);
  for (const mode of modes) {
    const [state, ...results] = lines.filter((line) => line.mode === mode);
    expect(state?.transaction).toBe(transactionOf[mode] ?? 'off read committed');
    expect(results.map(({ statement }) => statement)).toEqual(documentedStatements.map((each) => each.name));
    for (const [index, { result = '' }] of results.entries()) {
      const { shape, usage } = documentedStatements[index] as (typeof documentedStatements)[number];
      const value = JSON.parse(result);
      expect(JSON.stringify(shapeOf(value))).toBe(JSON.stringify(shape));
      expect(value.usage).toEqual(usage);
    }
  }
  expect(await gateway.requests()).toHaveLength(modes.length * documentedStatements.length);
});
