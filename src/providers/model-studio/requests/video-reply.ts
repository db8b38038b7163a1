/** What a video is billed, before it is made and after, and how its reply is read: the same for every family of videos. */
import { KnownError } from '../../../errors.js';
import { type Json, objectAt } from '../../../json.js';
import { formatOf } from '../../../media/kinds.js';
import type { Made, Units } from '../../provider.js';
import type { Reply } from '../connection.js';
import type { Asked } from '../family.js';
import { videoSizes } from '../model-table.js';
import type { ModelType, Price } from '../model-type.js';
import { billOf, countOf } from '../price.js';
import type { MediaRequest } from './media-request.js';
import { madeUrls } from './reply.js';

/** Reference videos count with the most seconds that are billed of them. */
export function estimateSeconds(request: MediaRequest, type: ModelType): Units {
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
  const videos = media.filter(({ path }) => formatOf(path?.key ?? '')?.kind !== 'picture');
  return videos.length * (price.inputSecondsPerVideo[media.length - 1] ?? 0);
}

/** A failed task is a value in Hologres, and free. */
export function readVideo(reply: Reply, asked: Units, { model, type }: Asked): Made {
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
