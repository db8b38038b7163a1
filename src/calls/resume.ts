/** After a crash: what a gateway that is gone began goes on from the state in which the ledger has it. */
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import type { UnfinishedJob } from '../ledger/job.js';
import { endAfter } from './answers.js';
import { bringToEnd } from './bring-to-end.js';
import { advance, leftBehind } from './call.js';
import { type CheckedCall, checkCall, type Models } from './check.js';
import { newCourse, type Services, tell } from './course.js';
import type { UnderWay } from './decide.js';
import type { EarlierResults } from './earlier-results.js';
import { tellEnd } from './end-of-course.js';
import type { UnansweredNotes } from './unanswered-notes.js';

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
  const calls = await Promise.allSettled(
    jobs.map(({ modelName, request, file }) => checkCall({ model: modelName, request, file }, models)),
  );
  const underWay = new Map<string, UnderWay>();
  // All at once from here on: lost submits are looked for before the first new call can be sent.
  for (const [index, job] of jobs.entries()) {
    const stop = new AbortController();
    const read = calls[index] as PromiseSettledResult<CheckedCall>;
    const outcome =
      read.status === 'fulfilled'
        ? goOn(job, read.value, stop.signal, services, told)
        : giveUp(job, read.reason, services);
    // Only its handle gives the result of a detached one.
    if (!job.detached) earlier.abandon(job.role, job.requestKey, job.id, outcome);
    underWay.set(job.id, {
      outcome: outcome.catch((error: unknown) => tellFailure(job, error, told)),
      cancel: () => stop.abort(neverSent('the call was cancelled')),
    });
  }
  if (jobs.length > 0) log.info({ jobs: jobs.length }, 'jobs that were left unfinished are taken up');
  return underWay;
}

async function goOn(
  job: UnfinishedJob,
  checked: CheckedCall,
  stop: AbortSignal,
  services: Services,
  { unanswered }: Told,
): Promise<string> {
  const startedAt = Date.now();
  const facts = { jobId: job.id, role: job.role, checked, stop, noted: () => {} };
  const course = newCourse(facts, leftBehind(job, checked.request.followed), job.startedAt);
  try {
    // Whoever waited for it is gone, unless it was to outlive its statement.
    if (job.state === 'submitted' && !(job.detached && job.released)) {
      const error = neverSent('the gateway ended before the call was sent');
      await tell(course, { kind: 'dropped', error }, services);
    }
    return await bringToEnd(course, services);
  } finally {
    // It has no statement any more, and what of its time went before is not known here.
    tellEnd(course, services.meter, undefined, startedAt);
    if (course.call.state === 'ended' && course.call.how === 'unknown') unanswered.add(job.role);
  }
}

/** Its request cannot be read any more: the model is gone, say. */
async function giveUp(job: UnfinishedJob, error: unknown, { ledger }: Services): Promise<never> {
  const call = leftBehind(job, false);
  const { change } = advance(call, endAfter(call, error));
  if (change) await ledger.change(job.id, change);
  throw error;
}

function neverSent(message: string): KnownError {
  return new KnownError({ kind: 'queryCanceled', message });
}

function tellFailure(job: UnfinishedJob, error: unknown, { log }: Told): void {
  if (!(error instanceof KnownError))
    log.error({ err: error, job: job.id }, 'a job of an earlier run failed unexpectedly');
}
