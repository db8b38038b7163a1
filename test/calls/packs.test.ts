/** Embeddings that wait at the same time go ten a request, documents that are ranked for one query hundreds: nothing of that shows in rows, ledger, prices and errors. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { deploy } from './statements.js';

let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
beforeEach(async () => {
  await client.query('RESET ALL');
  await gateway.forgetRequests();
});
afterAll(() => gateway?.close());

const embed = (texts: string[], model = 'text_embedding_v4') =>
  client.query<{ i: string; vector: number[] | null }>(
    'SELECT i, ai_embed($2, t) AS vector FROM unnest($1::text[]) WITH ORDINALITY AS x (t, i) ORDER BY i',
    [texts, model],
  );
const textsOf = (count: number, what: string) =>
  Array.from({ length: count }, (_, n) => `${what} ${n} ${'word '.repeat(n)}`);
const inputs = async () =>
  (await gateway.requests()).map(({ body }) => (body as { input: string | string[] }).input);

test('25 texts are three requests, and each row has the vector of its own text', async () => {
  const texts = textsOf(25, 'door');
  const { rows } = await embed(texts);
  expect((await inputs()).map((input) => input.length)).toEqual([10, 10, 5]);
  for (const n of [0, 13, 24]) {
    const alone = await embed([texts[n] as string]);
    expect(alone.rows[0]?.vector).toEqual(rows[n]?.vector);
  }
});

test('each call has a job with its part of the tokens, and together they are the provider’s', async () => {
  const texts = textsOf(7, 'window');
  await embed(texts);
  const { rows } = await client.query(
    `SELECT state, (units ->> 'inputTokens')::int AS tokens, price::float8 FROM hologen.jobs WHERE request::text LIKE '%window%' ORDER BY submitted_at, length(request::text)`,
  );
  // The sandbox counts four letters as a token, for each text by itself.
  const tokens = texts.map((text) => Math.ceil(text.length / 4));
  expect(rows.map((row) => row.state)).toEqual(texts.map(() => 'succeeded'));
  expect(rows.map((row) => row.tokens).sort((a, b) => a - b)).toEqual(tokens.sort((a, b) => a - b));
  for (const row of rows) expect(row.price).toBeCloseTo((row.tokens * 0.5) / 1e6, 12);
});

test('one text that is refused does not fail the nine others', async () => {
  const texts = textsOf(10, 'gate');
  texts[4] = 'gate [[sandbox:refuse]]';
  await client.query('SET ai_gen.on_error = skip');
  const { rows } = await embed(texts);
  expect(rows.map(({ vector }) => vector === null)).toEqual(texts.map((_, n) => n === 4));
  expect(await inputs()).toHaveLength(11);
  const { rows: jobs } = await client.query(
    `SELECT state, count(*)::int, count(*) FILTER (WHERE price > 0)::int AS priced FROM hologen.jobs WHERE request::text LIKE '%gate%' GROUP BY 1 ORDER BY 1`,
  );
  expect(jobs).toEqual([
    { state: 'failed', count: 1, priced: 0 },
    { state: 'succeeded', count: 9, priced: 9 },
  ]);
});

test('texts of other lengths, models and roles do not go together', async () => {
  await client.query(`SELECT ai_gen('text_embedding_v4', json_build_object('prompt', 'wall ' || n, 'parameters', json_build_object('dimensions', 64 * (1 + n % 2))))
    FROM generate_series(1, 6) AS n`);
  expect((await inputs()).map((input) => input.length)).toEqual([3, 3]);
});

test('a pack that is throttled waits and goes again as one', async () => {
  const texts = textsOf(4, 'roof');
  texts[0] = 'roof [[sandbox:throttle=2]]';
  const { rows } = await embed(texts);
  expect(rows.every(({ vector }) => vector?.length === 1024)).toBe(true);
  expect((await inputs()).map((input) => input.length)).toEqual([4, 4, 4]);
});

test('a pack whose answer is lost is sent by nobody again', async () => {
  const texts = textsOf(3, 'cellar');
  texts[1] = 'cellar [[sandbox:drop]]';
  expect((await refusal(embed(texts))).code).toBe('08006');
  const { rows } = await client.query(
    "SELECT DISTINCT state FROM hologen.jobs WHERE request::text LIKE '%cellar%'",
  );
  expect(rows).toEqual([{ state: 'unanswered' }]);
  expect(await inputs()).toHaveLength(1);
});

test('a statement that is cancelled in the line leaves its neighbour’s calls alone', async () => {
  const [neighbour, stop, busy] = [await gateway.client(), await gateway.client(), await gateway.client()];
  await client.query(
    `CALL register_external_model('slow_embedding', 'text-embedding-v4', 'bailian', '{"submits_per_second": 1}', 'embedding')`,
  );
  const jobs = async (text: string, state: string) => {
    const like = 'SELECT count(*)::int AS jobs FROM hologen.jobs WHERE request::text LIKE $1 AND state = $2';
    return (await stop.query(like, [`%${text}%`, state])).rows[0].jobs;
  };
  // Of different lengths: four requests, a second apart.
  const before =
    busy.query(`SELECT ai_gen('slow_embedding', json_build_object('prompt', 'busy', 'parameters', json_build_object('dimensions', d)))
    FROM unnest(ARRAY[64, 128, 256, 512]) AS d`);
  await expect.poll(() => jobs('busy', 'submitted'), { timeout: 10_000 }).toBeGreaterThan(0);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const given = refusal(embed(['given up'], 'slow_embedding'));
  const kept = neighbour.query("SELECT cardinality(ai_embed('slow_embedding', 'kept')) AS length");
  await expect.poll(() => jobs('given up', 'submitted'), { timeout: 10_000 }).toBe(1);
  await stop.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid]);
  expect((await given).code).toBe('57014');
  expect((await kept).rows).toEqual([{ length: 1024 }]);
  await before;
  expect((await inputs()).filter((input) => input !== 'busy')).toEqual(['kept']);
});

describe.each([
  ['qwen3-rerank', 0.5],
  ['gte-rerank-v2', 0.8],
])('documents that are ranked by %s', (type, perMillion) => {
  let model: string;
  beforeAll(async () => {
    model = await deploy(client, type, 'rerank');
  });
  const rank = (documents: string[], query = 'a red door') =>
    client.query<{ i: string; score: number | null }>(
      'SELECT i, ai_rank($2, $3, d) AS score FROM unnest($1::text[]) WITH ORDINALITY AS x (d, i) ORDER BY i',
      [documents, model, query],
    );
  const asked = async () =>
    (await gateway.requests()).map(({ body }) => {
      const { input = body } = body as { input?: unknown };
      return input as { query: string; documents: string[] };
    });
  const colours = ['red', 'green', 'blue'];

  test('are one request, and each row has its own score', async () => {
    const documents = Array.from({ length: 60 }, (_, n) => `${type} ${n}: a ${colours[n % 3]} door`);
    const { rows } = await rank(documents);
    expect((await asked()).map(({ documents: sent }) => sent.length)).toEqual([60]);
    expect(rows.map(({ score }) => score)).toEqual(documents.map((_, n) => (n % 3 === 0 ? 1 : 2 / 3)));
  });

  test('have a job each with its part of the tokens and of the price', async () => {
    const documents = Array.from({ length: 5 }, (_, n) => `${type} parts ${'word '.repeat(n * n)}`);
    await rank(documents);
    const { rows } = await client.query(
      `SELECT state, (units ->> 'inputTokens')::int AS tokens, price::float8, usage ->> 'total_tokens' AS told
       FROM hologen.jobs WHERE request::text LIKE '%${type} parts%' ORDER BY length(request::text)`,
    );
    const tokens = documents.map((each) => Math.ceil('a red door'.length / 4) + Math.ceil(each.length / 4));
    expect(rows.map((row) => row.state)).toEqual(documents.map(() => 'succeeded'));
    const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
    expect(sum(rows.map((row) => row.tokens))).toBe(sum(tokens));
    for (const [n, row] of rows.entries()) {
      // Shared by query and document together, whose letters may make a token less than each by itself.
      expect(Math.abs(row.tokens - (tokens[n] as number))).toBeLessThanOrEqual(1);
      expect(row.price).toBeCloseTo((row.tokens * perMillion) / 1e6, 12);
      expect(row.told).toBe(String(row.tokens));
    }
  });

  test('go apart where one of them is refused, and the others are ranked', async () => {
    await client.query('SET ai_gen.on_error = skip');
    const { rows } = await rank(['a red door', 'a door [[sandbox:refuse]]', 'a kettle']);
    expect(rows.map(({ score }) => score)).toEqual([1, null, 1 / 3]);
    expect(await asked()).toHaveLength(4);
  });

  test('go apart by query, and where a request has no room for more', async () => {
    await client.query(
      `SELECT ai_rank('${model}', 'door ' || n % 2, 'a door ' || n) FROM generate_series(1, 6) AS n`,
    );
    expect((await asked()).map(({ query, documents }) => [query, documents.length]).sort()).toEqual([
      ['door 0', 3],
      ['door 1', 3],
    ]);
    await gateway.forgetRequests();
    const { rows } = await client.query(
      `SELECT ai_rank('${model}', 'a red door', 'a red door ' || repeat('w', 7000) || n) AS score FROM generate_series(1, 24) AS n`,
    );
    expect(rows.every(({ score }) => score === 1)).toBe(true);
    const sizes = (await asked()).map(({ documents }) => documents.length);
    expect(sizes).toEqual(type === 'gte-rerank-v2' ? [4, 4, 4, 4, 4, 4] : [17, 7]);
  });

  test('that are too many for a request are ranked by several', async () => {
    const { rows } = await rank(Array.from({ length: 620 }, (_, n) => `${n} red`));
    expect(rows.every(({ score }) => score === 1 / 3)).toBe(true);
    expect((await asked()).map(({ documents }) => documents.length)).toEqual([500, 120]);
  });
});
