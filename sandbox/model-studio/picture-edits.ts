/** What wanx2.1-imageedit does to a picture: one of several things (`input.function`), each with fields of its own, one with a mask. */
import { type CheckedInput, promptOf, readPrompt, requiredMedia } from './input-parts.js';
import type { FetchedMedia } from './media-fetch.js';
import { mediaRules } from './media-rules.js';
import type { ModelType } from './model-type.js';
import { isObject } from './parameter-check.js';
import { refusal } from './refusal.js';
import type { Dimensions } from './rule-forms.js';

type JsonObject = Readonly<Record<string, unknown>>;

const masked = 'description_edit_with_mask';

/** The model with the fields that belong to what is asked for. */
export function asEdit(model: ModelType, input: unknown): ModelType {
  const { own } = model;
  if (!own?.edits || !isObject(input)) return model;
  const fields = own.edits[`${input.function}`];
  if (!fields)
    throw refusal.invalidParameter(`function must be one of ${Object.keys(own.edits).join(', ')}.`);
  return { ...model, own: { ...own, fields: { ...own.fields, ...fields } } };
}

export function checkEdit(model: ModelType, input: JsonObject): CheckedInput {
  const rule = model.own?.pictureRule ?? mediaRules.editPicture;
  const media = requiredMedia(input, 'base_image_url', rule);
  if (input.function === masked) media.push(...requiredMedia(input, 'mask_image_url', rule));
  return { ...promptOf(model, readPrompt(input, true)), scenario: 'image-edit', media };
}

/** A mask is as large as the picture. */
export function checkMask(model: ModelType, media: readonly FetchedMedia[]): void {
  const [picture, mask] = media;
  if (!model.own?.edits || !picture || !mask) return;
  if (picture.width !== mask.width || picture.height !== mask.height)
    throw refusal.invalidParameter('The size of mask_image_url must be that of base_image_url.');
}

const mostPixels = 4096 * 4096;

/** As large as the picture, or larger by what the parameters say. */
export function editedSize(picture: Dimensions, parameters: JsonObject): Dimensions {
  const factor = (name: string) => (typeof parameters[name] === 'number' ? (parameters[name] as number) : 1);
  const grown = factor('upscale_factor');
  const width = picture.width * (factor('left_scale') + factor('right_scale') - 1) * grown;
  const height = picture.height * (factor('top_scale') + factor('bottom_scale') - 1) * grown;
  const shrunk = Math.min(1, Math.sqrt(mostPixels / (width * height)));
  return { width: Math.round(width * shrunk), height: Math.round(height * shrunk) };
}
