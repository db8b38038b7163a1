/** Pictures: made from text, edited, or put together from several. One user message, or a prompt in a field of its own. */
import { KnownError } from '../../../errors.js';
import { type Json, optionalTexts, refuse } from '../../../fields.js';
import { isObject, objectAt, textOf } from '../../../json.js';
import { type Made, type Medium, nothingMade, ProviderFailure, type Units } from '../../provider.js';
import type { Reply } from '../connection.js';
import { failedTask } from '../errors.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { typesFor } from '../known-types.js';
import type { ModelType, Scenario } from '../model-type.js';
import { newerPictureTypes } from '../newer-picture-table.js';
import { pictureTypes } from '../picture-table.js';
import { billOf, countOf, wholeOf } from '../price.js';
import {
  describeFields,
  type MediaRequest,
  readMediaRequest,
  readReferenceImage,
  readReferences,
  refuseCount,
  refuseEmpty,
  refuseMissing,
} from './media-request.js';
import { readMask } from './picture-edit.js';
import { areaOf } from './picture-size.js';
import { failedPictures, madeUrls, partsOf } from './reply.js';

/** The edge of the price tier of large pictures. */
const largePixels = 2_250_000;

export const pictures: Family = {
  task: 'image-generation',
  types: { ...pictureTypes, ...newerPictureTypes },
  fields: describeFields,
  check,
};

function check(given: Asked): StudioRequest {
  const asked = asInterleaved(given);
  const { model, type } = asked;
  const request = readMediaRequest(asked, {
    scenarioOf,
    readMedia: (fields, scenario) => (scenario === 'text-to-image' ? [] : referencesOf(fields, asked)),
  });
  const { scenario, media, output, fileName, label, notes } = request;
  return {
    type,
    scenario,
    makes: 'pictures',
    media,
    output,
    fileName,
    label,
    notes,
    followed: type.mode === 'async',
    estimate: billOf(type, model.config, estimatePictures(request, type)),
    body: (addresses) => bodyOf(request, asked, addresses),
    read: (reply) => read(reply, asked, estimatePictures(request, type)),
  };
}

/** Texts and pictures in turn have rules of their own. */
function asInterleaved(asked: Asked): Asked {
  const { type, text } = asked;
  return type.interleaved && asksInterleaved(text)
    ? { ...asked, type: { ...type, ...type.interleaved } }
    : asked;
}

/** What is no JSON is told by who reads the whole request. */
function asksInterleaved(text: string): boolean {
  try {
    const request: unknown = JSON.parse(text);
    return isObject(request) && objectAt(request, 'parameters').enable_interleave === true;
  } catch {
    return false;
  }
}

function estimatePictures({ parameters, media }: MediaRequest, { price }: ModelType): Units {
  const units: Units = { pictures: countOf(parameters.max_images) ?? countOf(parameters.n) ?? 1 };
  if (price.per !== 'picture') return units;
  // A size that is left out is the largest that the type makes by itself, and so is that of an edit, whatever is asked for.
  const { size } = parameters;
  const area = typeof size === 'string' && media.length === 0 ? areaOf(size) : Number.POSITIVE_INFINITY;
  if (price.higher)
    units.higher = price.higher.when === 'large' ? area > largePixels : parameters.prompt_extend === true;
  if (price.input) units.inputPictures = media.length;
  return units;
}

/** What the reply tells of its tier wins over what was asked for. */
function billedPictures(asked: Units, usage: Json, made: number): Units {
  const pictures = wholeOf(usage.image_count) ?? wholeOf(usage.output_image_count) ?? made;
  const tier = textOf(usage.output_image_type);
  const input = wholeOf(usage.input_image_count);
  return {
    ...{ ...asked, pictures },
    ...(asked.higher !== undefined && tier && { higher: tier.endsWith('2k') }),
    ...(asked.inputPictures !== undefined && input !== undefined && { inputPictures: input }),
  };
}

function referencesOf(request: Json, asked: Asked): Medium[] {
  const image = readReferenceImage(request, asked);
  if (!image) return [...readReferences(request, asked), ...readMask(request, asked)];
  if (!request.reference_urls) return [image, ...readMask(request, asked)];
  return refuse('reference_image', image.text, 'left out beside reference_urls', 'Say it one way.');
}

/** The number of reference pictures decides what is asked for. */
function scenarioOf(request: Json, { model: { modelType }, type, known }: Asked): Scenario {
  const references = optionalTexts(request, 'reference_urls')?.length ?? (request.reference_image ? 1 : 0);
  if (references === 0 && Array.isArray(request.reference_urls)) refuseEmpty(type);
  if (type.mostAmongTexts) return 'interleaved';
  const asked: Scenario =
    references === 0 ? 'text-to-image' : references === 1 ? 'image-edit' : 'multi-image-fusion';
  if (type.scenarios.includes(asked)) return asked;
  if (asked === 'text-to-image') return refuseMissing('reference_urls', modelType);
  if (type.referenceFiles) return refuseCount(request.reference_urls, type.referenceFiles, modelType, known);
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `model type ${modelType} makes pictures from text only, and the request has reference_urls`,
    hint: `For ${asked} use a model of type ${typesFor(known, asked).join(', ')}.`,
  });
}

function bodyOf(request: MediaRequest, { model, type }: Asked, addresses: string[]): Json {
  const { prompt, parameters, negativePrompt } = request;
  const negative = negativePrompt ? { negative_prompt: negativePrompt } : {};
  if (type.input === 'base image') {
    const [picture, mask] = addresses;
    const { function: edit, ...rest } = parameters;
    const where = mask === undefined ? {} : { mask_image_url: mask };
    return {
      model: model.modelType,
      input: { function: edit, prompt, base_image_url: picture, ...where },
      parameters: rest,
    };
  }
  if (type.input === 'images')
    return { model: model.modelType, input: { prompt, images: addresses, ...negative }, parameters };
  if (type.input === 'prompt') return { model: model.modelType, input: { prompt, ...negative }, parameters };
  // One user message: the reference pictures in order, then the text.
  const content = [...addresses.map((image) => ({ image })), { text: prompt }];
  return {
    model: model.modelType,
    input: { messages: [{ role: 'user', content }] },
    parameters: { ...negative, ...parameters },
  };
}

/** Hologres has no JSON form of a failed picture: it is an error, whatever way the provider made it. */
function read(reply: Reply, { model, type }: Asked, asked: Units): Made {
  const urls = madeUrls(reply);
  const failures = failedPictures(reply);
  const task = type.mode === 'async' ? objectAt(reply.body, 'output') : undefined;
  const { requestId } = reply;
  const usage = objectAt(reply.body, 'usage');
  const counted = wholeOf(usage.image_count) ?? wholeOf(usage.output_image_count);
  if (urls.length === 0) {
    if (task?.task_status === 'FAILED' || failures.length > 0)
      throw failedPicture({ ...failures[0], ...task }, requestId);
    if (!counted) throw noPicture(requestId);
  }
  const units = counted === 0 ? { ...asked, pictures: 0 } : billedPictures(asked, usage, urls.length);
  return {
    ...{ requestId, urls, text: undefined, usage, task },
    ...(urls.length === 0 && { error: noPicture(requestId) }),
    ...(type.mostAmongTexts && { parts: partsOf(reply) }),
    bill: billOf(type, model.config, units),
    notes: failures.length > 0 ? [fewerPictures(urls.length, failures)] : [],
  };
}

function failedPicture(task: Json, requestId: string): KnownError {
  const code = textOf(task.code) ?? 'unknown';
  const reason = textOf(task.message) ?? 'no reason given';
  return failedTask(code, `Model Studio could not make the picture: ${code}: ${reason}`, requestId);
}

function noPicture(requestId: string): ProviderFailure {
  return new ProviderFailure({
    ...{ kind: 'providerFailure', code: nothingMade, repeat: 'no', requestId },
    message: 'Model Studio answered without a picture or video',
  });
}

/** Hologres' result has no place for the pictures that are missing. */
function fewerPictures(made: number, failures: Json[]): string {
  const [first] = failures;
  const reason = `${textOf(first?.code)}: ${textOf(first?.message) ?? 'no reason given'}`;
  return `ai_gen: a call gave ${made} of ${made + failures.length} pictures, the others failed and cost nothing (${reason})`;
}
