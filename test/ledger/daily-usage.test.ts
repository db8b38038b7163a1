/** The sums of days are those of the attempts, in every time zone and for every role, whatever became of the attempts meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let painter: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE painter LOGIN PASSWORD 'blue'");
  painter = await gateway.clientOf('painter', 'blue');
  await owner.query('SELECT setseed(0.42)');
  await makeAttempts(owner, 3000);
});
afterAll(() => gateway?.close());

/** Of a year, two of them at each change of the clocks and at each midnight; one in ten is still under way. */
async function makeAttempts(client: pg.Client, count: number): Promise<void> {
  await client.query(`INSERT INTO hologen_internal.attempt (job_id, attempt, role_name, role_oid, database_name, application_name, statement_id, statement_at,
      model_name, model_type, outcome, units, price, currency, sent_at, ended_at)
    SELECT gen_random_uuid(), 1, who, coalesce(to_regrole(who)::oid, 0), 'd', 'a', gen_random_uuid(), at, 'm' || n % 4, 't',
      CASE WHEN n % 10 = 0 THEN 'running' ELSE (ARRAY['succeeded', 'failed', 'refused', 'cancelled', 'unanswered', 'reused'])[1 + (random() * 5)::int] END,
      CASE n % 7 WHEN 0 THEN NULL WHEN 1 THEN '{}' ELSE json_build_object('pictures', n % 5, 'seconds', n % 11 + 0.5, 'inputTokens', n, 'outputTokens', n * 2) END,
      CASE WHEN n % 6 > 0 THEN round(random()::numeric, 4) END, CASE WHEN n % 9 = 0 THEN 'USD' ELSE 'CNY' END, at,
      CASE WHEN n % 10 > 0 THEN at + interval '1 minute' END
    FROM generate_series(1, ${count}) AS n,
      LATERAL (SELECT (ARRAY['hologen', 'painter', 'poet'])[1 + n % 3] AS who, timestamptz '2026-01-01 00:00Z' + (random() * 365 * 96)::int * interval '15 minutes' - (n % 3) * interval '1 microsecond' AS at) AS made`);
}

const columns =
  'day, role_name, model_name, calls, reused, pictures, seconds, tokens, price::float8, currency';
const order = 'ORDER BY day, role_name, model_name, currency';
const numbers = 'pictures::float8, seconds::float8, tokens::float8, price::float8';
const summed = `SELECT day::text, role_name, model_name, calls, reused, ${numbers}, currency FROM hologen.daily_usage ${order}`;
/** What the view says, made from the attempts themselves. */
const made = `SELECT day::text, role_name, model_name, calls, reused, ${numbers}, currency FROM (
    SELECT sent_at::date AS day, role_name, model_name, currency,
      count(*) FILTER (WHERE outcome IN ('running', 'succeeded', 'failed', 'unanswered')) AS calls,
      count(*) FILTER (WHERE outcome = 'reused') AS reused,
      coalesce(sum((units ->> 'pictures')::bigint), 0) AS pictures, coalesce(sum((units ->> 'seconds')::numeric), 0) AS seconds,
      coalesce(sum((units ->> 'inputTokens')::bigint), 0) + coalesce(sum((units ->> 'outputTokens')::bigint), 0) AS tokens,
      coalesce(sum(price), 0) AS price
    FROM hologen.usage GROUP BY 1, 2, 3, 4) AS days ${order}`;

const zones = [
  ...['UTC', 'Asia/Shanghai', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe'],
  // Clocks go back to midnight, forward from it, and back before it.
  ...['America/Havana', 'Atlantic/Azores', 'Asia/Beirut', 'Pacific/Chatham', 'Pacific/Kiritimati'],
];

async function sameIn(client: pg.Client, zone: string): Promise<pg.QueryResultRow[]> {
  await client.query(`SET TimeZone = '${zone}'`);
  const { rows } = await client.query(summed);
  expect(rows).toEqual((await client.query(made)).rows);
  return rows;
}

test.each(zones)('the days of %s add up, for the owner and for a role', async (zone) => {
  expect((await sameIn(owner, zone)).length).toBeGreaterThan(2000);
  const roles = new Set((await sameIn(painter, zone)).map((row) => row.role_name));
  expect([...roles]).toEqual(['painter']);
});

test('one day is what it is among all', async () => {
  await owner.query("SET TimeZone = 'Asia/Kathmandu'");
  const all = (await owner.query(`SELECT ${columns} FROM hologen.daily_usage ${order}`)).rows;
  const { rows } = await owner.query(
    `SELECT ${columns} FROM hologen.daily_usage WHERE day = '2026-05-05' ${order}`,
  );
  expect(rows.length).toBeGreaterThan(3);
  expect(rows).toEqual(all.filter(({ day }) => day.getMonth() === 4 && day.getDate() === 5));
});

test('an attempt that ends, ends otherwise, or turns out to be of another currency is counted as what it is now', async () => {
  await owner.query(`UPDATE hologen_internal.attempt SET outcome = (ARRAY['succeeded', 'failed', 'cancelled'])[1 + (attempt_id % 3)::int], price = 0.3,
    units = '{"pictures": 2}', currency = 'EUR', ended_at = sent_at + interval '2 hours' WHERE attempt_id % 4 = 0`);
  await owner.query(
    `UPDATE hologen_internal.attempt SET ended_at = NULL, outcome = 'running' WHERE attempt_id % 50 = 0`,
  );
  await owner.query('BEGIN');
  await makeAttempts(owner, 50);
  await owner.query('ROLLBACK');
  for (const zone of zones) await sameIn(owner, zone);
});

test("two that write the sums in one another's way wait and do not fail", async () => {
  const [one, two] = [await gateway.client(), await gateway.client()];
  await Promise.all(
    [one, two].map(async (client) => {
      for (let round = 0; round < 20; round += 1) await makeAttempts(client, 100);
    }),
  );
  await sameIn(owner, 'Asia/Kolkata');
});

test('a function that leaks sees nothing of other roles', async () => {
  await painter.query(`CREATE FUNCTION pg_temp.leak(role text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
    BEGIN RAISE NOTICE '%', role; RETURN true; END $$`);
  const heard = new Set<string | undefined>();
  painter.on('notice', ({ message }) => heard.add(message));
  await painter.query('SELECT * FROM hologen.daily_usage WHERE pg_temp.leak(role_name)');
  expect([...heard]).toEqual(['painter']);
});

test('sums go with the usage that is too old, and what is removed otherwise stays counted', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  const first = await startTestGateway({ dataDir });
  const before = await first.client();
  const days = `SELECT (now()::date - day) / 10 AS tens, sum(calls)::int AS calls FROM hologen.daily_usage GROUP BY 1 ORDER BY 1`;
  await before.query(`INSERT INTO hologen_internal.attempt (job_id, attempt, role_name, database_name, application_name, statement_id, statement_at,
      model_name, model_type, outcome, currency, sent_at, ended_at)
    SELECT gen_random_uuid(), 1, 'r' || n, 'd', 'a', gen_random_uuid(), now(), 'm', 't', 'succeeded', 'CNY', at, at
    FROM generate_series(1, 6000) AS n, LATERAL (SELECT now() - (n % 2 * 90 + 5) * interval '1 day' AS at) AS made`);
  const both = [
    { tens: 0, calls: 3000 },
    { tens: 9, calls: 3000 },
  ];
  expect((await before.query(days)).rows).toEqual(both);
  await before.query('DELETE FROM hologen_internal.attempt');
  expect((await before.query(days)).rows).toEqual(both);
  await first.close();

  const second = await startTestGateway({ dataDir, keepUsageDays: '90' });
  const after = await second.client();
  await expect.poll(async () => (await after.query(days)).rows).toEqual([{ tens: 0, calls: 3000 }]);
  await second.close();
  await rm(dataDir, { recursive: true, force: true });
});
