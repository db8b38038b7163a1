/** One gate: calls enter as the limits allow, fairly between the roles that wait, and return to its line when they were not taken. */
import { type Allowed, aboutSeconds } from './about.js';
import { createRankedLine, type RankedLine, type WayGiven } from './ranked-line.js';
import { createRateWindow, type RateWindow } from './rate-window.js';
import { type Urgency, usual } from './urgency.js';
import { createLine, type Line } from './waiting-line.js';
import { whenAborted } from './when-aborted.js';

export interface Gate {
  /**
   * Waits for a place; the returned function gives it back. Free places go round the roles that wait, as urgent as they are. A cancelled wait rejects with the
   * signal's reason. `sentBefore`: another gate let it through and it was not taken there; it goes before those that were never sent.
   */
  enter(signal: AbortSignal, role: string, sentBefore?: boolean, urgency?: Urgency): Promise<() => void>;
  /** Whoever enters now is let through at once. */
  isOpen(): boolean;
  /**
   * A call inside was not taken and waits for its next turn, as long as the provider asked or for growing pauses; nothing else is
   * submitted meanwhile. `throttled`: it was a 429, which lowers the rate too. A cancelled wait rejects with the signal's reason.
   */
  again(refusal: Refusal, signal: AbortSignal): Promise<void>;
  /** The same pause, for a call that leaves to try elsewhere. */
  slowDown(refusal: Refusal): void;
  /** A submit was taken: pauses shrink and the rate rises again. */
  taken(): void;
  /** So many gateways use the account alike: each keeps to its part of the limits. */
  shareAmong(gateways: number): void;
  /** These hold from now on, for those that wait too. */
  limit(limits: Limits): void;
  /** True: nobody enters or is sent again until it is false; what is inside goes on. */
  hold(held: boolean): void;
  state(): GateState;
  /** What calls wait for that give way until they are wanted, or without a time for good; undefined: nobody here is before them. */
  wayGiven(wantedAt: number | undefined): WayGiven | undefined;
}

export interface Refusal {
  throttled: boolean;
  /** How long the provider asked to wait. */
  askedMs: number | undefined;
}

export interface Limits {
  submitsPerSecond: number;
  concurrentTasks: number | null;
  /** False: never several at once, even if the rate would allow it. */
  bursts?: false;
}

export interface GateState {
  /** Calls that wait to be sent, or sent again. */
  queued: number;
  /** Of these, those that give way to the others. */
  givingWay: number;
  running: number;
  /** The limits; null where there is none. */
  submitsPerSecond: number | null;
  concurrentTasks: number | null;
  /** Submits a second at present: less than the limit after a 429. */
  pace: number | null;
  /** Nothing is submitted for so long. */
  pausedMs: number;
}

export const unlimited: Limits = { submitsPerSecond: Number.POSITIVE_INFINITY, concurrentTasks: null };

const shortestPauseMs = 500;
const longestPauseMs = 30_000;
/** Submits a second where no limit is known: after the first 429, and when there is none again. */
const firstPace = 10;
const endlessPace = 1000;
/** However often it throttles: a provider counts by the minute at the longest, so a later try would learn nothing more. */
const slowestPace = 1 / 60;

interface Waiter {
  admit(): void;
}

interface Traffic {
  limits: Limits;
  readonly entering: RankedLine<Waiter>;
  /** Calls that were sent but not taken: they are inside, and go before those that were never sent. */
  readonly returning: Line<Waiter>;
  /** Calls that were sent through another gate and not taken. */
  readonly ahead: Line<Waiter>;
  spacing: RateWindow;
  /** Submits a second: the limit, or less after a 429. */
  pace: number;
  admittedAt: number;
  inside: number;
  pauseMs: number;
  pausedUntil: number;
  gateways: number;
  /** Nobody is admitted. */
  held: boolean;
  timer: NodeJS.Timeout | undefined;
  /** Until somebody that gives way must go. */
  dueTimer: NodeJS.Timeout | undefined;
}

export function createGate(limits: Limits): Gate {
  const traffic: Traffic = {
    limits,
    entering: createRankedLine(),
    returning: createLine(),
    ahead: createLine(),
    spacing: createRateWindow(limits),
    pace: limits.submitsPerSecond,
    admittedAt: Number.NEGATIVE_INFINITY,
    inside: 0,
    pauseMs: 0,
    pausedUntil: 0,
    gateways: 1,
    held: false,
    timer: undefined,
    dueTimer: undefined,
  };
  return {
    enter: (signal, role, sentBefore = false, urgency = usual) =>
      enter(
        traffic,
        sentBefore ? traffic.ahead.join : (waiter) => traffic.entering.join(waiter, role, urgency),
        signal,
      ),
    isOpen: () => isOpen(traffic),
    again(refusal, signal) {
      slowDown(traffic, refusal);
      return turn(traffic, traffic.returning.join, signal);
    },
    slowDown: (refusal) => slowDown(traffic, refusal),
    taken: () => speedUp(traffic),
    shareAmong(number) {
      traffic.gateways = number;
      admitNext(traffic);
    },
    limit(limits) {
      limit(traffic, limits);
      admitNext(traffic);
    },
    hold(held) {
      traffic.held = held;
      admitNext(traffic);
    },
    state: () => stateOf(traffic),
    wayGiven: (wantedAt) => traffic.entering.wayGiven(wantedAt, reckonFor(traffic)),
  };
}

function limit(traffic: Traffic, next: Limits): void {
  const { limits, pace } = traffic;
  const { submitsPerSecond } = next;
  if (submitsPerSecond !== limits.submitsPerSecond) {
    // A pace that was lowered rises to the new limit by itself.
    traffic.pace = pace === limits.submitsPerSecond ? submitsPerSecond : Math.min(pace, submitsPerSecond);
    traffic.spacing = createRateWindow(next);
  }
  traffic.limits = next;
}

async function enter(
  traffic: Traffic,
  join: (waiter: Waiter) => () => void,
  signal: AbortSignal,
): Promise<() => void> {
  await turn(traffic, join, signal);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    traffic.inside -= 1;
    admitNext(traffic);
  };
}

/** Waits in a line until it is admitted. */
function turn(traffic: Traffic, join: (waiter: Waiter) => () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const leave = join({
      admit() {
        stayQuiet();
        resolve();
      },
    });
    const stayQuiet = whenAborted(signal, () => {
      leave();
      reject(signal.reason);
    });
    admitNext(traffic);
  });
}

/** Admits all that may enter now, and sets a timer for the next one that must wait. */
function admitNext(traffic: Traffic): void {
  clearTimeout(traffic.timer);
  traffic.timer = undefined;
  callDue(traffic);
  for (let line = nextLine(traffic); line; line = nextLine(traffic)) {
    const now = performance.now();
    const waitMs = openAt(traffic) - now;
    if (waitMs > 0) {
      traffic.timer = setTimeout(admitNext, Math.ceil(waitMs), traffic);
      return;
    }
    traffic.spacing.add(now);
    traffic.admittedAt = now;
    if (line !== traffic.returning) traffic.inside += 1;
    line.take()?.admit();
  }
}

/** The clock may be set meanwhile, and rates change: it is looked at again now and then. */
const longestDueMs = 60_000;

/** Those that gave way until now and must go stand as the others do, and a timer is set for the next. */
function callDue(traffic: Traffic): void {
  clearTimeout(traffic.dueTimer);
  const due = traffic.entering.callDue(reckonFor(traffic));
  if (due === undefined) return;
  const ms = Math.min(longestDueMs, Math.max(0, due - Date.now()));
  traffic.dueTimer = setTimeout(admitNext, ms, traffic).unref();
}

/** In how many seconds so many calls are over. */
function reckonFor(traffic: Traffic) {
  return (calls: number, secondsEach: number) =>
    aboutSeconds({ calls, secondsEach, queue: shareOf(traffic), atOnce: true });
}

/** This gateway's part of what is allowed at present. */
function shareOf(traffic: Traffic): Allowed {
  const { pace, submitsPerSecond, concurrentTasks } = stateOf(traffic);
  const { gateways } = traffic;
  return {
    pace: pace && pace / gateways,
    submitsPerSecond: submitsPerSecond && submitsPerSecond / gateways,
    concurrentTasks: concurrentTasks && Math.max(1, Math.floor(concurrentTasks / gateways)),
  };
}

function nextLine(traffic: Traffic) {
  const { entering, ahead, returning, held } = traffic;
  if (held) return undefined;
  if (returning.length > 0) return returning;
  if (isFull(traffic)) return undefined;
  return [ahead, entering].find((line) => line.length > 0);
}

function isFull({ limits, inside, gateways }: Traffic): boolean {
  return (
    limits.concurrentTasks !== null && inside >= Math.max(1, Math.floor(limits.concurrentTasks / gateways))
  );
}

function isOpen(traffic: Traffic): boolean {
  return !traffic.held && waiting(traffic) === 0 && !isFull(traffic) && openAt(traffic) <= performance.now();
}

function waiting({ entering, ahead, returning }: Traffic): number {
  return entering.length + ahead.length + returning.length;
}

function openAt({ limits, spacing, pace, admittedAt, pausedUntil, gateways }: Traffic): number {
  const lowered = pace < limits.submitsPerSecond;
  const spacedAt = spacing.nextAt(gateways);
  return Math.max(
    pausedUntil,
    lowered ? Math.max(admittedAt + 1000 / pace, gateways > 1 ? spacedAt : 0) : spacedAt,
  );
}

function slowDown(traffic: Traffic, { throttled, askedMs }: Refusal): void {
  const now = performance.now();
  // Calls that were under way together fail together: that is one reason to slow down, not many.
  if (now >= traffic.pausedUntil) {
    traffic.pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, traffic.pauseMs * 2));
    if (throttled) traffic.pace = slower(traffic);
  }
  const jitteredMs = askedMs ?? traffic.pauseMs * (0.75 + Math.random() / 2);
  traffic.pausedUntil = Math.max(traffic.pausedUntil, now + jitteredMs);
}

function slower({ pace, limits }: Traffic): number {
  if (!Number.isFinite(pace)) return firstPace;
  return Math.max(pace / 2, Math.min(slowestPace, limits.submitsPerSecond));
}

function speedUp(traffic: Traffic): void {
  const { pace, limits } = traffic;
  const { submitsPerSecond } = limits;
  traffic.pauseMs /= 2;
  if (Number.isFinite(submitsPerSecond))
    traffic.pace = Math.min(submitsPerSecond, pace + submitsPerSecond / 10);
  else if (pace < firstPace) traffic.pace = Math.min(firstPace, pace * 2);
  else traffic.pace *= pace > endlessPace ? Number.POSITIVE_INFINITY : 1.05;
}

function stateOf(traffic: Traffic): GateState {
  const { limits, returning, inside, pace, pausedUntil } = traffic;
  return {
    queued: waiting(traffic),
    givingWay: traffic.entering.givingWay,
    running: inside - returning.length,
    submitsPerSecond: finite(limits.submitsPerSecond),
    concurrentTasks: limits.concurrentTasks,
    pace: finite(pace),
    pausedMs: Math.max(0, Math.round(pausedUntil - performance.now())),
  };
}

/** JSON and SQL have no infinity: null is no limit. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
