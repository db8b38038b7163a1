/** What the calls of a statement are doing: for the person who waits a line now and then, for everybody else rows of hologen.progress. */
import type { Pause, Schedule } from '../pace/schedule.js';
import type { Ending } from './call.js';
import type { Course } from './course.js';
import { reasonOf } from './hold-up.js';
import type { Statement } from './statement.js';

export interface Progress {
  calls: number;
  queued: number;
  running: number;
  saving: number;
  done: number;
  failed: number;
  elapsedSeconds: number;
  /** Undefined while nothing of it is done: there is nothing to reckon from. */
  remainingSeconds: number | undefined;
  models: string[];
  /** Calls that cannot go on for now, or wait for a pause to end, since when the first of them, and why that one. */
  heldUp: number;
  heldUpSince: Date | undefined;
  heldUpWhy: string | undefined;
  /** Keys of pools that its calls are with. */
  keyNames: string[];
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
export function progressOf({ calls, startedAt }: Statement, schedule: Schedule): Progress {
  const models = new Map<string, Counts>();
  const holdUps: HeldUp[] = [];
  const keyNames = new Set<string>();
  for (const { checked, course } of calls) {
    const counts = models.get(checked.model.name) ?? noneOf();
    models.set(checked.model.name, counts);
    count(course, counts);
    const heldUp = heldUpBy(course, schedule);
    if (heldUp) holdUps.push(heldUp);
    if (course.call.state === 'sent' && course.call.key !== undefined) keyNames.add(course.call.key);
  }
  const all = [...models.values()];
  const sum = (state: keyof Counts) => all.reduce((total, counts) => total + counts[state], 0);
  return {
    calls: calls.length,
    ...{ queued: sum('queued'), running: sum('running'), saving: sum('saving') },
    ...{ done: sum('done'), failed: sum('failed') },
    elapsedSeconds: Math.round((Date.now() - startedAt) / 1000),
    remainingSeconds: remainingSeconds(all),
    models: [...models.keys()],
    ...firstOf(holdUps),
    keyNames: [...keyNames],
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
  const time = since.toISOString().replace('T', ' ').slice(0, 19);
  return `${modelType} is paused by ${by} since ${time} UTC${why ? `: ${why}` : ''}`;
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

/** What to tell the person who waits: notes at once, then a line every few seconds. */
export function nextNotice(statement: Statement, schedule: Schedule): string | undefined {
  if (!statement.progress) return undefined;
  const note = [...statement.notes].find((each) => !statement.told.has(each));
  if (note !== undefined) {
    statement.told.add(note);
    return note;
  }
  const now = Date.now();
  if (now - statement.noticedAt < noticeEveryMs) return undefined;
  statement.noticedAt = now;
  const progress = progressOf(statement, schedule);
  const states = (['done', 'running', 'saving', 'queued', 'failed'] as const)
    .filter((state) => progress[state] > 0)
    .map((state) => `${progress[state]} ${state}`);
  if (progress.heldUp > 0) states.push(`${progress.heldUp} held up`);
  const left = progress.remainingSeconds ? `, about ${progress.remainingSeconds} s left` : '';
  const why = progress.heldUpWhy ? `: ${progress.heldUpWhy}` : '';
  return `ai_gen: ${states.join(', ')}, ${progress.elapsedSeconds} s${left} (${progress.models.join(', ')})${why}`;
}
