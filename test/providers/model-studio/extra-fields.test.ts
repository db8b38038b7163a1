/** Voices, documents, boxes, palettes, texts and pictures in turn: wrong ones are refused before anything is sent, and the provider's stand-in is as strict. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { aiGen, anyDirectory, deploy, rights } from '../../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../../gateway.js';
import { paths, type StudioClient, startStudio } from '../../sandbox/model-studio/studio-client.js';
import { golden, music, stone } from './bodies/row.js';

let gateway: TestGateway;
let client: pg.Client;
let studio: StudioClient;
const models: Record<string, string> = {};

beforeAll(async () => {
  [gateway, studio] = await Promise.all([startTestGateway(), startStudio()]);
  client = await gateway.client();
  for (const type of ['wan2.7-r2v', 'wan2.6-r2v', 'wan3.0-video'])
    models[type] = await deploy(client, type, 'video-generation');
  for (const type of ['wan2.7-image', 'wan2.6-image'])
    models[type] = await deploy(client, type, 'image-generation');
});
beforeEach(() => gateway.forgetRequests());
afterAll(async () => {
  await gateway?.close();
  await studio?.[Symbol.asyncDispose]();
});

const two = { prompt: 'x', reference_urls: [golden, stone] };
const colour = (ratio: string, hex = '#C2D1E6') => ({ hex, ratio });
const thirds = [colour('33.33%'), colour('33.33%'), colour('33.34%')];

test.each<[string, object, RegExp]>([
  ['wan2.7-r2v', { ...two, reference_voice: [music] }, /^reference_voice must be a text, or null, for each/],
  ['wan2.7-r2v', { ...two, reference_voice: [null, 7] }, /^reference_voice\[2\] must be the path of a sound/],
  ['wan2.7-r2v', { ...two, reference_voice: [golden, null] }, /^reference_voice\[1\] must be a sound file/],
  ['wan2.6-r2v', { ...two, reference_voice: [music, null] }, /takes no reference_voice/],
  ['wan2.7-r2v', { ...two, file: 'oss://bucket/a.pdf' }, /takes no file/],
  ['wan3.0-video', { file: 'oss://bucket/path/film.avi' }, /^file must be a document/],
  ['wan3.0-video', { file: 'oss://bucket/path/none.pdf' }, /none\.pdf/],
  ['wan3.0-video', { file: 'oss://bucket/a.pdf', link: 'https://example.com' }, /^link must be left out/],
  ['wan3.0-video', { link: 'ftp://example.com/a' }, /^link must be an address of the web/],
  ['wan3.0-video', { link: 'https://example.com', img_url: golden }, /takes no img_url/],
  ['wan2.7-image', { prompt: 'x', parameters: { bbox_list: [] } }, /^parameters\.bbox_list must be left out/],
  ['wan2.7-image', { ...two, parameters: { bbox_list: [[]] } }, /a list for each of the 2 pictures/],
  [
    'wan2.7-image',
    { ...two, parameters: { bbox_list: [[], [[9, 9, 1, 10]]] } },
    /^parameters\.bbox_list\[2\] must be at most 2 boxes/,
  ],
  [
    'wan2.7-image',
    { prompt: 'x', parameters: { color_palette: thirds.slice(1) } },
    /must be 3 to 10 objects/,
  ],
  [
    'wan2.7-image',
    { prompt: 'x', parameters: { color_palette: [...thirds, colour('0.01%')] } },
    /^the ratios of parameters\.color_palette must be 100\.00% together, not "100\.01%"/,
  ],
  [
    'wan2.7-image',
    { prompt: 'x', parameters: { color_palette: [...thirds.slice(1), colour('33.3%')] } },
    /3 to 10 objects/,
  ],
  [
    'wan2.7-image',
    { prompt: 'x', parameters: { color_palette: thirds, enable_sequential: true } },
    /left out beside enable_sequential/,
  ],
  ['wan2.6-image', { prompt: 'x' }, /no reference_urls/],
  ['wan2.6-image', { ...two, parameters: { max_images: 2 } }, /unknown field "max_images"/],
  [
    'wan2.6-image',
    { ...two, parameters: { enable_interleave: true } },
    /has 2 paths; wan2\.6-image takes 0 to 1/,
  ],
  ['wan2.6-image', { prompt: 'x', parameters: { enable_interleave: true, n: 2 } }, /parameters\.n must be 1/],
  [
    'wan2.6-image',
    { prompt: 'x', parameters: { enable_interleave: true, max_images: 6 } },
    /max_images must be a whole number from 1 to 5/,
  ],
  [
    'wan2.6-image',
    { prompt: 'x', parameters: { enable_interleave: true, size: '2048*2048' } },
    /parameters\.size/,
  ],
  [
    'wan2.6-image',
    { prompt: 'x', name: 'step', output_dir: anyDirectory, parameters: { enable_interleave: true } },
    /name/,
  ],
])('%s refuses %j', async (type, request, message) => {
  const error = await refusal(aiGen(client, models[type] as string, request, anyDirectory));
  expect(error.message).toMatch(message);
  expect(['22023', '58P01']).toContain(error.code);
  expect(await gateway.requests()).toEqual([]);
});

test('texts and pictures in turn are told in their order, with the pictures where they were saved', async () => {
  const request = {
    prompt: 'how to fold a boat',
    output_dir: `${anyDirectory}steps/`,
    parameters: { enable_interleave: true, max_images: 2 },
  };
  const made = JSON.parse(await aiGen(client, models['wan2.6-image'] as string, request, anyDirectory));
  expect(made.image_oss_paths).toHaveLength(2);
  expect(made.content).toEqual([
    { text: expect.stringContaining('Step 1 of 2') },
    { image: made.image_oss_paths[0] },
    { text: expect.stringContaining('Step 2 of 2') },
    { image: made.image_oss_paths[1] },
  ]);
  const { rows } = await client.query(
    'SELECT scenario, price::float8, units FROM hologen.jobs ORDER BY submitted_at DESC LIMIT 1',
  );
  expect(rows[0]).toMatchObject({ scenario: 'interleaved', price: 0.4, units: { pictures: 2 } });
});

test('ai_estimate reckons with as many pictures as there may be', async () => {
  const { rows } = await client.query('SELECT pictures::int, price::float8 FROM ai_estimate($1)', [
    `SELECT ai_gen('${models['wan2.6-image']}', '{"prompt": "x", "parameters": {"enable_interleave": true}}',
       to_file('${anyDirectory}', '${rights.join("', '")}'))`,
  ]);
  expect(rows).toEqual([{ pictures: 5, price: 1 }]);
});

const message = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const text = { text: 'how to fold a boat' };
const interleaved = { enable_interleave: true, max_images: 2 };

test('the stand-in streams texts and pictures in turn, and answers at once in no other way', async () => {
  const body = { model: 'wan2.6-image', input: message(text), parameters: interleaved };
  const plain = await studio.submit(paths.picture, body);
  expect([plain.status, plain.body.code]).toEqual([400, 'InvalidParameter']);
  const response = await fetch(`${studio.studio.url}/api/v1/services/aigc/${paths.picture}`, {
    method: 'POST',
    headers: {
      ...{ authorization: 'Bearer sk-test', 'content-type': 'application/json' },
      'x-dashscope-sse': 'enable',
    },
    body: JSON.stringify({ ...body, parameters: { ...interleaved, stream: true } }),
  });
  expect(response.status).toBe(200);
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data:'));
  const events = lines.map((line) => JSON.parse(line.slice(5)));
  const items = events.map(({ output }) => output.choices[0].message.content[0]);
  expect(items.filter(({ type }) => type === 'image')).toHaveLength(2);
  expect(events.map(({ output }) => output.choices[0].finish_reason).lastIndexOf('stop')).toBe(
    events.length - 1,
  );
  expect(events.at(-1).usage.image_count).toBe(2);
});

test.each<[string, string, object, object]>([
  ['two boxes for one picture', 'wan2.7-image', message(text), { bbox_list: [[[0, 0, 1, 1]], []] }],
  ['half a palette', 'wan2.7-image', message(text), { color_palette: thirds.slice(1) }],
  ['n beside interleaved', 'wan2.6-image', message(text), { ...interleaved, n: 2 }],
  ['six pictures', 'wan2.6-image', message(text), { ...interleaved, max_images: 6 }],
  ['no picture without interleave', 'wan2.6-image', message(text), {}],
])('the stand-in refuses %s', async (_what, model, input, parameters) => {
  const { status, body } = await studio.submitTask(paths.wanTask, { model, input, parameters });
  expect([status, body.code]).toEqual([400, 'InvalidParameter']);
});

test.each<[string, string, object[]]>([
  [
    'a voice for a first frame',
    'wan2.7-r2v',
    [{ type: 'first_frame', reference_voice: 'https://a.test/v.mp3' }],
  ],
  [
    'a voice where there is none',
    'wan3.0-video',
    [{ type: 'reference_image', reference_voice: 'https://a.test/v' }],
  ],
  ['a document and a page', 'wan3.0-video', [{ type: 'file' }, { type: 'link' }]],
  ['a document beside a frame', 'wan3.0-video', [{ type: 'file' }, { type: 'first_frame' }]],
])('the stand-in refuses %s', async (_what, model, media) => {
  const input = { prompt: 'x', media: media.map((item) => ({ url: 'https://a.test/a.png', ...item })) };
  const { status, body } = await studio.submitTask(paths.video, { model, input });
  expect([status, body.code]).toEqual([400, 'InvalidParameter']);
});
