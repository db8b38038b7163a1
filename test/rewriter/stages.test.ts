/** Calls run stage by stage: all of a stage are submitted before the first of them is waited for. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rewriteCalls } from '../../src/rewriter/calls.js';
import { unedited } from '../../src/rewriter/spliced-text.js';
import { type RecordedEngine, startRecordedEngine } from './recorded-engine.js';

let engine: RecordedEngine;
let client: pg.Client;

beforeAll(async () => {
  engine = await startRecordedEngine();
  client = await engine.connect();
  await client.query(
    "CREATE TABLE t (id int PRIMARY KEY, p text, r text); INSERT INTO t SELECT i, 'fox ' || i FROM generate_series(1, 3) i",
  );
});
afterAll(() => engine?.close());

/** Requests that are others each time: of others the engine looks for the calls itself, and the text stays as it is. */
function byChance(text: string): string {
  return text.replaceAll("ai_gen('a', p)", "ai_gen('a', p || left(random()::text, 0))");
}

/** The models that were waited for, in order, without repetition. */
function stages(waits: string[]): string {
  const models = waits.map((call) => call.slice(0, call.indexOf('(')));
  return models.filter((model, index) => model !== models[index - 1]).join(' ');
}

test.each([
  ["SELECT ai_gen('b', ai_gen('a', p)) FROM t", 'a b'],
  ["SELECT ai_gen('c', s.r) FROM (SELECT ai_gen('b', ai_gen('a', p)) AS r FROM t) s", 'a b c'],
  [
    "WITH x AS (SELECT id, ai_gen('a', p) AS r FROM t), y AS (SELECT id, ai_gen('b', r) AS r FROM x WHERE id > 0) SELECT ai_gen('c', r) FROM y",
    'a b c',
  ],
  [
    "WITH x AS (SELECT ai_gen('b', ai_gen('a', p)) AS r FROM t) SELECT ai_gen('c', string_agg(r, ',')) FROM x",
    'a b c',
  ],
  ["SELECT ai_gen('b', ai_gen('a', p)) FROM t UNION ALL SELECT ai_gen('b', ai_gen('a', p)) FROM t", 'a b'],
  [Array.from({ length: 40 }, () => "SELECT ai_gen('b', ai_gen('a', p)) FROM t").join(' UNION ALL '), 'a b'],
  ["UPDATE t SET r = ai_gen('b', ai_gen('a', p || left(random()::text, 0)))", 'a b'],
  ["UPDATE t SET r = ai_gen('c', ai_gen('b', ai_gen('a', p || left(random()::text, 0))))", 'a b c'],
  ["DELETE FROM t WHERE id < 0 OR id > 0 RETURNING ai_gen('b', ai_gen('a', p))", 'a b'],
  ["INSERT INTO t SELECT id + 10, ai_gen('a', p) FROM t RETURNING ai_gen('c', ai_gen('b', p))", 'a b c'],
  [
    "INSERT INTO t VALUES (20, ai_gen('b', ai_gen('a', 'x'))), (21, ai_gen('b', ai_gen('a', 'y'))) RETURNING ai_gen('c', p)",
    'a b c',
  ],
  [
    "WITH x AS (SELECT t.id, ai_gen('a', p) AS r FROM t) SELECT x.id, ai_gen('b', x.r) FROM x LEFT JOIN t ON t.id = x.id + 1",
    'a b',
  ],
])('%s', async (statement, expected) => {
  await client.query('BEGIN');
  engine.take();
  await client.query(rewriteCalls(unedited(byChance(statement))).text);
  const { calls, waits } = engine.take();
  await client.query('ROLLBACK');
  expect(stages(waits)).toBe(expected);
  expect(waits.sort()).toEqual(calls.sort());
});

test('a UNION of many arms gives the same rows as written', async () => {
  const arms = Array.from({ length: 300 }, (_, index) => `SELECT ai_gen('a', p), ${index} FROM t`);
  const text = arms.join(' UNION ALL ');
  const rewritten = rewriteCalls(unedited(text)).text;
  engine.take();
  const { rows } = await client.query(rewritten);
  expect(engine.take()).toMatchObject({ ahead: 900 });
  expect(rows).toEqual((await client.query(text)).rows);
  // What every arm waits for is written once.
  expect(rewritten.length).toBeLessThan(10 * text.length);
});

test('the calls of a thousand rows are submitted with few questions, row by row and in each row from left to right', async () => {
  const text =
    "SELECT ai_gen('a', 'row ' || i || left(random()::text, 0)), ai_gen('b', repeat('ü', i)) FROM generate_series(1, 1000) i";
  engine.take();
  await client.query(rewriteCalls(unedited(text)).text);
  const { calls, ahead, questions } = engine.take();
  expect(calls).toEqual(
    Array.from({ length: 1000 }, (_, row) => [`a(row ${row + 1})`, `b(${'ü'.repeat(row + 1)})`]).flat(),
  );
  expect(ahead).toBe(2000);
  expect(questions).toBeLessThan(100);
});

test('rows that OFFSET skips have made their calls, as they do without a gateway', async () => {
  const text = byChance("SELECT ai_gen('a', p) FROM t ORDER BY id LIMIT 1 OFFSET 1");
  engine.take();
  await client.query(rewriteCalls(unedited(text)).text);
  expect(engine.take()).toMatchObject({ calls: ['a(fox 1)', 'a(fox 2)'], waits: ['a(fox 2)'] });
});
