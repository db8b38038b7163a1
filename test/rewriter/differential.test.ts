/** As written and rewritten, the same: rows, order, types, names, tags, errors, and the same calls. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg, { type FieldDef } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimEngine, type OpenedEngine } from '../../src/engine/open.js';
import { clientOptions } from '../../src/engine/pool.js';
import { inUsersWords, rewriteCalls } from '../../src/rewriter/calls.js';
import { loadParser } from '../../src/rewriter/parse.js';
import { unedited } from '../../src/rewriter/spliced-text.js';
import { createRandom, type GeneratedStatement, generateStatement, tables } from './statement-generator.js';

const seed = Number(process.env.HOLOGEN_SEED ?? 20261121);
const statements = Number(process.env.HOLOGEN_STATEMENTS ?? 1500);

let folder: string;
let engine: OpenedEngine;
let client: pg.Client;
/** What the engine submitted, in order. */
let calls: string[] = [];
let waited = 0;
/** Submits that came before the first wait of the statement. */
let ahead = 0;

beforeAll(async () => {
  await loadParser();
  folder = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  await chmod(folder, 0o711);
  // A provider that answers at once, and always the same.
  const answer = async (question: { ask: string; [field: string]: unknown }) => {
    if (question.ask === 'submit') {
      const call = `${question.model ?? 'default'}(${question.request})`;
      calls.push(call);
      if (waited === 0) ahead += 1;
      return { handle: call };
    }
    waited += 1;
    return { done: true, result: `made by ${question.handle}` };
  };
  const options = {
    dataDirectory: folder,
    maxConnections: 20,
    remote: undefined,
  };
  const claim = await claimEngine(options, { answer, gone: () => {}, log: pino({ level: 'silent' }) });
  engine = await claim.open();
  client = new pg.Client(clientOptions(engine.address));
  await client.connect();
  await client.query(tables);
});

afterAll(async () => {
  await client.end();
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  rows: unknown[];
  fields: Pick<FieldDef, 'name' | 'dataTypeID' | 'dataTypeModifier'>[];
  tag: string;
  error: string | undefined;
  calls: string[];
  written: unknown[];
}

/** Runs in a transaction that is rolled back: both forms meet the same tables. */
async function run(
  text: string,
  { parameters, ordered }: GeneratedStatement,
): Promise<Outcome & { ahead: number }> {
  calls = [];
  waited = 0;
  ahead = 0;
  await client.query('BEGIN; ALTER SEQUENCE o_id_seq RESTART');
  try {
    const copy = text.startsWith('COPY');
    const result = copy
      ? await copyAsRows(text)
      : await client.query({ text, values: parameters, rowMode: 'array' });
    const rows = ordered ? result.rows : sorted(result.rows);
    const fields = result.fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
      name,
      dataTypeID,
      dataTypeModifier,
    }));
    const made = text.startsWith('CREATE TABLE') ? 'made' : 'o';
    const written = sorted(
      (await client.query({ text: `SELECT * FROM ${made}`, rowMode: 'array' })).rows.map((row) =>
        made === 'o' ? row.slice(1) : row,
      ),
    );
    return {
      rows,
      fields,
      tag: `${result.command} ${result.rowCount}`,
      error: undefined,
      calls: [...calls].sort(),
      written,
      ahead,
    };
  } catch (error) {
    const { code, message } = error as pg.DatabaseError;
    return {
      rows: [],
      fields: [],
      tag: '',
      error: `${code} ${inUsersWords(message)}`,
      calls: [...calls].sort(),
      written: [],
      ahead,
    };
  } finally {
    await client.query('ROLLBACK');
  }
}

/** node-postgres knows no COPY TO; the same query as a table's content is compared instead. */
async function copyAsRows(text: string): Promise<pg.QueryArrayResult> {
  return client.query({ text: text.replace(/^COPY \((.*)\) TO STDOUT$/s, '$1'), rowMode: 'array' });
}

function sorted(rows: unknown[]): unknown[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

test(`${statements} random statements do the same rewritten as written (seed ${seed})`, {
  timeout: 300_000,
}, async () => {
  const random = createRandom(seed);
  let rewrittenCount = 0;
  let aheadCount = 0;
  let refused = 0;
  for (let number = 0; number < statements; number++) {
    const statement = generateStatement(random);
    const rewritten = rewriteCalls(unedited(statement.text)).text;
    if (rewritten === statement.text) continue;
    rewrittenCount += 1;
    const { ahead: before, ...expected } = await run(statement.text, statement);
    const { ahead: after, ...seen } = await run(rewritten, statement);
    expect({ statement: statement.text, rewritten, ...seen }).toEqual({
      statement: statement.text,
      rewritten,
      ...expected,
    });
    if (expected.error) refused += 1;
    if (after > before) aheadCount += 1;
  }
  console.log(
    `${statements} statements, seed ${seed}: ${rewrittenCount} rewritten, ${aheadCount} submitted more ahead, ${refused} refused alike`,
  );
  expect(rewrittenCount).toBeGreaterThan(statements / 3);
  expect(aheadCount).toBeGreaterThan(rewrittenCount / 3);
});
