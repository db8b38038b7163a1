/**
 * Calls that one request to the provider can carry go together: those of one role and model that wait at the same time, as many as a request
 * takes. Each keeps a life of its own: its job, its price, its errors. A request that is refused because of one of them is sent again one by one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ErrorKind } from '../errors.js';
import type { Urgency } from '../pace/urgency.js';
import { whenAborted } from '../pace/when-aborted.js';
import { ProviderFailure } from '../providers/provider.js';
import { repetitionAfter } from './answers.js';
import {
  type Course,
  madeEvent,
  type PackEnd,
  type Packs,
  type Services,
  tell,
  tellSending,
  withKey,
} from './course.js';
import { longestThrottledMs } from './fallback.js';
import type { Keys, Place } from './keys.js';
import { enterPhase } from './meter.js';

interface Member {
  course: Course;
  /** From the note that it may be taken until it surely was not: it is left to finish, as a call alone is. */
  going: boolean;
  /** Nobody's giving up is heard any more. */
  quiet(): void;
  resolve(end: PackEnd): void;
  reject(error: unknown): void;
}

interface Pack {
  members: Set<Member>;
  /** What is left of it. */
  room: number;
  /** Nobody wants any of it any more. */
  stop: AbortController;
}

export function createPacks(): Packs {
  /** By what may go together: those that are not sent yet and have room. */
  const open = new Map<string, Pack>();

  return {
    send(course, form, keys, services) {
      const { role, urgency, checked } = course;
      const { name, deployedAt } = checked.model;
      const key = [role, JSON.stringify(urgency), name, deployedAt.getTime(), form.key].join('\n');
      const fitting = open.get(key);
      const hasRoom = fitting && fitting.room >= form.takes && !fitting.stop.signal.aborted;
      const found = hasRoom ? fitting : undefined;
      const pack: Pack = found ?? { members: new Set(), room: form.room, stop: new AbortController() };
      pack.room -= form.takes;
      const outcome = join(pack, course);
      enterPhase(course.phases, 'queued');
      const close = () => void (open.get(key) === pack && open.delete(key));
      if (pack.room > 0) open.set(key, pack);
      else close();
      const throttledMs = longestThrottledMs(checked);
      if (!found) void carry(pack, { keys, role, urgency, throttledMs, close }, services);
      return outcome;
    },
  };
}

function join(pack: Pack, course: Course): Promise<PackEnd> {
  return new Promise((resolve, reject) => {
    course.stop.throwIfAborted();
    const member: Member = { course, going: false, quiet: () => {}, resolve, reject };
    pack.members.add(member);
    member.quiet = whenAborted(course.stop, () => {
      if (member.going) return;
      leave(pack, member, course.stop.reason);
      if (pack.members.size === 0) pack.stop.abort(course.stop.reason);
    });
  });
}

function leave(pack: Pack, member: Member, error: unknown): void {
  if (!pack.members.delete(member)) return;
  member.quiet();
  member.reject(error);
}

interface Line {
  keys: Keys;
  role: string;
  urgency: Urgency;
  /** How long the provider may be busy. */
  throttledMs: number;
  /** Lets nobody join any more. */
  close(): void;
}

/** Takes the pack through the line to its end, whatever that is for each of its members. */
async function carry(pack: Pack, line: Line, services: Services): Promise<void> {
  const { keys, role, urgency, throttledMs, close } = line;
  try {
    // All calls of a statement start in one turn.
    await nextTurn();
    const place = await keys.enter({ signal: pack.stop.signal, role, urgency });
    close();
    const turn: Turn = { place, attempt: 1, throttledUntil: Date.now() + throttledMs };
    await sendUntilTaken(pack, turn, line, services).finally(() => turn.place.leave());
  } catch (error) {
    for (const member of pack.members) leave(pack, member, error);
  } finally {
    close();
  }
}

/** Refusals that none of the texts is to blame for: sent one by one they would all meet the same. */
const ofAll: ErrorKind[] = ['providerAuthorization', 'providerQuota', 'connectionFailure'];

interface Turn {
  place: Place;
  attempt: number;
  throttledUntil: number;
}

async function sendUntilTaken(pack: Pack, turn: Turn, line: Line, services: Services): Promise<void> {
  while (pack.members.size > 0) {
    try {
      await sendOnce(pack, turn.place, services);
      turn.place.taken();
      return;
    } catch (error) {
      if (!(await waitAgain(pack, error, { turn, line, services }))) return;
    }
  }
}

/** Waits for the pack's next turn; false: there is none. Rejects with what its members end with. */
async function waitAgain(
  pack: Pack,
  error: unknown,
  { turn, line: { keys, role, urgency }, services }: { turn: Turn; line: Line; services: Services },
): Promise<boolean> {
  const [first] = pack.members;
  if (!first || !(error instanceof ProviderFailure) || error.mayBeTaken) throw error;
  const { place, attempt } = turn;
  const circumstances = { attempt, throttledTooLong: Date.now() >= turn.throttledUntil };
  const { call } = first.course;
  const repetition = repetitionAfter(error, { call, ...circumstances, hasOtherKey: keys.hasOther(place) });
  const apart = repetition === 'no' && pack.members.size > 1 && !ofAll.includes(error.kind);
  if (repetition === 'no' && !apart) throw keys.told(place, error);
  await each(pack, (member) => backInLine(member, services));
  if (apart) for (const member of pack.members) end(pack, member, 'alone');
  if (pack.members.size === 0) return false;
  if (repetition === 'attempt') turn.attempt += 1;
  for (const { course } of pack.members)
    services.meter.repeated(course.checked.model, repetition === 'throttled' ? 'throttled' : 'submit');
  const noted = (note: string) => first.course.noted(note);
  const who = { signal: pack.stop.signal, role, urgency, noted };
  turn.place = await keys.again(place, repetition, error, who);
  return true;
}

/** Whoever gave it up while it was under way is heard now. */
async function backInLine(member: Member, services: Services): Promise<void> {
  await tell(member.course, { kind: 'not taken', again: true }, services);
  member.going = false;
  member.course.stop.throwIfAborted();
}

/** One request, from the notes in the ledger that it may be taken to those of what it gave each of them. */
async function sendOnce(pack: Pack, { key }: Place, services: Services): Promise<void> {
  await each(pack, (member) => {
    member.going = true;
    return tellSending(member.course, key, services);
  });
  const sent = [...pack.members];
  const [first] = sent;
  if (!first) return;
  const { provider } = first.course.checked;
  const model = withKey(first.course, key);
  const requests = sent.map(({ course }) => course.checked.request);
  const answer = await (provider.submitTogether as NonNullable<typeof provider.submitTogether>)(
    model,
    requests,
  );
  const { requestId } = answer;
  await each(pack, async (member) => {
    const { course } = member;
    await tell(course, { kind: 'taken', requestId, taskId: undefined }, services);
    const made = answer.made[sent.indexOf(member)];
    if (!made) throw new Error('the answer to several calls has none for one of them');
    await tell(course, madeEvent(course, made), services);
    end(pack, member, 'over');
  });
}

/** Does something for all of them; one for which it fails leaves the pack with its error. */
async function each(pack: Pack, work: (member: Member) => Promise<void>): Promise<void> {
  await Promise.all(
    [...pack.members].map(async (member) => {
      try {
        await work(member);
      } catch (error) {
        leave(pack, member, error);
      }
    }),
  );
}

function end(pack: Pack, member: Member, how: PackEnd): void {
  pack.members.delete(member);
  member.quiet();
  member.resolve(how);
}
