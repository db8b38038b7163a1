/** What `parameters` may hold, family by family, as the public API pages state it. */
import type { Family, ModelType } from './model-type.js';
import type { FamilyRules, FieldRule } from './rule-forms.js';

const boolean: FieldRule = { kind: 'boolean' };
const text: FieldRule = { kind: 'text' };
const integer = (minimum: number, maximum: number): FieldRule => ({ kind: 'integer', minimum, maximum });
const seed = integer(0, 2_147_483_647);
const onlyOne: FieldRule = {
  kind: 'integer',
  minimum: 1,
  maximum: 1,
  message: 'num_images_per_prompt must be 1',
};
const shotType: FieldRule = { kind: 'choice', values: ['single', 'multi'] };

const fixedPictureSizes = ['1664*928', '1472*1104', '1328*1328', '1104*1472', '928*1664'];

/** Video sizes by their billing class; usage calls the class `SR`. */
export const videoSizes: Readonly<Record<720 | 1080, readonly string[]>> = {
  720: ['1280*720', '720*1280', '960*960', '1088*832', '832*1088'],
  1080: ['1920*1080', '1080*1920', '1440*1440', '1632*1248', '1248*1632'],
};
const videoSize: FieldRule = { kind: 'size', size: { listed: [...videoSizes[720], ...videoSizes[1080]] } };
const resolution: FieldRule = { kind: 'choice', values: ['720P', '1080P'] };

/** Pixels that a resolution name stands for; the shape follows the first picture. */
export const resolutionAreas: Readonly<Record<string, number>> = {
  '480P': 832 * 480,
  '720P': 1280 * 720,
  '1080P': 1920 * 1080,
};

const pictureFields = { prompt_extend: boolean, watermark: boolean, seed, negative_prompt: text };
const freeArea: FieldRule = { kind: 'size', size: { area: [512 * 512, 2048 * 2048] } };

/** Their types have rules of their own. */
type OwnFamily = 'media-video' | 'message-image' | 'field-image';

/** Keys that are not listed are ignored, as the real service ignores them. */
const familyRules: Readonly<Record<Exclude<Family, OwnFamily>, FamilyRules>> = {
  'qwen-image-2': {
    fields: { ...pictureFields, size: freeArea, n: integer(1, 6) },
    defaults: { size: '2048*2048', n: 1 },
  },
  'qwen-image-fixed': {
    fields: { ...pictureFields, size: { kind: 'size', size: { listed: fixedPictureSizes } }, n: onlyOne },
    defaults: { size: '1664*928', n: 1 },
  },
  'qwen-image-edit': {
    fields: {
      negative_prompt: text,
      watermark: boolean,
      seed,
      n: onlyOne,
      size: { kind: 'refused' },
      prompt_extend: { kind: 'refused' },
    },
    defaults: { n: 1 },
  },
  'qwen-image-edit-plus': {
    fields: { ...pictureFields, size: { kind: 'size', size: { side: [512, 2048] } }, n: integer(1, 6) },
    defaults: { n: 1 },
  },
  'wan-t2i': {
    fields: {
      ...pictureFields,
      size: {
        kind: 'size',
        size: {
          area: [1280 * 1280, 1440 * 1440],
          ratio: 4,
          alsoListed: ['1104*1472', '1472*1104', '960*1696', '1696*960'],
        },
      },
      n: integer(1, 4),
    },
    defaults: { size: '1280*1280', n: 4 },
  },
  'wan-t2v': {
    fields: {
      size: videoSize,
      resolution,
      duration: integer(2, 15),
      prompt_extend: boolean,
      shot_type: shotType,
      watermark: boolean,
      seed,
    },
    defaults: { size: '1920*1080', duration: 5 },
  },
  'wan-i2v': {
    fields: {
      resolution,
      duration: integer(2, 15),
      prompt_extend: boolean,
      shot_type: shotType,
      watermark: boolean,
      seed,
      audio: boolean,
    },
    defaults: { resolution: '1080P', duration: 5 },
  },
  'wan-r2v': {
    fields: {
      size: videoSize,
      resolution,
      duration: integer(2, 10),
      shot_type: shotType,
      watermark: boolean,
      seed,
      audio: boolean,
    },
    defaults: { size: '1920*1080', duration: 5 },
  },
  'wan-kf2v': {
    fields: {
      resolution: { kind: 'choice', values: ['480P', '720P', '1080P'] },
      duration: integer(5, 5),
      prompt_extend: boolean,
      watermark: boolean,
      seed,
    },
    defaults: { resolution: '720P', duration: 5 },
  },
};

/** The rules of a type: its own, else its family's. */
export function rulesOf({ own, family }: ModelType): FamilyRules {
  return own ?? familyRules[family as keyof typeof familyRules];
}
