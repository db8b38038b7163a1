/** Fields of single types: voices, documents and pages, boxes, palettes, texts and pictures in turn. From their API pages. */
import { type BodyRow, golden, music, stone } from './row.js';
import { clip } from './videos.js';

export const page = 'oss://bucket/path/script.pdf';
const signed = (path: string) => `signed:${path}`;
const wan = { prompt_extend: true, watermark: false };
const wide = { resolution: '1080P', duration: 5, watermark: false, prompt_extend: true };
const free = { ...wide, ratio: 'adaptive', audio: true };

type Brief = [what: string, modelTypes: string[], request: object, input: object, parameters: object];

const videos: Brief[] = [
  [
    'a voice for the second reference',
    ['wan2.7-r2v'],
    { prompt: `${golden} meets ${stone}`, reference_urls: [golden, stone], reference_voice: [null, music] },
    {
      prompt: 'Image 1 meets Image 2',
      media: [
        { type: 'reference_image', url: signed(golden) },
        { type: 'reference_image', url: signed(stone), reference_voice: signed(music) },
      ],
    },
    { ...wide, ratio: '16:9' },
  ],
  [
    'a voice for a video beside a first frame',
    ['wan2.7-r2v'],
    { prompt: `${clip} speaks`, reference_urls: [clip], reference_voice: music, img_url: stone },
    {
      prompt: 'Video 1 speaks',
      media: [
        { type: 'reference_video', url: signed(clip), reference_voice: signed(music) },
        { type: 'first_frame', url: signed(stone) },
      ],
    },
    { ...wide, ratio: '16:9' },
  ],
  [
    'a document alone',
    ['wan3.0-video', 'wan3.0-video-prime'],
    { file: page, parameters: { resolution: '480P', duration: 2 } },
    { media: [{ type: 'file', url: signed(page) }] },
    { ...free, resolution: '480P', duration: 2 },
  ],
  [
    'a page beside a picture, as long as can be',
    ['wan3.0-video'],
    {
      prompt: `${golden} reads it`,
      reference_urls: [golden],
      link: 'https://example.com/story',
      parameters: { duration: 30 },
    },
    {
      prompt: '图1 reads it',
      media: [
        { type: 'reference_image', url: signed(golden) },
        { type: 'link', url: 'https://example.com/story' },
      ],
    },
    { ...free, duration: 30 },
  ],
];

const boxes = [[], [[989, 515, 1138, 681]]];
const palette = [
  { hex: '#C2D1E6', ratio: '23.51%' },
  { hex: '#112233', ratio: '36.49%' },
  { hex: '#ffffff', ratio: '40.00%' },
];
const usual = { size: '2K', n: 1, watermark: false };
const message = (text: string, ...pictures: string[]) => ({
  messages: [{ role: 'user', content: [...pictures.map((path) => ({ image: signed(path) })), { text }] }],
});
const fused = { prompt: 'swap them', reference_urls: [golden, stone] };

const pictures: (Brief | [...Brief, scenario: string])[] = [
  [
    'boxes in the second picture',
    ['wan2.7-image-pro', 'wan2.7-image'],
    { ...fused, parameters: { bbox_list: boxes } },
    message('swap them', golden, stone),
    { ...usual, bbox_list: boxes },
    'multi-image-fusion',
  ],
  [
    'a palette',
    ['wan2.7-image-pro', 'wan2.7-image'],
    { prompt: 'a lake', parameters: { color_palette: palette, n: 2 } },
    message('a lake'),
    { ...usual, n: 2, color_palette: palette },
    'text-to-image',
  ],
  [
    'three pictures among texts',
    ['wan2.6-image'],
    {
      prompt: 'how to fold a boat',
      parameters: { enable_interleave: true, max_images: 3, size: '1280*1280' },
    },
    message('how to fold a boat'),
    { watermark: false, enable_interleave: true, max_images: 3, n: 1, size: '1280*1280' },
    'interleaved',
  ],
  [
    'as many as the model likes, after a picture',
    ['wan2.6-image'],
    { prompt: 'how to paint this', reference_urls: [golden], parameters: { enable_interleave: true } },
    message('how to paint this', golden),
    { watermark: false, enable_interleave: true, max_images: 5, n: 1 },
    'interleaved',
  ],
  [
    'no texts',
    ['wan2.6-image'],
    { ...fused, parameters: { enable_interleave: false } },
    message('swap them', golden, stone),
    { ...wan, size: '1K', n: 1, enable_interleave: false },
    'multi-image-fusion',
  ],
];

export const extras: BodyRow[] = [
  ...videos.map(
    ([what, modelTypes, request, input, parameters]): BodyRow => ({
      ...{ what, modelTypes, request, body: { input, parameters }, mode: 'async' },
      ...{ task: 'video-generation', scenario: 'reference-video' },
      path: '/api/v1/services/aigc/video-generation/video-synthesis',
    }),
  ),
  ...pictures.map(
    ([what, modelTypes, request, input, parameters, scenario = '']): BodyRow => ({
      ...{ what, modelTypes, request, body: { input, parameters }, mode: 'async', scenario },
      path: '/api/v1/services/aigc/image-generation/generation',
    }),
  ),
];
