/** The `parameters` of a request: each one checked against the model table, defaults filled in. */
import { KnownError } from '../../../errors.js';
import {
  type Json,
  optionalBoolean,
  optionalChoice,
  optionalInteger,
  optionalObject,
  refuse,
  refuseUnknown,
} from '../../../fields.js';
import type { Medium } from '../../provider.js';
import type { KnownTypes } from '../family.js';
import type { ModelType, Scenario } from '../model-type.js';
import { editParameterNames, editParametersOf, readEdit } from './picture-edit.js';
import { readBoxes, readPalette } from './picture-marks.js';
import { checkDuration, checkSize, sizeFieldNames, sizeFields } from './picture-size.js';

/** Provider parameters that people also write beside the prompt. */
export const parameterNames = new Set([
  ...['size', 'resolution', 'ratio', 'n', 'duration', 'seed', 'watermark'],
  ...['prompt_extend', 'shot_type', 'audio', 'audio_setting', 'thinking_mode', 'enable_sequential'],
  ...['enable_interleave', 'max_images', 'bbox_list', 'color_palette', 'prompt_extend_mode'],
  ...['enable_thinking', ...editParameterNames],
]);
const seedRange: [number, number] = [0, 2_147_483_647];

/** Whose parameters they are. */
interface Subject {
  modelType: string;
  type: ModelType;
  scenario: Scenario;
  known: KnownTypes;
  media: Medium[];
}

/** The provider's `parameters`; anything wrong is a KnownError 22023. */
export function readParameters(request: Json, subject: Subject): Json {
  const { modelType, type, scenario, known: types, media } = subject;
  const given = optionalObject(request, 'parameters');
  const form = checkSize(given, modelType, type, scenario);
  refuseUnknown(given, parametersOf(type, scenario), `parameters of ${modelType}`, sizeFieldNames);
  const parameters: Json = { ...form };
  if (type.pictures) parameters.n = readCount(given, modelType, picturesOf(type, given), types);
  Object.assign(parameters, checkDuration(given, modelType, type, media));
  readSwitches(given, subject, parameters);
  if (type.mostAmongTexts) parameters.max_images = readMostImages(given, type.mostAmongTexts);
  return {
    ...parameters,
    ...readEdit(given, media, type),
    ...readBoxes(given, media.length),
    ...readPalette(given),
  };
}

/** For people: `prompt, img_url; parameters: seed`. */
export function listFields(fields: string[], parameters: readonly string[]): string {
  return [fields.join(', '), ...(parameters.length > 0 ? [`parameters: ${parameters.join(', ')}`] : [])].join(
    '; ',
  );
}

/** The names that a type takes in a scenario. */
export function parametersOf(type: ModelType, scenario: Scenario): string[] {
  const names = [
    ...sizeFields(type, scenario),
    ...(type.pictures ? ['n'] : []),
    ...(type.duration ? ['duration'] : []),
    ...(type.task === 'video-generation' ? ['audio'] : []),
    ...type.switches,
    ...editParametersOf(type),
  ];
  return [...new Set(names)];
}

/** A sequence of pictures may be longer. */
function picturesOf({ pictures = [1, 1], sequence }: ModelType, given: Json): [number, number] {
  return sequence !== undefined && given.enable_sequential === true ? [1, sequence] : pictures;
}

function readCount(
  given: Json,
  modelType: string,
  [least, most]: [number, number],
  types: KnownTypes,
): number {
  if (most === 1 && typeof given.n === 'number' && given.n > 1) {
    refuse('parameters.n', given.n, `1 for ${modelType}`, hintForMore(given.n, types));
  }
  return optionalInteger(given, 'n', [least, most], 'parameters.n') ?? 1;
}

/** Always sent: what the provider takes by itself costs as much as the most. */
function readMostImages(given: Json, most: number): number {
  return optionalInteger(given, 'max_images', [1, most], 'parameters.max_images') ?? most;
}

function hintForMore(count: number, types: KnownTypes): string {
  const names = types.names((type) => (type.pictures?.[1] ?? 0) >= count);
  const others = names.length > 0 ? `use a model of type ${names.join(', ')}, or ` : '';
  return `For several pictures ${others}call once for each.`;
}

function readSwitches(given: Json, subject: Subject, parameters: Json): void {
  const { type } = subject;
  if (type.switches.includes('prompt_extend')) {
    parameters.prompt_extend =
      optionalBoolean(given, 'prompt_extend', 'parameters.prompt_extend') ?? !type.promptExtendOff;
  }
  if (type.switches.includes('watermark'))
    parameters.watermark = optionalBoolean(given, 'watermark', 'parameters.watermark') ?? false;
  for (const name of ['thinking_mode', 'enable_sequential', 'enable_interleave', 'enable_thinking']) {
    const value = optionalBoolean(given, name, `parameters.${name}`);
    if (value !== undefined) parameters[name] = value;
  }
  const sound = optionalChoice(given, 'audio_setting', ['auto', 'origin'], 'parameters.audio_setting');
  if (sound) parameters.audio_setting = sound;
  const seed = optionalInteger(given, 'seed', seedRange, 'parameters.seed');
  if (seed !== undefined) parameters.seed = seed;
  const shot = optionalChoice(given, 'shot_type', ['single', 'multi'], 'parameters.shot_type');
  if (shot && parameters.prompt_extend === false) {
    refuse(
      'parameters.prompt_extend',
      false,
      'true beside shot_type',
      'shot_type works only with prompt_extend; leave one of them out.',
    );
  }
  if (shot) parameters.shot_type = shot;
  readExtension(given, subject, parameters);
  readSound(given, subject, parameters);
}

/** How a prompt is extended: by an agent only where no pictures go in. */
function readExtension(given: Json, { scenario }: Subject, parameters: Json): void {
  const field = 'parameters.prompt_extend_mode';
  const mode = optionalChoice(given, 'prompt_extend_mode', ['direct', 'agent'], field);
  if (mode === 'agent' && scenario !== 'text-to-image')
    refuse(field, mode, "'direct' (or left out) beside reference_urls", 'An agent extends texts alone.');
  if (mode) parameters.prompt_extend_mode = mode;
}

/** `audio` is sent only to types with a silent form; elsewhere asking for what always is so anyway is fine. */
function readSound(given: Json, { modelType, type, scenario, known }: Subject, parameters: Json): void {
  const audio = optionalBoolean(given, 'audio', 'parameters.audio');
  if (type.sound === 'optional') parameters.audio = audio ?? true;
  if (audio === false && type.sound === 'always') {
    const silent = known.names((each) => each.sound === 'optional' && each.scenarios.includes(scenario));
    const alternatives = type.silentAlternative ?? silent.join(', ');
    const hint = alternatives
      ? `For silent video use a model of type ${alternatives}; or leave audio out.`
      : 'Leave audio out.';
    refuseSound(`parameters.audio cannot be false: ${modelType} always makes sound`, hint);
  }
  if (audio === true && type.sound === 'never') {
    refuseSound(`parameters.audio cannot be true: ${modelType} makes silent video`, 'Leave audio out.');
  }
}

function refuseSound(message: string, hint: string): never {
  throw new KnownError({ kind: 'invalidParameterValue', message, hint });
}
