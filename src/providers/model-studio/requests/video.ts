/** Videos: from text, from a first frame, between two frames, with reference files. Always tasks, billed by the second. */
import type { Json } from '../../../fields.js';
import type { Medium } from '../../provider.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { videoTypes } from '../model-table.js';
import type { Scenario } from '../model-type.js';
import { billOf } from '../price.js';
import { type MediaRequest, readMediaRequest, readReferences, requiredMedium } from './media-request.js';
import { estimateSeconds, readVideo } from './video-reply.js';

export const videos: Family = { task: 'video-generation', types: videoTypes, check };

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const request = readMediaRequest(asked, {
    scenarioOf: () => type.scenarios[0] as Scenario,
    readMedia: (fields, scenario) => readMedia(fields, scenario, asked),
  });
  const { scenario, audio, output, fileName, label, notes } = request;
  const units = estimateSeconds(request, type);
  return {
    ...{ type, scenario, makes: 'video', output, fileName, label, notes, followed: true },
    media: audio ? [...request.media, audio] : request.media,
    estimate: billOf(type, model.config, units),
    body: (addresses) => bodyOf(request, asked, addresses),
    read: (reply) => readVideo(reply, units, asked),
  };
}

function readMedia(request: Json, scenario: Scenario, asked: Asked): Medium[] {
  switch (scenario) {
    case 'first-frame':
      return [requiredMedium(request, 'img_url', ['picture'], asked.places)];
    case 'first-and-last-frame':
      return [
        requiredMedium(request, 'first_frame_url', ['picture'], asked.places),
        requiredMedium(request, 'last_frame_url', ['picture'], asked.places),
      ];
    case 'reference-video':
      return readReferences(request, ['picture', 'video'], asked);
    default:
      return [];
  }
}

function bodyOf(request: MediaRequest, { model }: Asked, addresses: string[]): Json {
  const { negativePrompt, parameters } = request;
  const negative = negativePrompt ? { negative_prompt: negativePrompt } : {};
  return { model: model.modelType, input: { ...inputOf(request, addresses), ...negative }, parameters };
}

function inputOf(request: MediaRequest, addresses: string[]): Json {
  const input: Json = { prompt: request.prompt };
  const media = addresses.slice(0, request.media.length);
  switch (request.scenario) {
    case 'first-frame':
      input.img_url = media[0];
      break;
    case 'first-and-last-frame':
      [input.first_frame_url, input.last_frame_url] = media;
      break;
    case 'reference-video':
      input.prompt = nameCharacters(request);
      input.reference_urls = media;
      break;
  }
  if (request.audio) input.audio_url = addresses[request.media.length];
  return input;
}

/** The model knows its references only as character1…N; users write the paths into the prompt. Longest first: one path may begin another. */
function nameCharacters(request: MediaRequest): string {
  const names = request.media.map((medium, index) => ({ text: medium.text, name: `character${index + 1}` }));
  names.sort((a, b) => b.text.length - a.text.length);
  return names.reduce((prompt, { text, name }) => prompt.replaceAll(text, name), request.prompt);
}
