/** OpenAI's client, ali-oss and Alibaba's own STS client against the sandbox, as they come: default addressing, default formats. */
import { $OpenApiUtil } from '@alicloud/openapi-core';
import StsModule, { AssumeRoleRequest } from '@alicloud/sts20150401';
import OSS from 'ali-oss';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCloud, type TestCloud } from './sandbox-cloud.js';

let cloud: TestCloud;
let openai: OpenAI;
beforeAll(async () => {
  cloud = await startTestCloud();
  const baseURL = `${cloud.modelStudio}/compatible-mode/v1`;
  openai = new OpenAI({ apiKey: cloud.apiKey, baseURL, maxRetries: 0 });
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

const messages = [{ role: 'user' as const, content: 'name a colour' }];

test('openai: a chat at once and as a stream say the same, with the usage behind the stream', async () => {
  const whole = await openai.chat.completions.create({ model: 'qwen-plus', messages });
  const asked = {
    model: 'qwen-plus',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  } as const;
  const pieces: string[] = [];
  let usage: unknown;
  let finish: unknown;
  for await (const chunk of await openai.chat.completions.create(asked)) {
    const [choice] = chunk.choices;
    if (choice?.delta.content) pieces.push(choice.delta.content);
    finish = choice?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.join('')).toBe(whole.choices[0]?.message.content);
  expect([finish, usage]).toEqual(['stop', whole.usage]);
});

test('openai: the stream helper gathers the same message', async () => {
  const runner = openai.chat.completions.stream({ model: 'qwen-plus', messages });
  expect(await runner.finalContent()).toContain('name a colour');
});

test('openai: embeddings in its default format are those in plain numbers', async () => {
  const wish = { model: 'text-embedding-v4', input: ['a', 'b'], dimensions: 256 };
  const byDefault = await openai.embeddings.create(wish);
  const plain = await openai.embeddings.create({ ...wish, encoding_format: 'float' });
  expect(byDefault.data.map(({ embedding }) => embedding.length)).toEqual([256, 256]);
  for (const [index, { embedding }] of byDefault.data.entries())
    for (const [place, value] of embedding.entries())
      expect(value).toBeCloseTo(plain.data[index]?.embedding[place] ?? Number.NaN, 6);
});

test('openai: refusals have its own error classes', async () => {
  const wrong = openai.chat.completions.create({ model: 'no-such-model', messages });
  await expect(wrong).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  const stranger = new OpenAI({ apiKey: 'none', baseURL: openai.baseURL, maxRetries: 0 });
  const unknown = stranger.chat.completions.create({ model: 'qwen-plus', messages });
  await expect(unknown).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
});

function ossClient(options: object = {}): OSS {
  const { accessKeyId, accessKeySecret } = cloud.accessKey;
  const { ossEndpoint: endpoint, agent } = cloud;
  return new OSS({
    accessKeyId,
    accessKeySecret,
    bucket: 'demo',
    endpoint,
    agent,
    ...options,
  } as OSS.Options);
}

test.each([
  ['signature 1', {}],
  ['signature 4', { authorizationV4: true, region: 'oss-cn-hangzhou' }],
])(
  'ali-oss with %s at its default addressing: objects, copies, lists, batches, buckets',
  async (_name, options) => {
    const oss = ossClient(options);
    await oss.put('ali/a b+ü.txt', Buffer.from('hello'));
    expect((await oss.get('ali/a b+ü.txt')).content.toString()).toBe('hello');
    expect((await oss.head('ali/a b+ü.txt')).status).toBe(200);
    await oss.copy('ali/copy.txt', 'ali/a b+ü.txt');
    const { objects } = await oss.listV2({ prefix: 'ali/' }, {});
    expect(objects.map(({ name }: { name: string }) => name)).toEqual(['ali/a b+ü.txt', 'ali/copy.txt']);
    expect(objects[0]?.lastModified).toMatch(/\.000Z$/);
    const { buckets } = (await oss.listBuckets({})) as unknown as { buckets: { name: string }[] };
    expect(buckets.map(({ name }) => name)).toContain('demo');
    const { deleted } = await oss.deleteMulti(['ali/copy.txt', 'ali/a b+ü.txt']);
    expect(deleted).toHaveLength(2);
    expect((await oss.listV2({ prefix: 'ali/' }, {})).keyCount).toBe(0);
  },
);

test('sts20150401: the role’s keys open the store, and a wrong secret is refused', async () => {
  // CommonJS: its class is the module's default, or that one's, by who loads it.
  type StsClient = typeof StsModule.default;
  const Client: StsClient = StsModule.default ?? (StsModule as unknown as StsClient);
  const { host } = new URL(cloud.sts);
  const connect = (secret: string) =>
    new Client(
      new $OpenApiUtil.Config({
        accessKeyId: cloud.accessKey.accessKeyId,
        accessKeySecret: secret,
        ...{ endpoint: host, protocol: 'http', regionId: 'cn-hangzhou' },
      }),
    );
  const wish = new AssumeRoleRequest({
    ...{ roleArn: 'acs:ram::186xxx:role/xxx', roleSessionName: 'test', durationSeconds: 900 },
    policy: '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}',
  });
  const { body } = await connect(cloud.accessKey.accessKeySecret).assumeRole(wish);
  const { accessKeyId, accessKeySecret, securityToken: stsToken } = body?.credentials ?? {};
  const oss = ossClient({ accessKeyId, accessKeySecret, stsToken, refreshSTSTokenInterval: 3_600_000 });
  expect((await oss.put('ali/by-role', Buffer.from('x'))).res.status).toBe(200);
  await expect(connect('wrong').assumeRole(wish)).rejects.toThrow(/SignatureDoesNotMatch/);
});
