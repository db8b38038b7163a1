/** Which media belong to a job: its outputs and the references its request names, and where each of them lies. */
import { isObject } from '../../json.js';
import type { FileAccess } from '../../storage/storage.js';
import type { Medium } from './answers.js';
import type { SignedAddresses } from './signed-addresses.js';

export interface Place {
  /** Saved in OSS, readable with this access. */
  oss?: { path: string; access: FileAccess };
  /** The provider's address, good for a day. */
  url?: string;
}

export interface JobFacts {
  job_id: string;
  outputs: { url?: string; ossPath?: string }[];
  file: unknown;
  request: string;
}

const videoEnding = /\.(mp4|mov)(\?|$)/i;

function kindOf(name: string): Medium['kind'] {
  return videoEnding.test(name) ? 'video' : 'picture';
}

export function outputsOf(
  job: Pick<JobFacts, 'job_id' | 'outputs'>,
  addresses: SignedAddresses,
  sessionId: string,
): Medium[] {
  return job.outputs.map(({ url, ossPath }, index) => {
    const kind = kindOf(ossPath ?? url ?? '');
    const name = { jobId: job.job_id, place: String(index) };
    return {
      kind,
      address: addresses.sign({ ...name, form: 'whole' }, sessionId),
      thumbnail: kind === 'picture' ? addresses.sign({ ...name, form: 'small' }, sessionId) : null,
      ossPath: ossPath ?? null,
    };
  });
}

export function referencesOf(job: JobFacts, addresses: SignedAddresses, sessionId: string): Medium[] {
  return referencePlaces(job).map(({ oss }, index) => ({
    kind: kindOf(oss?.path ?? ''),
    address: addresses.sign({ jobId: job.job_id, place: `r${index}`, form: 'whole' }, sessionId),
    thumbnail: null,
    ossPath: oss?.path ?? null,
  }));
}

/** Where the medium with this place lies; undefined when the job has none there. */
export function placeOf(job: JobFacts, place: string): Place | undefined {
  if (place.startsWith('r')) return referencePlaces(job)[Number(place.slice(1))];
  const output = job.outputs[Number(place)];
  if (!output) return undefined;
  const access = accessOf(job.file);
  return {
    oss: output.ossPath !== undefined && access ? { path: output.ossPath, access } : undefined,
    url: output.url,
  };
}

const mostReferences = 20;
const mediumEnding = /\.(png|jpe?g|webp|gif|bmp|mp4)$/i;

/** Every oss:// path of the request that names one picture or video: read with the job's file, or with the FILE it stands in. */
function referencePlaces(job: JobFacts): Place[] {
  const access = accessOf(job.file);
  const places = new Map<string, Place>();
  const add = (path: string, readWith: FileAccess | undefined) => {
    if (readWith && path.startsWith('oss://') && mediumEnding.test(path) && !/\s/.test(path)) {
      places.set(path, { oss: { path, access: readWith } });
    }
  };
  const look = (value: unknown): void => {
    if (typeof value === 'string') add(value, access);
    else if (Array.isArray(value)) value.forEach(look);
    else if (isObject(value)) {
      const own = accessOf(value);
      if (own) add(String(value.oss_path), own);
      // output_dir says where the result goes, not what it is made from.
      else for (const [name, inner] of Object.entries(value)) if (name !== 'output_dir') look(inner);
    }
  };
  look(parsed(job.request));
  const files = Array.isArray(job.file) ? job.file : [job.file];
  for (const file of files) if (isObject(file) && accessOf(file)) add(String(file.oss_path), accessOf(file));
  return [...places.values()].slice(0, mostReferences);
}

function accessOf(file: unknown): FileAccess | undefined {
  if (!isObject(file)) return undefined;
  const { oss_endpoint: endpoint, role_arn: roleArn } = file;
  return typeof endpoint === 'string' && typeof roleArn === 'string' ? { endpoint, roleArn } : undefined;
}

function parsed(request: string): unknown {
  try {
    return JSON.parse(request);
  } catch {
    return undefined;
  }
}
