/** Newer and older picture types whose rules are their own. From the public API pages. */
import type { MediaRule } from './media-rules.js';
import { boolean, choice, common, integer, number, type OwnRules, seed } from './own-rules.js';
import type { FieldRule } from './rule-forms.js';

const area = (least: number, most: number, ratio?: number, words: string[] = []): FieldRule => ({
  kind: 'size',
  size: { area: [least * least, most * most], ...(ratio && { ratio }), ...(words.length > 0 && { words }) },
});
const messagePicture = (rules: Partial<OwnRules>): OwnRules => ({
  input: [],
  promptRequired: true,
  promptCharacters: 5000,
  fields: {},
  defaults: { n: 1 },
  ...rules,
});
const megabyte = 1024 * 1024;
const pictureOf = (side: [number, number], mebibytes: number, formats: string[] = []): MediaRule => ({
  dataUrl: true,
  picture: {
    formats: ['jpeg', 'png', 'bmp', 'webp', ...formats],
    ...{ side, maxBytes: mebibytes * megabyte, transparencyAllowed: false },
  },
});
const negative: FieldRule = { kind: 'text' };
const qwen3 = messagePicture({
  pictures: [0, 3],
  promptCharacters: 18_000,
  fields: {
    ...common,
    negative_prompt: negative,
    size: area(512, 2048, 8),
    n: integer(1, 6),
    prompt_extend_mode: choice('direct', 'agent'),
    enable_thinking: boolean,
  },
  edited: { prompt_extend_mode: choice('direct') },
  defaults: { size: '2048*2048', n: 1 },
});
const { prompt_extend_mode: _mode, enable_thinking: _thinking, ...fieldsBefore3 } = qwen3.fields;
const qwen21 = messagePicture({ ...qwen3, fields: fieldsBefore3, edited: {} });
const wan27Picture = (most: number, words: string[]) =>
  messagePicture({
    pictures: [0, 9],
    pictureRule: pictureOf([240, 8000], 20),
    single: { n: integer(1, 4) },
    edited: { size: area(768, 2048, 8, ['1K', '2K']) },
    sequence: 12,
    fields: {
      watermark: boolean,
      seed,
      size: area(768, most, 8, words),
      n: integer(1, 12),
      thinking_mode: boolean,
      enable_sequential: boolean,
      bbox_list: { kind: 'boxes' },
      color_palette: { kind: 'palette' },
    },
    defaults: { size: '2048*2048', n: 1 },
  });
export const syncPictures: Record<string, OwnRules> = {
  'qwen-image-2.1-pro': qwen21,
  'qwen-image-2.1-turbo': qwen21,
  'z-image-turbo': messagePicture({
    pictures: [0, 0],
    promptCharacters: 800,
    fields: { prompt_extend: boolean, seed, size: area(512, 2048), n: integer(1, 1) },
    defaults: { size: '1024*1536', n: 1 },
  }),
};
export const taskPictures: Record<string, OwnRules> = {
  'qwen-image-3.0-pro': { ...qwen3, usage: 'tiers' },
  'qwen-image-3.0': { ...qwen3, usage: 'tiers' },
  'wan2.7-image-pro': wan27Picture(4096, ['1K', '2K', '4K']),
  'wan2.7-image': wan27Picture(2048, ['1K', '2K']),
  'wan2.6-image': messagePicture({
    pictures: [1, 4],
    promptCharacters: 2000,
    fields: {
      ...common,
      negative_prompt: negative,
      size: area(768, 2048, 4, ['1K', '2K']),
      n: integer(1, 4),
      enable_interleave: boolean,
    },
    defaults: { size: '1280*1280', n: 4 },
    interleaved: {
      pictures: [0, 1],
      fields: {
        ...common,
        negative_prompt: negative,
        size: area(768, 1280, 4),
        n: { kind: 'integer', minimum: 1, maximum: 1, message: 'num_images_per_prompt must be 1' },
        enable_interleave: boolean,
        max_images: integer(1, 5),
        stream: boolean,
      },
      defaults: { size: '1280*1280', n: 5 },
    },
  }),
};
const textPicture = (promptCharacters: number, size: FieldRule, usual: string): OwnRules => ({
  input: ['prompt', 'negative_prompt'],
  promptRequired: true,
  promptCharacters,
  fields: { ...common, size, n: integer(1, 4) },
  defaults: { size: usual, n: 4 },
});
const sides: FieldRule = { kind: 'size', size: { side: [512, 1440] } };
export const textPictures: Record<string, OwnRules> = {
  'wan2.5-t2i-preview': textPicture(2000, area(1280, 1440, 4), '1280*1280'),
  ...Object.fromEntries(
    ['wan2.2-t2i-plus', 'wan2.2-t2i-flash', 'wanx2.1-t2i-plus', 'wanx2.1-t2i-turbo'].map((name) => [
      name,
      textPicture(500, sides, '1024*1024'),
    ]),
  ),
  'wanx2.0-t2i-turbo': textPicture(800, sides, '1024*1024'),
};
export const imagePictures: Record<string, OwnRules> = {
  'wan2.5-i2i-preview': {
    ...textPicture(2000, area(768, 1280, 4), '1280*1280'),
    input: ['prompt', 'negative_prompt', 'images'],
    pictures: [1, 3],
    pictureRule: pictureOf([384, 5000], 10),
  },
  'wanx2.1-imageedit': {
    input: ['function', 'prompt', 'base_image_url', 'mask_image_url'],
    promptRequired: true,
    promptCharacters: 800,
    pictures: [1, 2],
    pictureRule: pictureOf([512, 4096], 10, ['tiff']),
    fields: { watermark: boolean, seed, n: integer(1, 4) },
    defaults: { n: 1 },
    edits: {
      stylization_all: { strength: number(0, 1) },
      stylization_local: {},
      description_edit: { strength: number(0, 1) },
      description_edit_with_mask: {},
      remove_watermark: {},
      expand: Object.fromEntries(
        ['top_scale', 'bottom_scale', 'left_scale', 'right_scale'].map((side) => [side, number(1, 2)]),
      ),
      super_resolution: { upscale_factor: integer(1, 4) },
      colorization: {},
      doodle: { is_sketch: boolean },
      control_cartoon_feature: {},
    },
  },
};
