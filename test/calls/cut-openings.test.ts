/** A statement is given up while the jobs of its calls are being opened: what it had found or waited for is let go, and the gateway goes on. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  [owner, client] = [await gateway.client(), await gateway.client()];
  await client.query('SET ai_gen.reuse = on');
});
afterAll(() => gateway?.close());

const asked = (...prompts: string[]) =>
  client.query(
    `SELECT ai_gen('qwen_image_2', json_build_object('prompt', p)::text) AS made FROM unnest($1::text[]) p`,
    [prompts],
  );

test('with reuse on, a call whose result was found is no twin of the next one', {
  timeout: 30_000,
}, async () => {
  const { rows: first } = await asked('known');
  // Nobody may write jobs now.
  await owner.query('BEGIN; LOCK TABLE hologen_internal.job IN SHARE MODE');
  const cut = refusal(asked('known', 'new'));
  const { rows: session } = await gateway
    .client()
    .then((other) =>
      other.query(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%unnest($1::text[]) p%' AND pid <> pg_backend_pid()",
      ),
    );
  const waiting =
    "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'hologen_internal.job'::regclass";
  await expect.poll(async () => (await owner.query(waiting)).rows[0].n).toBeGreaterThan(0);
  await owner.query('SELECT pg_cancel_backend($1)', [session[0].pid]);
  expect((await cut).code).toBe('57014');
  await owner.query('ROLLBACK');
  expect((await asked('known')).rows).toEqual(first);
  expect((await asked('known', 'new')).rows).toHaveLength(2);
});
