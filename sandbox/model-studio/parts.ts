/** Settings of the sandbox and the parts that its routes share. */
import { mkdir } from 'node:fs/promises';
import { type GenerationContext, generate, type Outcome, type Work } from './generate.js';
import { createMarkerThrottle, type Markers } from './markers.js';
import { createMediaFetcher, type MediaFetcher } from './media-fetch.js';
import { createLimiter, type Limiter, type RateLimits } from './rate-limits.js';
import { openResultStore, type ResultStore } from './results.js';
import { type SpeechOutcome, type SpeechWork, transcribe } from './speech-task.js';
import { createTaskQueue, type TaskQueue } from './tasks.js';
import { createUploads, type Uploads } from './uploads.js';

/** May be changed while the sandbox runs. */
export interface ModelStudioSettings {
  imageMs: number;
  videoMs: number;
  textMs: number;
  /** How long a task stays PENDING at least. */
  pendingMs: number;
  taskLifetimeMs: number;
  /** Validity of result URLs; negative: expired at once. */
  resultLifetimeMs: number;
  /** A media download without a byte for so long has timed out. */
  mediaTimeoutMs: number;
  rateLimits: RateLimits;
}

export interface ModelStudioOptions extends Partial<ModelStudioSettings> {
  /** 0 or left out: any free port. */
  port?: number;
  /** Host name (or `*.suffix`) → origin that really serves its media, e.g. the sandbox object store. */
  mediaHosts?: Readonly<Record<string, string>>;
  /** Where result files are kept. */
  directory: string;
  log?: (event: { event: string; method: string; path: string; error: string }) => void;
}

const dayMs = 24 * 3600_000;
const defaults: ModelStudioSettings = {
  imageMs: 1500,
  videoMs: 4000,
  textMs: 300,
  pendingMs: 0,
  taskLifetimeMs: dayMs,
  resultLifetimeMs: dayMs,
  mediaTimeoutMs: 10_000,
  rateLimits: 'documented',
};

/** The options with the defaults filled in. */
export function chooseSettings(options: ModelStudioOptions): ModelStudioSettings {
  const given = Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}

/** Pictures and videos, or speech. */
export type AnyWork = Work | SpeechWork;
export type AnyOutcome = Outcome | SpeechOutcome;

export interface Parts {
  settings: ModelStudioSettings;
  media: MediaFetcher;
  results: ResultStore;
  limiter: Limiter;
  generation: GenerationContext;
  tasks: TaskQueue<AnyWork, AnyOutcome>;
  throttle: (body: string, markers: Markers) => void;
  uploads: Uploads;
  /** Aborted when the sandbox closes. */
  signal: AbortSignal;
}

/** Builds the parts; each reads `settings` every time. `origin` is known once the server listens. */
export async function buildParts(
  settings: ModelStudioSettings,
  options: ModelStudioOptions,
  origin: () => string,
  signal: AbortSignal,
): Promise<Parts> {
  const { directory, mediaHosts = {} } = options;
  await mkdir(directory, { recursive: true });
  const results = await openResultStore({ directory, origin, lifetimeMs: () => settings.resultLifetimeMs });
  const media = createMediaFetcher({ timeoutMs: () => settings.mediaTimeoutMs, mediaHosts });
  const limiter = createLimiter(() => settings.rateLimits);
  const generation: GenerationContext = {
    media,
    results,
    latencyMs: (kind) => (kind === 'image' ? settings.imageMs : settings.videoMs),
  };
  const speech = { media, results, latencyMs: () => settings.textMs };
  const tasks = createTaskQueue<AnyWork, AnyOutcome>({
    run: ({ id, work }, stop) =>
      'urls' in work ? transcribe(work, speech, stop) : generate(id, work, generation, stop),
    concurrentTasks: (model) => limiter.limitOf(model).concurrentTasks,
    lifetimeMs: () => settings.taskLifetimeMs,
    pendingMs: () => settings.pendingMs,
  });
  const uploads = createUploads(origin);
  const throttle = createMarkerThrottle();
  return { settings, media, results, limiter, generation, tasks, throttle, uploads, signal };
}
