/** What requests for pictures and videos have in common: their fields read and checked against the model table, before anything is spent. */
import { KnownError } from '../../../errors.js';
import {
  isObject,
  type Json,
  optionalObject,
  optionalText,
  optionalTexts,
  refuse,
  refuseUnknown,
  requiredText,
  show,
} from '../../../fields.js';
import { hasUse, type MediumKind } from '../../../media/kinds.js';
import { isDirectory, type StoragePath } from '../../../storage/path.js';
import type { Places } from '../../../storage/storage.js';
import type { Medium } from '../../provider.js';
import type { Asked, KnownTypes } from '../family.js';
import { typesFor } from '../known-types.js';
import type { ModelType, Scenario } from '../model-type.js';
import { countOf } from '../price.js';
import { type NamedRequest, readNames, refuseBadPath, refuseOneNameForMany } from './file-name.js';
import { kindOf, medium } from './medium.js';
import { listFields, parameterNames, parametersOf, readParameters } from './parameters.js';
import { maskField } from './picture-edit.js';
import { extraFields } from './reference-extras.js';

/** What is particular to a family's requests. */
export interface MediaForm {
  /** What is asked for, refused where the type cannot do it. */
  scenarioOf(request: Json, asked: Asked): Scenario;
  /** Reference pictures, videos and frames in order, without sound. */
  readMedia(request: Json, scenario: Scenario, asked: Asked): Medium[];
}

export interface MediaRequest extends NamedRequest {
  scenario: Scenario;
  prompt: string;
  negativePrompt: string | undefined;
  /** Reference pictures and frames, in order; `audio` apart. */
  media: Medium[];
  audio: Medium | undefined;
  /** The provider's `parameters`, defaults filled in. */
  parameters: Json;
  output: StoragePath | undefined;
  /** What the user should know although the request is good. */
  notes: string[];
}

/** The request fields that carry media, by scenario. */
const mediaFields: Partial<Record<Scenario, string[]>> = {
  'image-edit': ['reference_urls', 'reference_image', maskField],
  'multi-image-fusion': ['reference_urls'],
  interleaved: ['reference_urls', 'reference_image'],
  'text-to-video': ['audio_url'],
  'first-frame': ['img_url', 'audio_url'],
  'first-and-last-frame': ['first_frame_url', 'last_frame_url'],
  'reference-video': ['reference_urls', ...Object.values(extraFields).flat()],
  'video-edit': ['video', 'reference_urls'],
  'video-continuation': ['video', 'last_frame_url'],
};
const commonFields = ['prompt', 'negative_prompt', 'parameters', 'output_dir', 'name', 'label'];
const negativePromptCharacters = 500;

/** Parses the request text of a media call; anything wrong is a KnownError 22023 or 22P02. */
export function readMediaRequest(asked: Asked, form: MediaForm): MediaRequest {
  const { type, known } = asked;
  const { modelType } = asked.model;
  const request = withFrame(parseObject(asked.text), type);
  const scenario = form.scenarioOf(request, asked);
  refuseForeignFields(request, scenario, asked);
  const prompt = type.promptOptional?.includes(scenario)
    ? (optionalText(request, 'prompt') ?? '')
    : requiredText(request, 'prompt');
  const media = form.readMedia(request, scenario, asked);
  if (scenario === 'reference-video' || scenario === 'video-edit') refuseUnnamed(prompt, media);
  const audioText = optionalText(request, 'audio_url');
  const negativePrompt = optionalText(request, 'negative_prompt') ?? negativePromptInParameters(request);
  if (negativePrompt) refuseNegativePrompt(negativePrompt, asked);
  const parameters = readParameters(request, { modelType, type, scenario, known, media });
  if (parameters.audio === false && audioText) {
    refuse('parameters.audio', false, 'true (or left out) beside audio_url', 'Leave out one of the two.');
  }
  const names = readNames(request, asked.model.name);
  refuseOneNameForMany(names, request, countOf(parameters.max_images) ?? countOf(parameters.n) ?? 1);
  const output = readOutput(request, scenario, names.fileName, asked.places);
  refuseBadPath(names, output);
  return {
    ...names,
    scenario,
    prompt,
    negativePrompt,
    media,
    audio: audioText ? medium('audio_url', audioText, ['sound'], asked) : undefined,
    parameters,
    output,
    notes: [
      ...lengthNotes(prompt, negativePrompt, modelType, type),
      ...thinkingNotes(parameters, media, modelType),
    ],
  };
}

/** What is no JSON is a prompt, as it is for models of text. */
function parseObject(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (text.trim() !== '' && !/^\s*[[{]/.test(text)) return { prompt: text };
    throw new KnownError({
      kind: 'invalidJson',
      message: `the request is not JSON: ${(cause as Error).message}`,
      hint: `Write json_build_object('prompt', '…', 'parameters', json_build_object(…))::text.`,
    });
  }
  if (typeof value === 'string') return { prompt: value };
  return isObject(value)
    ? value
    : refuse('the request', value, 'a JSON object', `Write json_build_object('prompt', '…')::text.`);
}

/**
 * Models with one list of media call what `img_url` is a first frame themselves, so `first_frame_url` says it too; beside a last frame that
 * is NULL it does not, because then a join found nothing.
 */
function withFrame(request: Json, type: ModelType): Json {
  const { first_frame_url: frame, ...others } = request;
  const takes = type.scenarios.includes('first-frame') || type.frameBesideReferences;
  const alone = !['last_frame_url', 'img_url'].some((field) => field in request);
  return type.input === 'media' && takes && alone && frame ? { ...others, img_url: frame } : request;
}

function refuseForeignFields(request: Json, scenario: Scenario, { model, type, known: types }: Asked): void {
  const known = [...commonFields, ...fieldsOf(scenario, type)];
  const foreign = Object.values(mediaFields)
    .flat()
    .find((field) => !known.includes(field) && request[field] !== undefined && request[field] !== null);
  if (foreign) {
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `model type ${model.modelType} does ${scenario} and takes no ${foreign}`,
      hint: hintForForeign(foreign, type.task, types),
    });
  }
  const misplaced = Object.keys(request).find((name) => !known.includes(name) && parameterNames.has(name));
  if (misplaced && request[misplaced] !== null) {
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `${misplaced} stands beside the prompt; it belongs into parameters`,
      hint: `Write 'parameters', json_build_object('${misplaced}', …).`,
    });
  }
  refuseUnknown(request, known, `a ${scenario} request`);
}

/** For people: what a request may have in any of the type's scenarios. */
export function describeFields(type: ModelType): string {
  const forms = [type, ...(type.interleaved ? [{ ...type, ...type.interleaved }] : [])];
  const pairs = forms.flatMap((form) => form.scenarios.map((scenario) => ({ form, scenario })));
  const fields = new Set([
    'prompt',
    ...pairs.flatMap(({ form, scenario }) => fieldsOf(scenario, form)),
    ...(type.switches.includes('negative_prompt') ? ['negative_prompt'] : []),
  ]);
  const parameters = new Set(pairs.flatMap(({ form, scenario }) => parametersOf(form, scenario)));
  parameters.delete('negative_prompt');
  return listFields([...fields], [...parameters]);
}

/** The fields of media that a type takes: not every type of a scenario takes a sound track, or what may stand beside references. */
function fieldsOf(scenario: Scenario, type: ModelType): string[] {
  const { extras = [] } = type;
  const foreign = ['audio_url', maskField, ...Object.values(extraFields).flat()];
  const fields = (mediaFields[scenario] ?? []).filter((field) => !foreign.includes(field));
  if (type.soundTrack?.includes(scenario)) fields.push('audio_url');
  if (scenario === 'reference-video') fields.push(...extras.flatMap((extra) => extraFields[extra]));
  if (type.edits) fields.push(maskField);
  if (type.frameBesideReferences && scenario === 'reference-video') fields.push('img_url');
  return fields;
}

function refuseNegativePrompt(text: string, { model, type, known }: Asked): void {
  if (type.switches.includes('negative_prompt')) return;
  const takers = known.names((each) => each.task === type.task && each.switches.includes('negative_prompt'));
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${model.modelType} takes no negative_prompt, which is ${show(text)}`,
    hint: `Say it in the prompt, or use a model of type ${takers.join(', ')}.`,
  });
}

/** The scenarios that take the field, those of the model's own task alone where there are any. */
function hintForForeign(field: string, task: ModelType['task'], types: KnownTypes): string {
  const takers = (Object.keys(mediaFields) as Scenario[]).filter((each) =>
    mediaFields[each]?.includes(field),
  );
  const takes = (each: Scenario) =>
    types.names((type) => type.scenarios.includes(each) && fieldsOf(each, type).includes(field));
  const typesOf = (each: Scenario) => `${each} (model type ${takes(each).join(', ')})`;
  const own = takers.filter((each) => typesFor(types, each).some((name) => types.taskOf(name) === task));
  return `${field} belongs to ${(own.length > 0 ? own : takers).map(typesOf).join(' or ')}.`;
}

/** `reference_urls`, as many as the type takes. */
export function readReferences(request: Json, asked: Asked): Medium[] {
  const { model, type, known } = asked;
  const paths = optionalTexts(request, 'reference_urls') ?? [];
  const [least, most] = type.referenceFiles ?? [1, 1];
  if (paths.length === 0) {
    if (least === 0) return [];
    if (request.reference_urls) refuseEmpty(type);
    refuseMissing('reference_urls', model.modelType);
  }
  if (paths.length < least || paths.length > most) refuseCount(paths, [least, most], model.modelType, known);
  const kinds = Object.keys(type.references ?? { picture: '' }) as MediumKind[];
  const media = paths.map((path, index) => medium(`reference_urls[${index + 1}]`, path, kinds, asked));
  refuseTooManyOfKind(media, asked);
  return media;
}

function refuseTooManyOfKind(media: Medium[], { model, type }: Asked): void {
  for (const [kind, most] of Object.entries(type.referencesOfKind ?? {})) {
    const count = media.filter((each) => kindOf(each) === kind).length;
    if (count > most)
      refuse('reference_urls', `${count} ${kind}s`, `at most ${most} ${kind}s for ${model.modelType}`);
  }
}

/** One picture by its address: a path like any other, or https: or data:, which the provider reads by itself. */
export function readReferenceImage(request: Json, asked: Asked): Medium | undefined {
  const field = 'reference_image';
  const text = optionalText(request, field);
  if (text === undefined) return undefined;
  const kinds: MediumKind[] = ['picture'];
  if (!/^(https?|data):/i.test(text)) return medium(field, text, kinds, asked);
  if (/^data:/i.test(text)) checkDataAddress(text);
  else if (!URL.canParse(text))
    refuse(field, text, 'an address that can be read', 'Write https://host/path/file.png.');
  return { field, text, path: undefined, kinds, file: undefined };
}

const dataPictures = /^data:image\/(?:png|jpeg|bmp|webp);base64,/i;
/** Model Studio takes pictures of 10 MB. */
const mostPictureBytes = 10 * 1024 * 1024;

function checkDataAddress(text: string): void {
  const comma = text.indexOf(',');
  if (!dataPictures.test(text) || /[^A-Za-z0-9+/=]/.test(text.slice(comma + 1))) {
    refuse(
      'reference_image',
      text,
      'a picture in base64: data:image/png;base64,… (PNG, JPEG, BMP, WEBP)',
      "Write 'data:image/png;base64,' || translate(encode(bytes, 'base64'), E'\\n', '').",
    );
  }
  const bytes = ((text.length - comma - 1) * 3) / 4;
  if (bytes > mostPictureBytes) {
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `reference_image is too large: it has ${(bytes / 1024 / 1024).toFixed(1)} MiB`,
      hint: 'The provider takes at most 10 MiB.',
    });
  }
}

/** The model sees its references alone: another path in the prompt would be read as words. */
function refuseUnnamed(prompt: string, media: Medium[]): void {
  const known = media.map((each) => each.text).sort((a, b) => b.length - a.length);
  const rest = known.reduce((text, path) => text.replaceAll(path, ''), prompt);
  const schemes = [...new Set(media.flatMap(({ path }) => path?.scheme ?? []))].join('|');
  if (schemes === '') return;
  const path = new RegExp(`(${schemes})://[^\\s"'<>,;]*[^\\s"'<>,;.:!?)]`).exec(rest)?.[0];
  if (!path) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `the prompt names ${path}, which is not among reference_urls`,
    hint: 'Add the path to reference_urls, written as in the prompt.',
  });
}

export function refuseMissing(field: string, modelType: string): never {
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `the request has no ${field}, which model type ${modelType} needs`,
    hint: `Add '${field}', ARRAY['oss://bucket/path/file.png'].`,
  });
}

/** An array without paths is a join that found nothing more often than a wish for a picture from text alone. */
export function refuseEmpty(type: ModelType): never {
  const optional = type.scenarios.includes('text-to-image')
    ? ' Leave reference_urls out for a picture from the text alone.'
    : '';
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: 'reference_urls is an empty array',
    hint: `Write ARRAY['oss://bucket/path/file.png'].${optional}`,
  });
}

export function refuseCount(
  paths: unknown,
  [least, most]: [number, number],
  modelType: string,
  known: KnownTypes,
): never {
  const count = Array.isArray(paths) ? paths.length : 0;
  const more = typesFor(known, 'multi-image-fusion').join(', ');
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `reference_urls has ${count} paths; ${modelType} takes ${least === most ? least : `${least} to ${most}`}`,
    hint:
      most === 1
        ? `For several pictures in one use a model of type ${more}.`
        : `Leave out ${count - most} of them.`,
  });
}

/** Hologres' client writes negative_prompt beside the prompt; people who know the provider write it into parameters. */
function negativePromptInParameters(request: Json): string | undefined {
  return optionalText(optionalObject(request, 'parameters'), 'negative_prompt', 'parameters.negative_prompt');
}

/** A directory everywhere, but a whole file name for first-and-last-frame, as Hologres has it, unless the request has a `name`. */
function readOutput(
  request: Json,
  scenario: Scenario,
  fileName: string | undefined,
  places: Places,
): StoragePath | undefined {
  const text = optionalText(request, 'output_dir');
  if (text === undefined) return undefined;
  const path = places.readPath(text, 'output_dir');
  if (scenario === 'first-and-last-frame' && fileName === undefined) {
    if (isDirectory(path)) {
      refuse(
        'output_dir',
        text,
        'a complete file name for first-and-last-frame',
        "Write oss://bucket/path/video.mp4, or give the file a name: 'name', 'video'.",
      );
    }
    return path;
  }
  if (hasUse(path.key, 'made')) {
    const directory = text.slice(0, text.lastIndexOf('/') + 1);
    refuse('output_dir', text, 'a directory', `Write ${directory}; the file is named after the request id.`);
  }
  return isDirectory(path) ? path : { ...path, key: `${path.key}/` };
}

function lengthNotes(
  prompt: string,
  negative: string | undefined,
  modelType: string,
  type: ModelType,
): string[] {
  const notes: string[] = [];
  const most = type.promptCharacters;
  const length = charactersOf(prompt, type);
  const cut = (name: string, text: string, limit: number) =>
    notes.push(
      `${name} has ${[...text].length} characters; ${modelType} may read only the first ${limit} of ${show(text.slice(0, 30))}`,
    );
  if (most && length > most) cut('prompt', prompt, Math.floor((most * [...prompt].length) / length));
  const { promptTokens } = type;
  const tokens = tokensAbout(prompt);
  if (promptTokens && tokens > promptTokens)
    notes.push(
      `prompt has about ${tokens} tokens; ${modelType} may read only the first ${promptTokens} of ${show(prompt.slice(0, 30))}`,
    );
  if (negative && [...negative].length > negativePromptCharacters)
    cut('negative_prompt', negative, negativePromptCharacters);
  return notes;
}

/** As the type counts them. */
function charactersOf(text: string, { chineseCounts = 1 }: ModelType): number {
  return [...text].length + wideIn(text) * (chineseCounts - 1);
}

/** A Chinese character is about a token, and four others are one. */
function tokensAbout(text: string): number {
  const wide = wideIn(text);
  return wide + Math.ceil(([...text].length - wide) / 4);
}

/** Characters of Chinese and its neighbours. */
function wideIn(text: string): number {
  return text.match(/[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/g)?.length ?? 0;
}

/** The provider leaves it out without a word. */
function thinkingNotes(parameters: Json, media: Medium[], modelType: string): string[] {
  if (parameters.thinking_mode !== true) return [];
  if (media.length === 0 && parameters.enable_sequential !== true) return [];
  return [`${modelType} thinks only before a picture from text alone; thinking_mode has no effect here`];
}
