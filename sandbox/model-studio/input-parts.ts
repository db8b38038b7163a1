/** What checks of `input` share: prompt, addresses of media, and what comes of them. */
import { checkMediaUrl, type MediaRule } from './media-rules.js';
import type { ModelType } from './model-type.js';
import { refusal } from './refusal.js';

/** One media address of a request and what it must turn out to be. */
export interface MediaUse {
  field: string;
  url: string;
  rule: MediaRule;
}

export interface CheckedInput {
  prompt: string;
  /** The prompt as the model sees it: cut to the documented length. */
  effectivePrompt: string;
  scenario: string;
  media: MediaUse[];
  /** How many of the media are references, where others may stand beside them; undefined: all. */
  references?: number;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Characters a prompt keeps; the rest is cut silently. */
const promptCharacters: Readonly<Partial<Record<ModelType['family'], number>>> = {
  // Tokens of four characters.
  'qwen-image-2': 1300 * 4,
  'qwen-image-fixed': 800 * 4,
  'qwen-image-edit': 800 * 4,
  'qwen-image-edit-plus': 800 * 4,
  'wan-t2i': 2100,
  'wan-t2v': 1500,
  'wan-i2v': 1500,
  'wan-r2v': 1500,
  'wan-kf2v': 800,
};

export function mediaUse(field: string, url: unknown, rule: MediaRule): MediaUse {
  if (typeof url !== 'string') throw refusal.invalidParameter(`${field} must be a string.`);
  checkMediaUrl(field, url, rule);
  return { field, url, rule };
}

export function promptOf(model: ModelType, text: string) {
  const most = model.own?.promptCharacters ?? promptCharacters[model.family];
  return { prompt: text, effectivePrompt: [...text].slice(0, most).join('') };
}

export function readPrompt(input: JsonObject, required: boolean): string {
  const { prompt } = input;
  if (prompt !== undefined && prompt !== null && typeof prompt !== 'string') {
    throw refusal.invalidParameter('prompt must be a string.');
  }
  if (required && (prompt ?? '').trim() === '') {
    throw refusal.invalidParameter('Field required: input.prompt');
  }
  const negative = input.negative_prompt;
  if (negative !== undefined && negative !== null && typeof negative !== 'string') {
    throw refusal.invalidParameter('negative_prompt must be a string.');
  }
  return prompt ?? '';
}

export function optionalMedia(input: JsonObject, field: string, rule: MediaRule): MediaUse[] {
  const value = input[field];
  return value === undefined || value === null ? [] : [mediaUse(field, value, rule)];
}

export function requiredMedia(input: JsonObject, field: string, rule: MediaRule): MediaUse[] {
  const found = optionalMedia(input, field, rule);
  if (found.length === 0) throw refusal.invalidParameter(`Field required: input.${field}`);
  return found;
}
