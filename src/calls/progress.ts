/** What the calls of a statement are doing: for the person who waits a line now and then, for everybody else rows of hologen.progress. */
import type { Call, Ending } from './call.js';
import { reasonOf } from './hold-up.js';
import type { Statement, StatementCall } from './statement.js';

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
  /** Calls that cannot go on for now, since when the first of them, and why that one. */
  heldUp: number;
  heldUpSince: Date | undefined;
  heldUpWhy: string | undefined;
  /** Keys of pools that its calls are with. */
  keyNames: string[];
}

export function progressOf(statement: Statement): Progress {
  const { calls } = statement;
  const count = (fits: (call: Call) => boolean) => calls.filter(({ course }) => fits(course.call)).length;
  const elapsedMs = Date.now() - statement.startedAt;
  return {
    calls: calls.length,
    queued: count(({ state }) => state === 'waiting' || state === 'reserved' || state === 'queued'),
    running: count(({ state }) => state === 'sent'),
    saving: count(({ state }) => state === 'saving'),
    done: count((call) => call.state === 'ended' && isDone(call.how)),
    failed: count((call) => call.state === 'ended' && !isDone(call.how)),
    elapsedSeconds: Math.round(elapsedMs / 1000),
    remainingSeconds: remainingSeconds(calls),
    models: [...new Set(calls.map((call) => call.checked.model.name))],
    ...holdUpsOf(calls),
    keyNames: [
      ...new Set(calls.flatMap(({ course: { call } }) => (call.state === 'sent' && call.key) || [])),
    ],
  };
}

function holdUpsOf(calls: StatementCall[]): Pick<Progress, 'heldUp' | 'heldUpSince' | 'heldUpWhy'> {
  const holdUps = calls.flatMap(({ course }) => course.awaited.holdUp ?? []);
  const [first] = holdUps.sort((a, b) => a.since - b.since);
  return {
    heldUp: holdUps.length,
    heldUpSince: first && new Date(first.since),
    heldUpWhy: first && reasonOf(first.error),
  };
}

function isDone(how: Ending): boolean {
  return how === 'succeeded' || how === 'reused';
}

/** The model that needs longest decides: they run side by side. */
function remainingSeconds(calls: StatementCall[]): number | undefined {
  const models = [...new Set(calls.map((call) => call.checked.model.name))];
  const each = models.map((name) =>
    remainingOfModel(calls.filter((call) => call.checked.model.name === name)),
  );
  return each.every((seconds) => seconds !== undefined) ? Math.max(...each, 0) : undefined;
}

/** As many turns as are left at the present number at once, each as long as those that have ended took. */
function remainingOfModel(calls: StatementCall[]): number | undefined {
  const courses = calls.map(({ course }) => course);
  const left = courses.filter(({ call }) => call.state !== 'ended').length;
  if (left === 0) return 0;
  // What was taken from an earlier call tells nothing of the time it takes to make one.
  const took = courses.flatMap(({ sentAt, endedAt }) =>
    sentAt === undefined || endedAt === undefined ? [] : [endedAt - sentAt],
  );
  if (took.length === 0) return undefined;
  const eachMs = took.reduce((sum, ms) => sum + ms, 0) / took.length;
  const atOnce = courses.filter(({ call }) => call.state === 'sent' || call.state === 'saving').length;
  return Math.round((eachMs * left) / Math.max(atOnce, 1) / 1000);
}

const noticeEveryMs = 3_000;

/** What to tell the person who waits: notes at once, then a line every few seconds. */
export function nextNotice(statement: Statement): string | undefined {
  if (!statement.progress) return undefined;
  const note = [...statement.notes].find((each) => !statement.told.has(each));
  if (note !== undefined) {
    statement.told.add(note);
    return note;
  }
  const now = Date.now();
  if (now - statement.noticedAt < noticeEveryMs) return undefined;
  statement.noticedAt = now;
  const progress = progressOf(statement);
  const states = (['done', 'running', 'saving', 'queued', 'failed'] as const)
    .filter((state) => progress[state] > 0)
    .map((state) => `${progress[state]} ${state}`);
  if (progress.heldUp > 0) states.push(`${progress.heldUp} held up`);
  const left = progress.remainingSeconds ? `, about ${progress.remainingSeconds} s left` : '';
  return `ai_gen: ${states.join(', ')}, ${progress.elapsedSeconds} s${left} (${progress.models.join(', ')})`;
}
