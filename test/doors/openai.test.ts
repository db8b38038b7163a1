/** The OpenAI-form door, through OpenAI's own client: the same models, checks, budgets and ledger, with keys that are roles. */
import OpenAI, { APIError, type AuthenticationError } from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let openai: OpenAI;

beforeAll(async () => {
  gateway = await startTestGateway({ openaiPort: '0' });
  openai = clientOf(await makeKey('shop-bot'));
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

function clientOf(apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: gateway.openai });
}

async function makeKey(role: string): Promise<string> {
  const owner = await gateway.client();
  const { rows } = await owner.query<{ key: string }>('SELECT hologen.make_key($1) AS key', [role]);
  return rows[0]?.key ?? '';
}

async function refused(asked: Promise<unknown>): Promise<APIError> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof APIError) return error;
  throw new Error(`not refused: ${error}`);
}

const file = {
  oss_path: 'oss://demo/',
  oss_endpoint: 'oss-cn-hangzhou-internal.aliyuncs.com',
  role_arn: 'acs:ram::1234567890123456:role/hologen',
};

test('pictures come as addresses that can be fetched, and their call is in the ledger as the role of the key', async () => {
  const answer = await openai.images.generate({
    model: 'qwen_image_2',
    prompt: 'a red door',
    n: 2,
    size: '1024x1024',
    user: 'spring',
  });
  expect(answer.data).toHaveLength(2);
  const picture = await fetch(answer.data?.[0]?.url ?? '');
  expect(picture.headers.get('content-type')).toBe('image/png');
  const owner = await gateway.client();
  const { rows } = await owner.query(
    `SELECT role_name, application_name, tag, price FROM hologen.jobs WHERE request ->> 'prompt' = 'a red door'`,
  );
  expect(rows).toEqual([
    { role_name: 'shop-bot', application_name: 'hologen openai', tag: 'spring', price: '0.4' },
  ]);
  expect(answer).toMatchObject({ hologen: { price: 0.4, currency: 'CNY', job_ids: [expect.any(String)] } });
});

test('what a role has set for its SQL is not for its requests: an error is an error, and a dry run is told', async () => {
  const key = await makeKey('careless-bot');
  const owner = await gateway.client();
  await owner.query('ALTER ROLE "careless-bot" SET ai_gen.on_error = \'skip\'');
  const careless = clientOf(key);
  const content = '[[sandbox:refuse]]';
  const text = careless.chat.completions.create({
    model: 'qwen_plus',
    messages: [{ role: 'user', content }],
  });
  expect((await refused(text)).message).toContain('refused the call');
  const picture = careless.images.generate({ model: 'qwen_image_2', prompt: content });
  expect((await refused(picture)).message).toContain('refused the call');
  await owner.query('ALTER ROLE "careless-bot" SET ai_gen.dry_run = on');
  await gateway.forgetRequests();
  const real = careless.images.generate({ model: 'qwen_image_2', prompt: 'a real door' });
  expect(await refused(real)).toMatchObject({
    status: 403,
    message: expect.stringContaining('ai_gen.dry_run is on'),
  });
  expect(await gateway.requests()).toEqual([]);
});

test('pictures come as base64, and are saved where the request says', async () => {
  const asked = { output_dir: 'oss://demo/api/', file } as object;
  const answer = await openai.images.generate({
    ...{ model: 'qwen_image_2', prompt: 'a blue door', response_format: 'b64_json', ...asked },
  });
  const [picture] = answer.data ?? [];
  expect(
    Buffer.from(picture?.b64_json ?? '', 'base64')
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  expect(picture).toMatchObject({ oss_path: expect.stringMatching(/^oss:\/\/demo\/api\/.+\.png$/) });
  const saved = await openai.images.generate({ model: 'qwen_image_2', prompt: 'a green door', ...asked });
  expect((await fetch(saved.data?.[0]?.url ?? '')).status).toBe(200);
});

test('a conversation is answered, with its tokens', async () => {
  const answer = await openai.chat.completions.create({
    model: 'qwen_plus',
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Name a colour.' },
    ],
    temperature: 0.5,
  });
  expect(answer.choices[0]?.message.content).toContain('Name a colour.');
  expect(answer.choices[0]?.finish_reason).toBe('stop');
  expect(answer.usage?.total_tokens).toBeGreaterThan(2);
  const [sent] = await gateway.requests();
  expect(sent?.body).toMatchObject({ messages: [{ role: 'system' }, { role: 'user' }], temperature: 0.5 });
  const cut = await openai.chat.completions.create({
    ...{ model: 'qwen_plus', max_tokens: 3, messages: [{ role: 'user' as const, content: 'Tell me a lot' }] },
  });
  expect(cut.choices[0]?.finish_reason).toBe('length');
});

test('a stream has the answer in one piece, and its usage when asked', async () => {
  const stream = await openai.chat.completions.create({
    model: 'qwen_plus',
    messages: [{ role: 'user', content: 'Name a river.' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain('Name a river.');
  expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
});

test('embeddings of many texts are asked for at once, in their order, as floats or packed', async () => {
  const input = Array.from({ length: 12 }, (_, index) => `text ${index}`);
  const packed = await openai.embeddings.create({ model: 'text_embedding_v4', input, dimensions: 64 });
  expect(packed.data.map(({ index, embedding }) => [index, embedding.length])).toEqual(
    input.map((_, index) => [index, 64]),
  );
  expect(packed.usage.total_tokens).toBeGreaterThan(0);
  const owner = await gateway.client();
  const { rows } = await owner.query<{ vector: number[] }>(
    `SELECT ai_gen('text_embedding_v4', '{"prompt": "text 7", "parameters": {"dimensions": 64}}')::float4[]::float8[] AS vector`,
  );
  expect(packed.data[7]?.embedding.map((value) => value.toFixed(5))).toEqual(
    rows[0]?.vector.map((value) => value.toFixed(5)),
  );
  const [floats] = (
    await openai.embeddings.create({
      ...{ model: 'text_embedding_v4', input: 'text 7', dimensions: 64, encoding_format: 'float' as const },
    })
  ).data;
  expect(floats?.embedding.map((value) => value.toFixed(5))).toEqual(
    packed.data[7]?.embedding.map((value) => value.toFixed(5)),
  );
});

test('a video is asked for, followed and fetched', async () => {
  const asked = { model: 'wan26_t2v', prompt: 'a door opens', seconds: '5', size: '1280x720' };
  const video = await openai.videos.create(asked as Parameters<typeof openai.videos.create>[0]);
  expect(video).toMatchObject({ object: 'video', prompt: 'a door opens', seconds: '5', size: '1280x720' });
  await expect
    .poll(async () => (await openai.videos.retrieve(video.id)).status, { timeout: 20_000 })
    .toBe('completed');
  const content = await openai.videos.downloadContent(video.id);
  expect(
    Buffer.from(await content.arrayBuffer())
      .subarray(4, 8)
      .toString(),
  ).toBe('ftyp');
  const other = clientOf(await makeKey('other-bot'));
  expect((await refused(other.videos.retrieve(video.id))).status).toBe(404);
});

test('a video made from another has its own seconds, though those of both are billed', async () => {
  const saved = { output_dir: 'oss://demo/api/', file, size: '1280x720' } as object;
  const done = async (asked: object) => {
    const { id } = await openai.post<OpenAI.Video>('/videos', { body: { ...saved, ...asked } });
    const now = async () => (await openai.videos.retrieve(id)).status;
    await expect.poll(now, { timeout: 20_000 }).toBe('completed');
    return (await openai.videos.retrieve(id)) as OpenAI.Video & { hologen: { oss_path: string } };
  };
  const { hologen } = await done({ model: 'wan26_t2v', prompt: 'a knocker', seconds: '3' });
  const reference_urls = [hologen.oss_path];
  const made = await done({ model: 'wan26_r2v', prompt: 'character1 knocks', seconds: '2', reference_urls });
  expect(made.seconds).toBe('2');
  const owner = await gateway.client();
  const { rows } = await owner.query(
    `SELECT o.seconds::float8, (j.units ->> 'seconds')::float8 > 2 AS more_is_billed FROM hologen.outputs o JOIN hologen.jobs j USING (job_id)
     WHERE job_id = $1`,
    [made.id],
  );
  expect(rows).toEqual([{ seconds: 2, more_is_billed: true }]);
});

test('models are those that are deployed', async () => {
  const { data } = await openai.models.list();
  expect(data.map(({ id }) => id)).toContain('qwen_image_2');
  expect(await openai.models.retrieve('qwen_plus')).toMatchObject({ id: 'qwen_plus', object: 'model' });
  expect((await refused(openai.models.retrieve('dall-e-3'))).code).toBe('model_not_found');
});

test('what does not fit is refused in OpenAI’s form before anything is spent, once', async () => {
  const picture = (more: object) =>
    refused(openai.images.generate({ model: 'qwen_image_2', prompt: 'a door', ...more }));
  expect(await refused(openai.images.generate({ model: 'dall-e-3', prompt: 'a door' }))).toMatchObject({
    ...{ status: 404, code: 'model_not_found', type: 'invalid_request_error' },
  });
  expect(await picture({ n: 99 })).toMatchObject({
    status: 400,
    message: expect.stringContaining('from 1 to 6'),
  });
  expect(await picture({ quality: 'hd' })).toMatchObject({
    status: 400,
    message: expect.stringContaining('quality'),
  });
  expect(await picture({ colour: 'red' })).toMatchObject({
    status: 400,
    message: expect.stringContaining('colour'),
  });
  const owner = await gateway.client();
  await owner.query("CALL set_budget('shop-bot', 'qwen_image_2', money_per_day => 0.01)");
  expect(await picture({})).toMatchObject({ status: 429, code: 'insufficient_quota' });
  await owner.query("CALL remove_budget('shop-bot', 'qwen_image_2')");
  expect(await gateway.requests()).toHaveLength(0);
});

test('a body is refused that nests without end, or names what every object has', async () => {
  const authorization = `Bearer ${await makeKey('stranger-bot')}`;
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const deep = await fetch(`${gateway.openai}/chat/completions`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: `{"model": "qwen_plus", "messages": ${nested}}`,
  });
  expect([deep.status, await deep.text()]).toEqual([400, expect.stringContaining('levels deep')]);
  const form = new FormData();
  form.set('model', 'wan26_t2v');
  form.set('__proto__[prompt]', 'a sea');
  const planted = await fetch(`${gateway.openai}/videos`, {
    method: 'POST',
    headers: { authorization },
    body: form,
  });
  expect([planted.status, await planted.text()]).toEqual([400, expect.stringContaining('__proto__')]);
  expect(await gateway.requests()).toHaveLength(0);
});

test('a key that was revoked, replaced or guessed is no key', async () => {
  const owner = await gateway.client();
  const [first, second] = [await makeKey('short-lived'), await makeKey('short-lived')];
  const list = (key: string) => clientOf(key).models.list();
  const unknown: Partial<AuthenticationError> = { status: 401, code: 'invalid_api_key' };
  expect(await refused(list(first))).toMatchObject(unknown);
  expect((await list(second)).data.length).toBeGreaterThan(0);
  await owner.query("CALL hologen.revoke_key('short-lived')");
  expect(await refused(list(second))).toMatchObject(unknown);
  for (const key of ['sk-123', 'hg-', `hg-${Buffer.from('nobody:secret').toString('base64url')}`])
    expect(await refused(list(key)), key).toMatchObject(unknown);
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  expect((await list(`hg-${Buffer.from('amy:secret').toString('base64url')}`)).data.length).toBeGreaterThan(
    0,
  );
  expect(await refusal(owner.query("SELECT hologen.make_key('amy')"))).toMatchObject({ code: '42710' });
  const amy = await gateway.clientOf('amy');
  expect(await refusal(amy.query("SELECT hologen.make_key('mine')"))).toMatchObject({ code: '42501' });
});

test('a key has the rights of its role: a viewer’s makes nothing, and a model is called by those it is granted to', async () => {
  const owner = await gateway.client();
  await owner.query("CREATE ROLE vera LOGIN PASSWORD 'secret'; GRANT hologen_viewer TO vera");
  const vera = clientOf(`hg-${Buffer.from('vera:secret').toString('base64url')}`);
  const asked = { model: 'qwen_image_2', prompt: 'a shut door' };
  expect(await refused(vera.images.generate(asked))).toMatchObject({ status: 403 });
  const bot = clientOf(await makeKey('granted-bot'));
  await owner.query('CREATE ROLE somebody');
  await owner.query("CALL grant_model('qwen_image_2', 'somebody')");
  expect(await refused(bot.images.generate(asked))).toMatchObject({ status: 403 });
  expect(await gateway.requests()).toEqual([]);
  await owner.query("CALL grant_model('qwen_image_2', 'granted-bot')");
  expect((await bot.images.generate(asked)).data).toHaveLength(1);
  await owner.query(
    "CALL revoke_model('qwen_image_2', 'granted-bot'); CALL revoke_model('qwen_image_2', 'somebody'); CALL grant_model('qwen_image_2', 'public')",
  );
});

test('a client that leaves has not lost what is paid for: the same request takes it', async () => {
  const slow = await startTestGateway({ openaiPort: '0', sandboxImageMs: '800' });
  try {
    const owner = await slow.client();
    const { rows } = await owner.query<{ key: string }>("SELECT hologen.make_key('bot') AS key");
    const client = new OpenAI({ apiKey: rows[0]?.key ?? '', baseURL: slow.openai });
    const leaving = new AbortController();
    const asked = { model: 'qwen_image_2', prompt: 'a slow door' };
    const left = client.images.generate(asked, { signal: leaving.signal });
    await expect.poll(async () => (await slow.requests()).length).toBe(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    const answer = await client.images.generate(asked);
    expect(answer.data).toHaveLength(1);
    expect(await slow.requests()).toHaveLength(1);
  } finally {
    await slow.close();
  }
});
