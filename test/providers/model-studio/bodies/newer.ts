/** wan2.7, wan3.0, happyhorse, wan2.5 and before, newer pictures: one row and more for each scenario. From their API pages. */
import { pictureEdits } from './picture-edits.js';
import { type BodyRow, golden, music, stone } from './row.js';
import { clip } from './videos.js';

const video = {
  task: 'video-generation',
  path: '/api/v1/services/aigc/video-generation/video-synthesis',
  mode: 'async',
} as const;
const listed = (type: string, path: string) => ({ type, url: `signed:${path}` });
const wan = { prompt_extend: true, watermark: false };
const usual = { resolution: '1080P', duration: 5, watermark: false };
const wide = { ...usual, ratio: '16:9' };
const free = { ...usual, ...wan, ratio: 'adaptive', audio: true };
const wan3 = ['wan3.0-video', 'wan3.0-video-prime'];
const both = (name: string) => [`wanx2.1-${name}`, `wan2.1-${name}`];

type Brief = [scenario: string, modelTypes: string[], request: object, input: object, parameters: object];
const videoRow = ([scenario, modelTypes, request, input, parameters]: Brief): BodyRow => ({
  ...{ ...video, what: JSON.stringify(request), scenario, modelTypes, request, body: { input, parameters } },
});

const clips: BodyRow[] = [
  [
    'text-to-video',
    ['wan2.7-t2v'],
    {
      prompt: 'waves',
      negative_prompt: 'people',
      audio_url: music,
      parameters: { resolution: '720P', ratio: '4:3' },
    },
    { prompt: 'waves', audio_url: `signed:${music}`, negative_prompt: 'people' },
    { ...wan, resolution: '720P', ratio: '4:3', duration: 5 },
  ],
  [
    'text-to-video',
    wan3,
    { prompt: 'waves', parameters: { duration: -1 } },
    { prompt: 'waves' },
    { ...free, duration: -1 },
  ],
  [
    'text-to-video',
    ['happyhorse-1.0-t2v', 'happyhorse-1.1-t2v'],
    { prompt: 'waves', parameters: { ratio: '21:9', duration: 15, seed: 1 } },
    { prompt: 'waves' },
    { ...usual, ratio: '21:9', duration: 15, seed: 1 },
  ],
  [
    'first-frame',
    ['wan2.7-i2v'],
    { img_url: golden, audio_url: music },
    { media: [listed('first_frame', golden), listed('driving_audio', music)] },
    { ...usual, ...wan },
  ],
  ['first-frame', wan3, { img_url: golden }, { media: [listed('first_frame', golden)] }, free],
  [
    'first-frame',
    ['happyhorse-1.0-i2v', 'happyhorse-1.1-i2v'],
    { prompt: 'he walks', img_url: golden },
    { prompt: 'he walks', media: [listed('first_frame', golden)] },
    usual,
  ],
  // As these models call it themselves.
  ['first-frame', wan3, { first_frame_url: golden }, { media: [listed('first_frame', golden)] }, free],
  [
    'first-frame',
    ['happyhorse-1.0-i2v', 'happyhorse-1.1-i2v'],
    { first_frame_url: golden },
    { media: [listed('first_frame', golden)] },
    usual,
  ],
  [
    'first-frame',
    ['wan2.7-i2v'],
    { first_frame_url: golden, audio_url: music },
    { media: [listed('first_frame', golden), listed('driving_audio', music)] },
    { ...usual, ...wan },
  ],
  [
    'reference-video',
    ['wan2.7-r2v'],
    { prompt: 'he walks', reference_urls: [golden], first_frame_url: stone },
    { prompt: 'he walks', media: [listed('reference_image', golden), listed('first_frame', stone)] },
    { ...wide, ...wan },
  ],
  [
    'first-and-last-frame',
    ['wan2.7-i2v'],
    { first_frame_url: golden, last_frame_url: stone },
    { media: [listed('first_frame', golden), listed('last_frame', stone)] },
    { ...usual, ...wan },
  ],
  [
    'first-and-last-frame',
    wan3,
    { first_frame_url: golden, last_frame_url: stone },
    { media: [listed('first_frame', golden), listed('last_frame', stone)] },
    free,
  ],
  [
    'reference-video',
    ['wan2.7-r2v'],
    {
      prompt: `${golden} meets ${clip} and ${stone}`,
      reference_urls: [golden, clip, stone],
      parameters: { duration: 10 },
    },
    {
      prompt: 'Image 1 meets Video 1 and Image 2',
      media: [
        listed('reference_image', golden),
        listed('reference_video', clip),
        listed('reference_image', stone),
      ],
    },
    { ...wide, ...wan, duration: 10 },
  ],
  [
    'reference-video',
    ['wan2.7-r2v'],
    { prompt: `${golden} walks`, reference_urls: [golden], img_url: stone, parameters: { duration: 15 } },
    { prompt: 'Image 1 walks', media: [listed('reference_image', golden), listed('first_frame', stone)] },
    { ...wide, ...wan, duration: 15 },
  ],
  [
    'reference-video',
    wan3,
    { prompt: `${golden} hears ${music}`, reference_urls: [golden, music] },
    {
      prompt: '图1 hears 音频1',
      media: [listed('reference_image', golden), listed('reference_audio', music)],
    },
    free,
  ],
  [
    'reference-video',
    ['happyhorse-1.0-r2v', 'happyhorse-1.1-r2v'],
    { prompt: `${golden} meets ${stone}`, reference_urls: [golden, stone], parameters: { duration: 15 } },
    {
      prompt: '[Image 1] meets [Image 2]',
      media: [listed('reference_image', golden), listed('reference_image', stone)],
    },
    { ...wide, duration: 15 },
  ],
  [
    'video-edit',
    ['wan2.7-videoedit'],
    { video: clip, reference_urls: [golden], parameters: { audio_setting: 'origin', ratio: '1:1' } },
    { media: [listed('video', clip), listed('reference_image', golden)] },
    { ...usual, ...wan, ratio: '1:1', duration: 0, audio_setting: 'origin' },
  ],
  [
    'video-edit',
    ['happyhorse-1.0-video-edit'],
    { prompt: `dress him as ${golden}`, video: clip, reference_urls: [golden] },
    { prompt: 'dress him as [Image 1]', media: [listed('video', clip), listed('reference_image', golden)] },
    { resolution: '1080P', watermark: false },
  ],
  [
    'video-continuation',
    ['wan2.7-i2v'],
    { prompt: 'on it goes', video: clip, last_frame_url: golden, parameters: { duration: 15 } },
    { prompt: 'on it goes', media: [listed('first_clip', clip), listed('last_frame', golden)] },
    { ...usual, ...wan, duration: 15 },
  ],
].map((row) => videoRow(row as Brief));

const older: BodyRow[] = [
  [
    'text-to-video',
    ['wan2.5-t2v-preview'],
    { prompt: 'waves', parameters: { resolution: '480P', duration: 10 } },
    { prompt: 'waves' },
    { ...wan, size: '832*480', duration: 10 },
  ],
  [
    'text-to-video',
    ['wan2.2-t2v-plus'],
    { prompt: 'waves' },
    { prompt: 'waves' },
    { ...wan, size: '1920*1080' },
  ],
  [
    'text-to-video',
    [...both('t2v-turbo'), ...both('t2v-plus')],
    { prompt: 'waves' },
    { prompt: 'waves' },
    { ...wan, size: '1280*720' },
  ],
  [
    'first-frame',
    ['wan2.5-i2v-preview'],
    { img_url: golden, audio_url: music },
    { img_url: `signed:${golden}`, audio_url: `signed:${music}` },
    { ...usual, ...wan },
  ],
  [
    'first-frame',
    ['wan2.2-i2v-flash', ...both('i2v-plus')],
    { img_url: golden },
    { img_url: `signed:${golden}` },
    { ...wan, resolution: '720P' },
  ],
  [
    'first-frame',
    ['wan2.2-i2v-plus'],
    { img_url: golden },
    { img_url: `signed:${golden}` },
    { ...wan, resolution: '1080P' },
  ],
  [
    'first-frame',
    both('i2v-turbo'),
    { img_url: golden, parameters: { duration: 3 } },
    { img_url: `signed:${golden}` },
    { ...wan, resolution: '720P', duration: 3 },
  ],
].map((row) => videoRow(row as Brief));

const keyFrames: BodyRow = {
  ...video,
  what: 'two frames',
  scenario: 'first-and-last-frame',
  modelTypes: both('kf2v-plus'),
  path: '/api/v1/services/aigc/image2video/video-synthesis',
  request: { first_frame_url: golden, last_frame_url: stone },
  body: {
    input: { first_frame_url: `signed:${golden}`, last_frame_url: `signed:${stone}` },
    parameters: { ...wan, resolution: '720P' },
  },
};

const message = '/api/v1/services/aigc/multimodal-generation/generation';
const byTask = '/api/v1/services/aigc/image-generation/generation';
const scenarios = ['text-to-image', 'image-edit', 'multi-image-fusion'];

/** A row for each number of reference pictures. */
function pictureRows(
  modelTypes: string[],
  counts: number[],
  form: Pick<BodyRow, 'path' | 'mode'>,
  parameters: (references: number) => object,
): BodyRow[] {
  return counts.map((count) => {
    const references = [golden, stone].slice(0, count);
    const content = [...references.map((path) => ({ image: `signed:${path}` })), { text: 'a lighthouse' }];
    return {
      ...{ ...form, modelTypes, what: 'defaults', scenario: scenarios[count] as string },
      request: { prompt: 'a lighthouse', ...(count > 0 && { reference_urls: references }) },
      body: { input: { messages: [{ role: 'user', content }] }, parameters: parameters(count) },
    };
  });
}

const fields = (modelTypes: string[], size: string): BodyRow => ({
  ...{ what: 'defaults', scenario: 'text-to-image', modelTypes, mode: 'async' },
  path: '/api/v1/services/aigc/text2image/image-synthesis',
  request: { prompt: 'a lighthouse', negative_prompt: 'fog' },
  body: { input: { prompt: 'a lighthouse', negative_prompt: 'fog' }, parameters: { ...wan, size, n: 1 } },
});

export const newer: BodyRow[] = [
  ...clips,
  ...older,
  keyFrames,
  ...[
    { types: ['qwen-image-3.0-pro', 'qwen-image-3.0'], way: { path: byTask, mode: 'async' } as const },
    { types: ['qwen-image-2.1-pro', 'qwen-image-2.1-turbo'], way: { path: message, mode: 'sync' } as const },
  ].flatMap(({ types, way }) =>
    pictureRows(types, [0, 1, 2], way, (count) => ({
      ...{ ...wan, n: 1 },
      ...(count === 0 && { size: '2048*2048' }),
    })),
  ),
  ...pictureRows(['wan2.7-image-pro', 'wan2.7-image'], [0, 1, 2], { path: byTask, mode: 'async' }, () => ({
    ...{ size: '2K', n: 1, watermark: false },
  })),
  ...pictureRows(['wan2.6-image'], [1, 2], { path: byTask, mode: 'async' }, () => ({
    ...wan,
    size: '1K',
    n: 1,
  })),
  ...pictureRows(['z-image-turbo'], [0], { path: message, mode: 'sync' }, () => ({
    ...{ size: '1024*1536', n: 1, prompt_extend: false },
  })),
  fields(['wan2.5-t2i-preview'], '1280*1280'),
  fields(
    ['wan2.2-t2i-plus', 'wan2.2-t2i-flash', ...both('t2i-plus'), ...both('t2i-turbo'), 'wanx2.0-t2i-turbo'],
    '1024*1024',
  ),
  ...[1, 2].map(
    (count): BodyRow => ({
      ...{ what: `${count} pictures`, scenario: scenarios[count] as string, mode: 'async' },
      modelTypes: ['wan2.5-i2i-preview'],
      path: '/api/v1/services/aigc/image2image/image-synthesis',
      request: { prompt: 'a lighthouse', reference_urls: [golden, stone].slice(0, count) },
      body: {
        input: {
          prompt: 'a lighthouse',
          images: [golden, stone].slice(0, count).map((path) => `signed:${path}`),
        },
        parameters: { ...wan, n: 1 },
      },
    }),
  ),
  ...pictureEdits,
];
