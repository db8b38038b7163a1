/** Results that are paid for but reached nobody: the next identical call of the same role takes them instead of paying again. */
import { createHash } from 'node:crypto';
import { KnownError } from '../errors.js';
import type { EarlierWish, Ledger } from '../ledger/job.js';
import { createLanes, type Lanes } from '../pace/lanes.js';
import type { Storage } from '../storage/storage.js';
import type { CheckedCall } from './check.js';

export interface EarlierResult {
  jobId: string;
  result: string;
}

export interface EarlierResults {
  /** A job for nobody is making what this call asks for: take will wait for it. */
  isUnderWay(role: string, key: string): boolean;
  /**
   * A result that is there already, or of a job that still runs for nobody; no other call gets it until it is released. `live` are jobs
   * that have their own client. Rejects with the signal's reason if the call is aborted first.
   */
  take(
    wish: Omit<EarlierWish, 'except'>,
    live: () => string[],
    call: CheckedCall,
    stop: AbortSignal,
  ): Promise<EarlierResult | undefined>;
  /** Nobody waits for this job any more; it goes on because it is paid for. */
  abandon(role: string, key: string, jobId: string, outcome: Promise<string>): void;
  /** These results have reached their clients. Later calls do not find them, even before the ledger has it in writing. */
  claim(jobIds: string[]): void;
  /** Releases results that were reserved for a statement that failed. */
  release(jobIds: string[]): void;
}

/** What makes two calls the same: model type, request with its fields in one order, file, and what its media contain. */
export function requestKey(call: CheckedCall, mediaEtags: string[]): string {
  const fields = call.file?.fields;
  const file = fields && [fields.oss_path, fields.oss_endpoint, fields.role_arn];
  return createHash('sha256')
    .update(JSON.stringify([call.model.modelType, canonical(parsed(call.requestText)), file, mediaEtags]))
    .digest('base64url');
}

interface Kept {
  ledger: Ledger;
  storage: Storage;
  onError(error: unknown): void;
  /** Jobs that run for nobody, by role and key. */
  underWay: Map<string, { jobId: string; outcome: Promise<string> }[]>;
  /** Reserved by a statement that is still running. Kept in memory only: after a crash, a result that reached nobody can be taken again. */
  reserved: Set<string>;
  /** Given to a client, and not yet claimed in writing. */
  claiming: Set<string>;
  lookups: Lanes;
}

export function createEarlierResults(
  ledger: Ledger,
  storage: Storage,
  onError: (error: unknown) => void,
): EarlierResults {
  const kept: Kept = {
    ...{ ledger, storage, onError, lookups: createLanes() },
    ...{ underWay: new Map(), reserved: new Set(), claiming: new Set() },
  };
  return {
    isUnderWay: (role, key) => runningFor(nameOf(role, key), kept) !== undefined,
    async take(wish, live, call, stop) {
      const name = nameOf(wish.role, wish.requestKey);
      await awaitRunning(name, stop, kept);
      return kept.lookups.run(name, () => reserve(wish, live, call, stop, kept));
    },
    abandon: (role, key, jobId, outcome) => abandon(nameOf(role, key), { jobId, outcome }, kept),
    claim: (jobIds) => claim(jobIds, kept),
    release(jobIds) {
      for (const id of jobIds) kept.reserved.delete(id);
    },
  };
}

function nameOf(role: string, key: string): string {
  return `${role} ${key}`;
}

function runningFor(name: string, { underWay, reserved }: Kept) {
  return underWay.get(name)?.find(({ jobId }) => !reserved.has(jobId));
}

/** Waits for a job that runs for nobody, one call for each; what it gave is then in the ledger, or it failed and gave nothing. */
async function awaitRunning(name: string, stop: AbortSignal, kept: Kept): Promise<void> {
  const job = runningFor(name, kept);
  if (!job) return;
  kept.reserved.add(job.jobId);
  const ended = job.outcome.then(
    () => {},
    () => {},
  );
  await orStopped(ended, stop).finally(() => kept.reserved.delete(job.jobId));
}

/** Reserves the oldest result that can still be had. */
async function reserve(
  { role, requestKey: key, delivered }: Omit<EarlierWish, 'except'>,
  live: () => string[],
  call: CheckedCall,
  stop: AbortSignal,
  { ledger, storage, reserved, claiming }: Kept,
): Promise<EarlierResult | undefined> {
  const gone: string[] = [];
  for (;;) {
    const except = [...live(), ...reserved, ...(delivered ? [] : claiming), ...gone];
    const found = await ledger.findEarlier({ role, requestKey: key, except, delivered });
    if (!found) return undefined;
    if (await stillThere(found.ossPaths, call, stop, storage)) {
      reserved.add(found.id);
      return { jobId: found.id, result: found.result };
    }
    gone.push(found.id);
  }
}

/** A file that its owner has removed from its store meanwhile is no result any more. */
async function stillThere(
  ossPaths: string[],
  { file }: CheckedCall,
  stop: AbortSignal,
  storage: Storage,
): Promise<boolean> {
  if (!file) return true;
  const looks = ossPaths.map((path) => storage.head(storage.readPath(path, 'output'), file.right, stop));
  return Promise.all(looks).then(
    () => true,
    (error: unknown) => {
      if (error instanceof KnownError && error.kind === 'undefinedFile') return false;
      throw error;
    },
  );
}

function abandon(name: string, job: { jobId: string; outcome: Promise<string> }, { underWay }: Kept): void {
  const jobs = underWay.get(name) ?? [];
  underWay.set(name, jobs);
  jobs.push(job);
  const forget = () => {
    jobs.splice(jobs.indexOf(job), 1);
    if (jobs.length === 0) underWay.delete(name);
  };
  job.outcome.then(forget, forget);
}

function claim(jobIds: string[], { ledger, reserved, claiming, onError }: Kept): void {
  if (jobIds.length === 0) return;
  for (const id of jobIds) {
    reserved.delete(id);
    claiming.add(id);
  }
  ledger
    .claim(jobIds)
    .catch(onError)
    .finally(() => {
      for (const id of jobIds) claiming.delete(id);
    });
}

/** Rejects with the signal's reason when that comes first. */
async function orStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  stop.throwIfAborted();
  let stopped = () => {};
  const limit = new Promise<never>((_, reject) => {
    stopped = () => reject(stop.reason);
    stop.addEventListener('abort', stopped);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    stop.removeEventListener('abort', stopped);
  }
}

function parsed(text: string): unknown {
  // Most prompts are plain text, and a failing JSON.parse costs more than the rest of a key.
  if (!text.trimStart().startsWith('{')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Objects with their fields sorted: json_build_object's order says nothing. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, canonical(field)]),
  );
}
