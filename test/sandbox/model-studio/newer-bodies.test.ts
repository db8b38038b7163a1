/** What newer types refuse when a task is submitted or while it is made, how large their videos are, and what their usage tells. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPicture } from '../../../sandbox/media/pictures.js';
import { recordVideo } from '../../../sandbox/media/videos.js';
import {
  type Json,
  type MediaServer,
  paths,
  type StudioClient,
  serveMedia,
  startStudio,
  wavFile,
} from './studio-client.js';

let client: StudioClient;
let media: MediaServer;
beforeAll(async () => {
  client = await startStudio();
  const look = { width: 320, height: 320, title: 'sandbox', prompt: 'input', references: [], seed: 1 };
  const video = (durationSeconds: number) => recordVideo({ ...look, durationSeconds });
  media = await serveMedia({
    'wide.png': await drawPicture({ ...look, width: 800, height: 400 }),
    'tiny.png': await drawPicture({ ...look, width: 280, height: 280 }),
    'clip.mp4': await video(3),
    'long.mp4': await video(12),
    'sound.wav': wavFile(4),
    'brief.wav': wavFile(1),
  });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await media[Symbol.asyncDispose]();
});

const listed = (...items: [type: string, file: string][]) =>
  items.map(([type, file]) => ({ type, url: `${media?.url ?? 'https://a.test'}/${file}` }));
const times = (count: number, type: string, file: string) => Array(count).fill([type, file]);

/** A body of a video, built when the media have their address. */
type Brief = [
  model: string,
  items: [type: string, file: string][],
  parameters?: object,
  input?: Record<string, unknown>,
];
const bodyOf = ([model, items, parameters = {}, input = { prompt: 'x' }]: Brief): Json => ({
  model,
  input: { ...input, ...(items.length > 0 && { media: listed(...items) }) },
  parameters,
});

const picture: [string, string] = ['reference_image', 'wide.png'];
const first: [string, string] = ['first_frame', 'wide.png'];
const last: [string, string] = ['last_frame', 'wide.png'];
const refused: Brief[] = [
  ['wan2.7-t2v', [], { size: '1280*720' }],
  ['wan2.7-t2v', [], { shot_type: 'multi' }],
  ['wan2.7-t2v', [], { ratio: '4:5' }],
  ['wan2.7-t2v', [], { resolution: '480P' }],
  ['wan2.7-t2v', [], { duration: 16 }],
  ['wan2.7-t2v', [first]],
  ['wan2.7-i2v', [], {}],
  ['wan2.7-i2v', [last]],
  ['wan2.7-i2v', [first, ['first_clip', 'clip.mp4']]],
  [
    'wan2.7-i2v',
    [
      ['first_clip', 'clip.mp4'],
      ['driving_audio', 'sound.wav'],
    ],
  ],
  ['wan2.7-i2v', [first], { ratio: '16:9' }],
  ['wan2.7-r2v', [first]],
  ['wan2.7-r2v', times(6, ...picture)],
  ['wan2.7-videoedit', [picture]],
  ['wan2.7-videoedit', [['video', 'clip.mp4'], ...times(5, ...picture)]],
  ['wan2.7-videoedit', [['video', 'clip.mp4']], { duration: 11 }],
  ['happyhorse-1.0-t2v', [], { prompt_extend: true }],
  ['happyhorse-1.0-t2v', [], {}, { prompt: 'x', negative_prompt: 'y' }],
  ['happyhorse-1.0-t2v', [], { resolution: '480P' }],
  ['happyhorse-1.1-t2v', [], { duration: 2 }],
  ['happyhorse-1.0-i2v', [first, last]],
  ['happyhorse-1.1-r2v', times(10, ...picture)],
  ['happyhorse-1.1-r2v', [['reference_video', 'clip.mp4']]],
  ['happyhorse-1.0-video-edit', [['video', 'clip.mp4']], { duration: 5 }],
  ['happyhorse-1.0-video-edit', [['video', 'clip.mp4']], {}, {}],
  ['wan3.0-video', [], {}, { prompt: '' }],
  ['wan3.0-video', [first, picture]],
  ['wan3.0-video', times(11, ...picture)],
  ['wan3.0-video', times(6, 'reference_video', 'clip.mp4')],
  ['wan3.0-video', [], { duration: 31 }],
  ['wan2.5-t2v-preview', [], { duration: 7 }],
  ['wan2.6-t2v-us', [], { duration: 15 }],
  ['wan2.2-t2v-plus', [], { size: '1280*720' }],
];

test.each(refused)('%s refuses %j %j %j', async (...brief) => {
  const answer = await client.submitTask(paths.video, bodyOf(brief));
  expect(answer).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
});

const failing: [code: string, ...Brief][] = [
  ['InvalidFile.Duration', 'wan2.7-i2v', [['first_clip', 'long.mp4']]],
  ['InvalidFile.Duration', 'wan2.7-i2v', [first, ['driving_audio', 'brief.wav']]],
  ['InvalidParameter', 'wan2.7-r2v', [['reference_video', 'clip.mp4']], { duration: 11 }],
  ['InvalidFile.Duration', 'wan2.7-videoedit', [['video', 'long.mp4']]],
  ['InvalidImage.ImageSize', 'happyhorse-1.0-i2v', [['first_frame', 'tiny.png']]],
  ['InvalidImage.ImageSize', 'happyhorse-1.1-r2v', [['reference_image', 'tiny.png']]],
  ['InvalidParameter', 'wan3.0-video', times(2, 'reference_video', 'long.mp4')],
  ['InvalidParameter', 'wan3.0-video', [['reference_video', 'long.mp4']], { duration: 19 }],
];

async function made(brief: Brief, path = paths.video) {
  const created = await client.submitTask(path, bodyOf(brief));
  expect(created).toMatchObject({ status: 200 });
  return client.poll(created.body.output.task_id);
}

test.each(failing)('%s ends a task of %s with %j %j', async (code, ...brief) => {
  expect((await made(brief)).output).toMatchObject({ task_status: 'FAILED', code });
});

const tells = (duration: number, input: number, output: number, SR: number, more = {}) => ({
  ...{ duration, input_video_duration: input, output_video_duration: output, video_count: 1, SR, ...more },
});
const usages: [usage: object, ...Brief][] = [
  [tells(5, 0, 5, 1080, { ratio: '16:9' }), 'wan2.7-t2v', []],
  [tells(2, 0, 2, 720), 'wan2.7-i2v', [first], { resolution: '720P', duration: 2 }],
  [tells(15, 0, 15, 1080), 'wan2.7-i2v', [['first_clip', 'clip.mp4']], { duration: 15 }],
  [tells(8, 3, 5, 1080, { ratio: '16:9' }), 'wan2.7-r2v', [['reference_video', 'clip.mp4']]],
  [tells(6, 3, 3, 1080), 'wan2.7-videoedit', [['video', 'clip.mp4']]],
  [tells(6, 3, 3, 720), 'wan2.7-videoedit', [['video', 'clip.mp4']], { resolution: '720P', duration: 10 }],
  [
    tells(3, 0, 3, 480, { ratio: '21:9' }),
    'happyhorse-1.1-t2v',
    [],
    { resolution: '480P', duration: 3, ratio: '21:9' },
  ],
  [tells(6, 3, 3, 1080), 'happyhorse-1.0-video-edit', [['video', 'clip.mp4']]],
  [tells(5, 0, 5, 1080, { ratio: 'adaptive', fps: 30 }), 'wan3.0-video', [], { ratio: 'adaptive' }],
  [
    { video_duration: 10, video_ratio: '832*480', video_count: 1 },
    'wan2.5-t2v-preview',
    [],
    { size: '832*480', duration: 10 },
  ],
  [{ video_duration: 5, video_ratio: 'standard', video_count: 1 }, 'wanx2.1-t2v-turbo', []],
];

test.each(usages)('usage is %j: %s %j %j', async (usage, ...brief) => {
  expect((await made(brief)).usage).toEqual(usage);
});

test('first and last frame of 2.1 tell class and length', async () => {
  const frame = listed(['', 'wide.png'])[0]?.url;
  const input = { first_frame_url: frame, last_frame_url: frame };
  const { usage } = await made(['wanx2.1-kf2v-plus', [], {}, input], paths.keyFrames);
  expect(usage).toEqual({ video_duration: 5, video_count: 1, SR: 720 });
});

test.each([
  ['720P', '4:3', [1104, 832]],
  ['720P', '3:4', [832, 1104]],
  ['720P', '1:1', [960, 960]],
  ['1080P', '4:3', [1648, 1248]],
  ['1080P', '3:4', [1248, 1648]],
  ['1080P', '9:16', [1080, 1920]],
])('a video of wan2.7 at %s %s has its own size', async (resolution, ratio, size) => {
  const { output } = await made(['wan2.7-t2v', [], { resolution, ratio, duration: 2 }]);
  const file = Buffer.from(await (await fetch(output.video_url)).arrayBuffer());
  // Width and height of the visual sample entry, ISO/IEC 14496-12.
  const entry = file.indexOf('avc1', file.indexOf('stsd'));
  expect([file.readUInt16BE(entry + 28), file.readUInt16BE(entry + 30)]).toEqual(size);
});

const text = { messages: [{ role: 'user', content: [{ text: 'a cat' }] }] };
const edit = () => ({
  messages: [{ role: 'user', content: [{ image: listed(['', 'wide.png'])[0]?.url }, { text: 'a cat' }] }],
});

test.each<[model: string, edits: boolean, parameters: object]>([
  ['qwen-image-3.0-pro', false, { size: '1K' }],
  ['qwen-image-3.0-pro', true, { prompt_extend_mode: 'agent' }],
  ['qwen-image-2.1-pro', false, { prompt_extend_mode: 'agent' }],
  ['wan2.7-image', false, { negative_prompt: 'y' }],
  ['wan2.7-image', false, { n: 5 }],
  ['wan2.7-image', false, { n: 13, enable_sequential: true }],
  ['wan2.7-image', false, { size: '4K' }],
  ['wan2.7-image-pro', true, { size: '4K' }],
  ['wan2.7-image-pro', false, { size: '4K', enable_sequential: true }],
  ['z-image-turbo', false, { watermark: true }],
  ['z-image-turbo', false, { n: 2 }],
  ['z-image-turbo', true, {}],
])('%s (pictures go in: %s) refuses %j', async (model, edits, parameters) => {
  const answer = await client.submit(paths.picture, { model, input: edits ? edit() : text, parameters });
  expect(answer).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
});

test('a sequence whose length is left out has twelve pictures, and each is billed', async () => {
  const parameters = { enable_sequential: true, size: '768*768' };
  const { body } = await client.submit(paths.picture, { model: 'wan2.7-image', input: text, parameters });
  expect(body.usage.image_count).toBe(12);
});
