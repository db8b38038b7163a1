/** Answers that no documentation foresees: none loses what is paid for, none has it sent twice, none holds up others for ever. */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, type Said, startOwnCloud } from './own-cloud.js';
import { aiGen, deploy, newestJob } from './statements.js';

let cloud: OwnCloud;
beforeAll(async () => {
  cloud = await startOwnCloud({}, { lookMs: '200' });
});
afterAll(() => cloud?.close());

let nextType = 0;
/** A film of a type of its own, whose submit and task are answered by the test. */
async function film(...looks: Said[]) {
  const type = `wan2.6-t2v-2002-01-${String(++nextType).padStart(2, '0')}`;
  const client = await cloud.gateway.client();
  const model = await deploy(client, type, 'video-generation');
  const body = { request_id: `submit-${type}`, output: { task_id: type, task_status: 'PENDING' } };
  cloud.speaker.script(type, { status: 200, body });
  cloud.speaker.script(`/api/v1/tasks/${type}`, ...looks);
  return { type, client, make: () => aiGen(client, model, { prompt: 'waves' }, null) };
}

function made(usage: unknown): Said {
  const output = { task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
  const text = typeof usage === 'string' ? usage : JSON.stringify(usage);
  return { status: 200, body: `{"request_id": "r", "output": ${JSON.stringify(output)}, "usage": ${text}}` };
}

/** As text: not even the test could write it otherwise. */
const deep = `${'{"deep":'.repeat(5_000)}1${'}'.repeat(5_000)}`;

const envoy = (why: string) => `upstream connect error or disconnect/reset before headers. ${why}`;

describe.concurrent('an answer', () => {
  test.each([
    ['whose usage has a name with NUL', { 'a\0b': 1, '\ud83d': 2, video_count: 1 }],
    ['whose usage is five thousand deep', deep],
    ['whose usage is a list', [1, 2]],
  ])('%s gives its film', async (_what, usage) => {
    const { make, client, type } = await film(made(usage));
    expect(await make()).toContain('result.example');
    expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded' });
    expect(cloud.speaker.submits(type)).toBe(1);
  });

  test('whose request id is a page long, put there by whoever stands between, is the answer', async () => {
    const client = await cloud.gateway.client();
    const type = 'qwen-plus-2002-01-02';
    const model = await deploy(client, type, 'chat/completions');
    const message = { role: 'assistant', content: 'a fox' };
    cloud.speaker.script(type, {
      status: 200,
      headers: { 'x-request-id': randomBytes(3_000).toString('hex') },
      body: { choices: [{ index: 0, finish_reason: 'stop', message }] },
    });
    expect(await aiGen(client, model, 'an animal', null)).toBe('a fox');
    expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded' });
  });

  test('that comes behind a `100 Continue` which nobody asked for is the answer', async () => {
    const client = await cloud.gateway.client();
    const type = 'qwen-plus-2002-01-01';
    const model = await deploy(client, type, 'chat/completions');
    cloud.speaker.script(type, 'continued', 'continued');
    expect(await aiGen(client, model, 'go on', null)).toContain('go on');
    expect(await aiGen(client, model, 'on and on', null)).toContain('on and on');
    expect(cloud.speaker.submits(type)).toBe(2);
  });

  test('that a film is made, and no word of where it is, is an error, and in the ledger with what is billed for it', async () => {
    const usage = { video_duration: 5, SR: 720, video_count: 1 };
    const { make, client, type } = await film({
      status: 200,
      body: { request_id: 'r', output: { task_status: 'SUCCEEDED' }, usage },
    });
    expect((await refusal(make())).message).toMatch(/without a picture or video/);
    const { rows } = await client.query(
      "SELECT state, price::float, units ->> 'seconds' AS seconds FROM hologen.jobs WHERE model_type = $1",
      [type],
    );
    expect(rows).toEqual([{ state: 'failed', price: 3, seconds: '5' }]);
    expect(cloud.speaker.submits(type)).toBe(1);
  });

  test('without a text or usage has a price that nobody knows, which is not none', async () => {
    const client = await cloud.gateway.client();
    const type = 'qwen-plus-2003-02-01';
    const model = await deploy(client, type, 'chat/completions');
    cloud.speaker.script(type, { status: 200, body: { id: 'x' } });
    expect((await refusal(aiGen(client, model, 'hello', null))).message).toMatch(/without a text/);
    const { rows } = await client.query('SELECT state, price FROM hologen.jobs WHERE model_type = $1', [
      type,
    ]);
    expect(rows).toEqual([{ state: 'failed', price: null }]);
  });

  test('to a submit whose request id is no text: the task is followed all the same', async () => {
    const { make, client, type } = await film(made({}));
    const output = { task_id: type, task_status: 'PENDING' };
    cloud.speaker.script(type, { status: 200, body: { request_id: { toString: 1 }, output } });
    expect(await make()).toContain('result.example');
    expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded', task_id: type });
  });

  test.each([
    [504, { message: 'The upstream server is timing out' }],
    [502, { error: 'bad gateway' }],
    [500, {}],
    [302, { location: 'elsewhere' }],
    [408, '<html>timeout</html>'],
    [408, { error: { message: 'Request timed out', type: 'Timeout', code: '408' } }],
    [499, ''],
    [500, { error: { message: 'do request failed', type: 'new_api_error', code: 'do_request_failed' } }],
    [502, { error: { message: 'bad response', type: 'one_api_error', code: 'bad_response_status_code' } }],
    [504, { code: 'GatewayTimeout', message: 'The upstream server is timing out' }],
    [503, envoy('reset reason: connection termination')],
    [503, envoy('reset reason: remote reset')],
    [503, envoy('retried and the latest reset reason: connection failure')],
    [503, { code: 'UC', message: envoy('reset reason: connection termination') }],
  ])('%i of somebody between us and the provider: the submit is not sent again', async (status, body) => {
    const { make, client, type } = await film();
    cloud.speaker.script(type, { status, body });
    expect((await refusal(make())).message).toMatch(/may have been taken and billed/);
    expect(await newestJob(client, type)).toMatchObject({ state: 'unanswered' });
    expect(cloud.speaker.submits(type)).toBe(1);
  });

  test.each([
    [503, envoy('reset reason: connection failure, transport failure reason: delayed connect error: 111')],
    [503, envoy('reset reason: overflow')],
    [503, 'no healthy upstream'],
    [503, { code: 'ModelUnavailable', message: 'busy' }],
    [504, { code: 'InternalError.Timeout', message: 'An internal timeout' }],
  ])(
    '%i that says the submit never came, or is the provider’s own, is sent again: %j',
    async (status, body) => {
      const { make, client, type } = await film(made({}));
      const taken = { request_id: `submit-${type}`, output: { task_id: type, task_status: 'PENDING' } };
      cloud.speaker.script(type, { status, body }, { status: 200, body: taken });
      expect(await make()).toContain('result.example');
      expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded' });
      expect(cloud.speaker.submits(type)).toBe(2);
    },
  );

  test.each([
    ['pages without end', { total_page: 'abc', data: [] }],
    ['a billion pages', { total_page: 1e9, data: [{ task_id: 'x', request_id: 'y' }] }],
    ['no list', { total_page: 1 }],
  ])('of the task list with %s holds nobody up for ever', async (_what, list) => {
    const { make, type } = await film();
    cloud.speaker.script(type, 'lost');
    cloud.speaker.script(`list ${type}`, ...Array<Said>(3).fill({ status: 200, body: list }));
    expect((await refusal(make())).message).toMatch(/may have been taken and billed/);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['no way', (text: string) => Buffer.from(`\ufeff${text}`)],
  ])(
    'that somebody on the way has packed in %s, or begun with a mark of the byte order, is read',
    async (encoding, pack) => {
      const client = await cloud.gateway.client();
      const type = `qwen-plus-2003-01-0${++nextType % 10}`;
      const model = await deploy(client, type, 'chat/completions');
      const text = JSON.stringify({
        choices: [{ message: { content: 'unpacked' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1 },
      });
      const headers: Record<string, string> = encoding === 'no way' ? {} : { 'content-encoding': encoding };
      cloud.speaker.script(type, { status: 200, headers, body: pack(text) });
      expect(await aiGen(client, model, 'hello', null)).toBe('unpacked');
      expect(cloud.speaker.submits(type)).toBe(1);
    },
  );

  test('without a request id: each picture has a file of its own', async () => {
    const client = await cloud.gateway.client();
    const type = 'qwen-image-2.0';
    const model = await deploy(client, type, 'image-generation');
    const picture = async (prompt: string) =>
      JSON.parse(await aiGen(client, model, { prompt, output_dir: 'oss://bucket/own/' }));
    const real = await picture('real');
    const content = [{ image: real.image_urls[0] }];
    const output = { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] };
    const said: Said = { status: 200, body: { output, usage: { image_count: 1.5 }, request_id: '../../up' } };
    cloud.speaker.script(type, said, said);
    const results = [await picture('one'), await picture('two')];
    const paths = new Set(results.map((result) => result.image_oss_paths[0]));
    expect(paths.size).toBe(2);
    for (const path of paths) expect(path).toMatch(/^oss:\/\/bucket\/own\/[\w-]+\.png$/);
    // Half a picture is none: the views of usage can be read.
    await client.query('SELECT * FROM hologen.daily_usage');
  });
});
