/** What a submit leads to: inspection, media, waiting, result files and usage. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckedInput } from './input-parts.js';
import { type Markers, readMarkers } from './markers.js';
import type { FetchedMedia, MediaFetcher } from './media-fetch.js';
import type { ModelType } from './model-type.js';
import { outputSize } from './output-size.js';
import type { Settings } from './parameter-check.js';
import { checkMask } from './picture-edits.js';
import { Refusal, refusal } from './refusal.js';
import type { ResultStore } from './results.js';
import type { Dimensions } from './rule-forms.js';

/** A submit that passed all checks. */
export interface Work {
  model: ModelType;
  /** Service path. */
  path: string;
  input: CheckedInput;
  settings: Settings;
}

export interface Outcome {
  urls: string[];
  /** Of the made video; 0 for pictures. */
  seconds: number;
  inputPictures: number;
  size: Dimensions;
  /** Billed seconds of input videos; 0 for pictures. */
  inputSeconds: number;
}

export interface GenerationContext {
  media: MediaFetcher;
  results: ResultStore;
  latencyMs(kind: ModelType['kind']): number;
}

/** Seconds of each input video that are billed, by the number of reference files. */
const billedSecondsPerVideo = [0, 5, 2.5, 1.65, 1.25, 1];

function billedInputSeconds({ model, input }: Work, media: readonly FetchedMedia[]): number {
  const rule = model.own ? model.own.inputSeconds : 'shared five';
  if (!rule) return 0;
  if (rule === 'whole') return Math.min(wholeInputSeconds(media), 15);
  const perVideo = billedSecondsPerVideo[input.references ?? media.length] ?? 0;
  const videos = media.filter((item) => item.kind === 'video');
  const total = videos.reduce((sum, video) => sum + Math.min(video.seconds ?? perVideo, perVideo), 0);
  return Math.round(Math.min(total, 5) * 100) / 100;
}

function wholeInputSeconds(media: readonly FetchedMedia[]): number {
  const videos = media.filter((item) => item.kind === 'video');
  return Math.round(videos.reduce((sum, video) => sum + (video.seconds ?? 0), 0) * 100) / 100;
}

/** A duration of 0 is the input's, of -1 what the model likes. */
function madeSeconds({ settings, model }: Work, media: readonly FetchedMedia[]): number {
  if (model.kind === 'image') return 0;
  if (settings.durationSeconds < 0) return 5;
  const edited = Math.min(wholeInputSeconds(media), 15) || 5;
  // An edited video is cut, never longer than what goes in.
  if (model.own?.fields.audio_setting) return Math.min(settings.durationSeconds || edited, edited);
  return settings.durationSeconds || edited;
}

/** Throws the refusals that need no work: content inspection of the prompt. */
export function inspectPrompt(markers: Markers): void {
  if (markers.refuse) {
    throw refusal.dataInspectionFailed('Input data may contain inappropriate content.');
  }
}

async function fetchMedia(work: Work, context: GenerationContext, signal: AbortSignal) {
  const { media } = work.input;
  // A silent video never touches its soundtrack.
  const used = media.filter((use) => work.settings.audio || !use.rule.audio);
  const fetched = await Promise.all(used.map((use) => context.media.fetch(use, signal)));
  if (work.model.family === 'wan-r2v' && fetched.filter((item) => item.kind === 'video').length > 3) {
    throw refusal.invalidParameter('reference_urls may hold at most 3 videos.');
  }
  const most = work.model.own?.mostSecondsWithVideo;
  if (most && work.settings.durationSeconds > most && fetched.some((item) => item.kind === 'video'))
    throw refusal.invalidParameter(`duration must be at most ${most} beside a reference video.`);
  checkSeconds(work, fetched);
  checkMask(work.model, fetched);
  return fetched;
}

/** What goes in has bounds together, and with what is made. Lengths of files are rarely whole. */
function checkSeconds({ model, settings }: Work, media: readonly FetchedMedia[]): void {
  const bounds = model.own?.mostSeconds;
  const seconds = wholeInputSeconds(media);
  if (!bounds || seconds === 0) return;
  if (Math.round(seconds) > bounds.together)
    throw refusal.invalidParameter(`Reference videos may have ${bounds.together} seconds together.`);
  if (Math.round(seconds + Math.max(0, settings.durationSeconds)) > bounds.withMade)
    throw refusal.invalidParameter(`Input and output videos may have ${bounds.withMade} seconds together.`);
}

function seedOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) >>> 1;
}

async function addResults(
  id: string,
  work: Work,
  size: Dimensions,
  media: readonly FetchedMedia[],
  results: ResultStore,
): Promise<string[]> {
  const { model, settings, input } = work;
  const isVideo = model.kind === 'video';
  const most = isVideo ? 1 : settings.n;
  const count = readMarkers(input.prompt).empty ? 0 : most;
  const references = media.filter((item) => item.kind === 'picture').map((item) => item.bytes);
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      results.add({
        name: `${id}-${index + 1}.${isVideo ? 'mp4' : 'png'}`,
        ...size,
        durationSeconds: isVideo ? madeSeconds(work, media) : undefined,
        title: `sandbox · ${model.name} · ${input.scenario} · ${index + 1} of ${count}`,
        prompt: input.effectivePrompt,
        references,
        seed: (settings.seed ?? seedOf(id)) + index,
      }),
    ),
  );
}

/** Generates for a task or request id; a Refusal is the failure the provider would report. */
export async function generate(
  id: string,
  work: Work,
  context: GenerationContext,
  signal: AbortSignal,
): Promise<Outcome> {
  const markers = readMarkers(work.input.prompt);
  inspectPrompt(markers);
  const waited = delay(markers.slowMs ?? context.latencyMs(work.model.kind), undefined, { signal });
  // The wait may outlive a failed download; its abort on shutdown is nobody's error then.
  waited.catch(() => undefined);
  const media = await fetchMedia(work, context, signal);
  await waited;
  if (markers.fail)
    throw refusal.internalErrorAlgo('An internal error has occured during algorithm execution.');
  if (markers.failSilently) throw new Refusal(500, '', '');
  const size = outputSize(work.model, work.settings, media);
  const urls = await addResults(id, work, size, media, context.results);
  return {
    ...{ urls, size, seconds: madeSeconds(work, media) },
    inputSeconds: billedInputSeconds(work, media),
    inputPictures: media.filter((item) => item.kind === 'picture').length,
  };
}
