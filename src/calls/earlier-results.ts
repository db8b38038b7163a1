/** Results that are paid for but reached nobody: the next identical call of the same role takes them instead of paying again. */
import { type Ledger, type MadeAs, type RoleIdentity, roleKey } from '../ledger/job.js';
import type { Storage } from '../storage/storage.js';
import type { CheckedCall } from './check.js';
import { createEarlierLooks, type EarlierLooks, type Wish } from './earlier-looks.js';
import type { UnderWay } from './hold-up.js';
import { createNamedJobs, type NamedJobs } from './named-jobs.js';
import { orStopped } from './waiting.js';

export interface EarlierResult {
  jobId: string;
  result: string;
  /** Undefined: as the call asks. */
  madeAs?: MadeAs;
}

export interface Abandoned {
  jobId: string;
  key: string;
  /** Undefined: it has ended. */
  job: UnderWay | undefined;
}

export interface EarlierResults {
  /** A job for nobody is making what this call asks for: take will wait for it. */
  isUnderWay(who: RoleIdentity, key: string): boolean;
  /**
   * A result that is there already, or of a job that still runs for nobody; no other call gets it until it is released. `live` are jobs
   * that have their own client. 'elsewhere': it is being made for nobody, by another gateway or here; takeElsewhere waits for that. Rejects with the signal's reason if the call is aborted first.
   */
  take(
    wish: Wish,
    live: () => string[],
    call: CheckedCall,
    stop: AbortSignal,
  ): Promise<EarlierResult | 'elsewhere' | undefined>;
  /** As take, and waits for what another gateway makes. */
  takeElsewhere: (...given: Parameters<EarlierResults['take']>) => Promise<EarlierResult | undefined>;
  /** How many results such calls could take, `most` at most; none of them is reserved. */
  count(
    wish: Wish,
    most: number,
    live: () => string[],
    call: CheckedCall,
    stop: AbortSignal,
  ): Promise<number>;
  /** Nobody waits for these jobs any more; those under way go on because they are paid for. Resolves when other gateways can know it, too. */
  abandon(who: RoleIdentity, jobs: Abandoned[]): Promise<void>;
  /** These results have reached their clients. Later calls do not find them, even before the ledger has it in writing. */
  claim(who: RoleIdentity, jobs: { jobId: string; key: string }[]): void;
  /** A result that was claimed has not reached its client after all: later calls find it. */
  unclaim(jobId: string): void;
  /** Releases results that were reserved for a statement that failed. */
  release(jobIds: string[]): void;
}

interface Kept {
  ledger: Ledger;
  looks: EarlierLooks;
  onError(error: unknown): void;
  /** Jobs that run for nobody, by role and key. */
  underWay: Map<string, UnderWay[]>;
  /** Reserved by a statement that is still running. After a crash, a result that reached nobody can be taken again. */
  reserved: NamedJobs;
  /** Given to a client, and not yet claimed in writing. */
  claiming: NamedJobs;
  /** What is to be in writing before an unclaim, and before a look for results. */
  claimed: Promise<void>;
  unclaimed: Promise<void>;
}

export function createEarlierResults(
  ledger: Ledger,
  storage: Storage,
  onError: (error: unknown) => void,
): EarlierResults {
  const own = { reserved: createNamedJobs(), claiming: createNamedJobs() };
  const kept: Kept = {
    ...{ ledger, onError, underWay: new Map(), ...own },
    looks: createEarlierLooks({ ledger, storage, ...own, unwritten: () => kept.unclaimed }),
    ...{ claimed: Promise.resolve(), unclaimed: Promise.resolve() },
  };
  return {
    isUnderWay: (who, key) => runningFor(nameOf(who, key), kept) !== undefined,
    take: (...given) => take(given, false, kept),
    takeElsewhere: async (...given) => {
      const found = await take(given, true, kept);
      return found === 'elsewhere' ? undefined : found;
    },
    count: (...given) => count(given, kept),
    abandon: (who, jobs) => abandon(who, jobs, kept),
    claim: (who, jobs) => claim(who, jobs, kept),
    unclaim(jobId) {
      const { claimed, unclaimed } = kept;
      const written = Promise.all([claimed, unclaimed]).then(() => ledger.unclaim([jobId]));
      kept.unclaimed = written.catch(onError);
    },
    release(jobIds) {
      for (const id of jobIds) kept.reserved.delete(id);
    },
  };
}

function nameOf(who: RoleIdentity, key: string): string {
  return `${roleKey(who)} ${key}`;
}

function runningFor(name: string, { underWay, reserved }: Kept) {
  return underWay.get(name)?.find(({ jobId }) => !reserved.has(jobId));
}

/**
 * Waits for a job that runs for nobody, one call for each; what it gave is then in the ledger, or it failed and gave nothing. Rejects while
 * the job is held up: it is not made a second time.
 */
async function awaitRunning(name: string, stop: AbortSignal, kept: Kept): Promise<void> {
  const job = runningFor(name, kept);
  if (!job) return;
  kept.reserved.add(name, job.jobId);
  const ended = job.hear().then(
    () => {},
    (error: unknown) => {
      if (job.isOpen()) throw error;
    },
  );
  await orStopped(ended, stop).finally(() => kept.reserved.delete(job.jobId));
}

async function take(
  [wish, live, call, stop]: Parameters<EarlierResults['take']>,
  wait: boolean,
  kept: Kept,
): Promise<EarlierResult | 'elsewhere' | undefined> {
  const name = nameOf(wish, wish.requestKey);
  for (;;) {
    await awaitRunning(name, stop, kept);
    const found = await kept.looks.find({ name, wish, live, call, stop, wait });
    if (found) return found.result === undefined ? 'elsewhere' : { ...found, result: found.result };
    // What was waited for may have come to nothing, and another be on its way.
    if (!runningFor(name, kept)) return undefined;
    if (!wait) return 'elsewhere';
  }
}

/** Those that run for nobody here are results to come. */
function count(
  [wish, most, live, call, stop]: Parameters<EarlierResults['count']>,
  { underWay, reserved, looks }: Kept,
): Promise<number> {
  const name = nameOf(wish, wish.requestKey);
  const running = underWay.get(name) ?? [];
  const counted = running.map(({ jobId }) => jobId).filter((jobId) => !reserved.has(jobId));
  return looks.count({ name, wish, live, call, stop, wait: false }, counted, most);
}

function abandon(who: RoleIdentity, jobs: Abandoned[], kept: Kept): Promise<void> {
  for (const { key, job } of jobs) if (job) keepRunning(nameOf(who, key), job, kept);
  return kept.ledger.abandon(jobs.map(({ jobId }) => jobId)).catch(kept.onError);
}

function keepRunning(name: string, job: UnderWay, { underWay }: Kept): void {
  const jobs = underWay.get(name) ?? [];
  underWay.set(name, jobs);
  jobs.push(job);
  const forget = () => {
    jobs.splice(jobs.indexOf(job), 1);
    if (jobs.length === 0) underWay.delete(name);
  };
  job.end.then(forget, forget);
}

function claim(who: RoleIdentity, jobs: { jobId: string; key: string }[], kept: Kept): void {
  if (jobs.length === 0) return;
  const { ledger, reserved, claiming, onError } = kept;
  for (const { jobId, key } of jobs) {
    reserved.delete(jobId);
    claiming.add(nameOf(who, key), jobId);
  }
  const ids = jobs.map(({ jobId }) => jobId);
  const written = ledger
    .claim(ids)
    .catch(onError)
    .finally(() => {
      for (const id of ids) claiming.delete(id);
    });
  kept.claimed = Promise.all([kept.claimed, written]).then(() => {});
}
