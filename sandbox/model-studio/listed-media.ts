/** Checks `input.media`: a list of addresses, each with what it is for. */
import {
  type CheckedInput,
  type MediaUse,
  mediaUse,
  optionalMedia,
  promptOf,
  readPrompt,
} from './input-parts.js';
import { mediaRules } from './media-rules.js';
import type { ModelType } from './model-type.js';
import type { ListedMedia } from './own-rules.js';
import { isObject } from './parameter-check.js';
import { refusal } from './refusal.js';

type JsonObject = Readonly<Record<string, unknown>>;

interface Item {
  type: string;
  url: unknown;
  reference_voice?: unknown;
}

function readItems(media: unknown, hasVoices: boolean): Item[] {
  const fields = ['type', 'url', ...(hasVoices ? ['reference_voice'] : [])];
  if (media === undefined || media === null) return [];
  if (!Array.isArray(media) || !media.every(isObject))
    throw refusal.invalidParameter('media must be an array of objects.');
  return media.map((item: JsonObject) => {
    const other = Object.keys(item).find((field) => !fields.includes(field));
    if (other) throw refusal.invalidParameter(`media.${other} is not supported by this model.`);
    if (typeof item.type !== 'string') throw refusal.invalidParameter('Field required: media.type');
    return { type: item.type, url: item.url, reference_voice: item.reference_voice };
  });
}

function countOf(items: readonly Item[], types: readonly string[]): number {
  return items.filter(({ type }) => types.includes(type)).length;
}

function checkCounts(items: readonly Item[], rules: ListedMedia): void {
  for (const { type } of items) {
    if (!rules.types[type])
      throw refusal.invalidParameter(`media.type must be one of ${Object.keys(rules.types).join(', ')}.`);
  }
  for (const [type, { most }] of Object.entries(rules.types)) {
    if (countOf(items, [type]) > most)
      throw refusal.invalidParameter(`media may hold at most ${most} of type ${type}.`);
  }
  const set = [...new Set(items.map(({ type }) => type))].sort().join('+');
  if (rules.sets && !rules.sets.includes(set))
    throw refusal.invalidParameter(`media of the types ${set || 'none'} is not supported by this model.`);
  if (rules.oneOf && countOf(items, rules.oneOf) === 0)
    throw refusal.invalidParameter(`media must hold ${rules.oneOf.join(' or ')}.`);
  if (rules.together && countOf(items, rules.together.types) > rules.together.most)
    throw refusal.invalidParameter(`media may hold at most ${rules.together.most} references.`);
  if (rules.exclusive && countOf(items, rules.exclusive) > 1)
    throw refusal.invalidParameter(`media may hold only one of ${rules.exclusive.join(', ')}.`);
  if (rules.apart?.every((group) => countOf(items, group) > 0))
    throw refusal.invalidParameter(
      'The two modes are mutually exclusive. Do not pass reference_xx and first_frame/last_frame at the same time.',
    );
}

function scenarioOf(items: readonly Item[]): string {
  const has = (...types: string[]) => countOf(items, types) > 0;
  if (has('video')) return 'video-edit';
  if (has('first_clip')) return 'video-continuation';
  if (has('reference_image', 'reference_video', 'reference_audio', 'file', 'link')) return 'reference-video';
  if (has('last_frame')) return 'first-and-last-frame';
  return has('first_frame') ? 'first-frame' : 'text-to-video';
}

/** Returns prompt, scenario and media of a request with a list of media. */
export function checkListedMedia(model: ModelType, input: JsonObject): CheckedInput {
  const rules: ListedMedia = model.own?.media ?? { types: {} };
  const { voice } = rules;
  const items = readItems(input.media, voice !== undefined);
  checkCounts(items, rules);
  // Where a prompt may be left out, something must be there to work on.
  const prompt = readPrompt(input, model.own?.promptRequired !== false || items.length === 0);
  const media = items.flatMap(({ type, url, reference_voice: sound }, index): MediaUse[] => {
    const rule = rules.types[type]?.rule;
    if (sound !== undefined && !type.startsWith('reference_'))
      throw refusal.invalidParameter(`media[${index}].reference_voice belongs to a reference.`);
    return [
      ...(rule ? [mediaUse(`media[${index}].url`, url, rule)] : []),
      ...(voice && sound !== undefined ? [mediaUse(`media[${index}].reference_voice`, sound, voice)] : []),
    ];
  });
  return {
    ...promptOf(model, prompt),
    scenario: scenarioOf(items),
    media: [...media, ...optionalMedia(input, 'audio_url', model.own?.soundTrack ?? mediaRules.soundtrack)],
    references: countOf(items, ['reference_image', 'reference_video']),
  };
}
