/** What a submit leads to: inspection, media, waiting, result files and usage. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckedInput } from './input-check.js';
import { type Markers, readMarkers } from './markers.js';
import type { FetchedMedia, MediaFetcher } from './media-fetch.js';
import type { ModelType } from './model-types.js';
import { outputSize } from './output-size.js';
import type { Settings } from './parameter-check.js';
import type { Dimensions } from './parameter-rules.js';
import { Refusal, refusal } from './refusal.js';
import type { ResultStore } from './results.js';

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

function billedInputSeconds(media: readonly FetchedMedia[]): number {
  const perVideo = billedSecondsPerVideo[media.length] ?? 0;
  const videos = media.filter((item) => item.kind === 'video');
  const total = videos.reduce((sum, video) => sum + Math.min(video.seconds ?? perVideo, perVideo), 0);
  return Math.round(Math.min(total, 5) * 100) / 100;
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
  return fetched;
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
        durationSeconds: isVideo ? settings.durationSeconds : undefined,
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
  return { urls, size, inputSeconds: billedInputSeconds(media) };
}
