/**
 * What each model type of Model Studio takes, costs and allows: data, from the provider's API, limits and price pages (spring 2026).
 * Prices are CNY of the Beijing price list; limits hold for a main account and model, all keys together.
 */

import type { ModelType, Price, Scenario, SizeRule } from './model-type.js';

const imagePath = '/services/aigc/multimodal-generation/generation';
const videoPath = '/services/aigc/video-generation/video-synthesis';
const perMinute = 1 / 60;

const freeSizes = (advised: string[]): Extract<SizeRule, { form: 'area' }> => ({
  form: 'area',
  least: '512*512',
  most: '2048*2048',
  default: '1024*1024',
  advised,
});
const qwenImage2Sizes = freeSizes(['2048*2048', '2688*1536', '1536*2688', '2368*1728', '1728*2368']);
const fixedSizes: SizeRule = {
  form: 'list',
  values: ['1664*928', '1472*1104', '1328*1328', '1104*1472', '928*1664'],
  default: '1664*928',
};
const editSizes: SizeRule = { ...freeSizes(['1024*1024', '1536*1024', '1024*1536']), sides: [512, 2048] };

/** Widths and heights of each resolution class and aspect ratio. */
export const videoSizes: Record<string, Record<string, string>> = {
  '720P': { '16:9': '1280*720', '9:16': '720*1280', '1:1': '960*960', '4:3': '1088*832', '3:4': '832*1088' },
  '1080P': {
    '16:9': '1920*1080',
    '9:16': '1080*1920',
    '1:1': '1440*1440',
    '4:3': '1632*1248',
    '3:4': '1248*1632',
  },
};
const wanSizes: SizeRule = {
  form: 'list',
  values: Object.values(videoSizes).flatMap((sizes) => Object.values(sizes)),
  default: '1920*1080',
};

const image = {
  task: 'image-generation',
  path: imagePath,
  mode: 'sync',
  input: 'messages',
  switches: ['watermark', 'prompt_extend', 'seed', 'negative_prompt'],
  promptCharacters: 800,
  concurrentTasks: null,
} satisfies Partial<ModelType>;

/** Its pictures can be fetched after a crash, so it is used where a type has it beside the synchronous form; dated names have that one alone. */
const asynchronousForm = {
  path: '/services/aigc/text2image/image-synthesis',
  mode: 'async',
  input: 'prompt',
  concurrentTasks: 2,
  dated: image,
} satisfies Partial<ModelType>;

const video = {
  task: 'video-generation',
  path: videoPath,
  mode: 'async',
  input: 'prompt',
  promptCharacters: 1500,
  submitsPerSecond: 5,
  concurrentTasks: 5,
} as const satisfies Partial<ModelType>;

const everyImage: Scenario[] = ['text-to-image', 'image-edit', 'multi-image-fusion'];
const editing: Scenario[] = ['image-edit', 'multi-image-fusion'];

const currency = 'CNY';
type SecondPrice = Extract<Price, { per: 'second' }>;
const perPicture = (amount: number): Price => ({ per: 'picture', currency, amount });
const perSecond = (amounts: Record<string, number>): SecondPrice => ({ per: 'second', currency, amounts });
const wanPrice = perSecond({ '720P': 0.6, '1080P': 1 });
const americanWanPrice = perSecond({ '720P': 0.733924, '1080P': 1.100886 });
const flashPrice: SecondPrice = {
  ...perSecond({ '720P': 0.3, '1080P': 0.5 }),
  silentAmounts: { '720P': 0.15, '1080P': 0.25 },
};
/** Input videos count at most 5 seconds together, shared by the reference files; reference pictures are free. */
const inputSecondsPerVideo = [5, 2.5, 1.65, 1.25, 1];

export const pictureTypes: Record<string, ModelType> = {
  'qwen-image-2.0-pro': {
    ...image,
    scenarios: everyImage,
    size: qwenImage2Sizes,
    pictures: [1, 6],
    referenceFiles: [1, 3],
    submitsPerSecond: 2 * perMinute,
    price: perPicture(0.5),
  },
  'qwen-image-2.0': {
    ...image,
    scenarios: everyImage,
    size: qwenImage2Sizes,
    pictures: [1, 6],
    referenceFiles: [1, 3],
    submitsPerSecond: 2,
    price: perPicture(0.2),
  },
  'qwen-image-max': {
    ...image,
    scenarios: ['text-to-image'],
    size: fixedSizes,
    pictures: [1, 1],
    submitsPerSecond: 2 * perMinute,
    price: perPicture(0.5),
  },
  'qwen-image-plus': {
    ...image,
    ...asynchronousForm,
    scenarios: ['text-to-image'],
    size: fixedSizes,
    pictures: [1, 1],
    submitsPerSecond: 2,
    price: perPicture(0.2),
  },
  'qwen-image': {
    ...image,
    ...asynchronousForm,
    scenarios: ['text-to-image'],
    size: fixedSizes,
    pictures: [1, 1],
    submitsPerSecond: 2,
    price: perPicture(0.25),
  },
  'qwen-image-edit': {
    ...image,
    switches: ['watermark', 'seed', 'negative_prompt'],
    scenarios: ['image-edit'],
    pictures: [1, 1],
    referenceFiles: [1, 1],
    submitsPerSecond: 2,
    price: perPicture(0.3),
  },
  'qwen-image-edit-plus': {
    ...image,
    scenarios: editing,
    size: editSizes,
    pictures: [1, 6],
    referenceFiles: [1, 3],
    submitsPerSecond: 2,
    price: perPicture(0.2),
  },
  'qwen-image-edit-max': {
    ...image,
    scenarios: editing,
    size: editSizes,
    pictures: [1, 6],
    referenceFiles: [1, 3],
    submitsPerSecond: 2 * perMinute,
    price: perPicture(0.5),
  },
  'wan2.6-t2i': {
    ...image,
    path: '/services/aigc/image-generation/generation',
    mode: 'async',
    scenarios: ['text-to-image'],
    size: {
      form: 'area',
      least: '1280*1280',
      most: '1440*1440',
      ratio: [0.25, 4],
      default: '1280*1280',
      advised: ['1280*1280', '1104*1472', '1472*1104', '960*1696', '1696*960'],
    },
    pictures: [1, 4],
    promptCharacters: 2100,
    submitsPerSecond: 1,
    concurrentTasks: 5,
    price: perPicture(0.2),
  },
};

export const videoTypes: Record<string, ModelType> = {
  'wan2.6-t2v': {
    ...video,
    switches: ['watermark', 'prompt_extend', 'seed', 'shot_type', 'negative_prompt'],
    scenarios: ['text-to-video'],
    size: wanSizes,
    duration: { range: [2, 15], default: 5 },
    sound: 'always',
    price: wanPrice,
    american: { price: americanWanPrice },
  },
  'wan2.6-i2v': {
    ...video,
    switches: ['watermark', 'prompt_extend', 'seed', 'shot_type', 'negative_prompt'],
    scenarios: ['first-frame'],
    resolution: { values: ['720P', '1080P'], default: '1080P' },
    duration: { range: [2, 15], default: 5 },
    sound: 'always',
    silentAlternative: 'wan2.6-i2v-flash',
    price: wanPrice,
    american: { price: americanWanPrice },
  },
  'wan2.6-i2v-flash': {
    ...video,
    switches: ['watermark', 'prompt_extend', 'seed', 'shot_type', 'audio', 'negative_prompt'],
    scenarios: ['first-frame'],
    resolution: { values: ['720P', '1080P'], default: '1080P' },
    duration: { range: [2, 15], default: 5 },
    sound: 'optional',
    price: flashPrice,
  },
  'wan2.2-kf2v-flash': {
    ...video,
    switches: ['watermark', 'prompt_extend', 'seed', 'negative_prompt'],
    path: '/services/aigc/image2video/video-synthesis',
    scenarios: ['first-and-last-frame'],
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
    switches: ['watermark', 'seed', 'shot_type', 'negative_prompt'],
    scenarios: ['reference-video'],
    size: wanSizes,
    referenceFiles: [1, 5],
    duration: { range: [2, 10], default: 5 },
    sound: 'always',
    silentAlternative: 'wan2.6-r2v-flash',
    price: { ...wanPrice, inputSecondsPerVideo },
  },
  'wan2.6-r2v-flash': {
    ...video,
    switches: ['watermark', 'seed', 'shot_type', 'audio', 'negative_prompt'],
    scenarios: ['reference-video'],
    size: wanSizes,
    referenceFiles: [1, 5],
    duration: { range: [2, 10], default: 5 },
    sound: 'optional',
    price: { ...flashPrice, inputSecondsPerVideo },
  },
};
