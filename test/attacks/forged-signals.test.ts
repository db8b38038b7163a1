/** Attack: what the gateways say to each other, said by somebody else. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let mallory: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE mallory LOGIN PASSWORD 'secret'");
  mallory = await gateway.clientOf('mallory');
});
afterAll(() => gateway?.close());

test('NOTIFY hologen_cancel of anybody cancels nothing', async () => {
  const { rows } = await owner.query(
    `SELECT ai_submit('qwen_plus', 'still wanted [[sandbox:slow=1500]]', NULL) AS handle`,
  );
  const [{ handle }] = rows;
  for (const payload of [handle, 'nonsense', ''])
    await mallory.query('SELECT pg_notify($1, $2)', ['hologen_cancel', payload]);
  expect((await owner.query('SELECT ai_wait($1) AS said', [handle])).rows[0].said).toContain('still wanted');
});

test('advisory locks of anybody do not count as gateways: the provider’s rates are not shared with them', async () => {
  await owner.query(
    `CALL register_external_model('paced', 'qwen-flash', 'bailian', '{"submits_per_second": 5}', 'chat/completions')`,
  );
  for (let key = 0; key < 100; key++) await mallory.query('SELECT pg_advisory_lock(7465164, $1)', [key]);
  const startedAt = Date.now();
  // Gateways look for each other every three seconds.
  await expect.poll(() => Date.now() - startedAt, { timeout: 10_000 }).toBeGreaterThan(4_000);
  // Shared among a hundred the rate would let one call through in twenty seconds.
  await owner.query("SET statement_timeout = '60s'");
  const { rows } = await owner.query("SELECT ai_gen('paced', 'hello ' || n) FROM generate_series(1, 15) n");
  expect(rows).toHaveLength(15);
});
