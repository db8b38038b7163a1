/** A call costs the engine as much with a long ledger as with a short one: its rows are found by their keys, also by what was planned while it was short. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await client.query('CALL register_external_model($1, $2, $3, $4, $5)', [
    ...['quick', 'qwen-plus', 'bailian', '{"submits_per_second": 10000, "concurrent_tasks": 50}'],
    'chat/completions',
  ]);
});
afterAll(() => gateway?.close());

test('no write of a call reads the ledger of all others through', async () => {
  const calls = 900;
  for (const from of [1, 301, 601])
    await client.query("SELECT ai_gen('quick', 'row ' || n) FROM generate_series($1::int, $1 + 299) n", [
      from,
    ]);
  // Each connection tells what it has done some seconds later.
  await expect
    .poll(async () => (await written()).reduce((least, { updates }) => Math.min(least, updates), Infinity))
    .toBeGreaterThanOrEqual(calls);
  for (const { table, read } of await written()) expect({ table, read }).toEqual({ table, read: 0 });
});

async function written(): Promise<{ table: string; updates: number; read: number }[]> {
  const { rows } = await client.query(`
    SELECT relname AS table, n_tup_upd::int AS updates, seq_tup_read::int AS read FROM pg_stat_all_tables
    WHERE schemaname = 'hologen_internal' AND relname IN ('job', 'attempt')`);
  return rows;
}
