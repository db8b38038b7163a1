/** Rows that another session changes while a statement comes to them: its calls are about what it then writes, and no more of them are made than as written. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startWorld, type World } from './difference/world.js';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const upsert = `INSERT INTO kept (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')
  ON CONFLICT (id) DO UPDATE SET r = ai_gen('m1', kept.name || excluded.name)`;

/** The calls of the upsert that waits for a row which another session has changed, and commits. */
async function callsBeside(change: string, way: 'written' | 'through'): Promise<string[]> {
  const owner = await world.gateway.client();
  await owner.query('DROP TABLE IF EXISTS kept; CREATE TABLE kept (id int PRIMARY KEY, name text, r text)');
  await owner.query("INSERT INTO kept SELECT i, 'old ' || i FROM generate_series(1, 4) i");
  const session = await world[way]();
  const [pid] = await session.must('SELECT pg_backend_pid()');
  await owner.query(`BEGIN; ${change}`);
  world.provider.take();
  const running = session.run({ text: upsert });
  const watcher = await world.gateway.client();
  await vi.waitFor(
    async () => {
      const { rows } = await watcher.query('SELECT wait_event_type FROM pg_stat_activity WHERE pid = $1', [
        JSON.parse(pid ?? '')[0],
      ]);
      expect(rows[0]?.wait_event_type).toBe('Lock');
    },
    { timeout: 20_000 },
  );
  await owner.query('COMMIT');
  expect((await running).error).toBe('');
  return world.provider.take().calls.sort();
}

test.each([
  ["UPDATE kept SET name = 'new 1' WHERE id = 1"],
  ["UPDATE kept SET name = 'new 2' WHERE id = 2"],
  ['DELETE FROM kept WHERE id = 2'],
])('an upsert beside %s', async (change) => {
  const written = await callsBeside(change, 'written');
  expect(await callsBeside(change, 'through')).toEqual(written);
});
