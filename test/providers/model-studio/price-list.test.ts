/**
 * What pictures, videos and speech cost, written down from the provider's price list and not from the model table: ai_estimate says so before
 * anything is sent, and the ledger says so afterwards.
 */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { families } from '../../../src/providers/model-studio/families.js';
import { knownTypes } from '../../../src/providers/model-studio/known-types.js';
import { anyDirectory, putObject, rights } from '../../calls/statements.js';
import { startTestGateway, type TestGateway } from '../../gateway.js';
import { wavFile } from '../../sandbox/model-studio/studio-client.js';
import { putFiles } from './bodies/all.js';
import { golden, stone } from './bodies/row.js';
import { clip } from './bodies/videos.js';

type Row = [modelType: string, cny: number, parameters?: object, fields?: object];

const frame = { img_url: golden };
const frames = { first_frame_url: golden, last_frame_url: stone };
const pictures = (count: number) => ({ reference_urls: [golden, stone, golden].slice(0, count) });
const at = (resolution: string, duration?: number) => ({ resolution, ...(duration && { duration }) });

/** The clip that goes in has three seconds. */
const videos: Row[] = [
  // 0.6 and 1 a second.
  ...['wan2.6-t2v', 'wan2.7-t2v'].flatMap((type): Row[] => [
    [type, 1.2, at('720P', 2)],
    [type, 5],
    [type, 15, at('1080P', 15)],
  ]),
  ...['wan2.6-i2v', 'wan2.7-i2v'].map((type): Row => [type, 9, at('720P', 15), frame]),
  ['wan2.7-i2v', 5, {}, frames],
  // Continued: as long as it becomes.
  ['wan2.7-i2v', 9, at('720P', 15), { video: clip }],
  ['wan2.6-r2v', 6, at('720P', 10), pictures(2)],
  ['wan2.6-r2v', 4.8, at('720P', 5), { reference_urls: [clip] }],
  ['wan2.6-r2v', 7.5, at('1080P', 5), { reference_urls: [clip, golden] }],
  ['wan2.7-r2v', 15, at('1080P', 15), pictures(2)],
  ['wan2.7-r2v', 4.8, at('720P', 5), { reference_urls: [clip] }],
  ['wan2.7-r2v', 3.99, at('720P', 5), { reference_urls: [clip, golden, stone] }],
  // Edited: what goes in and what comes out.
  ['wan2.7-videoedit', 6, {}, { video: clip }],
  ['wan2.7-videoedit', 3, at('720P', 2), { video: clip }],
  ['wan2.7-videoedit', 3.6, at('720P', 10), { video: clip }],
  ['happyhorse-1.0-video-edit', 5.4, at('720P'), { video: clip }],
  ['happyhorse-1.0-video-edit', 9.6, {}, { video: clip, ...pictures(2) }],
  ...['t2v', 'i2v', 'r2v'].flatMap((kind): Row[] => {
    const fields = { t2v: {}, i2v: frame, r2v: pictures(1) }[kind];
    return [
      [`happyhorse-1.0-${kind}`, 2.7, at('720P', 3), fields],
      [`happyhorse-1.0-${kind}`, 8, {}, fields],
      [`happyhorse-1.1-${kind}`, 6.75, at('480P', 15), fields],
      [`happyhorse-1.1-${kind}`, 4.5, at('720P'), fields],
      [`happyhorse-1.1-${kind}`, 6, {}, fields],
    ];
  }),
  ['wan3.0-video', 0.6, at('480P', 2)],
  ['wan3.0-video', 3, at('720P'), frame],
  ['wan3.0-video', 36, at('1080P', 30), frames],
  ['wan3.0-video', 4.8, at('720P', 5), { reference_urls: [clip] }],
  ['wan3.0-video', 9, at('480P', 27), { reference_urls: [clip] }],
  ['wan3.0-video-prime', 0.9, at('480P', 2)],
  ['wan3.0-video-prime', 4.5, at('720P')],
  ['wan3.0-video-prime', 14.4, {}, { reference_urls: [clip] }],
  ...['wan2.5-t2v-preview', 'wan2.5-i2v-preview'].flatMap((type): Row[] => {
    const fields = type.includes('i2v') ? frame : {};
    return [
      [type, 1.5, at('480P'), fields],
      [type, 6, at('720P', 10), fields],
      [type, 5, {}, fields],
    ];
  }),
  ...['i2v-flash', 'r2v-flash'].flatMap((kind): Row[] => {
    const fields = kind === 'i2v-flash' ? frame : pictures(1);
    return [
      [`wan2.6-${kind}`, 2.5, {}, fields],
      [`wan2.6-${kind}`, 1.5, at('720P'), fields],
      [`wan2.6-${kind}`, 0.75, { ...at('720P'), audio: false }, fields],
      [`wan2.6-${kind}`, 1.25, { audio: false }, fields],
    ];
  }),
  ['wan2.6-t2v-us', 3.66962, at('720P')],
  ['wan2.6-t2v-us', 11.00886, at('1080P', 10)],
  ['wan2.6-i2v-us', 11.00886, at('720P', 15), frame],
  ['wan2.6-i2v-us', 5.50443, {}, frame],
  ['wan2.2-t2v-plus', 0.7, at('480P')],
  ['wan2.2-t2v-plus', 3.5],
  ['wan2.2-i2v-plus', 0.7, at('480P'), frame],
  ['wan2.2-i2v-plus', 3.5, {}, frame],
  ['wan2.2-i2v-flash', 0.5, at('480P'), frame],
  ['wan2.2-i2v-flash', 1, {}, frame],
  ['wan2.2-i2v-flash', 2.4, at('1080P'), frame],
  ['wan2.2-kf2v-flash', 0.5, at('480P'), frames],
  ['wan2.2-kf2v-flash', 1, {}, frames],
  ['wan2.2-kf2v-flash', 2.4, at('1080P'), frames],
  ...['wanx2.1', 'wan2.1'].flatMap((family): Row[] => [
    [`${family}-t2v-turbo`, 1.2, at('480P')],
    [`${family}-t2v-turbo`, 1.2],
    [`${family}-t2v-plus`, 3.5],
    [`${family}-i2v-turbo`, 0.72, at('720P', 3), frame],
    [`${family}-i2v-plus`, 3.5, {}, frame],
    [`${family}-kf2v-plus`, 3.5, {}, frames],
  ]),
];

const perPicture: Row[] = [
  // By area, and 0.02 for each picture that goes in.
  ['qwen-image-3.0-pro', 0.25, { size: '1024*1024' }],
  ['qwen-image-3.0-pro', 0.25, { size: '1500*1500' }],
  ['qwen-image-3.0-pro', 0.5, { size: '1501*1500' }],
  ['qwen-image-3.0-pro', 1.5, { n: 3 }],
  // An edit is as large as can be, whatever is asked for.
  ['qwen-image-3.0-pro', 1.04, { size: '1024*1024', n: 2 }, pictures(2)],
  ['qwen-image-3.0', 0.18],
  ['qwen-image-3.0', 0.24, {}, pictures(3)],
  ['qwen-image-2.1-pro', 0.25],
  ['qwen-image-2.1-turbo', 0.2, { n: 2 }],
  ['qwen-image-2.0-pro', 3, { n: 6 }],
  ['qwen-image-2.0', 0.2],
  ['qwen-image-max', 0.5],
  ['qwen-image-plus', 0.2],
  ['qwen-image', 0.25],
  ['qwen-image-edit', 0.3, {}, pictures(2)],
  ['qwen-image-edit-plus', 0.2, {}, pictures(1)],
  ['qwen-image-edit-max', 0.5, {}, pictures(1)],
  ['wan2.7-image-pro', 0.5, { size: '4K' }],
  ['wan2.7-image-pro', 2, { n: 4 }, pictures(2)],
  ['wan2.7-image', 0.2],
  ['wan2.7-image', 2.4, { n: 12, enable_sequential: true }],
  ['wan2.6-image', 0.8, { n: 4 }, pictures(1)],
  ['wan2.6-t2i', 0.2],
  ['wan2.5-t2i-preview', 0.6, { n: 3 }],
  ['wan2.5-i2i-preview', 0.2, {}, pictures(3)],
  ['wanx2.1-imageedit', 0.28, { n: 2 }, pictures(1)],
  ['wan2.2-t2i-plus', 0.2],
  ['wan2.2-t2i-flash', 0.14],
  ['wanx2.1-t2i-plus', 0.2],
  ['wan2.1-t2i-turbo', 0.28, { n: 2 }],
  ['wanx2.0-t2i-turbo', 0.04],
  ['z-image-turbo', 0.1],
  ['z-image-turbo', 0.2, { prompt_extend: true }],
];

const speech = 'oss://bucket/path/hundred-seconds.wav';
const spoken: [modelType: string, cny: number][] = [
  ['fun-asr', 0.022],
  ['fun-asr-2025-11-07', 0.022],
  ['fun-asr-mtl', 0.022],
  ['paraformer-v2', 0.008],
];

let gateway: TestGateway;
let client: pg.Client;
const known = knownTypes(families);
const deployed = new Map<string, string>();

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '0', sandboxVideoMs: '0' });
  client = await gateway.client();
  await putFiles(gateway.dataDir);
  await putObject(gateway.dataDir, speech, wavFile(100));
});
afterAll(() => gateway?.close());

/** The provider's own limits would make the test wait. */
async function modelOf(modelType: string): Promise<string> {
  const name = deployed.get(modelType) ?? `price_${deployed.size}`;
  if (!deployed.has(modelType))
    await client.query(
      "CALL register_external_model($1, $2, 'bailian', '{\"submits_per_second\": 500}', $3)",
      [...[name, modelType, known.taskOf(modelType)]],
    );
  deployed.set(modelType, name);
  return name;
}

/** What is said before, sent meanwhile, and billed after. */
async function priced(modelType: string, request: object, path = anyDirectory) {
  const name = await modelOf(modelType);
  const call = `ai_gen('${name}', '${JSON.stringify(request)}', to_file('${path}', '${rights.join("', '")}'))`;
  await gateway.forgetRequests();
  const { rows: told } = await client.query('SELECT price::text, currency FROM ai_estimate($1)', [
    `SELECT ${call}`,
  ]);
  expect(await gateway.requests()).toEqual([]);
  await client.query(`SET ai_gen.reuse = off; SELECT ${call}`);
  const { rows: billed } = await client.query(
    `SELECT price::text, estimated_price::text AS estimated, currency FROM hologen.jobs
     WHERE model_name = $1 ORDER BY submitted_at DESC LIMIT 1`,
    [name],
  );
  return { estimate: told[0], ledger: billed[0] };
}

const row = (cny: number) => ({
  estimate: { price: String(cny), currency: 'CNY' },
  ledger: { price: String(cny), estimated: String(cny), currency: 'CNY' },
});

test.each([...videos, ...perPicture])('%s costs CNY %d: %j %j', async (type, cny, parameters, fields) => {
  expect(await priced(type, { prompt: 'waves', ...fields, parameters })).toEqual(row(cny));
});

test.each(spoken)('%s costs CNY %d for a hundred seconds of speech', async (type, cny) => {
  expect(await priced(type, {}, speech)).toEqual(row(cny));
});

test('every type of pictures, videos and speech is among these, but for other names of the same', () => {
  const rows = known.describe([]);
  const tested = new Set([...videos, ...perPicture, ...spoken].map(([type]) => type));
  const variants = /^(wan2\.1|wanx2\.1)|^paraformer|^fun-asr/;
  const missing = rows
    .filter(({ task }) => /-generation$|^speech/.test(String(task)))
    .map(({ model_type: name }) => String(name))
    .filter((name) => !tested.has(name) && !variants.test(name));
  expect(missing).toEqual([]);
});

test('of a type that takes more references than the one it is like, input videos are not forgotten', async () => {
  const config = { like: 'wan2.7-r2v', reference_files: [1, 7] };
  await client.query(
    "CALL register_external_model('seven', 'wan2.8-r2v', 'bailian', $1, 'video-generation')",
    [config],
  );
  const request = { prompt: 'x', reference_urls: [clip, ...Array(6).fill(golden)], parameters: at('720P') };
  const { rows } = await client.query('SELECT price::float8 FROM ai_estimate($1)', [
    `SELECT ai_gen('seven', '${JSON.stringify(request)}', to_file('${anyDirectory}', '${rights.join("', '")}'))`,
  ]);
  expect(rows).toEqual([{ price: 3.6 }]);
});

test('limits are those of the provider’s page: submits a second or a minute, and tasks that may run', async () => {
  const five = [5, 5];
  const two = [2, 2];
  const perMinute = (submits: number, tasks: number | null = null) => [
    Number((submits / 60).toFixed(4)),
    tasks,
  ];
  const limits: Record<string, (number | null)[]> = {
    ...Object.fromEntries(
      [
        'wan2.7-t2v',
        'wan2.7-image',
        'wan3.0-video',
        'happyhorse-1.1-r2v',
        'wan2.6-image',
        'wan2.5-t2v-preview',
      ]
        .concat('wan2.5-i2v-preview', 'wan2.5-t2i-preview', 'wan2.5-i2i-preview', 'wan2.6-r2v-flash')
        .map((type) => [type, five]),
    ),
    ...Object.fromEntries(
      [
        'wan2.2-t2v-plus',
        'wan2.2-t2i-flash',
        'wanx2.1-kf2v-plus',
        'wanx2.0-t2i-turbo',
        'wan2.2-kf2v-flash',
      ].map((type) => [type, two]),
    ),
    'wan2.6-t2i': [1, 5],
    'qwen-image-2.0-pro': perMinute(2),
    'qwen-image-max': perMinute(2),
    'qwen-image-3.0-pro': perMinute(5, 10),
    'qwen-image-3.0': perMinute(20, 10),
    'qwen-image-2.1-pro': perMinute(20),
    'qwen-image-2.1-turbo': perMinute(120),
    'z-image-turbo': [2, null],
    'fun-asr': perMinute(600),
    'paraformer-v2': perMinute(1200),
    'text-embedding-v4': perMinute(1800),
    'qwen3-vl-embedding': perMinute(2400),
    'tongyi-embedding-vision-plus': perMinute(600),
    'multimodal-embedding-v1': perMinute(120),
    'qwen3-vl-plus': perMinute(3000),
  };
  const { rows } = await client.query(
    `SELECT model_type, submits_per_second::float8 AS submits, concurrent_tasks AS tasks FROM hologen.supported_models
     WHERE model_type = ANY ($1)`,
    [Object.keys(limits)],
  );
  const told = Object.fromEntries(
    rows.map(({ model_type: type, submits, tasks }) => [type, [submits, tasks]]),
  );
  expect(told).toEqual(limits);
});

test('embeddings cost what their tokens do, texts and pictures apart', async () => {
  for (const [type, text, picture] of [
    ['text-embedding-v4', 0.5, 0.5],
    ['text-embedding-v3', 0.5, 0.5],
    ['text-embedding-v2', 0.7, 0.7],
    ['qwen3-vl-embedding', 0.7, 1.8],
    ['tongyi-embedding-vision-plus', 0.5, 0.5],
    ['tongyi-embedding-vision-flash', 0.15, 0.15],
  ] as const) {
    const name = await modelOf(type);
    const what = type.startsWith('text') ? "'a red door'" : `to_file('${golden}', '${rights.join("', '")}')`;
    await client.query(`SELECT ai_embed('${name}', ${what})`);
    const { rows } = await client.query(
      'SELECT price::float8, usage FROM hologen.jobs WHERE model_name = $1 ORDER BY submitted_at DESC LIMIT 1',
      [name],
    );
    const {
      prompt_tokens,
      input_tokens = prompt_tokens,
      image_tokens = 0,
      input_tokens_details,
    } = rows[0].usage;
    const tokens = input_tokens_details ?? { text_tokens: input_tokens, image_tokens };
    const amount = (tokens.text_tokens * text + tokens.image_tokens * picture) / 1e6;
    expect([type, rows[0].price]).toEqual([type, Number(amount.toPrecision(12))]);
  }
});
