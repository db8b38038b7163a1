/** Long texts are rewritten in a process of their own: others go on, the session's own messages stay in order, and what takes too much runs as written. */
import { once } from 'node:events';
import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLongTexts } from '../../src/frontend/long-texts.js';
import { loadParser } from '../../src/rewriter/parse.js';
import { rewriteText } from '../../src/rewriter/rewrite.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import {
  bind,
  cancelRequest,
  connectRaw,
  execute,
  type Frame,
  fields,
  login,
  parse,
  query,
  type RawClient,
  row,
  sync,
  types,
} from './raw-client.js';

const listed = (count: number, item: (index: number) => string, between: string) =>
  Array.from({ length: count }, (_, index) => item(index)).join(between);
const call = (index: number) => `ai_gen('writer', 'number ${index}')`;
const union = (arms: number) => listed(arms, (index) => `SELECT ${call(index)}`, ' UNION ALL ');
/** Three calls among many rows. */
const values = (rows: number, padding = '') =>
  `INSERT INTO made VALUES ${listed(rows, (i) => `(${i}, ${i < 3 ? call(i) : `'row ${i}${padding}'`})`, ', ')}`;
const branches = `SELECT ai_gen('writer', CASE ${listed(2000, (i) => `WHEN id = ${i} THEN 'number ${i}'`, ' ')} END) FROM made`;

describe('through a gateway', () => {
  let gateway: TestGateway;
  let client: pg.Client;
  let other: pg.Client;

  beforeAll(async () => {
    gateway = await startTestGateway();
    client = await gateway.client();
    other = await gateway.client();
    await client.query(
      "CALL register_external_model('writer', 'qwen-plus', 'bailian', '{}', 'chat/completions')",
    );
    await client.query('CREATE TABLE made (id int, text text)');
  });
  afterAll(() => gateway?.close());

  async function session() {
    const raw = await connectRaw(gateway.url);
    const hello = await login(raw, gateway.url);
    return { raw, key: (hello.find(({ type }) => type === 'K') as Frame).body };
  }

  test.each([
    ['a UNION of 1,000 arms', union(1000)],
    ['VALUES of 20,000 rows', values(20_000)],
    ['CASE of 2,000 branches', branches],
  ])('others are answered while %s is dealt with', async (_name, text) => {
    const { raw } = await session();
    raw.write(parse('', text), sync);
    let over = false;
    const prepared = raw.until('Z').finally(() => {
      over = true;
    });
    // On the event loop not one would be answered before the engine has the text.
    let answers = 0;
    while (!over) {
      await other.query('SELECT 1');
      answers += 1;
    }
    expect(types(await prepared)).toBe('1 Z');
    expect(answers).toBeGreaterThan(2);
    raw.close();
  });

  test('the rows of many VALUES are right, their calls made at once, and nothing is told', async () => {
    const told: unknown[] = [];
    client.on('notice', (notice) => told.push(notice));
    await gateway.forgetRequests();
    expect((await client.query(values(20_000))).rowCount).toBe(20_000);
    expect(await gateway.requests()).toHaveLength(3);
    const { rows } = await client.query(
      "SELECT count(*)::int, count(*) FILTER (WHERE text = 'row ' || id)::int AS plain, count(text)::int AS full FROM made",
    );
    expect(rows).toEqual([{ count: 20_000, plain: 19_997, full: 20_000 }]);
    await client.query('TRUNCATE made');
    expect(told).toEqual([]);
  });

  test('a text past the bound runs as written, and the client is told', async () => {
    const listener = await gateway.client();
    const told: string[] = [];
    listener.on('notice', ({ message }) => told.push(message ?? ''));
    await gateway.forgetRequests();
    expect((await listener.query(values(20_000, 'x'.repeat(50)))).rowCount).toBe(20_000);
    expect(await gateway.requests()).toHaveLength(3);
    expect(told).toEqual([
      'the calls of this statement are made one after another: it is longer than 1048576 characters',
      expect.stringContaining('one after another: its text is longer than 10000 characters'),
    ]);
    const { rows } = await listener.query('SELECT count(text)::int FROM made');
    expect(rows).toEqual([{ count: 20_000 }]);
    await listener.query('TRUNCATE made');
  });

  test('what comes behind a long text waits for it', async () => {
    const { raw } = await session();
    const long = `/* hg_ ${'x'.repeat(5000)} */ SELECT`;
    raw.write(query(`${long} 1`), query('SELECT 2'), parse('s', `${long} 3`), bind('', 's'), execute(''));
    raw.write(sync, query(`${long} 4; SHOW hg_here`), query('SELECT 5'));
    const answers: Frame[][] = [];
    while (answers.length < 5) answers.push(await raw.until('Z'));
    const values = answers.map((frames) => frames.filter(({ type }) => type === 'D').flatMap(row));
    expect(values).toEqual([['1'], ['2'], ['3'], ['4', ''], ['5']]);
    raw.close();
  });

  const sleepy = query(`/* hg_ ${'x'.repeat(500_000)} */ SELECT pg_sleep(600)`);

  /** A session whose text the gateway has begun to read: a cancel that comes before that has nothing to cancel. */
  async function sessionAt(text: Buffer) {
    const { raw, key } = await session();
    raw.write(query('SELECT 1'), text.subarray(0, 100_000));
    await raw.until('Z');
    return { raw, key, rest: text.subarray(100_000) };
  }
  async function cancel(key: Buffer) {
    const canceller = await connectRaw(gateway.url);
    canceller.write(cancelRequest(key));
    await canceller.closed();
  }
  async function stateOfError(raw: RawClient) {
    const [error] = (await raw.until('Z')).filter(({ type }) => type === 'E');
    return fields(error as Frame).C;
  }

  test('a cancel finds a statement whose text is still being rewritten', async () => {
    const { raw, key, rest } = await sessionAt(sleepy);
    raw.write(rest);
    await cancel(key);
    expect(await stateOfError(raw)).toBe('57014');
    raw.close();
  });

  test('a cancel finds a statement whose text is still coming in', async () => {
    const { raw, key, rest } = await sessionAt(sleepy);
    await cancel(key);
    raw.write(rest);
    expect(await stateOfError(raw)).toBe('57014');
    raw.close();
  });

  test('a cancel is not lost on an engine that is slow to read a long text, and does not hit the next statement', async () => {
    const { raw, key, rest } = await sessionAt(sleepy);
    const engineProcess = key.readInt32BE(0);
    process.kill(engineProcess, 'SIGSTOP');
    try {
      raw.write(rest);
      await cancel(key);
    } finally {
      process.kill(engineProcess, 'SIGCONT');
    }
    expect(await stateOfError(raw)).toBe('57014');
    raw.write(query('SELECT pg_sleep(0.3)'));
    expect(types(await raw.until('Z'))).toBe('T D C Z');
    raw.close();
  });

  test('a client that ends its side right behind such a text hears the answer; of one that is gone nothing is left', async () => {
    const text = query(`/* hg_ ${'x'.repeat(500_000)} */ SELECT 7`);
    const [{ raw }, { raw: leaving, key }] = [await session(), await session()];
    raw.socket.end(text);
    const answer = await raw.until('Z');
    expect(row(answer.find(({ type }) => type === 'D') as Frame)).toEqual(['7']);
    leaving.socket.write(text);
    leaving.socket.resetAndDestroy();
    await once(leaving.socket, 'close');
    const engineProcess = 'SELECT count(*)::int AS left FROM pg_stat_activity WHERE pid = $1';
    await expect
      .poll(async () => (await other.query(engineProcess, [key.readInt32BE(0)])).rows[0].left)
      .toBe(0);
  });
});

describe('the process', () => {
  const log = pino({ level: 'silent' });
  const small = `/* ${'x'.repeat(3000)} */ ${union(3)}`;

  beforeAll(loadParser);

  test('says what the rewriter says', async () => {
    const longTexts = createLongTexts(log);
    const texts = [small, union(40), values(3000), branches, `/* ${'x'.repeat(3000)} */ SELECT 1`];
    const outcomes = await Promise.all(texts.map((text) => longTexts.rewrite(text)));
    expect(outcomes).toEqual(texts.map((text) => ({ rewritten: rewriteText(text) })));
  });

  const tooMuch: [string, Parameters<typeof createLongTexts>[1], string, RegExp][] = [
    ['time', { timeMs: 1 }, small, /within 0\.001 s/],
    ['length', { characters: 4000 }, union(1000), /longer than 4000 characters/],
    ['words', {}, `SELECT ${listed(150_000, String, ',')}, ${call(1)} FROM t`, /more than 250000 words/],
    ['memory', { memoryMb: 30 }, `SELECT ${listed(100_000, String, ',')}, ${call(1)} FROM t`, /memory/],
    ['depth', {}, `SELECT ${call(1)} || ${listed(50_000, () => 'p', ' || ')} FROM t`, /nested too deeply/],
    [
      'calls',
      {},
      `INSERT INTO made VALUES ${listed(2001, (i) => `(${i}, ${call(i)})`, ', ')}`,
      /more than 2000 calls/,
    ],
    ['text', { timeMs: 60_000 }, listed(12_000, () => 'SELECT ai_gen(p) FROM t', ';'), /become too long/],
  ];
  test.each(tooMuch)('leaves what takes too much %s, and goes on', async (_what, limits, text, why) => {
    const longTexts = createLongTexts(log, limits);
    expect((await longTexts.rewrite(text)) as { left: string }).toEqual({ left: expect.stringMatching(why) });
    const next = await longTexts.rewrite(small);
    expect(next).toEqual(
      limits?.timeMs === 1 ? { left: expect.any(String) } : { rewritten: rewriteText(small) },
    );
  });

  test('lets nobody wait behind others for longer than it may take', async () => {
    const longTexts = createLongTexts(log, { timeMs: 300 });
    const slow = `SELECT ${listed(100_000, String, ',')}, ${call(1)} FROM t`;
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => longTexts.rewrite(slow)));
    expect(outcomes.at(-1)).toEqual({ left: 'it could not be rewritten within 0.3 s' });
  });
});
