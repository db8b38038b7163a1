/** Results that are paid for but reached nobody: the next identical call of the same role takes them instead of paying again. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import {
  type Earlier,
  type EarlierWish,
  type JobOutcome,
  type Ledger,
  type MadeAs,
  type RoleIdentity,
  roleKey,
} from '../ledger/job.js';
import { hasEnded } from '../ledger/states.js';
import { createLanes, type Lanes } from '../pace/lanes.js';
import { MissingFile } from '../storage/missing-file.js';
import type { Storage } from '../storage/storage.js';
import type { CheckedCall } from './check.js';
import { goesOn, type UnderWay } from './hold-up.js';

/** What a call asks for. */
export type Wish = Omit<EarlierWish, 'except' | 'most'>;

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
  storage: Storage;
  onError(error: unknown): void;
  /** Jobs that run for nobody, by role and key. */
  underWay: Map<string, UnderWay[]>;
  /** Reserved by a statement that is still running. Kept in memory only: after a crash, a result that reached nobody can be taken again. */
  reserved: NamedJobs;
  /** Given to a client, and not yet claimed in writing. */
  claiming: NamedJobs;
  lookups: Lanes;
  /** How many wait in such a lane, and what the last look found for them beside its own. */
  waiting: Map<string, number>;
  ahead: Map<string, Pick<Wish, 'delivered'> & { found: Earlier[] }>;
  /** What is to be in writing before an unclaim, and before a look for results. */
  claimed: Promise<void>;
  unclaimed: Promise<void>;
}

export function createEarlierResults(
  ledger: Ledger,
  storage: Storage,
  onError: (error: unknown) => void,
): EarlierResults {
  const kept: Kept = {
    ...{ ledger, storage, onError, lookups: createLanes() },
    ...{ underWay: new Map(), reserved: namedJobs(), claiming: namedJobs() },
    ...{ waiting: new Map(), ahead: new Map() },
    ...{ claimed: Promise.resolve(), unclaimed: Promise.resolve() },
  };
  return {
    isUnderWay: (who, key) => runningFor(nameOf(who, key), kept) !== undefined,
    take: (...given) => take(given, false, kept),
    takeElsewhere: async (...given) => {
      const found = await take(given, true, kept);
      return found === 'elsewhere' ? undefined : found;
    },
    count: (wish, most, live, call, stop) =>
      count({ name: nameOf(wish, wish.requestKey), wish, live, call, stop, wait: false }, most, kept),
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
    const found = await inTurn({ name, wish, live, call, stop, wait }, kept);
    // What was waited for may have come to nothing, and another be on its way.
    if (found || !runningFor(name, kept)) return found;
    if (!wait) return 'elsewhere';
  }
}

interface Search {
  name: string;
  wish: Wish;
  live(): string[];
  call: CheckedCall;
  stop: AbortSignal;
  /** Whether to wait for what another gateway makes. */
  wait: boolean;
}

/** One after another of those who ask for the same: no two may find the same result. */
async function inTurn(search: Search, kept: Kept): Promise<EarlierResult | 'elsewhere' | undefined> {
  const { waiting, ahead } = kept;
  const { name } = search;
  waiting.set(name, (waiting.get(name) ?? 0) + 1);
  try {
    return await kept.lookups.run(name, () => reserve(search, kept));
  } finally {
    const left = (waiting.get(name) ?? 1) - 1;
    if (left > 0) waiting.set(name, left);
    else for (const each of [waiting, ahead]) each.delete(name);
  }
}

/** Reserves the oldest result that can still be had. */
async function reserve(search: Search, kept: Kept): Promise<EarlierResult | 'elsewhere' | undefined> {
  const found = await oldest(search, kept);
  if (!found) return undefined;
  const { jobId, result, madeAs } = found;
  if (result === undefined) return 'elsewhere';
  kept.reserved.add(search.name, jobId);
  return { jobId, result, madeAs };
}

/** Those that another gateway makes, or that run for nobody here, are results to come. */
async function count(search: Search, most: number, kept: Kept): Promise<number> {
  const { wish, name, call, stop } = search;
  const running = kept.underWay.get(name) ?? [];
  const counted = running.map(({ jobId }) => jobId).filter((jobId) => !kept.reserved.has(jobId));
  const gone: string[] = [];
  await kept.unclaimed;
  while (counted.length < most) {
    const except = [...exceptOf(search, kept), ...counted, ...gone];
    const found = await kept.ledger.findEarlier({ ...wish, except, most: most - counted.length });
    if (found.length === 0) break;
    for (const { id, result, ossPaths } of found) {
      const isToCome = result === undefined;
      // Of which nobody knows whether it is there, the call is refused: it is not paid for.
      const isThere = isToCome || (await stillThere(ossPaths, call, stop, kept.storage).catch(() => true));
      (isThere ? counted : gone).push(id);
    }
  }
  return Math.min(counted.length, most);
}

/** Without its result where that is not waited for. */
async function oldest(
  search: Search,
  kept: Kept,
): Promise<{ jobId: string; result: string | undefined; madeAs: MadeAs } | undefined> {
  const { wish, call, stop, wait } = search;
  await kept.unclaimed;
  const gone: string[] = [];
  for (;;) {
    const found = await next(search, gone, kept);
    if (!found) return undefined;
    const { madeAs } = found;
    if (found.result === undefined && !wait) return { jobId: found.id, result: undefined, madeAs };
    const result = found.result ?? (await resultElsewhere(found.id, wish, stop, kept.ledger));
    if (result !== undefined && (await stillThere(found.ossPaths, call, stop, kept.storage)))
      return { jobId: found.id, result, madeAs };
    gone.push(found.id);
  }
}

/** So many results are held at most, for those who wait to look for the same. */
const mostAhead = 100;

/** The oldest but those that are gone. One look finds it for all who wait: a thousand calls may ask for the same. */
async function next(search: Search, gone: string[], kept: Kept): Promise<Earlier | undefined> {
  const { name, wish } = search;
  const { delivered } = wish;
  const ahead = kept.ahead.get(name);
  const isFree = ({ id }: Earlier) =>
    !gone.includes(id) && (delivered || !(kept.reserved.has(id) || kept.claiming.has(id)));
  while (ahead?.delivered === delivered && ahead.found.length > 0) {
    const found = ahead.found.shift();
    if (found && isFree(found)) return found;
  }
  const most = Math.min(kept.waiting.get(name) ?? 1, mostAhead);
  const except = [...exceptOf(search, kept), ...gone];
  const [first, ...rest] = await kept.ledger.findEarlier({ ...wish, except, most });
  kept.ahead.set(name, { delivered, found: rest });
  return first;
}

function exceptOf({ name, wish, live }: Search, { reserved, claiming }: Kept): string[] {
  // One that may be given to several is there for all of them.
  return wish.delivered ? live() : [...live(), ...reserved.of(name), ...claiming.of(name)];
}

const lookEveryMs = 250;

/** What another gateway made for nobody; undefined: nothing. Rejects while it is held up there: it is not made a second time. */
async function resultElsewhere(
  id: string,
  who: RoleIdentity,
  stop: AbortSignal,
  ledger: Ledger,
): Promise<string | undefined> {
  for (;;) {
    const job = await ledger.find(id, who);
    if (!job || hasEnded(job.state)) return job?.result;
    if (job.holdUp) throw goesOn(keptHoldUp(job.holdUp));
    await orStopped(delay(lookEveryMs), stop);
  }
}

function keptHoldUp({ kind, message, hint, since }: NonNullable<JobOutcome['holdUp']>): KnownError {
  return new KnownError({ kind, message, hint, detail: `Held up at another gateway since ${since}.` });
}

/** A file that its owner has removed from its store meanwhile is no result any more; of one that may not be looked at nobody knows. */
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
      if (error instanceof MissingFile) return false;
      throw mayBeThere(error);
    },
  );
}

/** It is paid for: to take it for gone would be to pay again. */
function mayBeThere(error: unknown): unknown {
  if (!(error instanceof KnownError) || error.kind !== 'undefinedFile') return error;
  const { kind, message, detail, hint } = error;
  return new KnownError({
    ...{ kind, message, detail, cause: error },
    hint: `${hint} An earlier call has saved this there, and it is paid for; with oss:ListObjects the store tells what is gone. SET ai_gen.reuse = off makes a new one.`,
  });
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

/** Jobs, and those of one name at once: looking for a result must not cost more the more of others are kept. */
interface NamedJobs {
  add(name: string, jobId: string): void;
  delete(jobId: string): void;
  has(jobId: string): boolean;
  of(name: string): Iterable<string>;
}

function namedJobs(): NamedJobs {
  const names = new Map<string, string>();
  const jobs = new Map<string, Set<string>>();
  return {
    add(name, jobId) {
      names.set(jobId, name);
      jobs.set(name, (jobs.get(name) ?? new Set()).add(jobId));
    },
    delete(jobId) {
      const name = names.get(jobId);
      if (name === undefined) return;
      names.delete(jobId);
      const own = jobs.get(name);
      own?.delete(jobId);
      if (own?.size === 0) jobs.delete(name);
    },
    has: (jobId) => names.has(jobId),
    of: (name) => jobs.get(name) ?? [],
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
