/** Looks in the ledger for earlier results: one look for all who ask for the same, and each result for one of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import type { Earlier, EarlierWish, JobOutcome, Ledger, MadeAs, RoleIdentity } from '../ledger/job.js';
import { hasEnded } from '../ledger/states.js';
import { createLanes, type Lanes } from '../pace/lanes.js';
import { withoutQuotes } from '../storage/etag.js';
import { MissingFile } from '../storage/missing-file.js';
import type { Storage } from '../storage/storage.js';
import type { CheckedCall } from './check.js';
import { goesOn } from './hold-up.js';
import type { NamedJobs } from './named-jobs.js';
import { orStopped } from './waiting.js';

/** What a call asks for. */
export type Wish = Omit<EarlierWish, 'except' | 'most'>;

export interface Search {
  /** The same for those that ask for the same. */
  name: string;
  wish: Wish;
  /** Jobs that have their own client. */
  live(): string[];
  call: CheckedCall;
  stop: AbortSignal;
  /** Whether to wait for what another gateway makes. */
  wait: boolean;
}

/** Without its result where that is not waited for. */
export interface Found {
  jobId: string;
  result: string | undefined;
  madeAs: MadeAs;
}

export interface EarlierLooks {
  /** The oldest result that can still be had; it is reserved. Rejects with the signal's reason if the call is aborted first. */
  find(search: Search): Promise<Found | undefined>;
  /** How many there are beside `counted`, `most` at most with these; none is reserved. */
  count(search: Search, counted: string[], most: number): Promise<number>;
}

interface Surroundings {
  ledger: Ledger;
  storage: Storage;
  /** Nobody else gets these: reserved by a statement that is still running, given to a client and not yet claimed in writing. */
  reserved: NamedJobs;
  claiming: NamedJobs;
  /** What is to be in writing before a look. */
  unwritten(): Promise<unknown>;
}

interface Looks extends Surroundings {
  lanes: Lanes;
  /** How many wait in such a lane, and what the last look found for them beside its own. */
  waiting: Map<string, number>;
  ahead: Map<string, Pick<Wish, 'delivered'> & { found: Earlier[] }>;
}

export function createEarlierLooks(around: Surroundings): EarlierLooks {
  const own = { lanes: createLanes(), waiting: new Map(), ahead: new Map() };
  const looks: Looks = { ...around, ...own };
  return {
    find: (search) => inTurn(search, looks),
    count: (search, counted, most) => count(search, counted, most, looks),
  };
}

/** One after another of those who ask for the same: no two may find the same result. */
async function inTurn(search: Search, looks: Looks): Promise<Found | undefined> {
  const { waiting, ahead, lanes, reserved } = looks;
  const { name } = search;
  waiting.set(name, (waiting.get(name) ?? 0) + 1);
  try {
    return await lanes.run(name, async () => {
      const found = await oldest(search, looks);
      if (found?.result !== undefined) reserved.add(name, found.jobId);
      return found;
    });
  } finally {
    const left = (waiting.get(name) ?? 1) - 1;
    if (left > 0) waiting.set(name, left);
    else for (const each of [waiting, ahead]) each.delete(name);
  }
}

async function oldest(search: Search, looks: Looks): Promise<Found | undefined> {
  const { wish, call, stop, wait } = search;
  await looks.unwritten();
  const gone: string[] = [];
  for (;;) {
    const found = await next(search, gone, looks);
    if (!found) return undefined;
    const { id: jobId, files, madeAs } = found;
    if (found.result === undefined && !wait) return { jobId, result: undefined, madeAs };
    const result = found.result ?? (await resultElsewhere(jobId, wish, stop, looks.ledger));
    if (result !== undefined && (await stillThere(files, call, stop, looks.storage)))
      return { jobId, result, madeAs };
    gone.push(jobId);
  }
}

/** So many results are held at most, for those who wait to look for the same. */
const mostAhead = 100;

/** The oldest but those that are gone. One look finds it for all who wait: a thousand calls may ask for the same. */
async function next(search: Search, gone: string[], looks: Looks): Promise<Earlier | undefined> {
  const { name, wish } = search;
  const { delivered } = wish;
  const ahead = looks.ahead.get(name);
  const isFree = ({ id }: Earlier) =>
    !gone.includes(id) && (delivered || !(looks.reserved.has(id) || looks.claiming.has(id)));
  while (ahead?.delivered === delivered && ahead.found.length > 0) {
    const found = ahead.found.shift();
    if (found && isFree(found)) return found;
  }
  const most = Math.min(looks.waiting.get(name) ?? 1, mostAhead);
  const except = [...exceptOf(search, looks), ...gone];
  const [first, ...rest] = await looks.ledger.findEarlier({ ...wish, except, most });
  looks.ahead.set(name, { delivered, found: rest });
  return first;
}

function exceptOf({ name, wish, live }: Search, { reserved, claiming }: Looks): string[] {
  // One that may be given to several is there for all of them.
  return wish.delivered ? live() : [...live(), ...reserved.of(name), ...claiming.of(name)];
}

/** Those that another gateway makes are results to come. */
async function count(search: Search, counted: string[], most: number, looks: Looks): Promise<number> {
  const { wish, call, stop } = search;
  const gone: string[] = [];
  const all = [...counted];
  await looks.unwritten();
  while (all.length < most) {
    const except = [...exceptOf(search, looks), ...all, ...gone];
    const found = await looks.ledger.findEarlier({ ...wish, except, most: most - all.length });
    if (found.length === 0) break;
    for (const { id, result, files } of found) {
      const isToCome = result === undefined;
      // Of which nobody knows whether it is there, the call is refused: it is not paid for.
      const isThere = isToCome || (await stillThere(files, call, stop, looks.storage).catch(() => true));
      (isThere ? all : gone).push(id);
    }
  }
  return Math.min(all.length, most);
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

/**
 * A file that its owner has removed from its store meanwhile is no result any more, nor is one in whose place another was saved; of one that may not
 * be looked at nobody knows.
 */
async function stillThere(
  files: Earlier['files'],
  { file }: CheckedCall,
  stop: AbortSignal,
  storage: Storage,
): Promise<boolean> {
  if (!file) return true;
  const looks = files.map(async ({ ossPath, etag }) => {
    const there = await storage.head(storage.readPath(ossPath, 'output'), file.right, stop);
    const now = withoutQuotes(there.etag.replace(/^W\//, ''));
    // Who stands between may leave it out.
    return !etag || !now || now === etag;
  });
  return Promise.all(looks).then(
    (same) => same.every(Boolean),
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
