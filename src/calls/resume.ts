/** After a crash: what a gateway that is gone began goes on from the state in which the ledger has it. */
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import type { UnfinishedJob } from '../ledger/job.js';
import { isOwnMistake } from '../ledger/patience.js';
import { bringToEnd } from './bring-to-end.js';
import { advance, leftBehind } from './call.js';
import { type CheckedCall, type Models, readAgain } from './check.js';
import { type Course, newCourse, type Services } from './course.js';
import type { EarlierResults } from './earlier-results.js';
import { tellEnd } from './end-of-course.js';
import {
  type Awaited,
  growing,
  heldUp,
  keptMs,
  newAwaited,
  newUnderWay,
  pause,
  tellWaiting,
  type UnderWay,
  untilAskedAgain,
} from './hold-up.js';
import type { UnansweredNotes } from './unanswered-notes.js';
import { urgencyOf } from './urgency.js';

interface Told {
  earlier: EarlierResults;
  unanswered: UnansweredNotes;
  log: Logger;
}

/** Takes up every job these gateways left unfinished; each goes on by itself. Resolves when all are taken up. */
export async function resumeJobs(
  goneGateways: string[],
  services: Services,
  models: Models,
  told: Told,
): Promise<Map<string, UnderWay>> {
  const { earlier, log } = told;
  const jobs = await services.ledger.takeOver(goneGateways);
  // All at once from here on: lost submits are looked for before the first new call can be sent.
  const taken = new Map(jobs.map((job) => [job.id, takeUp(job, services, models, told)]));
  for (const job of jobs) {
    const call = taken.get(job.id);
    // Only its handle gives the result of a detached one.
    if (call && !job.detached) void earlier.abandon(job, [{ jobId: job.id, key: job.requestKey, job: call }]);
  }
  if (jobs.length > 0) log.info({ jobs: jobs.length }, 'jobs that were left unfinished are taken up');
  return taken;
}

function takeUp(job: UnfinishedJob, services: Services, models: Models, told: Told): UnderWay {
  const stop = new AbortController();
  const awaited = newAwaited();
  const end = goOn(job, { awaited, stop: stop.signal }, services, models, told);
  end.catch((error: unknown) => {
    if (!(error instanceof KnownError))
      told.log.error({ err: error, job: job.id }, 'a job of an earlier run failed unexpectedly');
  });
  const cancel = () => stop.abort(neverSent('the call was cancelled'));
  if (job.cancelAsked) cancel();
  const facts = { jobId: job.id, model: job.modelName, awaited, cancel };
  return newUnderWay(facts, end);
}

async function goOn(
  job: UnfinishedJob,
  { awaited, stop }: Pick<Course, 'awaited' | 'stop'>,
  services: Services,
  models: Models,
  { unanswered, log }: Told,
): Promise<string> {
  const startedAt = Date.now();
  if (job.state === 'submitted' && !(await outlivesStatement(job, services))) return drop(job, services);
  const checked = await readPatiently(job, awaited, models, log).catch((error) =>
    giveUp(job, error, services),
  );
  // Whether it might pass others' calls is not known any more.
  const secondsEach = services.times.of(checked.model.name);
  const urgency = urgencyOf(job, { mayPass: false, secondsEach });
  const facts = { jobId: job.id, role: job.role, urgency, checked, stop, noted: () => {} };
  const earlier = { submittedAt: job.startedAt?.getTime(), awaited };
  const course = newCourse(facts, leftBehind(job, checked.request.followed), earlier);
  try {
    return await bringToEnd(course, services);
  } finally {
    // It has no statement any more, and what of its time went before is not known here.
    tellEnd(course, services.meter, undefined, startedAt);
    if (course.call.state === 'ended' && course.call.how === 'unknown') unanswered.add(job);
  }
}

/** Whoever waited for it is gone, unless it was made by ai_submit in a transaction that is committed, if only at the last moment. */
async function outlivesStatement(
  { id, detached, released, transactionId, openedAt }: UnfinishedJob,
  { ledger }: Services,
): Promise<boolean> {
  if (!detached || released || transactionId === undefined) return detached && released;
  for (let times = 0; ; times++) {
    const outcome = await ledger.transactionOutcomes([transactionId]).then(
      (outcomes) => outcomes.get(transactionId),
      () => 'not told',
    );
    if (outcome === 'committed') {
      // Where it cannot be written down, the next start asks again.
      await ledger.release([id]).catch(() => {});
      return true;
    }
    // It may be prepared, or the engine may not have noticed yet that its client is gone.
    const isOpen = outcome === 'in progress' || outcome === 'not told';
    if (!isOpen || Date.now() > openedAt.getTime() + keptMs) return false;
    await untilAskedAgain(times + 1);
  }
}

async function drop(job: UnfinishedJob, { ledger }: Services): Promise<never> {
  const error = neverSent('the gateway ended before the call was sent');
  const { change } = advance(leftBehind(job, false), { kind: 'dropped', error });
  if (change) await ledger.change(job.id, change);
  throw error;
}

/** Its request could not be read for as long as the provider keeps what it made. */
async function giveUp(job: UnfinishedJob, error: unknown, { ledger }: Services): Promise<never> {
  const call = leftBehind(job, false);
  const kinds = { queued: 'refused', sent: 'lost', saving: 'not saved' } as const;
  const kind = kinds[call.state as keyof typeof kinds];
  const { change } = advance(call, { kind, error });
  if (change) await ledger.change(job.id, change);
  throw error;
}

const firstPauseMs = 1_000;
/** Of whoever waits for a job that this gateway cannot read. */
const noPatience = { times: 1, ms: 0 };

/**
 * The call as it was checked before it was sent. What this gateway cannot read (its role is not allowed here, say) may be
 * under way at the provider all the same: its job stays open, until a gateway starts with the right settings, or for 24 hours. So it does while the
 * engine that is asked is away.
 */
async function readPatiently(
  job: UnfinishedJob,
  awaited: Awaited,
  models: Models,
  log: Logger,
): Promise<CheckedCall> {
  const giveUpAt = (job.startedAt ?? job.openedAt).getTime() + keptMs;
  for (;;) {
    try {
      const checked = await readAgain(job, models);
      // Its keys can be read, too, if any are needed yet.
      if (job.state !== 'saving') checked.provider.lines(checked.model);
      awaited.holdUp = undefined;
      return checked;
    } catch (error) {
      if (isOwnMistake(error) || Date.now() > giveUpAt) throw error;
      if (!awaited.holdUp)
        log.warn({ job: job.id, err: error }, 'a job cannot be taken up for now; it stays open');
      heldUp(awaited, error, noPatience);
      tellWaiting(awaited);
      await pause(awaited, growing(firstPauseMs, awaited));
    }
  }
}

function neverSent(message: string): KnownError {
  return new KnownError({ kind: 'queryCanceled', message });
}
