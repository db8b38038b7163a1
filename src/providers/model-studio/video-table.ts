/** Video types of wan2.6 and before: their requests have a field for each medium. From the provider's API, limits and price pages. */
import type { ModelType, Price, SizeRule } from './model-type.js';
import { perSecond } from './money.js';

const videoPath = '/services/aigc/video-generation/video-synthesis';

/** Widths and heights of each resolution class and aspect ratio. */
export const videoSizes: Record<string, Record<string, string>> = {
  '480P': { '16:9': '832*480', '9:16': '480*832', '1:1': '624*624' },
  '720P': { '16:9': '1280*720', '9:16': '720*1280', '1:1': '960*960', '4:3': '1088*832', '3:4': '832*1088' },
  '1080P': {
    '16:9': '1920*1080',
    '9:16': '1080*1920',
    '1:1': '1440*1440',
    '4:3': '1632*1248',
    '3:4': '1248*1632',
  },
};
export const sizesOf = (classes: string[], usual: string): SizeRule => ({
  form: 'list',
  values: classes.flatMap((name) => Object.values(videoSizes[name] ?? {})),
  default: usual,
});
const wanSizes = sizesOf(['720P', '1080P'], '1920*1080');

export const video = {
  task: 'video-generation',
  path: videoPath,
  mode: 'async',
  input: 'prompt',
  promptCharacters: 1500,
  references: { picture: 'character#', video: 'character#' },
  soundTrack: ['text-to-video', 'first-frame'],
  submitsPerSecond: 5,
  concurrentTasks: 5,
} as const satisfies Partial<ModelType>;

type SecondPrice = Extract<Price, { per: 'second' }>;
const wanPrice = perSecond({ '720P': 0.6, '1080P': 1 });
const americanWanPrice = perSecond({ '720P': 0.733924, '1080P': 1.100886 });
const flashPrice: SecondPrice = {
  ...perSecond({ '720P': 0.3, '1080P': 0.5 }),
  silentAmounts: { '720P': 0.15, '1080P': 0.25 },
};
/** Input videos count at most 5 seconds together, shared by the reference files; reference pictures are free. */
export const inputSecondsPerVideo = [5, 2.5, 1.65, 1.25, 1];

const references = {
  referenceFiles: [1, 5],
  referencesOfKind: { video: 3 },
  pictureMebibytes: 20,
  videoSeconds: { each: [1, 30] },
} satisfies Partial<ModelType>;

export const videoTypes: Record<string, ModelType> = {
  'wan2.6-t2v': {
    ...video,
    source: 'legacy-wan-text-to-video-api-reference',
    switches: ['watermark', 'prompt_extend', 'seed', 'shot_type', 'negative_prompt'],
    scenarios: ['text-to-video'],
    size: wanSizes,
    duration: { range: [2, 15], default: 5 },
    sound: 'always',
    price: wanPrice,
    american: { price: americanWanPrice, duration: { values: [5, 10], default: 5 } },
  },
  'wan2.6-i2v': {
    ...video,
    source: 'legacy-image-to-video-api-reference',
    switches: ['watermark', 'prompt_extend', 'seed', 'shot_type', 'negative_prompt'],
    scenarios: ['first-frame'],
    promptOptional: ['first-frame'],
    resolution: { values: ['720P', '1080P'], default: '1080P' },
    pictureMebibytes: 20,
    duration: { range: [2, 15], default: 5 },
    sound: 'always',
    silentAlternative: 'wan2.6-i2v-flash',
    price: wanPrice,
    american: { price: americanWanPrice, duration: { values: [5, 10, 15], default: 5 } },
  },
  'wan2.6-i2v-flash': {
    ...video,
    source: 'legacy-image-to-video-api-reference',
    switches: ['watermark', 'prompt_extend', 'seed', 'shot_type', 'audio', 'negative_prompt'],
    scenarios: ['first-frame'],
    promptOptional: ['first-frame'],
    resolution: { values: ['720P', '1080P'], default: '1080P' },
    pictureMebibytes: 20,
    duration: { range: [2, 15], default: 5 },
    sound: 'optional',
    price: flashPrice,
  },
  'wan2.2-kf2v-flash': {
    ...video,
    source: 'legacy-image-to-video-by-first-and-last-frame-api-reference',
    switches: ['watermark', 'prompt_extend', 'seed', 'negative_prompt'],
    path: '/services/aigc/image2video/video-synthesis',
    scenarios: ['first-and-last-frame'],
    promptOptional: ['first-and-last-frame'],
    resolution: { values: ['480P', '720P', '1080P'], default: '720P' },
    duration: { fixed: 5 },
    sound: 'never',
    promptCharacters: 800,
    submitsPerSecond: 2,
    concurrentTasks: 2,
    price: perSecond({ '480P': 0.1, '720P': 0.2, '1080P': 0.48 }),
  },
  'wan2.6-r2v': {
    ...video,
    source: 'legacy-wan-reference-to-video-api-reference',
    switches: ['watermark', 'seed', 'shot_type', 'negative_prompt'],
    scenarios: ['reference-video'],
    size: wanSizes,
    ...references,
    duration: { range: [2, 10], default: 5 },
    sound: 'always',
    silentAlternative: 'wan2.6-r2v-flash',
    price: { ...wanPrice, inputSecondsPerVideo },
  },
  'wan2.6-r2v-flash': {
    ...video,
    source: 'legacy-wan-reference-to-video-api-reference',
    switches: ['watermark', 'seed', 'shot_type', 'audio', 'negative_prompt'],
    scenarios: ['reference-video'],
    size: wanSizes,
    ...references,
    duration: { range: [2, 10], default: 5 },
    sound: 'optional',
    price: { ...flashPrice, inputSecondsPerVideo },
  },
};
