/** Results that are paid for but reached nobody: the next identical call of the same role takes them instead of paying again. */
import { createHash } from 'node:crypto';
import { KnownError } from '../errors.js';
import type { EarlierWish, Ledger } from '../ledger/job.js';
import { createLanes } from '../pace/lanes.js';
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
   * that have their own client. Rejects with the signal's reason when the call is given up meanwhile.
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
  /** These were taken for a statement that failed: they are to be had again. */
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

export function createEarlierResults(
  ledger: Ledger,
  storage: Storage,
  onError: (error: unknown) => void,
): EarlierResults {
  const underWay = new Map<string, { jobId: string; outcome: Promise<string> }[]>();
  /** Taken by a statement that is not over. Only here, not in the ledger: after a crash of the gateway what reached nobody is to be had again. */
  const taken = new Set<string>();
  /** Given to a client, and not yet claimed in writing. */
  const claiming = new Set<string>();
  const lookups = createLanes();

  /** Waits for a job that runs for nobody, one call for each; what it gave is then in the ledger, or it failed and gave nothing. */
  async function awaitRunning(name: string, stop: AbortSignal): Promise<void> {
    const job = underWay.get(name)?.find(({ jobId }) => !taken.has(jobId));
    if (!job) return;
    taken.add(job.jobId);
    const ended = job.outcome.then(
      () => {},
      () => {},
    );
    await orStopped(ended, stop).finally(() => taken.delete(job.jobId));
  }

  /** A file that its owner has removed from its store meanwhile is no result any more. */
  async function stillThere(ossPaths: string[], call: CheckedCall, stop: AbortSignal): Promise<boolean> {
    const { file } = call;
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

  return {
    isUnderWay: (role, key) => (underWay.get(`${role} ${key}`) ?? []).some(({ jobId }) => !taken.has(jobId)),
    async take({ role, requestKey: key, delivered }, live, call, stop) {
      const name = `${role} ${key}`;
      await awaitRunning(name, stop);
      return lookups.run(name, async () => {
        const gone: string[] = [];
        for (;;) {
          const except = [...live(), ...taken, ...(delivered ? [] : claiming), ...gone];
          const found = await ledger.findEarlier({ role, requestKey: key, except, delivered });
          if (!found) return undefined;
          if (await stillThere(found.ossPaths, call, stop)) {
            taken.add(found.id);
            return { jobId: found.id, result: found.result };
          }
          gone.push(found.id);
        }
      });
    },
    abandon(role, key, jobId, outcome) {
      const name = `${role} ${key}`;
      const jobs = underWay.get(name) ?? [];
      underWay.set(name, jobs);
      const job = { jobId, outcome };
      jobs.push(job);
      const forget = () => {
        jobs.splice(jobs.indexOf(job), 1);
        if (jobs.length === 0) underWay.delete(name);
      };
      outcome.then(forget, forget);
    },
    claim(jobIds) {
      if (jobIds.length === 0) return;
      for (const id of jobIds) {
        taken.delete(id);
        claiming.add(id);
      }
      ledger
        .claim(jobIds)
        .catch(onError)
        .finally(() => {
          for (const id of jobIds) claiming.delete(id);
        });
    },
    release(jobIds) {
      for (const id of jobIds) taken.delete(id);
    },
  };
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
