/** Checks `input`: messages for pictures, prompt and media fields for videos. No media is fetched here. */

import {
  type CheckedInput,
  type MediaUse,
  mediaUse,
  optionalMedia,
  promptOf,
  readPrompt,
  requiredMedia,
} from './input-parts.js';
import { checkListedMedia } from './listed-media.js';
import { type MediaRule, mediaRules } from './media-rules.js';
import type { ModelType } from './model-type.js';
import type { OwnRules } from './own-rules.js';
import { isObject } from './parameter-check.js';
import { checkEdit } from './picture-edits.js';
import { refusal } from './refusal.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** How many pictures a message may hold beside its one text. */
const messagePictures: Readonly<Partial<Record<ModelType['family'], readonly [number, number]>>> = {
  'qwen-image-2': [0, 3],
  'qwen-image-fixed': [0, 0],
  'qwen-image-edit': [1, 3],
  'qwen-image-edit-plus': [1, 3],
  'wan-t2i': [0, 0],
};

const maxReferences = 5;

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
  const [fewest, most] = model.own?.pictures ?? messagePictures[model.family] ?? [0, 0];
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
  if (model.own?.usage === 'interleaved') {
    const media = pictures.map((part) =>
      mediaUse('image', part.image, model.own?.pictureRule ?? mediaRules.editPicture),
    );
    return { ...promptOf(model, text), scenario: 'interleaved', media };
  }
  const scenarios = ['text-to-image', 'image-edit'];
  return {
    ...promptOf(model, text),
    scenario: scenarios[pictures.length] ?? 'multi-image-fusion',
    media: pictures.map((part) =>
      mediaUse('image', part.image, model.own?.pictureRule ?? mediaRules.editPicture),
    ),
  };
}

/** wan2.5 and 2.6 take larger ones than what came before. */
function firstFrameOf({ name }: ModelType): MediaRule {
  return /^wan2\.[56]/.test(name) ? mediaRules.firstFrame : mediaRules.olderFirstFrame;
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

/** The provider's Python client sends these with every video, whatever the model: an older form of prompt_extend, and the service's name. */
const alwaysSent = ['extend_prompt', 'function'];

function refuseUnlistedInput({ kind, own }: ModelType & { own: OwnRules }, input: JsonObject): void {
  const listed = own.input.length === 0 ? ['messages'] : [...own.input, ...(own.media ? ['media'] : [])];
  if (kind === 'video') listed.push(...alwaysSent);
  const other = Object.keys(input).find((field) => !listed.includes(field));
  if (other) throw refusal.invalidParameter(`input.${other} is not supported by this model.`);
}

/** A prompt, and with some types a list of pictures. */
function checkFields(model: ModelType, input: JsonObject): CheckedInput {
  const prompt = promptOf(model, readPrompt(input, true));
  const [fewest, most] = model.own?.pictures ?? [0, 0];
  if (most === 0) return { ...prompt, scenario: 'text-to-image', media: [] };
  const { images } = input;
  if (!Array.isArray(images) || images.length < fewest || images.length > most)
    throw refusal.invalidParameter(`images must be an array of ${fewest} to ${most} items.`);
  return {
    ...prompt,
    scenario: images.length === 1 ? 'image-edit' : 'multi-image-fusion',
    media: images.map((url: unknown, index) =>
      mediaUse(`images[${index}]`, url, model.own?.pictureRule ?? mediaRules.editPicture),
    ),
  };
}

/** Returns prompt, scenario and media of a request; a Refusal says what is wrong. */
export function checkInput(model: ModelType, path: string, input: unknown): CheckedInput {
  if (!isObject(input) || Object.keys(input).length === 0) {
    throw refusal.emptyInput("Required input parameter 'input' missing from request.");
  }
  if (model.own) refuseUnlistedInput({ ...model, own: model.own }, input);
  switch (model.family) {
    case 'media-video':
      return checkListedMedia(model, input);
    case 'field-image':
      return model.own?.edits ? checkEdit(model, input) : checkFields(model, input);
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
          ...requiredMedia(input, 'img_url', firstFrameOf(model)),
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
