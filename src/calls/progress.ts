/** What the calls of a statement are doing: for the person who waits a line now and then, for everybody else rows of hologen.progress. */
import type { Pause, Schedule } from '../pace/schedule.js';
import type { Ending } from './call.js';
import { areMoreToCome } from './calls-to-come.js';
import type { CheckedCall } from './check.js';
import type { Course } from './course.js';
import { reasonOf, type UnderWay } from './hold-up.js';
import { gatesOf } from './queues.js';
import type { Statement } from './statement.js';

export interface Progress {
  calls: number;
  queued: number;
  running: number;
  saving: number;
  done: number;
  failed: number;
  elapsedSeconds: number;
  /** Undefined while nothing of it is done, as there is nothing to reckon from, and while nobody knows how many calls there will be. */
  remainingSeconds: number | undefined;
  models: string[];
  /** Calls that cannot go on for now, or wait for a pause to end, since when the first of them, and why that one. */
  heldUp: number;
  heldUpSince: Date | undefined;
  heldUpWhy: string | undefined;
  /** Keys of pools that its calls are with. */
  keyNames: string[];
  /** Undefined: none of its calls gives way to others that wait. */
  givingWay: GivingWay | undefined;
}

/** Calls that may wait (SET ai_gen.by, ai_gen.priority), and for now do so because of others. */
export interface GivingWay {
  calls: number;
  /** So many calls go before them. */
  to: number;
  /** When they stand as the others do at the latest, and when they are wanted; undefined: no time was said. */
  until: Date | undefined;
  wantedBy: Date | undefined;
}

/** What the calls of one model are doing, and how long those that have ended took. */
interface Counts {
  queued: number;
  running: number;
  saving: number;
  done: number;
  failed: number;
  timed: number;
  tookMs: number;
}

/** One walk over the calls: there may be very many, and whoever looks must not hold up those who make them. */
export function progressOf(statement: Statement, schedule: Schedule): Progress {
  const { calls, startedAt } = statement;
  const models = new Map<string, Counts>();
  const holdUps: HeldUp[] = [];
  const keyNames = new Set<string>();
  const mayWait = new Map<string, MayWait>();
  for (const { checked, course } of calls) {
    const counts = models.get(checked.model.name) ?? noneOf();
    models.set(checked.model.name, counts);
    count(course, counts);
    const heldUp = heldUpBy(course, schedule);
    if (heldUp) holdUps.push(heldUp);
    if (course.call.state === 'queued' && course.urgency.standing === 'after all')
      countWaiting(checked, course.urgency.by?.at, mayWait);
    if (course.call.state === 'sent' && course.call.key !== undefined) keyNames.add(course.call.key);
  }
  const all = [...models.values()];
  const sum = (state: keyof Counts) => all.reduce((total, counts) => total + counts[state], 0);
  return {
    calls: calls.length,
    ...{ queued: sum('queued'), running: sum('running'), saving: sum('saving') },
    ...{ done: sum('done'), failed: sum('failed') },
    elapsedSeconds: Math.round((Date.now() - startedAt) / 1000),
    remainingSeconds: areMoreToCome(statement) ? undefined : remainingSeconds(all),
    models: [...models.keys()],
    ...firstOf(holdUps),
    keyNames: [...keyNames],
    givingWay: givingWayOf([...mayWait.values()], schedule),
  };
}

interface MayWait {
  checked: CheckedCall;
  wantedAt: number | undefined;
  calls: number;
}

function countWaiting(
  checked: CheckedCall,
  wantedAt: number | undefined,
  models: Map<string, MayWait>,
): void {
  const known = models.get(checked.model.name) ?? { checked, wantedAt, calls: 0 };
  models.set(checked.model.name, known);
  known.calls += 1;
}

/** A call waits at each key of its model, and gives way if it does so at all of them. */
function givingWayOf(models: MayWait[], schedule: Schedule): GivingWay | undefined {
  const given = models.flatMap(({ checked, wantedAt, calls }) => {
    const ways = gatesOf(checked, schedule).map(({ gate }) => gate.wayGiven(wantedAt));
    const all = ways.filter((way) => way !== undefined);
    return all.length > 0 && all.length === ways.length ? [{ calls, wantedAt, ways: all }] : [];
  });
  if (given.length === 0) return undefined;
  const earliest = (times: (number | undefined)[]) => {
    const said = times.filter((time) => time !== undefined);
    return said.length > 0 ? new Date(Math.min(...said)) : undefined;
  };
  return {
    calls: given.reduce((total, { calls }) => total + calls, 0),
    to: given.reduce((total, { ways }) => total + Math.min(...ways.map(({ to }) => to)), 0),
    until: earliest(given.flatMap(({ ways }) => ways.map(({ until }) => until))),
    wantedBy: earliest(given.map(({ wantedAt }) => wantedAt)),
  };
}

function noneOf(): Counts {
  return { queued: 0, running: 0, saving: 0, done: 0, failed: 0, timed: 0, tookMs: 0 };
}

function count({ call, sentAt, endedAt }: Course, counts: Counts): void {
  if (call.state === 'sent') counts.running += 1;
  else if (call.state === 'saving') counts.saving += 1;
  else if (call.state !== 'ended') counts.queued += 1;
  else if (isDone(call.how)) counts.done += 1;
  else counts.failed += 1;
  // What was taken from an earlier call tells nothing of the time it takes to make one.
  if (sentAt === undefined || endedAt === undefined) return;
  counts.timed += 1;
  counts.tookMs += endedAt - sentAt;
}

interface HeldUp {
  since: number;
  why: string;
}

function heldUpBy({ call, checked, awaited }: Course, schedule: Schedule): HeldUp | undefined {
  if (awaited.holdUp) return { since: awaited.holdUp.since, why: reasonOf(awaited.holdUp.error) };
  const pause = call.state === 'queued' ? schedule.pauseOf(checked.model.modelType) : undefined;
  return pause && { since: pause.since.getTime(), why: pauseText(pause) };
}

/** `wan2.6-t2v is paused by ada since 2026-03-01 22:10:05 UTC: the bill`. */
export function pauseText({ modelType, by, since, why }: Pause): string {
  return `${modelType} is paused by ${by} since ${timeText(since)}${why ? `: ${why}` : ''}`;
}

function timeText(time: Date): string {
  return `${time.toISOString().replace('T', ' ').slice(0, 19)} UTC`;
}

function firstOf(holdUps: HeldUp[]): Pick<Progress, 'heldUp' | 'heldUpSince' | 'heldUpWhy'> {
  const [first] = holdUps.sort((a, b) => a.since - b.since);
  return {
    heldUp: holdUps.length,
    heldUpSince: first && new Date(first.since),
    heldUpWhy: first?.why,
  };
}

export function isDone(how: Ending): boolean {
  return how === 'succeeded' || how === 'reused';
}

/** The model that needs longest decides: they run side by side. */
function remainingSeconds(models: Counts[]): number | undefined {
  const each = models.map(remainingOfModel);
  return each.every((seconds) => seconds !== undefined) ? Math.max(...each, 0) : undefined;
}

/** As many turns as are left at the present number at once, each as long as those that have ended took. */
function remainingOfModel({ queued, running, saving, timed, tookMs }: Counts): number | undefined {
  const left = queued + running + saving;
  if (left === 0) return 0;
  if (timed === 0) return undefined;
  return Math.round(((tookMs / timed) * left) / Math.max(running + saving, 1) / 1000);
}

const noticeEveryMs = 3_000;

/** What the person who waits is shown. */
export interface News {
  notice?: string | undefined;
  hint?: string | undefined;
}

/**
 * What to tell the person who waits: notes at once, then a line every few seconds. `collected`: the call of ai_submit that is waited for, where this
 * gateway makes it.
 */
export function nextNotice(statement: Statement, schedule: Schedule, collected?: UnderWay): News {
  if (!statement.progress) return {};
  const note = [...statement.notes].find((each) => !statement.told.has(each));
  if (note === undefined) return { notice: lineOf(statement, schedule, collected) };
  statement.told.add(note);
  return { notice: note, hint: statement.hints.get(note) };
}

/** Undefined: one was told lately. */
function lineOf(
  statement: Statement,
  schedule: Schedule,
  collected: UnderWay | undefined,
): string | undefined {
  const now = Date.now();
  if (now - statement.noticedAt < noticeEveryMs) return undefined;
  statement.noticedAt = now;
  const progress = progressOf(statement, schedule);
  if (progress.calls === 0) return collectingText(progress.elapsedSeconds, collected);
  const states = (['done', 'running', 'saving', 'queued', 'failed'] as const)
    .filter((state) => progress[state] > 0)
    .map((state) => `${progress[state]} ${state}`);
  if (progress.heldUp > 0) states.push(`${progress.heldUp} held up`);
  if (progress.givingWay) states.push(`${progress.givingWay.calls} give way`);
  const left = progress.remainingSeconds ? `, about ${progress.remainingSeconds} s left` : '';
  const reasons = [progress.heldUpWhy, progress.givingWay && givingWayText(statement, progress.givingWay)];
  const why = reasons.flatMap((reason) => (reason ? `: ${reason}` : [])).join('');
  return `ai_gen: ${states.join(', ')}, ${progress.elapsedSeconds} s${left} (${progress.models.join(', ')})${why}`;
}

function collectingText(seconds: number, collected: UnderWay | undefined): string {
  if (!collected) return `ai_wait: ${seconds} s`;
  const state = collected.awaited.line === undefined ? 'running' : 'queued';
  return `ai_wait: 1 ${state}, ${seconds} s (${collected.model})`;
}

/** With what ends it the first time that it is told. */
function givingWayText({ told }: Statement, { to, until, wantedBy }: GivingWay): string {
  const setting = wantedBy ? 'ai_gen.by' : 'ai_gen.priority';
  const latest = until ? `, until ${timeText(until)} at the latest` : '';
  const wanted = wantedBy ? `to be over by ${timeText(wantedBy)}` : 'low';
  const text = `they go behind ${to} of others${latest} (${setting}: ${wanted})`;
  if (told.has(setting)) return text;
  told.add(setting);
  return `${text}; to have them sooner cancel the statement, RESET ${setting} and run it again`;
}
