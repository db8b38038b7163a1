/** Results that are paid for but reached nobody: the next identical call of the same role takes them instead of paying again. */
import { createHash } from 'node:crypto';
import type { CheckedCall } from './check.js';
import type { Ledger } from './ledger.js';

export interface EarlierResult {
  jobId: string;
  result: string;
}

export interface EarlierResults {
  /** A result that is there already, or of a job that still runs for nobody; claimed from then on. `live` jobs have their own client. */
  take(role: string, key: string, live: string[]): Promise<EarlierResult | undefined>;
  /** Nobody waits for this job any more; it goes on because it is paid for. */
  abandon(role: string, key: string, jobId: string, outcome: Promise<string>): void;
  /** These results have reached their clients. Later calls do not find them, even before the ledger has it in writing. */
  claim(jobIds: string[]): void;
  /** These were taken for a statement that failed: they are to be had again. */
  release(jobIds: string[]): void;
}

/** What makes two calls the same: model type, request with its fields in one order, file. */
export function requestKey(call: CheckedCall): string {
  const file = call.file && [call.file.text, call.file.access.endpoint, call.file.access.roleArn];
  return createHash('sha256')
    .update(JSON.stringify([call.model.modelType, canonical(parsed(call.requestText)), file]))
    .digest('base64url');
}

export function createEarlierResults(ledger: Ledger, onError: (error: unknown) => void): EarlierResults {
  const underWay = new Map<string, { jobId: string; outcome: Promise<string> }[]>();
  const claiming = new Set<string>();

  /** A job that fails after all gives nothing to take. */
  async function takeRunning(name: string): Promise<EarlierResult | undefined> {
    const job = underWay.get(name)?.shift();
    if (!job) return undefined;
    const result = await job.outcome.catch(() => undefined);
    if (result === undefined) return undefined;
    await ledger.claim([job.jobId]);
    return { jobId: job.jobId, result };
  }

  return {
    async take(role, key, live) {
      const running = await takeRunning(`${role} ${key}`);
      if (running) return running;
      const taken = await ledger.takeUnclaimed(role, key, [...live, ...claiming]);
      return taken && { jobId: taken.id, result: taken.result };
    },
    abandon(role, key, jobId, outcome) {
      const name = `${role} ${key}`;
      const jobs = underWay.get(name) ?? [];
      underWay.set(name, jobs);
      const job = { jobId, outcome };
      jobs.push(job);
      const forget = () => {
        if (jobs.includes(job)) jobs.splice(jobs.indexOf(job), 1);
        if (jobs.length === 0 && underWay.get(name) === jobs) underWay.delete(name);
      };
      outcome.then(forget, forget);
    },
    claim(jobIds) {
      if (jobIds.length === 0) return;
      for (const id of jobIds) claiming.add(id);
      ledger
        .claim(jobIds)
        .catch(onError)
        .finally(() => {
          for (const id of jobIds) claiming.delete(id);
        });
    },
    release(jobIds) {
      if (jobIds.length > 0) ledger.release(jobIds).catch(onError);
    },
  };
}

function parsed(text: string): unknown {
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
