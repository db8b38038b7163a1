/** Pictures: made from text, edited, or put together from several. One user message, or a prompt in a field of its own. */
import { KnownError } from '../../../errors.js';
import { type Json, optionalTexts } from '../../../fields.js';
import { objectAt, textOf } from '../../../json.js';
import type { Made, Units } from '../../provider.js';
import type { Reply } from '../connection.js';
import { failedTask } from '../errors.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { typesFor } from '../known-types.js';
import { pictureTypes } from '../model-table.js';
import type { Scenario } from '../model-type.js';
import { billOf, countOf, wholeOf } from '../price.js';
import {
  type MediaRequest,
  readMediaRequest,
  readReferences,
  refuseCount,
  refuseEmpty,
  refuseMissing,
} from './media-request.js';
import { failedPictures, madeUrls } from './reply.js';

export const pictures: Family = { task: 'image-generation', types: pictureTypes, check };

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const request = readMediaRequest(asked, {
    scenarioOf,
    readMedia: (fields, scenario) =>
      scenario === 'text-to-image' ? [] : readReferences(fields, ['picture'], asked),
  });
  const { scenario, media, output, fileName, label, notes, parameters } = request;
  return {
    ...{ type, scenario, makes: 'pictures', media, output, fileName, label, notes },
    followed: type.mode === 'async',
    estimate: billOf(type, model.config, { pictures: countOf(parameters.n) ?? 1 }),
    body: (addresses) => bodyOf(request, asked, addresses),
    read: (reply) => read(reply, asked),
  };
}

/** The number of reference pictures decides what is asked for. */
function scenarioOf(request: Json, { model: { modelType }, type, known }: Asked): Scenario {
  const references = optionalTexts(request, 'reference_urls')?.length ?? 0;
  if (references === 0 && Array.isArray(request.reference_urls)) refuseEmpty(type);
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
function read(reply: Reply, { model, type }: Asked): Made {
  const urls = madeUrls(reply);
  const failures = failedPictures(reply);
  const task = type.mode === 'async' ? objectAt(reply.body, 'output') : undefined;
  const { requestId } = reply;
  if (urls.length === 0) {
    if (task?.task_status === 'FAILED' || failures.length > 0)
      throw failedPicture({ ...failures[0], ...task }, requestId);
    throw noPicture(requestId);
  }
  const usage = objectAt(reply.body, 'usage');
  const units: Units = { pictures: wholeOf(usage.image_count) ?? urls.length };
  return {
    ...{ requestId, urls, text: undefined, usage, task, failed: false },
    bill: billOf(type, model.config, units),
    notes: failures.length > 0 ? [fewerPictures(urls.length, failures)] : [],
  };
}

function failedPicture(task: Json, requestId: string): KnownError {
  const code = textOf(task.code) ?? 'unknown';
  const reason = textOf(task.message) ?? 'no reason given';
  return failedTask(code, `Model Studio could not make the picture: ${code}: ${reason}`, requestId);
}

function noPicture(requestId: string): KnownError {
  return new KnownError({
    kind: 'providerFailure',
    message: 'Model Studio answered without a picture or video',
    detail: `Provider request id: ${requestId}.`,
  });
}

/** Hologres' result has no place for the pictures that are missing. */
function fewerPictures(made: number, failures: Json[]): string {
  const [first] = failures;
  const reason = `${textOf(first?.code)}: ${textOf(first?.message) ?? 'no reason given'}`;
  return `ai_gen: a call gave ${made} of ${made + failures.length} pictures, the others failed and cost nothing (${reason})`;
}
