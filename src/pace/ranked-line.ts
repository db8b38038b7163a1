/** A line of those who are urgent, those who are not, and those who give way to all others; among equals roles have their turns one after the other. */
import type { Deadline, Urgency } from './urgency.js';
import { createFairLine, type FairLine } from './waiting-line.js';

export interface RankedLine<T> {
  readonly length: number;
  /** Of these, those that give way to the others. */
  readonly givingWay: number;
  /** Joins behind its equals. The returned function leaves from wherever the value is by then, and does nothing when it was taken. */
  join(value: T, role: string, urgency: Urgency): () => void;
  take(): T | undefined;
  /**
   * Those that gave way until they must go stand as the others do from now on. Gives when the next one must, on the clock of Date.now();
   * undefined: nobody waits for such a time. `reckon`: in how many seconds so many calls are over.
   */
  callDue(reckon: Reckon): number | undefined;
  /** What those wait for that give way until they are wanted; without a time those that just give way. Undefined: nobody is before them. */
  wayGiven(wantedAt: number | undefined, reckon: Reckon): WayGiven | undefined;
}

type Reckon = (calls: number, secondsEach: number) => number;

export interface WayGiven {
  /** So many go before them. */
  to: number;
  /** From then on they stand as the others do, on the clock of Date.now(). Undefined: there is no such time. */
  until: number | undefined;
}

interface Place<T> {
  value: T;
  role: string;
  by: Deadline | undefined;
  leave(): void;
}

/** Those that must be over by the same time, and how long each of their models takes. */
interface Those<T> {
  places: Set<Place<T>>;
  times: Set<Deadline['secondsEach']>;
}

/** Today's rates are not tomorrow's: a tenth more than is reckoned, and some seconds. */
const sparePart = 1.1;
const spareMs = 5_000;

export function createRankedLine<T>(): RankedLine<T> {
  const front = createFairLine<Place<T>>();
  const middle = createFairLine<Place<T>>();
  const last = createFairLine<Place<T>>();
  const { waiting, note, forget } = createDeadlines<T>();
  return {
    get length() {
      return front.length + middle.length + last.length;
    },
    get givingWay() {
      return last.length;
    },
    join(value, role, { standing, by }) {
      const givesWay = standing === 'after all';
      const place: Place<T> = { value, role, by: givesWay ? by : undefined, leave: () => {} };
      const line = { 'before all': front, 'before own': middle, usual: middle, 'after all': last }[standing];
      place.leave = line.join(place, role, standing === 'before own');
      if (place.by) note(place, place.by);
      return () => {
        forget(place);
        place.leave();
      };
    },
    take() {
      const place = front.take() ?? middle.take() ?? last.take();
      if (place) forget(place);
      return place?.value;
    },
    callDue(reckon) {
      if (waiting.size === 0) return undefined;
      const due = dueTimes(waiting, front.length + middle.length, reckon);
      // Whoever must be over earlier goes with one that must go now.
      const latest = due.findLastIndex(({ goAt }) => goAt <= Date.now());
      for (const { at } of due.slice(0, latest + 1))
        for (const place of waiting.get(at)?.places ?? []) moveUp(place, middle, forget);
      return due.slice(latest + 1).reduce<number | undefined>(earlier, undefined);
    },
    wayGiven(wantedAt, reckon) {
      const to = front.length + middle.length;
      const isHere = wantedAt === undefined ? last.length > 0 : waiting.has(wantedAt);
      return to > 0 && isHere ? { to, until: goTime(wantedAt, dueTimes(waiting, to, reckon)) } : undefined;
    },
  };
}

/** Those that must be over by a time, by that time. */
function createDeadlines<T>() {
  const waiting = new Map<number, Those<T>>();
  return {
    waiting,
    note(place: Place<T>, { at, secondsEach }: Deadline): void {
      const those = waiting.get(at) ?? { places: new Set(), times: new Set() };
      waiting.set(at, those);
      those.places.add(place);
      those.times.add(secondsEach);
    },
    forget(place: Place<T>): void {
      if (!place.by) return;
      const those = waiting.get(place.by.at);
      those?.places.delete(place);
      if (those?.places.size === 0) waiting.delete(place.by.at);
    },
  };
}

function moveUp<T>(place: Place<T>, to: FairLine<Place<T>>, forget: (place: Place<T>) => void): void {
  forget(place);
  place.leave();
  place.leave = to.join(place, place.role);
}

function earlier(least: number | undefined, { goAt }: { goAt: number }): number {
  return Math.min(least ?? goAt, goAt);
}

/** Whoever is wanted later may have to go sooner, and takes those along that are wanted before. */
function goTime(wantedAt: number | undefined, due: { at: number; goAt: number }[]): number | undefined {
  if (wantedAt === undefined) return undefined;
  return due.filter(({ at }) => at >= wantedAt).reduce<number | undefined>(earlier, undefined);
}

/** For each time, in their order, when those that must be over by then must go, and all before them. */
function dueTimes<T>(
  waiting: ReadonlyMap<number, Those<T>>,
  others: number,
  reckon: Reckon,
): { at: number; goAt: number }[] {
  let calls = others;
  let secondsEach = 0;
  return [...waiting]
    .sort(([one], [other]) => one - other)
    .map(([at, { places, times }]) => {
      calls += places.size;
      secondsEach = Math.max(secondsEach, ...[...times].map((time) => time()));
      return { at, goAt: at - reckon(calls, secondsEach) * 1000 * sparePart - spareMs };
    });
}
