/** `hologen mcp`, through the SDK's own client: an agent looks, estimates, runs what was approved, and sees its pictures. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { packagePath } from '../../src/package-root.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
const clients: Client[] = [];

beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(() => gateway.forgetRequests());
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));
afterAll(() => gateway?.close());

/** `answer`: what the person says when asked; undefined: the program cannot ask. */
async function agent(args: string[], answer?: ElicitResult['action']) {
  const capabilities = answer ? { elicitation: {} } : {};
  const client = new Client({ name: 'test', version: '1' }, { capabilities });
  const asked: string[] = [];
  if (answer)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params.message);
      return { action: answer };
    });
  const command = packagePath('dist', 'src', 'cli', 'hologen.js');
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [command, 'mcp', '--url', gateway.url, ...args],
    }),
  );
  clients.push(client);
  async function raw(name: string, given: object = {}) {
    const { content, isError } = await client.callTool({ name, arguments: { ...given } });
    return {
      content: content as { type: string; text?: string; data?: string; mimeType?: string }[],
      isError,
    };
  }
  return {
    client,
    asked,
    raw,
    async call(name: string, given: object = {}) {
      const { content, isError } = await raw(name, given);
      const text = content[0]?.text ?? '';
      return isError ? { problem: text } : JSON.parse(text);
    },
  };
}

const pictures = (count: number, word: string) =>
  `SELECT ai_gen('qwen_image_2', json_build_object('prompt', '${word} ' || i)::text) AS picture FROM generate_series(1, ${count}) i`;

test('an agent lists models with their prices, estimates, runs what was approved, waits, and sees the picture', async () => {
  const { call, raw } = await agent(['--spend-at-most', '2']);
  const models = await call('list_models');
  expect(models.find((model: { model_name: string }) => model.model_name === 'qwen_image_2')).toMatchObject({
    task: 'image-generation',
    price: expect.stringContaining('0.2'),
  });
  const { approval, price, may_still_spend } = await call('estimate', { statement: pictures(2, 'lake') });
  expect({ price, may_still_spend }).toEqual({ price: 'CNY 0.40', may_still_spend: 'CNY 2.00' });
  expect(await gateway.requests()).toHaveLength(0);
  const { run } = await call('run', { approval });
  const outcome = await call('wait', { run, seconds: 50 });
  expect(outcome).toMatchObject({ state: 'done', columns: ['picture'], rowCount: 2 });
  expect(await gateway.requests()).toHaveLength(2);
  const jobs = await call('query', {
    sql: "SELECT job_id, application_name FROM hologen.jobs WHERE request ->> 'prompt' = 'lake 1'",
  });
  expect(jobs.rows[0][1]).toBe('hologen mcp');
  const { content } = await raw('show', { what: jobs.rows[0][0], side: 128 });
  expect(content[0]).toMatchObject({ type: 'image', mimeType: 'image/jpeg' });
  expect(
    Buffer.from(content[0]?.data ?? '', 'base64')
      .subarray(0, 2)
      .toString('hex'),
  ).toBe('ffd8');
  expect(await call('run', { approval })).toMatchObject({ problem: expect.stringContaining('was used') });
});

test('what was approved is made or fails, whatever the role has set for its SQL', async () => {
  const owner = await gateway.client();
  await owner.query("ALTER ROLE CURRENT_USER SET ai_gen.on_error = 'skip'");
  try {
    const { call } = await agent(['--spend-at-most', '2']);
    const { approval } = await call('estimate', { statement: pictures(1, '[[sandbox:refuse]]') });
    const { run } = await call('run', { approval });
    expect(await call('wait', { run, seconds: 50 })).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('refused the call'),
    });
    await owner.query('ALTER ROLE CURRENT_USER SET ai_gen.dry_run = on');
    const braked = await agent(['--spend-at-most', '2']);
    const { approval: again } = await braked.call('estimate', { statement: pictures(1, 'a door') });
    const { run: dry } = await braked.call('run', { approval: again });
    expect(await braked.call('wait', { run: dry, seconds: 50 })).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('ai_gen.dry_run is on'),
    });
  } finally {
    await owner.query(
      'ALTER ROLE CURRENT_USER RESET ai_gen.on_error; ALTER ROLE CURRENT_USER RESET ai_gen.dry_run',
    );
  }
});

test('a picture is shown by its path, a film by its address, and no address is fetched that the ledger has not', async () => {
  const owner = await gateway.client();
  const place = "to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/test')";
  for (const [model, request] of [
    ['qwen_image_2', { prompt: 'a pier', output_dir: 'oss://demo/mcp/', parameters: { n: 2 } }],
    ['wan26_t2v', { prompt: 'a pier', output_dir: 'oss://demo/mcp/', parameters: { duration: 2 } }],
  ])
    await owner.query(`SELECT ai_gen($1, $2, ${place})`, [model, JSON.stringify(request)]);
  const { rows } = await owner.query(
    'SELECT oss_path, kind, job_id FROM hologen.outputs WHERE prompt = $1 ORDER BY kind, oss_path',
    ['a pier'],
  );
  const [, second, film] = rows;
  const { raw, call } = await agent(['--read-only']);
  const byPath = await raw('show', { what: second.oss_path });
  expect(byPath.content).toEqual([
    { type: 'image', mimeType: 'image/jpeg', data: expect.any(String) },
    { type: 'text', text: expect.stringContaining(second.oss_path) },
  ]);
  expect((await raw('show', { what: second.job_id, index: 1 })).content[0]).toEqual(byPath.content[0]);
  const shown = await raw('show', { what: film.job_id });
  const [path, address = ''] = shown.content[0]?.text?.split('\n') ?? [];
  expect([shown.content.length, path]).toEqual([1, film.oss_path]);
  expect((await fetch(address)).headers.get('content-type')).toBe('video/mp4');
  // What is signed can be fetched, as it stands in the ledger; an address that an agent was given is not.
  expect(await call('show', { what: address })).toMatchObject({ problem: expect.stringContaining('oss://') });
  expect(await call('show', { what: second.job_id, index: 2 })).toMatchObject({
    problem: expect.stringContaining('2 outputs'),
  });
});

test('no more is spent in a session than it may, by whatever way', async () => {
  const { call } = await agent(['--spend-at-most', '1']);
  const many = await call('estimate', { statement: pictures(6, 'hill') });
  expect(many).toMatchObject({ approval: null, price: 'CNY 1.20', may_still_spend: 'CNY 1.00' });
  const first = await call('estimate', { statement: pictures(4, 'hill') });
  const second = await call('estimate', { statement: pictures(3, 'dune') });
  const { run } = await call('run', { approval: first.approval });
  expect(await call('wait', { run, seconds: 50 })).toMatchObject({ state: 'done' });
  const beyond = await call('run', { approval: second.approval });
  expect(await call('wait', { run: beyond.run, seconds: 50 })).toMatchObject({
    state: 'failed',
    problem: expect.stringContaining('ai_gen.spend_at_most'),
  });
  expect(await gateway.requests()).toHaveLength(4);
});

test('a text without a bound is not approved, which says how to bound it, and with that it is', async () => {
  const { call } = await agent(['--spend-at-most', '1']);
  const ask = (request: object) =>
    call('estimate', { statement: `SELECT ai_gen('qwen_plus', '${JSON.stringify(request)}')` });
  expect(await ask({ prompt: 'a hill' })).toMatchObject({
    approval: null,
    why: expect.stringContaining('"parameters": {"max_tokens": …}'),
  });
  expect(await ask({ prompt: 'a hill', parameters: { max_tokens: 90 } })).toMatchObject({
    approval: expect.any(String),
  });
});

test('query, estimate and the read-only door spend nothing, whatever SQL they are given', async () => {
  const { client, call } = await agent(['--read-only']);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual(['estimate', 'list_models', 'query', 'show']);
  const sly = `WITH s AS MATERIALIZED (SELECT set_config('ai_gen.spend_at_most', '100', false), set_config('ai_gen.dry_run', 'off', false))
    SELECT ai_gen('qwen_image_2', json_build_object('prompt', 'sly ' || count(*))::text) FROM s`;
  expect((await call('query', { sql: sly })).problem).toContain('53400');
  expect(
    (await call('query', { sql: 'SELECT ai_submit(\'qwen_image_2\', \'{"prompt": "sly"}\')' })).problem,
  ).toContain('53400');
  expect((await call('query', { sql: 'CREATE TABLE t (i int)' })).problem).toContain('25006');
  expect((await call('query', { sql: 'COMMIT; SELECT 1' })).problem).toContain('42601');
  await call('estimate', { statement: sly });
  expect(await call('estimate', { statement: pictures(3, 'dry') })).toMatchObject({ price: 'CNY 0.60' });
  expect(await gateway.requests()).toHaveLength(0);
});

test('where the agent’s program can ask its person, nothing is run that was declined', async () => {
  const refusing = await agent([], 'decline');
  const { approval } = await refusing.call('estimate', { statement: pictures(1, 'gate') });
  expect(await refusing.call('run', { approval })).toEqual({ run: null, why: 'the person declined' });
  expect(refusing.asked).toEqual([expect.stringContaining('CNY 0.20')]);
  expect(await gateway.requests()).toHaveLength(0);
  const agreeing = await agent([], 'accept');
  const again = await agreeing.call('estimate', { statement: pictures(1, 'gate') });
  const { run } = await agreeing.call('run', { approval: again.approval });
  expect(await agreeing.call('wait', { run })).toMatchObject({ state: 'done' });
});

test('a run is cancelled, and an error says how to mend it', async () => {
  const { call } = await agent([]);
  const statement =
    "SELECT pg_sleep(CASE current_setting('ai_gen.dry_run', true) WHEN 'on' THEN 0 ELSE 60 END)";
  const sleeping = await call('estimate', { statement });
  const { run } = await call('run', { approval: sleeping.approval });
  expect(await call('wait', { run, seconds: 0 })).toMatchObject({ state: 'running' });
  expect(await call('cancel', { run })).toMatchObject({
    state: 'failed',
    problem: expect.stringContaining('57014'),
  });
  const bad = await call('estimate', {
    statement: `SELECT ai_gen('qwen_image_2', '{"prompt": "a", "parameters": {"n": 99}}')`,
  });
  expect(bad.problem).toContain('from 1 to 6');
});
