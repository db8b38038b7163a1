/**
 * Video types of wan2.7, wan3.0 and happyhorse: their requests hold all media in one list (`input.media`), and take a resolution beside a
 * ratio. From the provider's API, limits and price pages (summer and autumn 2026).
 */
import type { ModelType } from './model-type.js';
import { perSecond } from './money.js';
import { inputSecondsPerVideo } from './video-table.js';

const ratios = ['16:9', '9:16', '1:1', '4:3', '3:4'];
const upTo1080 = { values: ['720P', '1080P'], default: '1080P' };

const mediaVideo = {
  task: 'video-generation',
  path: '/services/aigc/video-generation/video-synthesis',
  mode: 'async',
  input: 'media',
  resolution: upTo1080,
  sound: 'always',
  pictureMebibytes: 20,
  submitsPerSecond: 5,
  concurrentTasks: 5,
} as const satisfies Partial<ModelType>;

const wan27 = {
  ...mediaVideo,
  switches: ['watermark', 'prompt_extend', 'seed', 'negative_prompt'],
  duration: { range: [2, 15], default: 5 },
  promptCharacters: 5000,
  price: perSecond({ '720P': 0.6, '1080P': 1 }),
} satisfies Partial<ModelType>;

const wan3 = {
  ...mediaVideo,
  source: 'wan3-video-generation-api-reference',
  resolution: { values: ['480P', '720P', '1080P'], default: '1080P' },
  ratio: {
    values: ['adaptive', ...ratios],
    default: 'adaptive',
    scenarios: ['text-to-video', 'first-frame', 'first-and-last-frame', 'reference-video'],
  },
  switches: ['watermark', 'prompt_extend', 'seed', 'audio'],
  sound: 'optional',
  scenarios: ['text-to-video', 'first-frame', 'first-and-last-frame', 'reference-video'],
  promptOptional: ['first-frame', 'first-and-last-frame', 'reference-video'],
  referenceFiles: [1, 20],
  references: { picture: '图#', video: '视频#', sound: '音频#' },
  extras: ['documents'],
  referencesOfKind: { picture: 10, video: 5, sound: 5 },
  videoSeconds: { each: [1, 15], together: 15, withMade: 30 },
  duration: { range: [2, 30], default: 5, also: -1 },
  promptCharacters: 20_000,
} satisfies Partial<ModelType>;

const horseOfItsLength = {
  ...mediaVideo,
  switches: ['watermark', 'seed'],
  promptCharacters: 5000,
  chineseCounts: 2,
} satisfies Partial<ModelType>;
const horse = {
  ...horseOfItsLength,
  duration: { range: [3, 15], default: 5 },
} satisfies Partial<ModelType>;
const horseRatio = {
  values: [...ratios, '4:5', '5:4', '9:21', '21:9'],
  default: '16:9',
  scenarios: ['text-to-video', 'reference-video'],
} satisfies ModelType['ratio'];
const horse10Price = perSecond({ '720P': 0.9, '1080P': 1.6 });
const horse11 = {
  ...horse,
  resolution: { values: ['480P', '720P', '1080P'], default: '1080P' },
  price: perSecond({ '480P': 0.45, '720P': 0.9, '1080P': 1.2 }),
} satisfies Partial<ModelType>;

const fromText = {
  source: 'happyhorse-text-to-video-api-reference',
  scenarios: ['text-to-video'],
  ratio: horseRatio,
} satisfies Partial<ModelType>;
const fromFrame = {
  source: 'happyhorse-image-to-video-api-reference',
  scenarios: ['first-frame'],
  promptOptional: ['first-frame'],
} satisfies Partial<ModelType>;
const fromPictures = {
  source: 'happyhorse-reference-to-video-api-reference',
  scenarios: ['reference-video'],
  ratio: horseRatio,
  references: { picture: '[Image #]' },
  referenceFiles: [1, 9],
} satisfies Partial<ModelType>;

export const mediaVideoTypes: Record<string, ModelType> = {
  'wan2.7-t2v': {
    ...wan27,
    source: 'text-to-video-api-reference',
    scenarios: ['text-to-video'],
    ratio: { values: ratios, default: '16:9', scenarios: ['text-to-video'] },
    soundTrack: ['text-to-video'],
  },
  'wan2.7-i2v': {
    ...wan27,
    source: 'image-to-video-general-api-reference',
    scenarios: ['first-frame', 'first-and-last-frame', 'video-continuation'],
    promptOptional: ['first-frame', 'first-and-last-frame', 'video-continuation'],
    soundTrack: ['first-frame', 'first-and-last-frame'],
    videoSeconds: { each: [2, 10] },
  },
  'wan2.7-r2v': {
    ...wan27,
    source: 'wan-video-to-video-api-reference',
    scenarios: ['reference-video'],
    ratio: { values: ratios, default: '16:9', scenarios: ['reference-video'] },
    references: { picture: 'Image #', video: 'Video #' },
    frameBesideReferences: true,
    extras: ['voices'],
    referenceFiles: [1, 5],
    videoSeconds: { each: [1, 30] },
    duration: { range: [2, 15], default: 5, mostWithVideo: 10 },
    price: { ...wan27.price, inputSecondsPerVideo },
  },
  'wan2.7-videoedit': {
    ...wan27,
    source: 'wan-video-editing-api-reference',
    scenarios: ['video-edit'],
    promptOptional: ['video-edit'],
    ratio: { values: ratios, scenarios: ['video-edit'] },
    switches: [...wan27.switches, 'audio_setting'],
    references: { picture: 'Image #' },
    referenceFiles: [0, 4],
    videoSeconds: { each: [2, 10] },
    duration: { range: [2, 10], default: 0, also: 0 },
    price: { ...wan27.price, mostInputSeconds: 10 },
  },
  'wan3.0-video': {
    ...wan3,
    price: { ...perSecond({ '480P': 0.3, '720P': 0.6, '1080P': 1.2 }), mostInputSeconds: 15 },
  },
  'wan3.0-video-prime': {
    ...wan3,
    price: { ...perSecond({ '480P': 0.45, '720P': 0.9, '1080P': 1.8 }), mostInputSeconds: 15 },
  },
  'happyhorse-1.0-t2v': { ...horse, ...fromText, price: horse10Price },
  'happyhorse-1.0-i2v': { ...horse, ...fromFrame, price: horse10Price },
  'happyhorse-1.0-r2v': { ...horse, ...fromPictures, price: horse10Price },
  'happyhorse-1.0-video-edit': {
    ...horseOfItsLength,
    source: 'happyhorse-video-edit-api-reference',
    scenarios: ['video-edit'],
    switches: [...horse.switches, 'audio_setting'],
    references: { picture: '[Image #]' },
    referenceFiles: [0, 5],
    videoSeconds: { each: [3, 60] },
    price: { ...horse10Price, mostInputSeconds: 15 },
  },
  'happyhorse-1.1-t2v': { ...horse11, ...fromText },
  'happyhorse-1.1-i2v': { ...horse11, ...fromFrame },
  'happyhorse-1.1-r2v': { ...horse11, ...fromPictures },
};
