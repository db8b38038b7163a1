/** As written and rewritten, the same: rows, order, types, names, tags, errors, what is in the tables afterwards, and the same calls. */
import type pg from 'pg';
import type { FieldDef } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inClientsWords, rewriteCalls } from '../../src/rewriter/calls.js';
import { parseStatements } from '../../src/rewriter/parse.js';
import { commandsReplaced } from '../../src/rewriter/returning-stages.js';
import { unedited } from '../../src/rewriter/spliced-text.js';
import { createRandom } from './random.js';
import { type RecordedEngine, startRecordedEngine } from './recorded-engine.js';
import { type GeneratedStatement, generateStatement, tables } from './statement-generator.js';

const seed = Number(process.env.HOLOGEN_SEED ?? 20261121);
const statements = Number(process.env.HOLOGEN_STATEMENTS ?? 500);

let engine: RecordedEngine;
let client: pg.Client;

beforeAll(async () => {
  engine = await startRecordedEngine();
  client = await engine.connect();
  await client.query(tables);
});
afterAll(() => engine?.close());

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
  { text: original, parameters, ordered }: GeneratedStatement,
): Promise<Outcome & { ahead: number }> {
  await client.query('BEGIN; ALTER SEQUENCE o_id_seq RESTART');
  engine.take();
  try {
    // node-postgres knows no COPY TO; the rows of the same query are compared instead.
    const query = text.replace(/^COPY \((.*)\) TO STDOUT$/s, '$1');
    const result = await client.query({ text: query, values: parameters, rowMode: 'array' });
    const { calls, ahead, waits } = engine.take();
    // Every call's result is wanted once. Rows that OFFSET skips are wanted by nobody, and PostgreSQL evaluates the items beside a
    // set-returning function once more than there are rows.
    if (!/OFFSET|unnest|generate_series/.test(text))
      expect([...waits].sort(), text).toEqual([...calls].sort());
    const fields = result.fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
      name,
      dataTypeID,
      dataTypeModifier,
    }));
    return {
      rows: ordered ? result.rows : sorted(result.rows),
      fields,
      tag: `${
        commandsReplaced(parseStatements(original) ?? [], parseStatements(text) ?? [])
          .get(0)
          ?.split(' ')[0] ?? result.command
      } ${result.rowCount}`,
      error: undefined,
      calls: calls.sort(),
      written: await writtenBy(text),
      ahead,
    };
  } catch (error) {
    const { code, message } = error as pg.DatabaseError;
    const { calls, ahead } = engine.take();
    const told = `${code} ${inClientsWords(message)}`;
    if (code === undefined) throw error;
    return { rows: [], fields: [], tag: '', error: told, calls: calls.sort(), written: [], ahead };
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The rows of the tables that statements write to. */
async function writtenBy(text: string): Promise<unknown[]> {
  const names = ['o', 'w', 'parts', ...(text.startsWith('CREATE TABLE') ? ['made'] : [])];
  const rows = [];
  for (const name of names) {
    const result = await client.query({ text: `SELECT * FROM ${name}`, rowMode: 'array' });
    // Which row got which number of the sequence is not defined.
    rows.push(sorted(result.rows.map((row) => (name === 'o' ? row.slice(1) : row))));
  }
  return rows;
}

function sorted(rows: unknown[]): unknown[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

test(`${statements} random statements do the same rewritten as written (seed ${seed})`, {
  timeout: 1_800_000,
}, async () => {
  const random = createRandom(seed);
  const counts = new Map<string, { made: number; rewritten: number; ahead: number; refused: number }>();
  for (let number = 0; number < statements; number++) {
    const statement = generateStatement(random);
    const count = counts.get(statement.form) ?? { made: 0, rewritten: 0, ahead: 0, refused: 0 };
    counts.set(statement.form, count);
    count.made += 1;
    const rewritten = rewriteCalls(unedited(statement.text)).text;
    if (rewritten === statement.text) continue;
    count.rewritten += 1;
    const { ahead: before, ...expected } = await run(statement.text, statement);
    const { ahead: after, ...seen } = await run(rewritten, statement);
    expect({ statement: statement.text, rewritten, ...seen }).toEqual({
      statement: statement.text,
      rewritten,
      ...expected,
    });
    if (expected.error) count.refused += 1;
    if (after > before) count.ahead += 1;
  }
  console.table(Object.fromEntries(counts));
  const sum = (name: 'rewritten' | 'ahead') =>
    [...counts.values()].reduce((total, count) => total + count[name], 0);
  expect(sum('rewritten')).toBeGreaterThan(statements / 3);
  expect(sum('ahead')).toBeGreaterThan(sum('rewritten') / 3);
});
