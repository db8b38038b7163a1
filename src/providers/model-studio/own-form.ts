/** A deployed model's own ranges: a type that hologen does not know yet is called as a known one is, within what its config says. */
import { type Json, refuse } from '../../fields.js';
import type { ModelType } from './model-type.js';

/**
 * The form of a known type (config's `like`) with the ranges of its own that the config gives: `duration`, `pictures` and
 * `reference_files` as [least, most], `resolutions` and `ratios` as lists of texts, `prompt_characters` as a number. What is left out
 * is as the known type has it. KnownError 22023 for other values, and for ranges that the known type has no field for.
 */
export function ownForm(type: ModelType, config: Json): ModelType {
  const own: ModelType = { ...type };
  delete own.american;
  delete own.dated;
  const duration = rangeOf(config, 'duration', type.duration);
  if (duration) own.duration = { range: duration, default: Math.min(Math.max(5, duration[0]), duration[1]) };
  const pictures = rangeOf(config, 'pictures', type.pictures);
  if (pictures) own.pictures = pictures;
  const references = rangeOf(config, 'reference_files', type.referenceFiles);
  if (references) own.referenceFiles = references;
  if (isGiven(config.prompt_characters)) own.promptCharacters = wholeOf(config.prompt_characters);
  const ratios = textsOf(config, 'ratios', type.ratio);
  if (ratios && type.ratio)
    own.ratio = { ...type.ratio, values: ratios, default: usualOf(ratios, type.ratio.default) };
  const resolutions = textsOf(config, 'resolutions', type.resolution);
  if (resolutions && type.resolution) {
    own.resolution = { values: resolutions, default: usualOf(resolutions, type.resolution.default) };
    own.price = pricedFor(type, resolutions, config);
  }
  return own;
}

const ownFields = ['duration', 'pictures', 'reference_files', 'resolutions', 'ratios', 'prompt_characters'];

/** They would mean nothing: a known type has the ranges of the model table. KnownError 22023. */
export function refuseOwnFormAlone(modelType: string, config: Json): void {
  if (isGiven(config.like)) return;
  const field = ownFields.find((each) => isGiven(config[each]));
  if (field !== undefined)
    refuse(
      `config.${field}`,
      config[field],
      'left out where config has no like',
      `For ranges of its own say whose form the model has: "like": "${modelType}".`,
    );
}

const isGiven = (value: unknown) => value !== undefined && value !== null;

function usualOf(values: string[], known: string | undefined): string {
  return known !== undefined && values.includes(known) ? known : (values.at(-1) as string);
}

/** A class that the known type has no price for needs one of its own; until it is read it is no number. */
function pricedFor({ price }: ModelType, resolutions: string[], config: Json): ModelType['price'] {
  if (price.per !== 'second') return price;
  const amounts = Object.fromEntries(resolutions.map((name) => [name, price.amounts[name] ?? Number.NaN]));
  const unpriced = resolutions.find((name) => Number.isNaN(amounts[name]));
  if (unpriced && !isGiven(config.price))
    refuse(
      'config.price',
      config.price,
      'given for a resolution that the known type has not',
      `Add "price": {"per_second": {"${unpriced}": 2}}.`,
    );
  return { ...price, amounts };
}

function rangeOf(config: Json, field: string, known: unknown): [number, number] | undefined {
  const value = config[field];
  if (!isGiven(value)) return undefined;
  refuseWithout(known, field, value);
  const fits =
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((each) => Number.isSafeInteger(each) && each >= 0) &&
    value[0] <= value[1];
  return fits
    ? (value as [number, number])
    : refuse(`config.${field}`, value, 'two whole numbers, [least, most]');
}

function textsOf(config: Json, field: string, known: unknown): string[] | undefined {
  const value = config[field];
  if (!isGiven(value)) return undefined;
  refuseWithout(known, field, value);
  const fits = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
  return fits ? (value as string[]) : refuse(`config.${field}`, value, 'a list of texts');
}

function refuseWithout(known: unknown, field: string, value: unknown): void {
  if (known === undefined)
    refuse(
      `config.${field}`,
      value,
      'left out: the known type has no such field',
      `Leave ${field} out, or name another type in like.`,
    );
}

function wholeOf(value: unknown): number {
  const fits = typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
  return fits ? value : refuse('config.prompt_characters', value, 'a whole number above 0');
}
