/** A ledger of 100,000 jobs: the gallery turns its pages exactly, and both it and the money look only at what they need. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FilterChoices, GalleryPage, Money } from '../../src/console/server/answers.js';
import { type GalleryWish, galleryStatement, listJobs } from '../../src/console/server/gallery.js';
import { dailyUsageStatement } from '../../src/console/server/queries.js';
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
  await owner.query(`INSERT INTO hologen_internal.job (job_id, gateway_id, state, statement_id, role_name, role_oid, database_name, application_name, engine_process_id,
      statement_at, model_name, model_type, scenario, request, request_key, detached, released, attempts, provider_request_id, units, price,
      currency, outputs, submitted_at, started_at, finished_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'succeeded', gen_random_uuid(), who, who::regrole, 'hologen', 'psql', 1,
      t, m, m, 'text-to-image', json_build_object('prompt', 'lantern ' || n || repeat(' in soft light', 20)), md5(n::text), false, true, 1,
      'request-' || n, '{"pictures": 1}', 0.2, 'CNY', '[{"url": "http://127.0.0.1:9/x.png"}]', t, t, t
    FROM generate_series(1, ${jobs}) AS n,
      LATERAL (SELECT now() - (n / 2) * interval '400 seconds' AS t, 'model_' || n % 7 AS m, CASE WHEN n % 1000 = 0 THEN 'painter' ELSE 'hologen' END AS who) AS made`);
  await owner.query(`INSERT INTO hologen_internal.attempt (job_id, attempt, role_name, role_oid, database_name, application_name, statement_id, statement_at,
      model_name, model_type, outcome, units, price, currency, sent_at, ended_at)
    SELECT job_id, 1, role_name, role_oid, database_name, application_name, statement_id, statement_at, model_name, model_type, 'succeeded', units,
      price, currency, submitted_at, finished_at FROM hologen_internal.job`);
  await owner.query(
    'ANALYZE hologen_internal.job; ANALYZE hologen_internal.attempt; ANALYZE hologen_internal.used',
  );
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
  ['text=77 LANTERN', "request ->> 'prompt' LIKE '%77%'"],
  [
    'text=77 LANTERN&state=succeeded&model=model_3',
    "request ->> 'prompt' LIKE '%77%' AND model_name = 'model_3'",
  ],
  ['text=lantern&from=2020-01-01', 'true'],
  ['text=9', "request ->> 'prompt' LIKE '%9%'"],
  ['text=湖边', 'false'],
  ['kind=pictures', 'true'],
  ['kind=videos', 'false'],
])('pages with "%s" follow each other without a gap', async (filters, condition) => {
  const ids = await turnPages(visitor, filters, 6);
  const { rows } = await owner.query<{ job_id: string }>(
    `SELECT job_id FROM hologen_internal.job WHERE ${condition} ORDER BY submitted_at DESC, job_id DESC LIMIT ${6 * 48}`,
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
  ...{
    role: null,
    model: null,
    state: null,
    kind: null,
    words: [],
    verdict: null,
    from: null,
    until: null,
    after: null,
  },
  limit: 49,
};
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

test('each question of the gallery and of the money takes the index made for it', async () => {
  const plan = (wish: Partial<GalleryWish>) => planOf(owner, galleryStatement({ ...everything, ...wish }));
  expect(await plan({ from: hoursAgo(8) })).toMatch(/Index Scan (using|on) job_newest/);
  expect(await plan({ from: hoursAgo(64), words: ['lantern'] })).toMatch(/Index Scan (using|on) job_newest/);
  expect(await plan({ role: 'painter' })).toMatch(/Index Scan (using|on) job_of_role/);
  expect(await plan({ model: 'model_3', from: hoursAgo(512) })).toMatch(
    /Index Scan (using|on) job_(of_model|newest)/,
  );
  const month = { text: dailyUsageStatement, values: [29] };
  const moneyPlan = await planOf(owner, month);
  expect(moneyPlan).toMatch(/Index Scan (using|on) used_pkey/);
  expect(moneyPlan).not.toMatch(/Seq Scan on (used|attempt|job)/);
});

test('whoever asks for the newest waits for no more than those: own ones, a model, both, a failure', async () => {
  const painter = await gateway.clientOf('painter', 'blue');
  for (const client of [owner, painter])
    for (const where of [
      '',
      "WHERE model_name = 'model_3'",
      "WHERE model_name = 'model_3' AND state = 'failed'",
    ]) {
      const plan = await planOf(client, {
        text: `SELECT * FROM hologen.jobs ${where} ORDER BY submitted_at DESC LIMIT 20`,
      });
      expect(plan).toContain('One-Time Filter');
      expect(plan).not.toMatch(/Seq Scan on job|Bitmap|Sort {2}/);
    }
});

test('a search finds what a prompt has in it, with any character, in any case of A to Z, and only own prompts', async () => {
  const requests = [
    { prompt: 'A Lake at 100% dusk_mood' },
    { prompt: '湖边的黄昏，一盏灯' },
    { prompt: 'quote " and \\ and\nline, ÉTÉ' },
    { size: '1024*1024' },
    'a bare TEXT',
  ];
  const place = (who: string, request: unknown) =>
    owner.query(
      `INSERT INTO hologen_internal.job (job_id, gateway_id, state, statement_id, role_name, role_oid, database_name, application_name, engine_process_id,
         statement_at, model_name, model_type, scenario, request, request_key, detached, released, currency, submitted_at)
       VALUES (gen_random_uuid(), 'g', 'cancelled', gen_random_uuid(), $1::text, $1::text::regrole, 'hologen', 'psql', 1, now(), 'm', 'm', 'first-frame', $2, '', false, true, 'CNY', now())`,
      [who, JSON.stringify(request)],
    );
  for (const request of requests) await place('painter', request);
  const painter = await gateway.clientOf('painter', 'blue');
  for (const state of [null, 'cancelled'])
    for (const text of [
      'lake',
      'LAKE',
      '100%',
      '0% d',
      'k_m',
      '湖',
      '一盏',
      '灯',
      'a',
      '"',
      '\\',
      'd\nl',
      'ÉT',
      'ét',
      '1024',
      'bare text',
      'zz',
    ]) {
      const own = (await listJobs(painter, { ...everything, kind: 'videos', state, words: [text] })).map(
        (row) => row.job_id,
      );
      const all = await listJobs(owner, { ...everything, kind: 'videos', state, words: [text] });
      const { rows } = await owner.query(
        `SELECT job_id FROM hologen_internal.job WHERE scenario = 'first-frame' AND strpos(lower((CASE WHEN json_typeof(request) = 'object'
           THEN coalesce(request ->> 'prompt', request::text) ELSE request #>> '{}' END) COLLATE "C"), lower($1 COLLATE "C")) > 0
         ORDER BY submitted_at DESC, job_id DESC`,
        [text],
      );
      expect(own, text).toEqual(rows.map((row) => row.job_id));
      expect(
        all.map((row) => row.job_id),
        text,
      ).toEqual(own);
    }
  await owner.query("CREATE ROLE poet LOGIN PASSWORD 'ink'");
  const poet = await gateway.clientOf('poet', 'ink');
  await poet.query(`CREATE FUNCTION pg_temp.leak(said text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
    BEGIN RAISE NOTICE '%', said; RETURN true; END $$`);
  const heard: unknown[] = [];
  poet.on('notice', (notice) => heard.push(notice.message));
  expect((await poet.query('SELECT * FROM hologen.prompts WHERE pg_temp.leak(prompt)')).rows).toEqual([]);
  expect((await poet.query('SELECT * FROM hologen.jobs WHERE pg_temp.leak(request::text)')).rows).toEqual([]);
  expect(heard).toEqual([]);
});

test('a job that is removed is not found any more', async () => {
  await owner.query("DELETE FROM hologen_internal.job WHERE scenario = 'first-frame'");
  expect(
    (await owner.query("SELECT FROM hologen_internal.prompt WHERE scenario = 'first-frame'")).rowCount,
  ).toBe(0);
  expect((await owner.query('SELECT FROM hologen_internal.prompt')).rowCount).toBe(jobs);
});

test('the money of a month adds up', async () => {
  const { content } = await visitor.get<Money>('/api/money?days=30');
  const { rows } = await owner.query<{ calls: number }>(
    'SELECT sum(calls)::int AS calls FROM hologen.daily_usage WHERE day > current_date - 30',
  );
  expect(content.days.reduce((sum, row) => sum + row.calls, 0)).toBe(rows[0]?.calls);
  expect(new Set(content.days.map((row) => row.day)).size).toBeLessThanOrEqual(30);
});
