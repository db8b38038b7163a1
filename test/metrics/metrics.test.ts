/** /metrics counts what clients did: every outcome of a call, statements, times, bytes, money, 429s, sessions. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnCloud, startOwnCloud } from '../calls/own-cloud.js';
import { aiGen, deploy, rights } from '../calls/statements.js';
import { refusal } from '../gateway.js';
import { readMetrics } from './read-metrics.js';

const picture = 'picture';
let cloud: OwnCloud;
let client: pg.Client;
let text: string;
let video: string;

beforeAll(async () => {
  cloud = await startOwnCloud({}, { metricsPort: '0', maxConnections: '8' });
  client = await cloud.gateway.client();
  // The documented limit is two a minute.
  await client.query(
    `CALL register_external_model('picture', 'qwen-image-2.0-pro', 'bailian', '{"submits_per_second": 100}', 'image-generation')`,
  );
  text = await deploy(client, 'qwen-plus', 'chat/completions');
  video = await deploy(client, 'wan2.6-t2v', 'video-generation');
});
afterAll(() => cloud?.close());

const metrics = () => readMetrics(cloud.gateway.metrics);

/** What a statement adds to the sample. A statement is counted when its session's engine is ready again: soon after its answer. */
async function expectMore(
  name: string,
  labels: Record<string, string>,
  more: number,
  act: () => Promise<unknown>,
): Promise<void> {
  const before = (await metrics()).value(name, labels);
  await act();
  await expect.poll(async () => (await metrics()).value(name, labels)).toBe(before + more);
}
const expectCalls = (model: string, outcome: string, calls: number, act: () => Promise<unknown>) =>
  expectMore('hologen_calls_total', { model, outcome }, calls, act);

test('calls that succeed are counted by model, with their times, bytes and price; the ledger says the same', async () => {
  await expectCalls(picture, 'succeeded', 3, async () => {
    await client.query(
      `SELECT ai_gen($1, json_build_object('prompt', 'lake ' || n, 'output_dir', 'oss://bucket/out/')::text,
         to_file('oss://bucket/', '${rights.join("', '")}')) FROM generate_series(1, 3) AS n`,
      [picture],
    );
  });
  const samples = await metrics();
  const of = { model: picture, model_type: 'qwen-image-2.0-pro' };
  for (const phase of ['queue', 'provider', 'saving'])
    expect(samples.value(`hologen_call_${phase}_seconds_count`, of)).toBe(3);
  const { rows } = await client.query<{ price: number; paths: string[] }>(
    `SELECT sum(price)::float AS price, array_agg(output ->> 'oss_path') AS paths
     FROM hologen.jobs, json_array_elements(outputs::json) AS output WHERE model_name = $1`,
    [picture],
  );
  expect(samples.value('hologen_spent_money_total', { ...of, currency: 'CNY' })).toBeCloseTo(
    rows[0]?.price ?? 0,
  );
  expect(samples.value('hologen_saved_bytes_total', of)).toBeGreaterThan(3 * 1000);
});

test('a failed video, though its value is no error, counts as failed and costs nothing', async () => {
  const spent = { model: video };
  await expectMore('hologen_spent_money_total', spent, 0, () =>
    expectCalls(video, 'failed', 1, () => aiGen(client, video, { prompt: 'waves [[sandbox:fail]]' }, null)),
  );
});

test('what the provider refuses is failed, what a check refuses is refused, with its model if there is one', async () => {
  await expectCalls(text, 'failed', 1, () => refusal(aiGen(client, text, 'hi [[sandbox:refuse]]', null)));
  await expectCalls(picture, 'refused', 1, () => refusal(aiGen(client, picture, {}, null)));
  await expectCalls('', 'refused', 1, () => refusal(aiGen(client, 'no_such_model', 'hi', null)));
  const lost = { prompt: 'it', reference_urls: ['oss://bucket/lost.png'] };
  await expectCalls(picture, 'refused', 1, () => refusal(aiGen(client, picture, lost)));
  expect((await metrics()).text).not.toContain('no_such_model');
});

test('a budget that is used up refuses every call of the statement', async () => {
  await client.query('CALL set_budget(NULL, $1, 0, NULL)', [text]);
  await expectMore('hologen_statements_total', { outcome: 'refused' }, 1, () =>
    expectCalls(text, 'refused', 2, () =>
      refusal(client.query(`SELECT ai_gen($1, 'w' || n, NULL) FROM generate_series(1, 2) n`, [text])),
    ),
  );
  await client.query('CALL remove_budget(NULL, $1)', [text]);
});

test('a lost answer is unanswered, a result taken again is reused, calls stopped before they run are cancelled', async () => {
  cloud.speaker.script('qwen-plus', 'lost');
  await expectCalls(text, 'unanswered', 1, () => refusal(aiGen(client, text, 'is lost', null)));
  await client.query('SET ai_gen.reuse = on');
  await aiGen(client, text, 'the same', null);
  await expectCalls(text, 'reused', 1, () => aiGen(client, text, 'the same', null));
  await client.query(
    `CALL register_external_model('narrow', 'wan2.6-t2v', 'bailian', '{"concurrent_tasks": 1}', 'video-generation')`,
  );
  const both = `SELECT ai_gen('narrow', '{"prompt": "wave ' || n || '"}', NULL) FROM generate_series(1, 2) AS n`;
  cloud.studio.settings.pendingMs = 60_000;
  // One waits for its turn, the other at the provider.
  await expectCalls('narrow', 'cancelled', 2, async () => {
    const stopped = refusal(client.query(both));
    await expect.poll(async () => (await metrics()).value('hologen_queued_calls')).toBe(1);
    const { running } = {
      running: (await metrics()).value('hologen_running_calls', { model_type: 'wan2.6-t2v' }),
    };
    expect(running).toBe(1);
    const other = await cloud.gateway.client();
    await other.query(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%narrow%' AND pid <> pg_backend_pid()`,
    );
    await stopped;
  });
  cloud.studio.settings.pendingMs = 0;
  await client.query('RESET ai_gen.reuse');
});

test('429s and failed submits are counted, and the call that comes through in the end has succeeded once', async () => {
  const failure = { status: 500, body: { code: 'InternalError', message: 'x', request_id: 'r' } };
  const throttled = { status: 429, body: { code: 'Throttling.RateQuota', message: 'x', request_id: 'r' } };
  cloud.speaker.script('qwen-plus', throttled, failure);
  const before = await metrics();
  await expectCalls(text, 'succeeded', 1, () => aiGen(client, text, 'come through', null));
  const after = await metrics();
  const more = (name: string, labels: Record<string, string>) =>
    after.value(name, labels) - before.value(name, labels);
  expect(more('hologen_throttled_submits_total', { model: text })).toBe(1);
  expect(more('hologen_retries_total', { model: text, attempt: 'submit' })).toBe(1);
});

test('statements with calls are counted when they are over, others and dry runs are not', async () => {
  const committed = { outcome: 'committed' };
  await expectMore('hologen_statements_total', committed, 1, async () => {
    await client.query('SELECT 1');
    await client.query('SET ai_gen.dry_run = on');
    await aiGen(client, text, 'dry', null);
    await client.query('RESET ai_gen.dry_run');
    await client.query('BEGIN');
    await aiGen(client, text, 'in a transaction', null);
    await client.query('COMMIT');
  });
  await expectMore('hologen_statements_total', { outcome: 'failed' }, 1, () =>
    refusal(client.query(`SELECT 1 / (length(ai_gen($1, 'divide', NULL)) * 0)`, [text])),
  );
});

test('a call of ai_submit is counted when it is over, whoever waits', async () => {
  await expectCalls(text, 'succeeded', 1, () => client.query(`SELECT ai_submit($1, 'later', NULL)`, [text]));
});

test('sessions are counted, and connections turned away with their SQLSTATE', async () => {
  const before = (await metrics()).value('hologen_sessions');
  const clients: pg.Client[] = [];
  await expectMore('hologen_connections_refused_total', { sqlstate: '53300' }, 1, async () => {
    for (;;) {
      const next = await cloud.gateway.client().catch(() => undefined);
      if (!next) break;
      clients.push(next);
    }
  });
  expect((await metrics()).value('hologen_sessions')).toBe(before + clients.length);
  await Promise.all(clients.map((each) => each.end()));
  await expect.poll(async () => (await metrics()).value('hologen_sessions')).toBe(before);
});

test('no prompt, key, password or path of a client is in any of it', async () => {
  const { text: shown } = await metrics();
  const { password } = new URL(cloud.gateway.url);
  for (const secret of ['lake', 'wave', 'oss://', 'sk-test', password]) expect(shown).not.toContain(secret);
});
