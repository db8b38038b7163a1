/** Videos: from text, from a first frame, between two frames, with reference files. Always tasks, billed by the second. */
import { KnownError } from '../../../errors.js';
import type { Json } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import { formatOf } from '../../../media/kinds.js';
import type { Made, Medium, Units } from '../../provider.js';
import type { Reply } from '../connection.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { videoSizes, videoTypes } from '../model-table.js';
import type { ModelType, Price, Scenario } from '../model-type.js';
import { billOf, countOf } from '../price.js';
import { type MediaRequest, readMediaRequest, readReferences, requiredMedium } from './media-request.js';
import { madeUrls } from './reply.js';

export const videos: Family = { task: 'video-generation', types: videoTypes, check };

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const request = readMediaRequest(asked, {
    scenarioOf: () => type.scenarios[0] as Scenario,
    readMedia: (fields, scenario) => readMedia(fields, scenario, asked),
  });
  const { scenario, audio, output, notes } = request;
  const units = estimateUnits(request, type);
  return {
    ...{ type, scenario, makes: 'video', output, notes, followed: true },
    media: audio ? [...request.media, audio] : request.media,
    estimate: billOf(type, model.config, units),
    body: (addresses) => bodyOf(request, asked, addresses),
    read: (reply) => read(reply, units, asked),
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

/** Reference videos count with the most seconds that are billed of them. */
function estimateUnits(request: MediaRequest, type: ModelType): Units {
  const duration = type.duration && ('fixed' in type.duration ? type.duration.fixed : type.duration.default);
  const made = countOf(request.parameters.duration) ?? duration ?? 0;
  return { seconds: made + mostInputSeconds(request, type.price), ...videoClass(request, type) };
}

function videoClass({ parameters }: MediaRequest, type: ModelType): Units {
  const classes = Object.keys(videoSizes);
  const resolution =
    typeof parameters.resolution === 'string'
      ? parameters.resolution
      : classes.find((name) => Object.values(videoSizes[name] ?? {}).includes(String(parameters.size)));
  const hasSilentPrice = type.price.per === 'second' && type.price.silentAmounts !== undefined;
  return {
    ...(resolution && { resolution }),
    ...(hasSilentPrice && { silent: parameters.audio === false }),
  };
}

/** A reference may be a video unless its ending is a picture's. */
function mostInputSeconds({ media }: MediaRequest, price: Price): number {
  if (price.per !== 'second' || !price.inputSecondsPerVideo) return 0;
  const videos = media.filter(({ path }) => formatOf(path.key)?.kind !== 'picture');
  return videos.length * (price.inputSecondsPerVideo[media.length - 1] ?? 0);
}

/** A failed task is a value in Hologres, and free. */
function read(reply: Reply, asked: Units, { model, type }: Asked): Made {
  const task = objectAt(reply.body, 'output');
  const usage = objectAt(reply.body, 'usage');
  const failed = task.task_status === 'FAILED';
  const urls = failed ? [] : madeUrls(reply);
  const { requestId } = reply;
  if (!failed && urls.length === 0) {
    throw new KnownError({
      kind: 'providerFailure',
      message: 'Model Studio answered without a picture or video',
      detail: `Provider request id: ${requestId}.`,
    });
  }
  const units = failed ? { ...asked, seconds: 0 } : billedUnits(asked, usage);
  return {
    ...{ requestId, urls, text: undefined, usage, task, failed, notes: [] },
    bill: billOf(type, model.config, units),
  };
}

/** What usage does not tell is taken from the request. */
function billedUnits(asked: Units, usage: Json): Units {
  const seconds = secondsOf(usage) ?? asked.seconds;
  const units: Units = { ...asked, ...(seconds !== undefined && { seconds }) };
  const height = countOf(usage.SR);
  if (height) units.resolution = `${height}P`;
  if (units.silent !== undefined && typeof usage.audio === 'boolean') units.silent = !usage.audio;
  return units;
}

/** Each family names its seconds differently. */
function secondsOf(usage: Json): number | undefined {
  const made = countOf(usage.output_video_duration);
  return (
    countOf(usage.duration) ??
    countOf(usage.video_duration) ??
    (made === undefined ? undefined : made + (countOf(usage.input_video_duration) ?? 0))
  );
}
