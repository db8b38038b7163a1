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
  ledger: Pick<Ledger, 'find' | 'findEarlier'>;
  storage: Pick<Storage, 'head' | 'readPath'>;
  /** Nobody else gets these: reserved by a statement that is still running, given to a client and not yet claimed in writing. */
  reserved: NamedJobs;
  claiming: NamedJobs;
  /** What is to be in writing before a look. */
  unwritten(): Promise<unknown>;
}

interface Looks extends Surroundings {
  lanes: Lanes;
  /** So many have asked. */
  asked: number;
  /** How many wait in such a lane, and what the last look found for them. */
  waiting: Map<string, number>;
  ahead: Map<string, Ahead>;
}

interface Ahead extends Pick<Wish, 'delivered'> {
  /** Beside its own. */
  results: Earlier[];
  /** It has found none, but perhaps what another gateway makes: so it is for all who had asked before it, and are not to look again. */
  none: { asked: number; elsewhere: Earlier | undefined } | undefined;
}

/** One that is in its turn: as how many it has asked, and what it has found gone. */
interface Turn extends Search {
  asked: number;
  gone: string[];
}

export function createEarlierLooks(around: Surroundings): EarlierLooks {
  const own = { lanes: createLanes(), asked: 0, waiting: new Map(), ahead: new Map() };
  const looks: Looks = { ...around, ...own };
  return {
    find: (search) => find(search, looks),
    count: (search, counted, most) => count(search, counted, most, looks),
  };
}

/** What another gateway makes, and the store, are waited for out of turn: nobody else is to wait for them. */
async function find(search: Search, looks: Looks): Promise<Found | undefined> {
  const gone: string[] = [];
  for (;;) {
    const found = await inTurn(search, gone, looks);
    if (!found) return undefined;
    const { id: jobId, madeAs } = found;
    if (isToCome(found) && !search.wait) return { jobId, result: undefined, madeAs };
    const result = await resultOf(found, search, looks);
    if (result !== undefined) return { jobId, result, madeAs };
    gone.push(jobId);
  }
}

function isToCome({ result }: Earlier): boolean {
  return result === undefined;
}

/** One after another of those who ask for the same: where each result is for one, no two may find the same. */
async function inTurn(search: Search, gone: string[], looks: Looks): Promise<Earlier | undefined> {
  const { waiting, ahead, lanes, reserved } = looks;
  const { name, stop, wait, wish } = search;
  waiting.set(name, (waiting.get(name) ?? 0) + 1);
  looks.asked += 1;
  const turn = { ...search, asked: looks.asked, gone };
  try {
    return await lanes.run(name, async () => {
      stop.throwIfAborted();
      await looks.unwritten();
      const found = await next(turn, looks);
      if (found && !wish.delivered && (wait || !isToCome(found))) reserved.add(name, found.id);
      return found;
    });
  } finally {
    const left = (waiting.get(name) ?? 1) - 1;
    if (left > 0) waiting.set(name, left);
    else for (const each of [waiting, ahead]) each.delete(name);
  }
}

/** Undefined: there is none, or not any more. What comes to nothing for this one others may find again. */
async function resultOf(found: Earlier, search: Search, looks: Looks): Promise<string | undefined> {
  const { name, wish, call, stop } = search;
  const { ledger, storage, reserved } = looks;
  let isHad = false;
  try {
    const result = found.result ?? (await resultElsewhere(found.id, wish, stop, ledger));
    isHad = result !== undefined && (await stillThere(found.files, call, stop, storage));
    if (isHad) reserved.add(name, found.id);
    return isHad ? result : undefined;
  } finally {
    if (!isHad && !wish.delivered) reserved.delete(found.id);
  }
}

/** So many results are held at most, for those who wait to look for the same. */
const mostAhead = 100;

/** The oldest but those that are gone. One look finds it for all who wait: thousands of calls may ask for the same. */
async function next(turn: Turn, looks: Looks): Promise<Earlier | undefined> {
  const { name, wish, gone } = turn;
  const { delivered } = wish;
  const known = looks.ahead.get(name);
  const ahead = known?.delivered === delivered ? ofLast(turn, known, looks) : undefined;
  if (ahead) return ahead === 'none' ? undefined : ahead;
  const most = Math.min(looks.waiting.get(name) ?? 1, mostAhead);
  const except = [...exceptOf(turn, looks), ...gone];
  const { asked } = looks;
  const [first, ...results] = await looks.ledger.findEarlier({ ...wish, except, most });
  const none = first?.result === undefined ? { asked, elsewhere: first } : undefined;
  looks.ahead.set(name, { delivered, results, none });
  return first;
}

/** What the last look has found for this one, too; undefined: it is to look for itself. */
function ofLast(
  { wish, asked, gone }: Turn,
  { results, none }: Ahead,
  { reserved, claiming }: Looks,
): Earlier | 'none' | undefined {
  const isFree = ({ id }: Earlier) =>
    !gone.includes(id) && (wish.delivered || !(reserved.has(id) || claiming.has(id)));
  while (results.length > 0) {
    const found = results.shift();
    if (found && isFree(found)) return found;
  }
  if (!none || asked > none.asked) return undefined;
  const { elsewhere } = none;
  if (!elsewhere) return 'none';
  return isFree(elsewhere) ? elsewhere : undefined;
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
      // Of which nobody knows whether it is there, the call is refused: it is not paid for.
      const isThere =
        result === undefined || (await stillThere(files, call, stop, looks.storage).catch(() => true));
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
  ledger: Surroundings['ledger'],
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
  storage: Surroundings['storage'],
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
