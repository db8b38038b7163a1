/** Picture types. From the provider's API, limits and price pages; prices are CNY of the Beijing price list. */
import type { ModelType, Scenario, SizeRule } from './model-type.js';
import { perPicture } from './money.js';

const imagePath = '/services/aigc/multimodal-generation/generation';
const perMinute = 1 / 60;

const freeSizes = (advised: string[]): Extract<SizeRule, { form: 'area' }> => ({
  form: 'area',
  least: '512*512',
  most: '2048*2048',
  default: '1024*1024',
  advised,
});
const qwenImage2Sizes: SizeRule = {
  ...freeSizes(['2048*2048', '2688*1536', '1536*2688', '2368*1728', '1728*2368']),
  default: '2048*2048',
};
const fixedSizes: SizeRule = {
  form: 'list',
  values: ['1664*928', '1472*1104', '1328*1328', '1104*1472', '928*1664'],
  default: '1664*928',
};
const editSizes: SizeRule = { ...freeSizes(['1024*1024', '1536*1024', '1024*1536']), sides: [512, 2048] };

const image = {
  task: 'image-generation',
  source: 'qwen-image-api',
  path: imagePath,
  mode: 'sync',
  input: 'messages',
  switches: ['watermark', 'prompt_extend', 'seed', 'negative_prompt'],
  promptTokens: 800,
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

const everyImage: Scenario[] = ['text-to-image', 'image-edit', 'multi-image-fusion'];
const editing: Scenario[] = ['image-edit', 'multi-image-fusion'];

export const pictureTypes: Record<string, ModelType> = {
  'qwen-image-2.0-pro': {
    ...image,
    scenarios: everyImage,
    size: qwenImage2Sizes,
    promptTokens: 1300,
    pictures: [1, 6],
    referenceFiles: [1, 3],
    submitsPerSecond: 2 * perMinute,
    price: perPicture(0.5),
  },
  'qwen-image-2.0': {
    ...image,
    scenarios: everyImage,
    size: qwenImage2Sizes,
    promptTokens: 1300,
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
    source: 'qwen-image-edit-api',
    switches: ['watermark', 'seed', 'negative_prompt'],
    scenarios: editing,
    pictures: [1, 1],
    referenceFiles: [1, 3],
    submitsPerSecond: 2,
    price: perPicture(0.3),
  },
  'qwen-image-edit-plus': {
    ...image,
    source: 'qwen-image-edit-api',
    scenarios: editing,
    size: editSizes,
    pictures: [1, 6],
    referenceFiles: [1, 3],
    submitsPerSecond: 2,
    price: perPicture(0.2),
  },
  'qwen-image-edit-max': {
    ...image,
    source: 'qwen-image-edit-api',
    scenarios: editing,
    size: editSizes,
    pictures: [1, 6],
    referenceFiles: [1, 3],
    submitsPerSecond: 2 * perMinute,
    price: perPicture(0.5),
  },
  'wan2.6-t2i': {
    ...image,
    source: 'text-to-image-v2-api-reference',
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
