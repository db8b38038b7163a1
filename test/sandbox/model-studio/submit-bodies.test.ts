/** Good and refused submit bodies of every model family, over HTTP. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPicture } from '../../../sandbox/media/pictures.js';
import { recordVideo } from '../../../sandbox/media/videos.js';
import { readClip } from '../../../sandbox/model-studio/media-duration.js';
import {
  type Json,
  type MediaServer,
  paths,
  type StudioClient,
  serveMedia,
  startStudio,
  wavFile,
} from './studio-client.js';

const picture = (width: number, height: number) =>
  drawPicture({ width, height, title: 'sandbox', prompt: 'input', references: [], seed: 1 });

let client: StudioClient;
let media: MediaServer;
beforeAll(async () => {
  client = await startStudio();
  const clip = { width: 320, height: 240, title: 'sandbox', prompt: 'input', references: [], seed: 1 };
  media = await serveMedia({
    'wide.png': await picture(800, 400),
    'tall.png': await picture(750, 1000),
    'tiny.png': await picture(200, 200),
    'clip.mp4': await recordVideo({ ...clip, durationSeconds: 2 }),
    'sound.wav': wavFile(4),
    'short.wav': wavFile(1),
    'text.txt': Buffer.from('no picture'),
  });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await media[Symbol.asyncDispose]();
});

/** `@name` in a body stands for the address of that file. */
function withMedia(body: Json): Json {
  return JSON.parse(JSON.stringify(body).replace(/@(\w+\.\w+)/g, `${media.url}/$1?token=1`));
}

const messages = (...content: Json[]) => ({ messages: [{ role: 'user', content }] });
const cat = { text: 'a cat' };
const wide = { image: '@wide.png' };
const tall = { image: '@tall.png' };
const text = messages(cat);

const goodPictures: [name: string, body: Json, usage: Json][] = [
  ['2.0-pro with its defaults', { model: 'qwen-image-2.0-pro', input: text }, [2048, 2048, 1]],
  [
    '2.0 with a free size, n 6 and unknown parameters',
    {
      model: 'qwen-image-2.0-2026-03-03',
      input: text,
      parameters: { size: '513*700', n: 6, seed: 0, watermark: true, prompt_extend: false, other: 1 },
    },
    [513, 700, 6],
  ],
  ['max with its default size', { model: 'qwen-image-max-2025-12-30', input: text }, [1664, 928, 1]],
  [
    'plus with a listed size',
    { model: 'qwen-image-plus-2026-01-09', input: text, parameters: { size: '928*1664', n: 1 } },
    [928, 1664, 1],
  ],
  ['2.0-pro editing', { model: 'qwen-image-2.0-pro', input: messages(wide, cat) }, [800, 400, 1]],
  [
    '2.0 fusing three pictures, shaped by the last one',
    { model: 'qwen-image-2.0', input: messages(wide, wide, tall, cat), parameters: { n: 2 } },
    [736, 992, 2],
  ],
  ['edit', { model: 'qwen-image-edit', input: messages(wide, cat) }, [1440, 720, 1]],
  [
    'edit-max with a size',
    { model: 'qwen-image-edit-max', input: messages(wide, tall, cat), parameters: { size: '512*2048' } },
    [512, 2048, 1],
  ],
];

test.each(goodPictures)('a picture submit is answered: %s', async (_, body, [width, height, count]) => {
  const answer = await client.submit(paths.picture, withMedia(body));
  expect(answer).toMatchObject({ status: 200, body: { usage: { width, height, image_count: count } } });
  expect(answer.body.output.choices).toHaveLength(1);
  expect(answer.body.output.choices[0].message.content).toHaveLength(count);
  expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id);
});

const refusedPictures: [name: string, body: Json, message: RegExp][] = [
  ['no messages', { model: 'qwen-image-max', input: { prompt: 'a cat' } }, /No messages found in input/],
  [
    'two messages',
    { model: 'qwen-image-max', input: { messages: [...text.messages, ...text.messages] } },
    /messages length only support 1/,
  ],
  ['no text', { model: 'qwen-image-2.0', input: messages(wide) }, /lack of image or text/],
  ['no picture to edit', { model: 'qwen-image-edit-plus', input: text }, /lack of image or text/],
  ['two texts', { model: 'qwen-image-2.0', input: messages(cat, cat) }, /exactly one text/],
  ['a picture for max', { model: 'qwen-image-max', input: messages(wide, cat) }, /content length only/],
  [
    'four pictures for edit',
    { model: 'qwen-image-edit', input: messages(wide, wide, wide, wide, cat) },
    /content length only support 4/,
  ],
  [
    'four pictures',
    { model: 'qwen-image-2.0', input: messages(wide, wide, wide, wide, cat) },
    /content length only support 4/,
  ],
];

test.each(refusedPictures)('a picture submit is refused: %s', async (_, body, message) => {
  const answer = await client.submit(paths.picture, withMedia(body));
  expect(answer).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
  expect(answer.body.message).toMatch(message);
});

const refusedParameters: [model: string, parameters: Json][] = [
  ['qwen-image-2.0-pro', { size: '2048x2048' }],
  ['qwen-image-2.0-pro', { size: '16:9' }],
  ['qwen-image-2.0-pro', { size: '2049*2048' }],
  ['qwen-image-2.0-pro', { size: '511*512' }],
  ['qwen-image-2.0-pro', { n: 7 }],
  ['qwen-image-2.0-pro', { n: 0 }],
  ['qwen-image-2.0-pro', { n: '1' }],
  ['qwen-image-2.0-pro', { prompt_extend: 'true' }],
  ['qwen-image-2.0-pro', { seed: 2147483648 }],
  ['qwen-image-2.0-pro', { negative_prompt: 1 }],
  ['qwen-image-2.0-pro', []],
  ['qwen-image-plus', { size: '1024*1024' }],
  ['qwen-image', { n: 2 }],
  ['wan2.6-t2i', { size: '1024*1024' }],
  ['wan2.6-t2i', { size: '3600*512' }],
  ['wan2.6-t2i', { n: 5 }],
];

test.each(refusedParameters)('%s refuses the parameters %j', async (model, parameters) => {
  const answer = await client.submit(paths.picture, { model, input: text, parameters });
  expect(answer).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
});

test.each([{ n: 2 }, { size: '1024*1024' }, { prompt_extend: true }])(
  'qwen-image-edit refuses %j',
  async (parameters) => {
    const body = withMedia({ model: 'qwen-image-edit', input: messages(wide, cat), parameters });
    expect(await client.submit(paths.picture, body)).toMatchObject({ status: 400 });
  },
);

test('wan2.6-t2i makes four billed pictures by default, one choice each, and takes its recommended sizes', async () => {
  const four = await client.submit(paths.picture, { model: 'wan2.6-t2i', input: text });
  expect(four.body.usage).toEqual({
    image_count: 4,
    size: '1280*1280',
    input_tokens: 0,
    output_tokens: 0,
    total_tokens: 0,
  });
  expect(four.body.output).toMatchObject({ finished: true, choices: { length: 4 } });
  expect(four.body.output.choices[3].message.content).toMatchObject([{ type: 'image' }]);
  const parameters = { size: '960*1696', n: 1 };
  expect((await client.submit(paths.picture, { model: 'wan2.6-t2i', input: text, parameters })).status).toBe(
    200,
  );
});

const t2v = { model: 'wan2.6-t2v', input: { prompt: 'rain' } };
const i2v = { model: 'wan2.6-i2v', input: { img_url: '@tall.png', prompt: 'it moves' } };
const i2vFlash = { ...i2v, model: 'wan2.6-i2v-flash' };
const r2v = { model: 'wan2.6-r2v', input: { prompt: 'character1 sings', reference_urls: ['@clip.mp4'] } };
const kf2v = { model: 'wan2.2-kf2v-flash', input: { first_frame_url: '@tall.png', prompt: 'bloom' } };

const goodVideos: [name: string, path: string, body: Json, usage: Json][] = [
  [
    't2v with its defaults',
    paths.video,
    t2v,
    {
      duration: 5,
      size: '1920*1080',
      input_video_duration: 0,
      output_video_duration: 5,
      video_count: 1,
      SR: 1080,
    },
  ],
  [
    't2v with size, duration and sound',
    paths.video,
    {
      ...t2v,
      input: { prompt: 'rain', audio_url: '@sound.wav' },
      parameters: { size: '960*960', duration: 2 },
    },
    {
      duration: 2,
      size: '960*960',
      input_video_duration: 0,
      output_video_duration: 2,
      video_count: 1,
      SR: 720,
    },
  ],
  [
    'i2v without a size in its usage',
    paths.video,
    { ...i2v, parameters: { resolution: '720P', shot_type: 'multi' } },
    { duration: 5, input_video_duration: 0, output_video_duration: 5, video_count: 1, SR: 720 },
  ],
  [
    'i2v-flash without sound ignores its soundtrack',
    paths.video,
    {
      ...i2vFlash,
      input: { ...i2v.input, audio_url: '@short.wav' },
      parameters: { audio: false, duration: 2, resolution: '720P' },
    },
    { duration: 2, input_video_duration: 0, output_video_duration: 2, video_count: 1, SR: 720, audio: false },
  ],
  [
    'r2v bills the seconds of input videos',
    paths.video,
    {
      ...r2v,
      input: {
        prompt: 'character1 meets character2',
        reference_urls: ['@clip.mp4', '@wide.png', '@clip.mp4'],
      },
      parameters: { size: '1280*720', duration: 2 },
    },
    {
      duration: 5.3,
      size: '1280*720',
      input_video_duration: 3.3,
      output_video_duration: 2,
      video_count: 1,
      SR: 720,
    },
  ],
  [
    'kf2v with first and last frame',
    paths.keyFrames,
    { ...kf2v, input: { ...kf2v.input, last_frame_url: '@wide.png' }, parameters: { resolution: '480P' } },
    { video_duration: 5, video_count: 1, SR: 480 },
  ],
];

test.each(goodVideos)('a video task succeeds: %s', async (_, path, body, usage) => {
  const created = await client.submitTask(path, withMedia(body));
  expect(created.body).toEqual({
    output: { task_status: 'PENDING', task_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    request_id: created.headers.get('x-request-id'),
  });
  const done = await client.poll(created.body.output.task_id);
  expect(done.output).toMatchObject({ task_status: 'SUCCEEDED', orig_prompt: body.input.prompt });
  expect(done.output.submit_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  expect('actual_prompt' in done.output).toBe(path === paths.keyFrames);
  expect(done.usage).toEqual(usage);
});

const refusedVideos: [name: string, path: string, body: Json, code: string][] = [
  ['t2v without a prompt', paths.video, { ...t2v, input: { audio_url: '@sound.wav' } }, 'InvalidParameter'],
  ['t2v without input', paths.video, { model: 'wan2.6-t2v' }, 'BadRequest.EmptyInput'],
  ['t2v of one second', paths.video, { ...t2v, parameters: { duration: 1 } }, 'InvalidParameter'],
  ['t2v of 16 seconds', paths.video, { ...t2v, parameters: { duration: 16 } }, 'InvalidParameter'],
  ['t2v of 2.5 seconds', paths.video, { ...t2v, parameters: { duration: 2.5 } }, 'InvalidParameter'],
  ['t2v size by name', paths.video, { ...t2v, parameters: { size: '720P' } }, 'InvalidParameter'],
  ['t2v in 480P', paths.video, { ...t2v, parameters: { resolution: '480P' } }, 'InvalidParameter'],
  [
    'size and resolution together',
    paths.video,
    { ...t2v, parameters: { size: '1280*720', resolution: '720P' } },
    'InvalidParameter',
  ],
  ['an unknown shot type', paths.video, { ...t2v, parameters: { shot_type: 'wide' } }, 'InvalidParameter'],
  ['i2v without a picture', paths.video, { ...i2v, input: { prompt: 'it moves' } }, 'InvalidParameter'],
  ['i2v in 480P', paths.video, { ...i2v, parameters: { resolution: '480P' } }, 'InvalidParameter'],
  ['audio as text', paths.video, { ...i2vFlash, parameters: { audio: 'false' } }, 'InvalidParameter'],
  ['r2v of 11 seconds', paths.video, { ...r2v, parameters: { duration: 11 } }, 'InvalidParameter'],
  [
    'r2v without files',
    paths.video,
    { ...r2v, input: { prompt: 'x', reference_urls: [] } },
    'InvalidParameter',
  ],
  [
    'r2v with six files',
    paths.video,
    { ...r2v, input: { prompt: 'x', reference_urls: Array(6).fill('@wide.png') } },
    'InvalidParameter',
  ],
  [
    'r2v with Base64',
    paths.video,
    { ...r2v, input: { prompt: 'x', reference_urls: ['data:image/png;base64,AAAA'] } },
    'InvalidURL',
  ],
  ['an oss:// address', paths.video, { ...i2v, input: { img_url: 'oss://bucket/a.png' } }, 'InvalidURL'],
  [
    'plain http elsewhere',
    paths.video,
    { ...i2v, input: { img_url: 'http://example.com/a.png' } },
    'InvalidURL',
  ],
  ['kf2v of ten seconds', paths.keyFrames, { ...kf2v, parameters: { duration: 10 } }, 'InvalidParameter'],
  ['kf2v without a first frame', paths.keyFrames, { ...kf2v, input: { prompt: 'x' } }, 'InvalidParameter'],
];

test.each(refusedVideos)('a video submit is refused: %s', async (_, path, body, code) => {
  const answer = await client.submitTask(path, withMedia(body));
  expect(answer).toMatchObject({ status: 400, body: { code, request_id: expect.any(String) } });
});

const failingVideos: [name: string, body: Json, code: string][] = [
  ['a picture that is too small', { ...i2v, input: { img_url: '@tiny.png' } }, 'InvalidImage.ImageSize'],
  ['a text file', { ...i2v, input: { img_url: '@text.txt' } }, 'InvalidImage.FileFormat'],
  ['a missing file', { ...i2v, input: { img_url: '@gone.png' } }, 'BadRequest.InputDownloadFailed'],
  [
    'nobody listening',
    { ...i2v, input: { img_url: 'http://127.0.0.1:1/a.png' } },
    'InvalidURL.ConnectionRefused',
  ],
  ['a short soundtrack', { ...t2v, input: { prompt: 'x', audio_url: '@short.wav' } }, 'InvalidFile.Duration'],
  [
    'four reference videos',
    { ...r2v, input: { prompt: 'x', reference_urls: Array(4).fill('@clip.mp4') } },
    'InvalidParameter',
  ],
];

test.each(failingVideos)('a video task fails: %s', async (_, body, code) => {
  const created = await client.submitTask(paths.video, withMedia(body));
  expect(created.status).toBe(200);
  const done = await client.poll(created.body.output.task_id);
  expect(done.output).toMatchObject({ task_status: 'FAILED', code, message: expect.any(String) });
});

test('a media download that stalls has timed out', async () => {
  await using patient = await startStudio({ mediaTimeoutMs: 20 });
  const body = { ...i2v, input: { img_url: `${media.url}/hang` } };
  const created = await patient.submitTask(paths.video, body);
  const done = await patient.poll(created.body.output.task_id);
  expect(done.output).toMatchObject({ task_status: 'FAILED', code: 'InvalidURL.Timeout' });
});

test('a video follows the shape of its first frame, with sides divisible by 16', async () => {
  const body = withMedia({ ...i2v, parameters: { resolution: '720P', duration: 2 } });
  const created = await client.submitTask(paths.video, body);
  const done = await client.poll(created.body.output.task_id);
  const file = Buffer.from(await (await fetch(done.output.video_url)).arrayBuffer());
  expect(readClip(file)).toEqual({ format: 'mp4', seconds: 2 });
  // Width and height of the visual sample entry, ISO/IEC 14496-12.
  const entry = file.indexOf('avc1', file.indexOf('stsd'));
  expect([file.readUInt16BE(entry + 28), file.readUInt16BE(entry + 30)]).toEqual([816, 1104]);
});
