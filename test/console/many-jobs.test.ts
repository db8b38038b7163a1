/** A ledger of 100,000 jobs: the gallery turns its pages exactly, and both it and the money look only at what they need. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FilterChoices, GalleryPage, Money } from '../../src/console/server/answers.js';
import { dailyUsageStatement, type GalleryWish, galleryStatement } from '../../src/console/server/queries.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { signIn, type Visitor } from './visitor.js';

let gateway: TestGateway;
let owner: pg.Client;
let visitor: Visitor;
const jobs = 100_000;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE painter LOGIN PASSWORD 'blue'");
  // One every 200 s, in pairs at the very same moment; every thousandth is the painter's.
  await owner.query(`INSERT INTO hologen.job (job_id, gateway_id, state, statement_id, role_name, role_oid, database_name, application_name, engine_process_id,
      statement_at, model_name, model_type, scenario, request, request_key, detached, released, attempts, provider_request_id, units, price,
      currency, outputs, submitted_at, started_at, finished_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'succeeded', gen_random_uuid(), who, who::regrole, 'hologen', 'psql', 1,
      t, m, m, 'text-to-image', json_build_object('prompt', 'lantern ' || n || repeat(' in soft light', 20)), md5(n::text), false, true, 1,
      'request-' || n, '{"pictures": 1}', 0.2, 'CNY', '[{"url": "http://127.0.0.1:9/x.png"}]', t, t, t
    FROM generate_series(1, ${jobs}) AS n,
      LATERAL (SELECT now() - (n / 2) * interval '400 seconds' AS t, 'model_' || n % 7 AS m, CASE WHEN n % 1000 = 0 THEN 'painter' ELSE 'hologen' END AS who) AS made`);
  await owner.query(`INSERT INTO hologen.attempt (job_id, attempt, role_name, role_oid, database_name, application_name, statement_id, statement_at,
      model_name, model_type, outcome, units, price, currency, sent_at, ended_at)
    SELECT job_id, 1, role_name, role_oid, database_name, application_name, statement_id, statement_at, model_name, model_type, 'succeeded', units,
      price, currency, submitted_at, finished_at FROM hologen.job`);
  await owner.query('ANALYZE hologen.job; ANALYZE hologen.attempt');
  visitor = await signIn(gateway);
}, 240_000);
afterAll(() => gateway?.close());

async function turnPages(who: Visitor, filters: string, pages: number): Promise<string[]> {
  const ids: string[] = [];
  let next: string | null = '';
  for (let page = 0; page < pages && next !== null; page += 1) {
    const query = new URLSearchParams(filters);
    query.set('before', next);
    const { content } = await who.get<GalleryPage>(`/api/gallery?${query}`);
    ids.push(...content.jobs.map((job) => job.id));
    next = content.next;
  }
  return ids;
}

test.each([
  ['', 'true'],
  ['model=model_3', "model_name = 'model_3'"],
  ['role=painter', "role_name = 'painter'"],
  ['text=LANTERN 77', "request ->> 'prompt' LIKE 'lantern 77%'"],
  ['kind=videos', 'false'],
])('pages with "%s" follow each other without a gap', async (filters, condition) => {
  const ids = await turnPages(visitor, filters, 6);
  const { rows } = await owner.query<{ job_id: string }>(
    `SELECT job_id FROM hologen.job WHERE ${condition} ORDER BY submitted_at DESC, job_id DESC LIMIT ${6 * 48}`,
  );
  expect(ids).toEqual(rows.map((row) => row.job_id));
});

test('a role turns all its own pages', async () => {
  const painter = await signIn(gateway, { role: 'painter', password: 'blue' });
  expect(await turnPages(painter, '', 10)).toHaveLength(jobs / 1000);
  const { content } = await painter.get<FilterChoices>('/api/choices');
  expect(content.roles).toEqual(['painter']);
  expect(content.models).toHaveLength(7);
});

async function planOf(client: pg.Client, statement: pg.QueryConfig): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN ${statement.text}`,
    statement.values,
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const everything: GalleryWish = {
  ...{ role: null, model: null, state: null, kind: null, text: null, from: null, until: null, after: null },
  limit: 49,
};
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

test('each question of the gallery and of the money takes the index made for it', async () => {
  const plan = (wish: Partial<GalleryWish>) => planOf(owner, galleryStatement({ ...everything, ...wish }));
  expect(await plan({ from: hoursAgo(8) })).toMatch(/Index Scan (using|on) job_newest/);
  expect(await plan({ from: hoursAgo(64), text: 'lantern' })).toMatch(/Index Scan (using|on) job_newest/);
  expect(await plan({ role: 'painter' })).toMatch(/Index Scan (using|on) job_of_role/);
  expect(await plan({ model: 'model_3', from: hoursAgo(512) })).toMatch(
    /Index Scan (using|on) job_(of_model|newest)/,
  );
  const month = { text: dailyUsageStatement, values: [29] };
  expect(await planOf(owner, month)).toMatch(/Index Scan (using|on) attempt_sent_at/);
});

test('the money of a month adds up', async () => {
  const { content } = await visitor.get<Money>('/api/money?days=30');
  const { rows } = await owner.query<{ calls: number }>(
    'SELECT sum(calls)::int AS calls FROM hologen.daily_usage WHERE day > current_date - 30',
  );
  expect(content.days.reduce((sum, row) => sum + row.calls, 0)).toBe(rows[0]?.calls);
  expect(new Set(content.days.map((row) => row.day)).size).toBeLessThanOrEqual(30);
});
