/** Media on their way out: from the provider's temporary URL into the user's store, streamed; the copy is repeated, never the generation. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import { endingOf, formatOf, hasUse } from '../media/kinds.js';
import type { ModelStudio } from '../providers/model-studio/client.js';
import type { Right } from '../storage/file-value.js';
import { formatPath, isDirectory, joinPath, type StoragePath } from '../storage/path.js';
import type { Storage } from '../storage/storage.js';
import type { Meter, MeteredModel } from './meter.js';

export interface SavePlace {
  output: StoragePath;
  right: Right;
}

interface OutputFacts {
  model: MeteredModel;
  jobId: string;
}

interface OutputDrivers {
  storage: Storage;
  studio: ModelStudio;
  meter: Meter;
}

const mostSavingMs = 15 * 60 * 1000;

/**
 * Saves each URL and returns their paths in order: `<request id>.png`, or `<request id>-<i>.png` where there are several. The provider
 * keeps a result for 24 hours, and making it anew costs money: a network or a store that is down is waited for.
 */
export async function saveOutputs(
  urls: string[],
  requestId: string,
  place: SavePlace,
  facts: OutputFacts,
  drivers: OutputDrivers,
): Promise<string[]> {
  const giveUpAt = Date.now() + mostSavingMs;
  for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, 15_000)) {
    try {
      return await copyOutputs(urls, requestId, place, facts, drivers);
    } catch (error) {
      if (!(error instanceof KnownError && error.retryable) || Date.now() > giveUpAt) throw error;
    }
    await delay(pauseMs);
    drivers.meter.repeated(facts.model, 'copy');
  }
}

async function copyOutputs(
  urls: string[],
  requestId: string,
  place: SavePlace,
  facts: OutputFacts,
  drivers: OutputDrivers,
): Promise<string[]> {
  // What is paid for is saved, whoever waits.
  const { signal } = new AbortController();
  return Promise.all(
    urls.map(async (url, index) => {
      const target = targetOf(place.output, requestId, url, urls.length > 1 ? index + 1 : undefined);
      const open = (stop: AbortSignal) => drivers.studio.download(url, stop);
      const { bytes } = await drivers.storage.save(target, place.right, open, {
        contentType: formatOf(madeName(url))?.contentType ?? 'application/octet-stream',
        metadata: {
          'hologen-model': facts.model.modelType,
          'hologen-job': facts.jobId,
          'hologen-request': requestId,
        },
        signal,
      });
      drivers.meter.saved(facts.model, bytes);
      return formatPath(target);
    }),
  );
}

/** first-and-last-frame names its file; everything else names a directory. */
function targetOf(
  output: StoragePath,
  requestId: string,
  url: string,
  index: number | undefined,
): StoragePath {
  if (!isDirectory(output)) return output;
  const suffix = index === undefined ? '' : `-${index}`;
  return joinPath(output, `${requestId}${suffix}.${endingOf(madeName(url))}`);
}

/** What the address of a result tells of its form; a PNG where it tells nothing. */
function madeName(url: string): string {
  const { pathname } = new URL(url);
  return hasUse(pathname, 'made') ? pathname : 'picture.png';
}
