/** What a search of the gallery finds by the letters of words, what it finds by looking, and that it is the same. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GalleryWish, listJobs } from '../../src/console/server/gallery.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let painter: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE painter LOGIN PASSWORD 'blue'");
  painter = await gateway.clientOf('painter', 'blue');
  for (const request of requests) await place('painter', request);
  for (let copy = 0; copy < 60; copy += 1) await place('hologen', { prompt: `A common lamp ${copy}` });
  await place('hologen', { prompt: 'the owner wrote zebra' });
}, 120_000);
afterAll(() => gateway?.close());

const requests = [
  { prompt: 'A Lake at 100% dusk_mood', label: 'Row-7' },
  { prompt: '湖边的黄昏，一盏灯' },
  { prompt: 'quote " and \\ and\nline, ÉTÉ' },
  { size: '1024*1024' },
  null,
  'a bare TEXT',
];
const path = 'oss://demo/Shop/Out-1.png';

async function place(who: string, request: unknown): Promise<void> {
  await owner.query(
    `INSERT INTO hologen_internal.job (job_id, gateway_id, state, statement_id, role_name, role_oid, database_name, application_name, engine_process_id,
       statement_at, model_name, model_type, scenario, request, request_key, detached, released, currency, submitted_at)
     VALUES (gen_random_uuid(), 'g', 'succeeded', gen_random_uuid(), $1::text, $1::text::regrole, 'hologen', 'psql', 1, now(), 'm', 'm', 'text-to-image', $2, '',
       false, true, 'CNY', clock_timestamp() - interval '3 hours')`,
    [who, JSON.stringify(request)],
  );
}

const all: GalleryWish = {
  ...{ role: null, model: null, state: null, kind: null, words: [], verdict: null },
  ...{ from: null, until: null, after: null },
  limit: 49,
};
const find = async (client: pg.Client, words: string[], wish: Partial<GalleryWish> = {}) =>
  (await listJobs(client, { ...all, ...wish, words })).map((row) => row.prompt);
const foundByLetters = async (client: pg.Client, words: string[]): Promise<string[] | null> =>
  (await client.query('SELECT hologen_caller.jobs_with($1, 2000) AS ids', [words])).rows[0].ids;
const without = async () =>
  (await owner.query('SELECT count(*)::int AS n FROM hologen_internal.prompt WHERE NOT has_grams')).rows[0].n;

/** What a search by letters reads, as whoever searches is told. */
async function buffers(client: pg.Client, word: string): Promise<number> {
  const { rows } = await client.query(
    `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, COSTS OFF, SUMMARY OFF, FORMAT JSON) SELECT hologen_caller.jobs_with(ARRAY['${word}'], 10)`,
  );
  return rows[0]['QUERY PLAN'][0].Plan['Shared Hit Blocks'];
}

const searches = [
  ['lake'],
  ['LAKE', 'dusk'],
  ['mood', 'lake'],
  ['100%'],
  ['k_m'],
  ['row-7'],
  ['湖边'],
  ['一盏灯'],
  ['灯'],
  ['a'],
  ['"', 'quote'],
  ['\\', 'and'],
  ['line,'],
  ['ÉTÉ'],
  ['été'],
  ['1024*'],
  ['TEXT', 'bare'],
  ['lak_'],
  ['zzzzzz'],
  ['lake', 'zebra'],
];

test('by their letters words find what they find by looking, in any order and case, also in paths that came later', async () => {
  // Each is looked through until it is in the index.
  await expect.poll(without, { timeout: 60_000 }).toBe(0);
  await owner.query(
    `UPDATE hologen_internal.job SET outputs = $1 WHERE request ->> 'prompt' LIKE 'A Lake%'`,
    [JSON.stringify([{ ossPath: path }])],
  );
  for (const round of ['before the path is in the index', 'with it']) {
    for (const words of [...searches, ['shop/out']])
      expect(await find(owner, words, { role: 'painter' }), `${words}, ${round}`).toEqual(
        await find(painter, words),
      );
    expect(await find(owner, ['shop/OUT', 'dusk'])).toEqual(['A Lake at 100% dusk_mood']);
    await expect.poll(without, { timeout: 60_000 }).toBe(0);
  }
  expect(await find(owner, ['lake'])).toEqual(['A Lake at 100% dusk_mood']);
  expect(await foundByLetters(owner, ['湖边'])).toHaveLength(1);
  expect(await foundByLetters(owner, ['灯'])).toHaveLength(1);
  expect(await foundByLetters(owner, ['zzzzzz'])).toEqual([]);
  expect(await foundByLetters(owner, ['a'])).toBeNull();
});

test('pages of what is found by its letters follow each other without a gap', async () => {
  const words = ['common', 'lamp'];
  const page = await listJobs(owner, { ...all, words });
  expect(page).toHaveLength(all.limit);
  const last = page.at(-1);
  const after = { submittedAt: last?.submitted_at ?? '', jobId: last?.job_id ?? '' };
  const next = await listJobs(owner, { ...all, words, after });
  expect(new Set([...page, ...next].map((row) => row.job_id)).size).toBe(60);
});

test('whoever sees only own jobs finds those by their letters, and neither time nor EXPLAIN tells of what others wrote', async () => {
  await expect.poll(without, { timeout: 60_000 }).toBe(0);
  for (const words of searches) {
    const { rows } = await owner.query(
      `SELECT job_id FROM hologen_internal.prompt WHERE job_id = ANY ($1) AND role_name = 'painter' ORDER BY submitted_at DESC, job_id DESC`,
      [await foundByLetters(owner, words)],
    );
    const own = await foundByLetters(painter, words);
    if (own) expect(own, `${words}`).toEqual(rows.map((row) => row.job_id));
  }
  expect(await foundByLetters(painter, ['lake', 'dusk'])).toHaveLength(1);
  expect(await foundByLetters(painter, ['zebra'])).toEqual([]);
  expect(await foundByLetters(owner, ['zebra'])).toHaveLength(1);
  expect(await find(painter, ['zebra'])).toEqual([]);
  await buffers(painter, 'lamp');
  // Words of as many letters, which others have written sixty times, once and never.
  expect(await buffers(painter, 'lamp')).toBe(await buffers(painter, 'lqmp'));
  expect(await buffers(painter, 'zebra')).toBe(await buffers(painter, 'zfbra'));
  await expect(
    painter.query("SELECT hologen_internal.jobs_with(ARRAY['zebra'], 10, true, 'hologen')"),
  ).rejects.toThrow('permission denied for schema hologen_internal');
});

test('whom jobs were shared with finds those and own ones by their letters, and nothing tells of the others', async () => {
  await owner.query("CREATE ROLE visitor LOGIN PASSWORD 'grey'; GRANT hologen_viewer TO visitor");
  const visitor = await gateway.clientOf('visitor', 'grey');
  await owner.query("UPDATE hologen_internal.job SET shared = true WHERE request ->> 'prompt' LIKE '%zebra'");
  await place('visitor', { prompt: 'a zebra of my own' });
  await expect.poll(without, { timeout: 60_000 }).toBe(0);
  expect(await foundByLetters(visitor, ['zebra'])).toHaveLength(2);
  expect(await find(visitor, ['zebra'])).toEqual(['a zebra of my own', 'the owner wrote zebra']);
  expect(await foundByLetters(visitor, ['lamp'])).toEqual([]);
  expect(await find(visitor, ['lake'])).toEqual([]);
  expect(await foundByLetters(visitor, ['a'])).toBeNull();
  // A session reads more at first, when it makes its plans.
  for (const word of ['lamp', 'lqmp', 'lamp', 'lqmp']) await buffers(visitor, word);
  expect(await buffers(visitor, 'lamp')).toBe(await buffers(visitor, 'lqmp'));
});
