/** Picture types of qwen-image-3.0 and 2.1, wan2.7 and before, z-image. From the provider's API, limits and price pages (autumn 2026). */
import type { ModelType, PictureEdit, Scenario, SizeRule } from './model-type.js';
import { perPicture } from './money.js';

const perMinute = 1 / 60;
const messages = {
  task: 'image-generation',
  path: '/services/aigc/multimodal-generation/generation',
  mode: 'sync',
  input: 'messages',
  concurrentTasks: null,
} as const satisfies Partial<ModelType>;
const every: Scenario[] = ['text-to-image', 'image-edit', 'multi-image-fusion'];
const editing: Scenario[] = ['image-edit', 'multi-image-fusion'];
const usualSwitches: ModelType['switches'] = ['watermark', 'prompt_extend', 'seed', 'negative_prompt'];
const advised = ['1024*1024', '2048*2048', '2688*1536', '1536*2688'];

const qwen = {
  ...messages,
  source: 'qwen-image-api',
  scenarios: every,
  switches: usualSwitches,
  size: {
    form: 'area',
    least: '512*512',
    most: '2048*2048',
    ratio: [1 / 8, 8],
    default: '2048*2048',
    advised,
  },
  pictures: [1, 6],
  referenceFiles: [1, 3],
  promptTokens: 4500,
} satisfies Partial<ModelType>;

/** They take minutes: their pictures are waited for by a task, which outlives a connection. */
const qwen3 = {
  ...qwen,
  path: '/services/aigc/image-generation/generation',
  mode: 'async',
  concurrentTasks: 10,
  switches: [...usualSwitches, 'prompt_extend_mode', 'enable_thinking'],
} satisfies Partial<ModelType>;

const wan27Sizes = {
  form: 'area',
  least: '768*768',
  most: '2048*2048',
  ratio: [1 / 8, 8],
  default: '2K',
  advised: ['1024*1024', '2048*2048', '2688*1536', '1536*2688'],
  classes: { '1K': every, '2K': every },
} satisfies SizeRule;
const wan27 = {
  ...messages,
  source: 'wan-image-generation-and-editing-api-reference',
  path: '/services/aigc/image-generation/generation',
  mode: 'async',
  concurrentTasks: 5,
  submitsPerSecond: 5,
  scenarios: every,
  switches: ['watermark', 'seed', 'thinking_mode', 'enable_sequential', 'bbox_list', 'color_palette'],
  pictures: [1, 4],
  sequence: 12,
  referenceFiles: [1, 9],
  pictureMebibytes: 20,
  promptCharacters: 5000,
} satisfies Partial<ModelType>;

/** An older form: the prompt in a field, pictures from text alone, always by a task. */
const fromText = {
  task: 'image-generation',
  source: 'text-to-image-v2-api-reference',
  path: '/services/aigc/text2image/image-synthesis',
  mode: 'async',
  input: 'prompt',
  scenarios: ['text-to-image'],
  switches: usualSwitches,
  pictures: [1, 4],
  submitsPerSecond: 2,
  concurrentTasks: 2,
} satisfies Partial<ModelType>;
const olderSizes = {
  form: 'area',
  least: '512*512',
  most: '1440*1440',
  sides: [512, 1440],
  default: '1024*1024',
  advised: ['1024*1024', '1280*720', '720*1280'],
} satisfies SizeRule;
const older = { ...fromText, size: olderSizes, promptCharacters: 500 } satisfies Partial<ModelType>;

/** What wanx2.1-imageedit does to a picture. */
const edits: Record<string, PictureEdit> = {
  description_edit: { takes: ['strength'] },
  description_edit_with_mask: { takes: [], mask: true },
  stylization_all: { takes: ['strength'] },
  stylization_local: { takes: [] },
  remove_watermark: { takes: [] },
  expand: { takes: ['top_scale', 'bottom_scale', 'left_scale', 'right_scale'] },
  super_resolution: { takes: ['upscale_factor'] },
  colorization: { takes: [] },
  doodle: { takes: ['is_sketch'] },
  control_cartoon_feature: { takes: [] },
};

export const newerPictureTypes: Record<string, ModelType> = {
  'qwen-image-3.0-pro': {
    ...qwen3,
    submitsPerSecond: 5 * perMinute,
    price: perPicture(0.25, { higher: { when: 'large', amount: 0.5 }, input: 0.02 }),
  },
  'qwen-image-3.0': { ...qwen3, submitsPerSecond: 20 * perMinute, price: perPicture(0.18, { input: 0.02 }) },
  'qwen-image-2.1-pro': { ...qwen, submitsPerSecond: 20 * perMinute, price: perPicture(0.25) },
  'qwen-image-2.1-turbo': { ...qwen, submitsPerSecond: 2, price: perPicture(0.1) },
  'wan2.7-image-pro': {
    ...wan27,
    size: {
      ...wan27Sizes,
      mostFromText: '4096*4096',
      classes: { ...wan27Sizes.classes, '4K': ['text-to-image'] },
    },
    price: perPicture(0.5),
  },
  'wan2.7-image': { ...wan27, size: wan27Sizes, price: perPicture(0.2) },
  'wan2.6-image': {
    ...messages,
    source: 'wan-image-generation-api-reference',
    path: '/services/aigc/image-generation/generation',
    mode: 'async',
    scenarios: [...editing, 'interleaved'],
    switches: [...usualSwitches, 'enable_interleave'],
    size: {
      form: 'area',
      least: '768*768',
      most: '2048*2048',
      ratio: [1 / 4, 4],
      default: '1K',
      advised: ['1280*1280', '1024*1024', '2048*2048'],
      classes: { '1K': editing, '2K': editing },
    },
    pictures: [1, 4],
    referenceFiles: [1, 4],
    interleaved: {
      scenarios: ['interleaved'],
      switches: ['watermark', 'seed', 'negative_prompt', 'enable_interleave', 'max_images'],
      size: {
        form: 'area',
        least: '768*768',
        most: '1280*1280',
        ratio: [1 / 4, 4],
        default: '1280*1280',
        advised: ['1280*1280', '1024*1024'],
      },
      pictures: [1, 1],
      mostAmongTexts: 5,
      referenceFiles: [0, 1],
    },
    promptCharacters: 2000,
    submitsPerSecond: 5,
    concurrentTasks: 5,
    price: perPicture(0.2),
  },
  'wan2.5-t2i-preview': {
    ...fromText,
    size: {
      form: 'area',
      least: '1280*1280',
      most: '1440*1440',
      ratio: [1 / 4, 4],
      default: '1280*1280',
      advised: ['1280*1280'],
    },
    promptCharacters: 2000,
    submitsPerSecond: 5,
    concurrentTasks: 5,
    price: perPicture(0.2),
  },
  'wan2.5-i2i-preview': {
    ...fromText,
    source: 'wan2-5-image-edit-api-reference',
    path: '/services/aigc/image2image/image-synthesis',
    input: 'images',
    scenarios: editing,
    size: {
      form: 'area',
      least: '768*768',
      most: '1280*1280',
      ratio: [1 / 4, 4],
      default: '1280*1280',
      advised: ['1280*1280', '1024*1024'],
    },
    referenceFiles: [1, 3],
    promptCharacters: 2000,
    submitsPerSecond: 5,
    concurrentTasks: 5,
    price: perPicture(0.2),
  },
  'wanx2.1-imageedit': {
    ...fromText,
    source: 'wanx-image-edit-api-reference',
    path: '/services/aigc/image2image/image-synthesis',
    input: 'base image',
    scenarios: ['image-edit'],
    switches: ['watermark', 'seed'],
    edits,
    referenceFiles: [1, 1],
    promptCharacters: 800,
    price: perPicture(0.14),
  },
  'wan2.2-t2i-plus': { ...older, price: perPicture(0.2) },
  'wan2.2-t2i-flash': { ...older, price: perPicture(0.14) },
  'wanx2.1-t2i-plus': { ...older, price: perPicture(0.2) },
  'wanx2.1-t2i-turbo': { ...older, price: perPicture(0.14) },
  'wan2.1-t2i-plus': { ...older, price: perPicture(0.2) },
  'wan2.1-t2i-turbo': { ...older, price: perPicture(0.14) },
  'wanx2.0-t2i-turbo': { ...older, promptCharacters: 800, price: perPicture(0.04) },
  'z-image-turbo': {
    ...messages,
    source: 'z-image-api-reference',
    scenarios: ['text-to-image'],
    switches: ['prompt_extend', 'seed'],
    promptExtendOff: true,
    pictures: [1, 1],
    size: {
      form: 'area',
      least: '512*512',
      most: '2048*2048',
      default: '1024*1536',
      advised: ['1024*1536', '1024*1024', '1536*1536'],
    },
    promptCharacters: 800,
    submitsPerSecond: 2,
    price: perPicture(0.1, { higher: { when: 'extended', amount: 0.2 } }),
  },
};
