/** Media on their way out: from the provider's temporary address into storage, streamed; the copy is repeated, never the generation. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import { endingOf, formatOf, hasUse } from '../media/kinds.js';
import type { CheckedRequest, Made } from '../providers/provider.js';
import { formatPath, isDirectory, joinPath, type StoragePath } from '../storage/path.js';
import type { Storage } from '../storage/storage.js';
import type { CheckedCall } from './check.js';
import type { Services } from './course.js';
import { requireRight } from './media.js';

const mostSavingMs = 15 * 60 * 1000;

/**
 * Saves what was made and returns the paths in order: `<request id>.png`, or `<request id>-<i>.png` where there are several. The provider
 * keeps a result for 24 hours, and making it again costs money, so a network or store that is down is waited for.
 */
export async function saveOutputs(
  jobId: string,
  checked: CheckedCall,
  made: Made,
  { storage, meter }: Pick<Services, 'storage' | 'meter'>,
): Promise<string[]> {
  const giveUpAt = Date.now() + mostSavingMs;
  for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, 15_000)) {
    try {
      return await Promise.all(
        made.urls.map(async (_url, index) => {
          const { path, bytes } = await copyOutput(index, jobId, checked, made, storage);
          meter.saved(checked.model, bytes);
          return path;
        }),
      );
    } catch (error) {
      const passing = error instanceof KnownError && error.retryable;
      if (!passing || Date.now() > giveUpAt) throw withAddress(error, jobId);
    }
    await delay(pauseMs);
    meter.repeated(checked.model, 'copy');
  }
}

async function copyOutput(
  index: number,
  jobId: string,
  { request, provider, model, file }: CheckedCall,
  { urls, requestId }: Made,
  storage: Storage,
): Promise<{ path: string; bytes: number }> {
  const url = urls[index] as string;
  const target = targetOf(request, requestId, url, urls.length > 1 ? index + 1 : undefined);
  const right = requireRight(file?.right, 'output_dir');
  const { bytes } = await storage.save(target, right, (stop) => provider.download(url, stop), {
    contentType: formatOf(madeName(url))?.contentType ?? 'application/octet-stream',
    metadata: {
      'hologen-model': model.modelType,
      'hologen-job': jobId,
      'hologen-request': requestId,
    },
    // What is paid for is saved, whoever waits.
    signal: new AbortController().signal,
  });
  return { path: formatPath(target), bytes };
}

/** What could not be saved is paid for all the same: its user must learn where it is. */
function withAddress(error: unknown, jobId: string): unknown {
  if (!(error instanceof KnownError)) return error;
  const kept = `The result is made and paid for: for 24 hours it is at the address in hologen.jobs, job ${jobId}.`;
  const { kind, message, detail, hint, retryable } = error;
  return new KnownError({
    ...{ kind, message, detail, retryable },
    hint: hint ? `${hint} ${kept}` : kept,
    cause: error,
  });
}

/** first-and-last-frame names its file; everything else names a directory. */
function targetOf(
  { output }: CheckedRequest,
  requestId: string,
  url: string,
  index: number | undefined,
): StoragePath {
  if (!output) throw new Error('the request has no place for what is made');
  if (!isDirectory(output)) return output;
  const suffix = index === undefined ? '' : `-${index}`;
  return joinPath(output, `${requestId}${suffix}.${endingOf(madeName(url))}`);
}

/** What the address of a result tells of its form; a PNG where it tells nothing. */
function madeName(url: string): string {
  const { pathname } = new URL(url);
  return hasUse(pathname, 'made') ? pathname : 'picture.png';
}
