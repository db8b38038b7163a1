/** Webhooks: signed as Standard Webhooks, told again where that fails, over a restart, and only at hosts that are allowed. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { readMetrics } from '../metrics/read-metrics.js';

interface Told {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let told: Told[] = [];
/** What the receiver answers to the next requests; then 204. `silent`: nothing at all. */
let answers: (number | 'silent')[] = [];
/** What is told to /slow now, which never answers, and the most of it at once. */
let slow = 0;
let mostSlow = 0;
const receiver = createServer(async (request, response) => {
  told.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
  if (request.url === '/slow') {
    slow += 1;
    mostSlow = Math.max(mostSlow, slow);
    return response.on('close', () => {
      slow -= 1;
    });
  }
  const answer = answers.shift() ?? 204;
  if (answer === 'silent') return;
  const elsewhere = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/elsewhere`;
  response.writeHead(answer, answer === 302 ? { location: elsewhere } : {}).end();
});

const webhookHosts = 'hooks.example.com,*.inner.example';
let dataDir: string;
let gateway: TestGateway;
let owner: pg.Client;
let address: string;

beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  dataDir = await mkdtemp(join(tmpdir(), 'hologen-webhooks-'));
  gateway = await startTestGateway({ dataDir, webhookHosts, metricsPort: '0' });
  owner = await gateway.client();
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
});
afterEach(async () => {
  told = [];
  answers = [];
  await owner.query('DELETE FROM hologen_internal.webhook');
});
afterAll(async () => {
  await gateway?.close();
  receiver.closeAllConnections();
  receiver.close();
  await rm(dataDir, { recursive: true, force: true });
});

const set = async (given: string): Promise<string> =>
  (await owner.query(`CALL set_webhook(${given})`)).rows[0].secret;
const types = () => told.map(({ body }) => JSON.parse(body).type).sort();
const attempts = async (outcome: string) =>
  (await readMetrics(gateway.metrics)).value('hologen_webhook_attempts_total', { outcome });
const waiting = async () => (await readMetrics(gateway.metrics)).value('hologen_waiting_webhook_messages');
const heard = (count: number) => expect.poll(() => told.length, { timeout: 20_000 }).toBe(count);

/** As https://www.standardwebhooks.com tells receivers to. */
function isSigned({ headers, body }: Told, secret: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

test('a statement that names a webhook is told of by job and as a whole, signed, without its prompt', async () => {
  const secret = await set(`'done', '${address}/done'`);
  const amy = await gateway.clientOf('amy');
  await amy.query("SET ai_gen.webhook = 'done'; SET ai_gen.tag = 'spring'");
  const file = "to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')";
  const request = '{"prompt": "hidden words", "label": "A-17", "output_dir": "oss://demo/hooks/"}';
  await amy.query(`SELECT ai_gen('qwen_image_2', '${request}', ${file})`);
  await heard(2);
  expect(types()).toEqual(['job.succeeded', 'statement.ended']);
  expect(told.every((each) => isSigned(each, secret))).toBe(true);
  expect(told.map(({ path }) => path)).toEqual(['/done', '/done']);
  expect(JSON.stringify(told)).not.toContain('hidden words');
  const [job] = (await amy.query('SELECT job_id, outputs FROM hologen.jobs')).rows;
  const data = told.map(({ body }) => JSON.parse(body)).find(({ type }) => type === 'job.succeeded').data;
  expect(data).toMatchObject({
    ...{ job_id: job.job_id, role_name: 'amy', label: 'A-17', tag: 'spring', sqlstate: null },
    outputs: [job.outputs[0].ossPath],
  });
  await amy.query('RESET ai_gen.webhook');
  await amy.query("SELECT ai_gen('qwen_plus', 'nobody is told of this')");
  await expect
    .poll(async () => (await owner.query('SELECT DISTINCT state FROM hologen.webhook_messages')).rows)
    .toEqual([{ state: 'told' }]);
  expect(told).toHaveLength(2);
});

test('of one webhook no more than four are told at once, also when some are under way already', async () => {
  await set(`'slow', '${address}/slow'`);
  await set(`'quick', '${address}/quick', tag => 'quick'`);
  const amy = await gateway.clientOf('amy');
  await amy.query("SET ai_gen.tag = 'quick'");
  const quick = () => told.filter(({ path }) => path === '/quick').length;
  for (const [more, times] of [
    [3, 1],
    [4, 2],
  ]) {
    await owner.query(
      "INSERT INTO hologen_internal.webhook_message (webhook_name, body) SELECT 'slow', '{}' FROM generate_series(1, $1::int)",
      [more],
    );
    // The gateway looks for messages when there is one of its own, which is behind the others.
    await amy.query(`SELECT ai_gen('qwen_image_2', 'bell ${times}')`);
    await expect.poll(quick, { timeout: 20_000 }).toBe(times);
  }
  await expect.poll(() => mostSlow, { timeout: 20_000 }).toBe(4);
  await owner.query("DELETE FROM hologen_internal.webhook_message WHERE webhook_name = 'slow'");
}, 60_000);

test('the end of a statement counts what it has submitted, too', async () => {
  await set(`'done', '${address}/done'`);
  await owner.query(
    "SET ai_gen.webhook = 'done'; SELECT ai_submit('qwen_plus', 'later') FROM generate_series(1, 2)",
  );
  await owner.query('RESET ai_gen.webhook');
  await heard(3);
  const ended = told.map(({ body }) => JSON.parse(body)).find(({ type }) => type === 'statement.ended');
  expect(ended.data).toMatchObject({ outcome: 'committed', calls: 2, failed: 0 });
});

test('a webhook of a role or a tag is told of their calls alone, failed ones too', async () => {
  await set(`'of amy', '${address}/amy', role_name => 'amy'`);
  await set(`'of summer', '${address}/summer', tag => 'summer'`);
  const amy = await gateway.clientOf('amy');
  expect((await refusal(amy.query("SELECT ai_gen('qwen_image', 'a cup [[sandbox:refuse]]')"))).code).toBe(
    '22H01',
  );
  await owner.query("SET ai_gen.tag = 'summer'; SELECT ai_gen('qwen_plus', 'tagged')");
  await owner.query("RESET ai_gen.tag; SELECT ai_gen('qwen_plus', 'neither')");
  await heard(2);
  const seen = told.map(({ path, body }) => [path, JSON.parse(body).type, JSON.parse(body).data.sqlstate]);
  expect(seen.sort()).toEqual([
    ['/amy', 'job.failed', '22H01'],
    ['/summer', 'job.succeeded', null],
  ]);
});

test('what is not taken is told again under the same id and counted, and a redirect is not followed', async () => {
  const secret = await set(`'flaky', '${address}/flaky', role_name => 'public'`);
  const [toldBefore, againBefore] = [await attempts('told'), await attempts('again')];
  answers = [503, 302];
  await owner.query("SELECT ai_gen('qwen_plus', 'three times')");
  await heard(3);
  expect(new Set(told.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(told.map(({ path }) => path)).toEqual(['/flaky', '/flaky', '/flaky']);
  expect(told.every((each) => isSigned(each, secret))).toBe(true);
  await expect.poll(() => attempts('told')).toBe(toldBefore + 1);
  expect(await attempts('again')).toBe(againBefore + 2);
  expect(await waiting()).toBe(0);
});

test('a receiver that never answers keeps no other waiting, and what it was not told is told after a restart', async () => {
  const secret = await set(`'silent', '${address}/silent', role_name => 'public'`);
  await set(`'quick', '${address}/quick', role_name => 'public'`);
  const before = Date.now();
  answers = ['silent', 'silent'];
  await owner.query("SELECT ai_gen('qwen_plus', 'kept')");
  // Which of the two came first, and is never answered, is chance: each is told again.
  await heard(2);
  await gateway.close();
  gateway = await startTestGateway({ dataDir, webhookHosts, metricsPort: '0' });
  owner = await gateway.client();
  await expect.poll(() => told.length, { timeout: 90_000 }).toBeGreaterThanOrEqual(4);
  expect(Date.now() - before).toBeLessThan(90_000);
  expect(new Set(told.map(({ path }) => path))).toEqual(new Set(['/silent', '/quick']));
  expect(told.filter(({ path }) => path === '/silent').every((each) => isSigned(each, secret))).toBe(true);
});

test('what the operator is told of budgets waits for a gateway that has the address; after a day it has failed', async () => {
  await owner.query(`INSERT INTO hologen_internal.webhook_message (webhook_name, body, made_at, next_at)
    VALUES ('', '"of today"', now(), now() - interval '1 hour'), ('', '"of long ago"', now() - interval '2 days', now())`);
  await set(`'news', '${address}/news'`);
  await owner.query("SET ai_gen.webhook = 'news'");
  await owner.query("SELECT ai_gen('qwen_plus', 'hello')");
  await owner.query('RESET ai_gen.webhook');
  await heard(2);
  const budgets = `SELECT body, attempts, told_at IS NULL AS untold, problem FROM hologen_internal.webhook_message WHERE webhook_name = '' ORDER BY body`;
  await expect
    .poll(async () => (await owner.query(budgets)).rows)
    .toEqual([
      {
        body: '"of long ago"',
        attempts: 0,
        untold: true,
        problem: expect.stringContaining('HOLOGEN_BUDGET_WEBHOOK'),
      },
      { body: '"of today"', attempts: 0, untold: true, problem: null },
    ]);
  await expect.poll(() => attempts('failed')).toBe(1);
  await gateway.close();
  gateway = await startTestGateway({
    dataDir,
    webhookHosts,
    metricsPort: '0',
    budgetWebhook: `${address}/budgets`,
  });
  owner = await gateway.client();
  await heard(3);
  expect(told.at(-1)).toMatchObject({ path: '/budgets', body: '"of today"' });
  await owner.query('DELETE FROM hologen_internal.webhook_message');
});

test('after a day a message has failed, is counted, and administrators see why', async () => {
  await set(`'gone', '${address}/gone', role_name => 'public'`);
  answers = Array(20).fill(500);
  await owner.query("SELECT ai_gen('qwen_plus', 'in vain')");
  await heard(1);
  expect(await waiting()).toBeGreaterThan(0);
  await owner.query("UPDATE hologen_internal.webhook_message SET made_at = made_at - interval '25 hours'");
  const seen = "SELECT state, problem FROM hologen.webhook_messages WHERE webhook_name = 'gone'";
  await expect
    .poll(async () => (await owner.query(seen)).rows, { timeout: 20_000 })
    .toEqual([{ state: 'failed', problem: 'answered 500' }]);
  const failed = await owner.query("SELECT FROM hologen.webhook_messages WHERE state = 'failed'");
  await expect.poll(() => attempts('failed')).toBe(failed.rowCount);
  const amy = await gateway.clientOf('amy');
  expect((await amy.query('SELECT FROM hologen.webhook_messages')).rowCount).toBe(0);
  expect((await amy.query('SELECT webhook_name, url FROM hologen.webhooks')).rows).toEqual([
    { webhook_name: 'gone', url: null },
  ]);
});

test.each([
  'http://hooks.example.com/x',
  'https://example.com/',
  'https://169.254.169.254/latest/meta-data/',
  'https://user:secret@hooks.example.com/',
  'https://inner.example/',
  'https://hooks.example.com.evil.example/',
  'ftp://hooks.example.com/',
  'no address',
])('%s is no address for a webhook', async (url) => {
  expect((await refusal(owner.query('CALL set_webhook($1, $2)', ['bad', url]))).code).toBe('22023');
});

test('allowed hosts are taken, an unknown webhook refuses the call, and only administrators set one', async () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(await set(`'own', 'https://hooks.example.com/x', secret => '${secret}'`)).toBe(secret);
  expect(await set(`'under', 'https://a.inner.example/x'`)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect((await refusal(set(`'short', 'https://hooks.example.com/x', secret => 'short'`))).code).toBe(
    '22023',
  );
  const amy = await gateway.clientOf('amy');
  await amy.query("SET ai_gen.webhook = 'nobody'");
  const unknown = await refusal(amy.query("SELECT ai_gen('qwen_plus', 'hello')"));
  expect([unknown.code, unknown.hint]).toEqual(['42704', expect.stringContaining('Webhooks: own, under')]);
  expect((await refusal(amy.query("CALL set_webhook('a', 'https://hooks.example.com/')"))).code).toBe(
    '42501',
  );
  expect((await refusal(owner.query("CALL remove_webhook('nobody')"))).code).toBe('42704');
  await owner.query("CALL remove_webhook('own')");
});
