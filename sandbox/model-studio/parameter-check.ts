/** Checks `parameters` against the family's rules and fills in what the provider would assume. */
import type { ModelType } from './model-type.js';
import { rulesOf } from './parameter-rules.js';
import { refusal } from './refusal.js';
import type { Dimensions, FieldRule, SizeRule } from './rule-forms.js';

type JsonObject = Readonly<Record<string, unknown>>;

export interface Settings {
  /** As sent, else the provider's default. */
  size: Dimensions | undefined;
  /** False when `size` is only the default: edited pictures then follow the input picture. */
  sizeGiven: boolean;
  resolution: string | undefined;
  ratio: string | undefined;
  n: number;
  durationSeconds: number;
  promptExtend: boolean;
  shotType: 'single' | 'multi';
  audio: boolean;
  seed: number | undefined;
  /** All that was sent. */
  given: JsonObject;
}

/** True for a JSON object, false for null, arrays and everything else. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads `W*H`; undefined for every other spelling, also `WxH`, `16:9` and `720P`. */
function parseSize(text: string): Dimensions | undefined {
  const match = /^([1-9]\d{0,4})\*([1-9]\d{0,4})$/.exec(text);
  return match ? { width: Number(match[1]), height: Number(match[2]) } : undefined;
}

function checkSize(field: string, value: unknown, rule: SizeRule): void {
  if (rule.words?.includes(value as string)) return;
  const size = typeof value === 'string' ? parseSize(value) : undefined;
  if (!size) throw refusal.invalidParameter(`The ${field} ${JSON.stringify(value)} is not of the form W*H.`);
  if (rule.alsoListed?.includes(value as string)) return;
  if (rule.listed && !rule.listed.includes(value as string)) {
    throw refusal.invalidParameter(`The size does not match the allowed size ${rule.listed.join(',')}`);
  }
  const { width, height } = size;
  if (rule.area && (width * height < rule.area[0] || width * height > rule.area[1])) {
    throw refusal.invalidParameter(`Total pixels must be between ${rule.area[0]} and ${rule.area[1]}.`);
  }
  if (rule.side && (Math.min(width, height) < rule.side[0] || Math.max(width, height) > rule.side[1])) {
    throw refusal.invalidParameter(`Width and height must be between ${rule.side[0]} and ${rule.side[1]}.`);
  }
  if (rule.ratio && Math.max(width / height, height / width) > rule.ratio) {
    throw refusal.invalidParameter(`Aspect ratio must be between 1:${rule.ratio} and ${rule.ratio}:1.`);
  }
}

function checkBoxes(field: string, value: unknown): void {
  const isBox = (box: unknown) =>
    Array.isArray(box) && box.length === 4 && box.every((each) => Number.isInteger(each) && each >= 0);
  const fits =
    Array.isArray(value) &&
    value.every((boxes) => Array.isArray(boxes) && boxes.length <= 2 && boxes.every(isBox));
  if (!fits) throw refusal.invalidParameter(`${field} must hold at most 2 boxes [x1,y1,x2,y2] per image.`);
}

function checkPalette(field: string, value: unknown): void {
  const colours = Array.isArray(value) ? value.filter(isObject) : [];
  if (!Array.isArray(value) || colours.length !== value.length || colours.length < 3 || colours.length > 10)
    throw refusal.invalidParameter(`${field} must hold 3 to 10 colors.`);
  const forms = colours.every(
    ({ hex, ratio }) => /^#[0-9a-fA-F]{6}$/.test(`${hex}`) && /^\d+\.\d{2}%$/.test(`${ratio}`),
  );
  if (!forms) throw refusal.invalidParameter(`${field} must hold hex and ratio, such as "25.00%".`);
  const sum = colours.reduce((total, { ratio }) => total + Number.parseFloat(`${ratio}`), 0);
  if (Math.abs(sum - 100) > 0.001) throw refusal.invalidParameter(`The ratios of ${field} must be 100.00%.`);
}

function checkField(field: string, value: unknown, rule: FieldRule): void {
  switch (rule.kind) {
    case 'refused':
      throw refusal.invalidParameter(`${field} is not supported by this model.`);
    case 'boolean':
      if (typeof value !== 'boolean') throw refusal.invalidParameter(`${field} must be a boolean.`);
      return;
    case 'text':
      if (typeof value !== 'string') throw refusal.invalidParameter(`${field} must be a string.`);
      return;
    case 'choice':
      if (!rule.values.includes(value as string)) {
        throw refusal.invalidParameter(`${field} must be one of ${rule.values.join(', ')}.`);
      }
      return;
    case 'numbers':
      if (!rule.values.includes(value as number)) {
        throw refusal.invalidParameter(`${field} must be one of ${rule.values.join(', ')}.`);
      }
      return;
    case 'integer':
      if (!Number.isInteger(value) || Number(value) < rule.minimum || Number(value) > rule.maximum) {
        throw refusal.invalidParameter(
          rule.message ?? `${field} must be an integer between ${rule.minimum} and ${rule.maximum}.`,
        );
      }
      return;
    case 'number':
      if (typeof value !== 'number' || value < rule.minimum || value > rule.maximum)
        throw refusal.invalidParameter(`${field} must be between ${rule.minimum} and ${rule.maximum}.`);
      return;
    case 'boxes':
      checkBoxes(field, value);
      return;
    case 'palette':
      checkPalette(field, value);
      return;
    case 'size':
      checkSize(field, value, rule.size);
      return;
    default:
      rule satisfies never;
  }
}

const sizeOfWord: Readonly<Record<string, Dimensions>> = {
  '1K': { width: 1024, height: 1024 },
  '2K': { width: 2048, height: 2048 },
  '4K': { width: 4096, height: 4096 },
};

function refuseUnlisted(given: JsonObject, listed: readonly string[]): void {
  const other = Object.keys(given).find((field) => !listed.includes(field));
  if (other) throw refusal.invalidParameter(`parameters.${other} is not supported by this model.`);
}

/** The rules of the fields: some are narrower where pictures go in, or where a sequence is asked for, or is not. */
function fieldsOf(model: ModelType, sequence: boolean, pictures: number) {
  const { edited, single } = model.own ?? {};
  const { fields } = rulesOf(model);
  return { ...fields, ...((sequence || pictures > 0) && edited), ...(!sequence && single) };
}

/** Returns the effective settings; a Refusal names the first field that does not fit. */
export function checkParameters(model: ModelType, parameters: unknown, pictures = 0): Settings {
  if (parameters !== undefined && parameters !== null && !isObject(parameters)) {
    throw refusal.invalidParameter('parameters must be an object.');
  }
  const given = Object.fromEntries(
    Object.entries(parameters ?? {}).filter(([, value]) => value !== null && value !== undefined),
  );
  const { defaults } = rulesOf(model);
  const sequence = given.enable_sequential === true;
  const fields = fieldsOf(model, sequence, pictures);
  if (model.own) refuseUnlisted(given, Object.keys(fields));
  for (const [field, rule] of Object.entries(fields)) {
    if (field in given) checkField(field, given[field], rule);
  }
  if (sequence && 'color_palette' in given)
    throw refusal.invalidParameter('color_palette is not supported with enable_sequential.');
  if (model.kind === 'video' && 'size' in given && 'resolution' in given) {
    throw refusal.invalidParameter('size and resolution must not be used together.');
  }
  const givenSize = fields.size ? (given.size as string | undefined) : undefined;
  const sizeText = givenSize ?? defaults.size;
  const promptExtend = fields.prompt_extend?.kind === 'boolean' && given.prompt_extend !== false;
  // Elsewhere a camera cut needs the extended prompt; reference videos take the field by itself.
  const multi = given.shot_type === 'multi' && (promptExtend || model.family === 'wan-r2v');
  return {
    size: sizeText === undefined ? undefined : (sizeOfWord[sizeText] ?? parseSize(sizeText)),
    ratio: given.ratio as string | undefined,
    sizeGiven: givenSize !== undefined,
    resolution: defaults.resolution && ((given.resolution as string | undefined) ?? defaults.resolution),
    n:
      ((fields.max_images ? given.max_images : given.n) as number | undefined) ??
      (sequence ? model.own?.sequence : undefined) ??
      defaults.n ??
      1,
    durationSeconds: (given.duration as number | undefined) ?? defaults.duration ?? 0,
    promptExtend,
    shotType: multi ? 'multi' : 'single',
    audio: !(model.audioSwitch && given.audio === false),
    seed: given.seed as number | undefined,
    given,
  };
}
