/** Videos: from text, from frames, from references, edited or continued from another; asynchronous, billed by the second. */
import { type Json, optionalTexts } from '../../../fields.js';
import type { Medium } from '../../provider.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { mediaVideoTypes } from '../media-video-table.js';
import type { Scenario } from '../model-type.js';
import { olderVideoTypes } from '../older-video-table.js';
import { billOf } from '../price.js';
import { videoTypes } from '../video-table.js';
import { mediaList, nameReferences } from './media-list.js';
import { describeFields, type MediaRequest, readMediaRequest, readReferences } from './media-request.js';
import { optionalMedium, requiredMedium } from './medium.js';
import { hasDocument, readExtras } from './reference-extras.js';
import { checkLengths, type Lengths } from './video-lengths.js';
import { estimateSeconds, readVideo } from './video-reply.js';

export const videos: Family = {
  task: 'video-generation',
  types: { ...videoTypes, ...olderVideoTypes, ...mediaVideoTypes },
  fields: describeFields,
  check,
};

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const request = readMediaRequest(asked, {
    scenarioOf,
    readMedia: (fields, scenario) => readMedia(fields, scenario, asked),
  });
  const { scenario, audio, output, fileName, label, notes } = request;
  const unitsFor = (lengths: Lengths) => estimateSeconds(request, type, lengths);
  const units = unitsFor([]);
  return {
    type,
    scenario,
    makes: 'video',
    output,
    fileName,
    label,
    notes,
    followed: true,
    media: audio ? [...request.media, audio] : request.media,
    estimate: billOf(type, model.config, units),
    measure: request.media.some(({ kinds }) => kinds.includes('video'))
      ? (lengths) => {
          checkLengths(request, type, lengths);
          return billOf(type, model.config, unitsFor(lengths));
        }
      : undefined,
    body: (addresses) => bodyOf(request, asked, addresses),
    read: (reply) => readVideo(reply, units, asked),
  };
}

/** The fields that carry media decide what is asked for, where a type can do more than one thing. */
function scenarioOf(request: Json, { type }: Asked): Scenario {
  const has = (field: string) => request[field] !== undefined && request[field] !== null;
  const asked: Scenario[] = [
    ...(has('video') ? (['video-edit', 'video-continuation'] as const) : []),
    ...(optionalTexts(request, 'reference_urls') || hasDocument(request)
      ? (['reference-video'] as const)
      : []),
    ...(has('first_frame_url') || has('last_frame_url') ? (['first-and-last-frame'] as const) : []),
    ...(has('img_url') ? (['first-frame'] as const) : []),
  ];
  return asked.find((scenario) => type.scenarios.includes(scenario)) ?? (type.scenarios[0] as Scenario);
}

function readMedia(request: Json, scenario: Scenario, asked: Asked): Medium[] {
  switch (scenario) {
    case 'first-frame':
      return [requiredMedium(request, 'img_url', ['picture'], asked)];
    case 'first-and-last-frame':
      return [
        requiredMedium(request, 'first_frame_url', ['picture'], asked),
        requiredMedium(request, 'last_frame_url', ['picture'], asked),
      ];
    case 'reference-video':
      return referencesOf(request, asked);
    case 'video-edit':
      return [requiredMedium(request, 'video', ['video'], asked), ...readReferences(request, asked)];
    case 'video-continuation':
      return [
        requiredMedium(request, 'video', ['video'], asked),
        ...optionalMedium(request, 'last_frame_url', ['picture'], asked),
      ];
    default:
      return [];
  }
}

function referencesOf(request: Json, asked: Asked): Medium[] {
  const alone = request.reference_urls === undefined && asked.type.extras?.includes('documents');
  const references = alone && hasDocument(request) ? [] : readReferences(request, asked);
  return [
    ...references,
    ...optionalMedium(request, 'img_url', ['picture'], asked),
    ...readExtras(request, references.length, asked),
  ];
}

function bodyOf(request: MediaRequest, { model, type }: Asked, addresses: string[]): Json {
  const { negativePrompt, parameters } = request;
  const prompt = nameReferences(request, type);
  const input = {
    ...(prompt && { prompt }),
    ...(type.input === 'media' ? mediaList(request, addresses) : mediaFields(request, addresses)),
    ...(negativePrompt && { negative_prompt: negativePrompt }),
  };
  return { model: model.modelType, input, parameters };
}

/** Each medium in a field of its own. */
function mediaFields(request: MediaRequest, addresses: string[]): Json {
  const input: Json = {};
  const media = addresses.slice(0, request.media.length);
  switch (request.scenario) {
    case 'first-frame':
      input.img_url = media[0];
      break;
    case 'first-and-last-frame':
      [input.first_frame_url, input.last_frame_url] = media;
      break;
    case 'reference-video':
      input.reference_urls = media;
      break;
  }
  if (request.audio) input.audio_url = addresses[request.media.length];
  return input;
}
