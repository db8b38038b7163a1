/** What a video is billed, before it is made and after, and how its reply is read: the same for every family of videos. */
import { KnownError } from '../../../errors.js';
import { type Json, objectAt, textOf } from '../../../json.js';
import type { Made, Units } from '../../provider.js';
import type { Reply } from '../connection.js';
import { failedTask } from '../errors.js';
import type { Asked } from '../family.js';
import type { ModelType, Price } from '../model-type.js';
import { billOf, countOf } from '../price.js';
import type { MediaRequest } from './media-request.js';
import { classOfSize } from './picture-size.js';
import { madeUrls } from './reply.js';
import { type Lengths, secondsAmong, videosOf } from './video-lengths.js';

/** Input videos count with their length where it is known, else with the most seconds that are billed of them. */
export function estimateSeconds(request: MediaRequest, type: ModelType, lengths: Lengths): Units {
  const made = mostMadeSeconds(request, type, lengths);
  const input = mostInputSeconds(request, type.price, lengths);
  const most = type.videoSeconds?.withMade ?? Number.POSITIVE_INFINITY;
  const seconds = Number(Math.min(made + input, most).toFixed(2));
  return { seconds, ...videoClass(request, type) };
}

/** A video that is as long as its input, or as the model likes, counts with the longest. */
function mostMadeSeconds(
  { parameters, media }: MediaRequest,
  { duration, price }: ModelType,
  lengths: Lengths,
): number {
  const asInput = (most: number) => secondsAmong(videosOf(media, lengths), most);
  if (!duration) return asInput((price.per === 'second' && price.mostInputSeconds) || 0);
  if ('fixed' in duration) return duration.fixed;
  const asked = parameters.duration as number;
  if (!('range' in duration)) return asked;
  const [, longest] = duration.range;
  // Where 0 stands for the length of the input, another number cuts it off there.
  if (duration.also === 0) return asInput(asked || longest);
  return asked === duration.also ? longest : asked;
}

function videoClass({ parameters }: MediaRequest, type: ModelType): Units {
  const resolution =
    typeof parameters.resolution === 'string' ? parameters.resolution : classOfSize(String(parameters.size));
  const hasSilentPrice = type.price.per === 'second' && type.price.silentAmounts !== undefined;
  return {
    ...(resolution && { resolution }),
    ...(hasSilentPrice && { silent: parameters.audio === false }),
  };
}

function mostInputSeconds({ media }: MediaRequest, price: Price, lengths: Lengths): number {
  if (price.per !== 'second') return 0;
  const videos = videosOf(media, lengths);
  if (price.mostInputSeconds) return videos.length > 0 ? secondsAmong(videos, price.mostInputSeconds) : 0;
  const references = media.filter(({ field }) => field.startsWith('reference_urls'));
  const { inputSecondsPerVideo: shared = [] } = price;
  // A type that is like a known one may take more references than are told of.
  const most = shared[Math.min(references.length, shared.length) - 1] ?? 0;
  return videos.reduce<number>((sum, length) => sum + secondsAmong([length], most), 0);
}

/** A failed task is a value in Hologres, and free. */
export function readVideo(reply: Reply, asked: Units, { model, type }: Asked): Made {
  const task = objectAt(reply.body, 'output');
  const usage = objectAt(reply.body, 'usage');
  const { requestId } = reply;
  const failure = task.task_status === 'FAILED' ? failedVideo(task, requestId) : undefined;
  const urls = failure ? [] : madeUrls(reply);
  const isNowhere = !failure && urls.length === 0;
  if (isNowhere && !secondsOf(usage)) throw noVideo(requestId);
  const units = failure ? { ...asked, seconds: 0 } : billedUnits(asked, usage);
  return {
    ...{ requestId, urls, text: undefined, usage, task, notes: [] },
    ...(failure && { failure }),
    // What usage counts is billed, wherever it is.
    ...(isNowhere && { error: noVideo(requestId) }),
    bill: billOf(type, model.config, units),
  };
}

function noVideo(requestId: string): KnownError {
  return new KnownError({
    kind: 'providerFailure',
    message: 'Model Studio answered without a picture or video',
    detail: `Provider request id: ${requestId}.`,
  });
}

function failedVideo(task: Json, requestId: string): KnownError {
  const code = textOf(task.code) ?? 'unknown';
  const reason = textOf(task.message) ?? 'no reason given';
  return failedTask(code, `Model Studio could not make the video: ${code}: ${reason}`, requestId);
}

/** What usage does not tell is taken from the request. */
function billedUnits(asked: Units, usage: Json): Units {
  const seconds = secondsOf(usage) ?? asked.seconds;
  const units: Units = { ...asked, ...(seconds !== undefined && { seconds }) };
  // Told as 720, "720" or "720P".
  const height = countOf(String(usage.SR ?? '').replace(/P$/i, ''));
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
