/** Checks `input`: messages for pictures, prompt and media fields for videos. No media is fetched here. */

import { checkMediaUrl, type MediaRule, mediaRules } from './media-rules.js';
import type { ModelType } from './model-types.js';
import { isObject } from './parameter-check.js';
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
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Characters a prompt keeps; the rest is cut silently. */
const promptCharacters = {
  'qwen-image-2': 800,
  'qwen-image-fixed': 800,
  'qwen-image-edit': 800,
  'qwen-image-edit-plus': 800,
  'wan-t2i': 2100,
  'wan-t2v': 1500,
  'wan-i2v': 1500,
  'wan-r2v': 1500,
  'wan-kf2v': 800,
} as const;

/** How many pictures a message may hold beside its one text. */
const messagePictures: Readonly<Partial<Record<ModelType['family'], readonly [number, number]>>> = {
  'qwen-image-2': [0, 3],
  'qwen-image-fixed': [0, 0],
  'qwen-image-edit': [1, 1],
  'qwen-image-edit-plus': [1, 3],
  'wan-t2i': [0, 0],
};

const maxReferences = 5;

function mediaUse(field: string, url: unknown, rule: MediaRule): MediaUse {
  if (typeof url !== 'string') throw refusal.invalidParameter(`${field} must be a string.`);
  checkMediaUrl(field, url, rule);
  return { field, url, rule };
}

function promptOf(model: ModelType, text: string) {
  return { prompt: text, effectivePrompt: [...text].slice(0, promptCharacters[model.family]).join('') };
}

function messageContent(input: JsonObject): readonly JsonObject[] {
  const { messages } = input;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw refusal.invalidParameter('No messages found in input');
  }
  if (messages.length !== 1) throw refusal.invalidParameter('messages length only support 1');
  const [message] = messages as unknown[];
  if (!isObject(message) || message.role !== 'user') {
    throw refusal.invalidParameter('messages[0].role must be user');
  }
  if (!Array.isArray(message.content) || !message.content.every(isObject)) {
    throw refusal.invalidParameter('messages[0].content must be an array of objects');
  }
  return message.content;
}

function checkMessages(model: ModelType, input: JsonObject): CheckedInput {
  const content = messageContent(input);
  const [fewest, most] = messagePictures[model.family] ?? [0, 0];
  for (const part of content) {
    const keys = Object.keys(part).filter((key) => key !== 'type');
    if (keys.length !== 1 || !['text', 'image'].includes(keys[0] ?? '')) {
      throw refusal.invalidParameter('content items must be {"text": …} or {"image": …}');
    }
  }
  const texts = content.filter((part) => 'text' in part);
  const pictures = content.filter((part) => 'image' in part);
  const text = texts[0]?.text;
  if (pictures.length > most) throw refusal.invalidParameter(`content length only support ${most + 1}`);
  if (texts.length > 1) throw refusal.invalidParameter('content must hold exactly one text');
  if (pictures.length < fewest || typeof text !== 'string' || text.trim() === '') {
    throw refusal.invalidParameter('lack of image or text');
  }
  const scenarios = ['text-to-image', 'image-edit'];
  return {
    ...promptOf(model, text),
    scenario: scenarios[pictures.length] ?? 'multi-image-fusion',
    media: pictures.map((part) => mediaUse('image', part.image, mediaRules.editPicture)),
  };
}

function readPrompt(input: JsonObject, required: boolean): string {
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

function optionalMedia(input: JsonObject, field: string, rule: MediaRule): MediaUse[] {
  const value = input[field];
  return value === undefined || value === null ? [] : [mediaUse(field, value, rule)];
}

function requiredMedia(input: JsonObject, field: string, rule: MediaRule): MediaUse[] {
  const found = optionalMedia(input, field, rule);
  if (found.length === 0) throw refusal.invalidParameter(`Field required: input.${field}`);
  return found;
}

function checkReferences(input: JsonObject): MediaUse[] {
  // The older field takes videos only and is still sent by published SDKs.
  const older = input.reference_urls === undefined && input.reference_video_urls !== undefined;
  const field = older ? 'reference_video_urls' : 'reference_urls';
  const urls = input[field];
  if (urls === undefined || urls === null) {
    throw refusal.invalidParameter('Field required: input.reference_urls');
  }
  const most = older ? 3 : maxReferences;
  if (!Array.isArray(urls) || urls.length < 1 || urls.length > most) {
    throw refusal.invalidParameter(`${field} must be an array of 1 to ${most} items.`);
  }
  const rule = older ? mediaRules.referenceVideo : mediaRules.reference;
  return urls.map((url: unknown, index) => mediaUse(`${field}[${index}]`, url, rule));
}

/** Returns prompt, scenario and media of a request; a Refusal says what is wrong. */
export function checkInput(model: ModelType, path: string, input: unknown): CheckedInput {
  if (!isObject(input) || Object.keys(input).length === 0) {
    throw refusal.emptyInput("Required input parameter 'input' missing from request.");
  }
  switch (model.family) {
    case 'wan-t2v':
      return {
        ...promptOf(model, readPrompt(input, true)),
        scenario: 'text-to-video',
        media: optionalMedia(input, 'audio_url', mediaRules.soundtrack),
      };
    case 'wan-i2v':
      return {
        ...promptOf(model, readPrompt(input, false)),
        scenario: 'first-frame',
        media: [
          ...requiredMedia(input, 'img_url', mediaRules.firstFrame),
          ...optionalMedia(input, 'audio_url', mediaRules.soundtrack),
        ],
      };
    case 'wan-kf2v':
      return {
        ...promptOf(model, readPrompt(input, false)),
        scenario: 'first-and-last-frame',
        media: [
          ...requiredMedia(input, 'first_frame_url', mediaRules.keyFrame),
          ...optionalMedia(input, 'last_frame_url', mediaRules.keyFrame),
        ],
      };
    case 'wan-r2v': {
      const prompt = readPrompt(input, true);
      return { ...promptOf(model, prompt), scenario: 'reference-video', media: checkReferences(input) };
    }
    default:
      if (path !== 'text2image/image-synthesis') return checkMessages(model, input);
      return { ...promptOf(model, readPrompt(input, true)), scenario: 'text-to-image', media: [] };
  }
}
