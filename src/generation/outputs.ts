/** Media on their way out: from the provider's temporary URL into OSS, streamed; the copy is repeated, never the generation. */
import type { ModelStudio } from '../providers/model-studio.js';
import { formatOssPath, isDirectory, joinOssPath, type OssPath } from '../storage/oss-path.js';
import type { FileAccess, Storage } from '../storage/storage.js';
import type { Meter, MeteredModel } from './meter.js';

export interface SavePlace {
  output: OssPath;
  access: FileAccess;
}

/** Saves each URL and returns the oss:// paths in order: `<request id>.png`, or `<request id>-<i>.png` where there are several. */
export async function saveOutputs(
  urls: string[],
  requestId: string,
  place: SavePlace,
  facts: { model: MeteredModel; jobId: string },
  drivers: { storage: Storage; studio: ModelStudio; meter: Meter },
  signal: AbortSignal,
): Promise<string[]> {
  return Promise.all(
    urls.map(async (url, index) => {
      const target = targetOf(place.output, requestId, url, urls.length > 1 ? index + 1 : undefined);
      const open = (stop: AbortSignal) => drivers.studio.download(url, stop);
      const { bytes } = await drivers.storage.save(target, place.access, open, {
        contentType: contentTypes[endingOf(url)] ?? 'application/octet-stream',
        metadata: {
          'hologen-model': facts.model.modelType,
          'hologen-job': facts.jobId,
          'hologen-request': requestId,
        },
        signal,
      });
      drivers.meter.saved(facts.model, bytes);
      return formatOssPath(target);
    }),
  );
}

/** first-and-last-frame names its file; everything else names a directory. */
function targetOf(output: OssPath, requestId: string, url: string, index: number | undefined): OssPath {
  if (!isDirectory(output)) return output;
  const suffix = index === undefined ? '' : `-${index}`;
  return joinOssPath(output, `${requestId}${suffix}.${endingOf(url)}`);
}

const contentTypes: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
};

function endingOf(url: string): string {
  const ending = /\.(png|jpe?g|webp|mp4|mov)$/i.exec(new URL(url).pathname)?.[1]?.toLowerCase();
  return ending ?? 'png';
}
