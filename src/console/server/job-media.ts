/** Which media belong to a job: its outputs and the references its request names, and where each of them lies. */
import { isObject, type Json } from '../../json.js';
import { formatOf, hasUse } from '../../media/kinds.js';
import type { Medium } from './answers.js';
import type { SignedAddresses } from './signed-addresses.js';

export interface Place {
  /** Saved in a store, readable with the right of this FILE. */
  saved?: { path: string; file: Json };
  /** The provider's address, good for a day. */
  url?: string;
}

export interface JobFacts {
  job_id: string;
  outputs: { url?: string; ossPath?: string }[];
  file: unknown;
  request: string;
}

const keptByProviderMs = 24 * 3_600_000;

function kindOf(name: string): Medium['kind'] {
  return formatOf(name)?.kind === 'video' ? 'video' : 'picture';
}

export function outputsOf(
  job: Pick<JobFacts, 'job_id' | 'outputs'> & { generated_at: Date | null },
  addresses: SignedAddresses,
  sessionId: string,
): Medium[] {
  return job.outputs.map(({ url, ossPath }, index) => {
    const kind = kindOf(ossPath ?? url?.split('?')[0] ?? '');
    const name = { jobId: job.job_id, place: String(index) };
    return {
      kind,
      address: addresses.sign({ ...name, form: 'whole' }, sessionId),
      thumbnail: kind === 'picture' ? addresses.sign({ ...name, form: 'small' }, sessionId) : null,
      ossPath: ossPath ?? null,
      expired:
        ossPath === undefined && Date.now() - (job.generated_at?.getTime() ?? Date.now()) > keptByProviderMs,
    };
  });
}

export function referencesOf(job: JobFacts, addresses: SignedAddresses, sessionId: string): Medium[] {
  return referencePlaces(job).map(({ saved }, index) => ({
    kind: kindOf(saved?.path ?? ''),
    address: addresses.sign({ jobId: job.job_id, place: `r${index}`, form: 'whole' }, sessionId),
    thumbnail: null,
    ossPath: saved?.path ?? null,
    expired: false,
  }));
}

/** Where the medium with this place lies; undefined when the job has none there. */
export function placeOf(job: JobFacts, place: string): Place | undefined {
  if (place.startsWith('r')) return referencePlaces(job)[Number(place.slice(1))];
  const output = job.outputs[Number(place)];
  if (!output) return undefined;
  const file = asFile(job.file);
  return {
    saved: output.ossPath !== undefined && file ? { path: output.ossPath, file } : undefined,
    url: output.url,
  };
}

const mostReferences = 20;

/** Every path of the request that names one picture or video: read with the job's file, or with the FILE it stands in. */
function referencePlaces(job: JobFacts): Place[] {
  const places = new Map<string, Place>();
  const add = (path: string, file: FileTexts | undefined) => {
    if (file && path.startsWith(schemeOf(file)) && hasUse(path, 'shown') && !/\s/.test(path))
      places.set(path, { saved: { path, file } });
  };
  const ofJob = asFile(job.file);
  const look = (value: unknown): void => {
    const own = asFile(value);
    if (typeof value === 'string') add(value, ofJob);
    else if (Array.isArray(value)) value.forEach(look);
    else if (own) add(own.oss_path, own);
    else if (isObject(value))
      // output_dir says where the result goes, not what it is made from.
      for (const [name, inner] of Object.entries(value)) if (name !== 'output_dir') look(inner);
  };
  look(parsed(job.request));
  for (const file of [job.file].flat().map(asFile)) if (file) add(file.oss_path, file);
  return [...places.values()].slice(0, mostReferences);
}

interface FileTexts extends Json {
  oss_path: string;
}

/** A FILE, as to_file makes it. */
function asFile(value: unknown): FileTexts | undefined {
  if (!isObject(value)) return undefined;
  const isFile = [value.oss_path, value.oss_endpoint, value.role_arn].every(
    (text) => typeof text === 'string',
  );
  return isFile ? (value as FileTexts) : undefined;
}

/** A FILE is a right to places of its own scheme. */
function schemeOf({ oss_path: path }: FileTexts): string {
  return path.slice(0, path.indexOf('://') + 3);
}

function parsed(request: string): unknown {
  try {
    return JSON.parse(request);
  } catch {
    return undefined;
  }
}
