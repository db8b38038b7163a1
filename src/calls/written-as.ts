/** What the object of a made file says beside its bytes; the look whether its place may be written to says the same. */
import { formatOf, hasUse } from '../media/kinds.js';
import type { CheckedRequest } from '../providers/provider.js';
import type { ObjectHeaders } from '../storage/storage.js';

/** @param name tells the form */
export function writtenAs(
  name: string,
  { modelType, jobId, requestId }: { modelType: string; jobId: string; requestId: string },
): ObjectHeaders {
  return {
    contentType: formatOf(name)?.contentType ?? 'application/octet-stream',
    metadata: {
      'hologen-model': modelType,
      'hologen-job': jobId,
      'hologen-request': requestId,
    },
  };
}

/** Nobody's: calls of one model type share their look. */
const noId = '00000000-0000-0000-0000-000000000000';

/** Before there is a file or a job. */
export function toBeWrittenAs(modelType: string, makes: CheckedRequest['makes']): ObjectHeaders {
  return writtenAs(madeName('', makes), { modelType, jobId: noId, requestId: noId });
}

/** What the address of a result tells of its form; a PNG or an MP4 where it tells nothing. */
export function madeName(url: string, makes: CheckedRequest['makes']): string {
  const pathname = URL.canParse(url) ? new URL(url).pathname : '';
  if (hasUse(pathname, 'made')) return pathname;
  return makes === 'video' ? 'film.mp4' : 'picture.png';
}
