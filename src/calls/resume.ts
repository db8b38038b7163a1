/** After a crash: what a gateway that is gone began is brought to its end, so that nothing paid for is lost or paid twice. */
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import { isObject } from '../json.js';
import type { Catalogue, JobState, UnfinishedJob } from '../ledger/job.js';
import { unansweredCall } from '../providers/model-studio/errors.js';
import { findTask, submitLane } from '../providers/model-studio/lost-submits.js';
import type { Places } from '../storage/storage.js';
import { type CheckedCall, checkCall } from './check.js';
import type { EarlierResults } from './earlier-results.js';
import { failureOf } from './failure.js';
import { type CallOutcome, enterPhase, type Meter, type PhaseTime } from './meter.js';
import { type Drivers, finishProduced, perform, resumeTask, type Watch } from './perform.js';
import type { UnderWay } from './send.js';
import type { UnansweredNotes } from './unanswered-notes.js';

/** What a job has come to since it was taken up. */
interface Course {
  state: JobState | 'queued';
  phases: PhaseTime[];
}

/** Takes up every job these gateways left unfinished; each goes on by itself. Resolves when all are taken up. */
export async function resumeJobs(
  goneGateways: string[],
  drivers: Drivers,
  catalogue: Catalogue,
  told: { earlier: EarlierResults; unanswered: UnansweredNotes; log: Logger },
): Promise<Map<string, UnderWay>> {
  const { earlier, log } = told;
  const jobs = await drivers.ledger.takeOver(goneGateways);
  const calls = await Promise.allSettled(jobs.map((job) => readCall(job, catalogue, drivers.storage)));
  const underWay = new Map<string, UnderWay>();
  // All at once from here on: lost submits are in their lanes before the first new call can enter one.
  for (const [index, job] of jobs.entries()) {
    const stop = new AbortController();
    const read = calls[index] as PromiseSettledResult<CheckedCall>;
    const course: Course = { state: job.state, phases: [] };
    const outcome = resume(job, read, course, drivers, stop.signal);
    if (read.status === 'fulfilled') tellEnd(outcome, job.id, read.value, course, drivers.meter);
    // Only its handle gives the result of a detached one.
    if (!job.detached) earlier.abandon(job.role, job.requestKey, job.id, outcome);
    underWay.set(job.id, {
      outcome: outcome
        .catch((error: unknown) => recordEnd(job, error, drivers, told))
        .catch((error: unknown) => log.error({ err: error, job: job.id }, 'an outcome was not recorded')),
      cancel: () => stop.abort(neverSent('the call was cancelled')),
    });
  }
  if (jobs.length > 0) log.info({ jobs: jobs.length }, 'jobs that were left unfinished are taken up');
  return underWay;
}

function readCall(
  { modelName, request, file }: UnfinishedJob,
  catalogue: Catalogue,
  places: Places,
): Promise<CheckedCall> {
  return checkCall({ model: modelName, request, file }, catalogue, places);
}

async function resume(
  job: UnfinishedJob,
  read: PromiseSettledResult<CheckedCall>,
  course: Course,
  drivers: Drivers,
  stop: AbortSignal,
): Promise<string> {
  if (job.state === 'submitted' && !(job.detached && job.released))
    throw neverSent('the gateway ended before the call was sent');
  if (read.status === 'rejected') throw read.reason;
  const call = read.value;
  const watch: Watch = {
    jobId: job.id,
    role: job.role,
    stop,
    moved(state) {
      course.state = state;
      enterPhase(course.phases, state);
    },
    answered: () => {},
    // What was being saved was told by the gateway that began it.
    billed: (cost) => job.state === 'saving' || drivers.meter.spent(call.model, cost),
  };
  // Nobody waits for it, and it was never sent: it is made now.
  if (job.state === 'submitted') return perform(call, drivers, watch);
  if (job.state === 'saving' && call.type.mode === 'sync') return saveAgain(job, call, drivers, watch);
  const taskId = job.taskId ?? (await findLost(job, call, drivers));
  if (!taskId) throw unanswered(call);
  // A copy that was cut short is written over, under the name it had.
  const name = job.state === 'saving' ? job.providerRequestId : undefined;
  return resumeTask(call, taskId, name, drivers, watch);
}

/** It has no statement any more; what of its time went before is not known here. */
function tellEnd(
  outcome: Promise<unknown>,
  jobId: string,
  call: CheckedCall,
  course: Course,
  meter: Meter,
): void {
  const startedAt = Date.now();
  const { phases } = course;
  const { model, scenario } = call;
  const tell = (ended: string) => {
    enterPhase(phases, 'ended');
    const times = { startedAt, endedAt: Date.now(), phases };
    const unknown = { providerRequestId: undefined, statement: undefined };
    meter.callEnded({ jobId, model, scenario, outcome: ended as CallOutcome, ...times, ...unknown });
  };
  outcome.then(
    () => tell(course.state),
    (error: unknown) => tell(failureOf(error).state),
  );
}

/** The picture is made, its address is in the ledger, and its copy was cut short. */
function saveAgain(job: UnfinishedJob, call: CheckedCall, drivers: Drivers, watch: Watch): Promise<string> {
  const urls = job.outputs.filter(isObject).map((output) => String(output.url));
  const produced = { urls, requestId: job.providerRequestId ?? job.id, usage: job.usage, task: undefined };
  return finishProduced(call, produced, drivers, watch);
}

/** The submit's answer was lost with the gateway. */
async function findLost(
  job: UnfinishedJob,
  call: CheckedCall,
  drivers: Drivers,
): Promise<string | undefined> {
  const { startedAt } = job;
  if (call.type.mode !== 'async' || !startedAt) return undefined;
  return drivers.lanes.run(submitLane(call, drivers), async () => {
    const found = await findTask(call, startedAt, drivers);
    if (found) await drivers.ledger.change(job.id, { taskId: found.taskId });
    return found?.taskId;
  });
}

function neverSent(message: string): KnownError {
  return new KnownError({ kind: 'queryCanceled', message });
}

function unanswered(call: CheckedCall): KnownError {
  return unansweredCall(
    call.type.mode === 'sync'
      ? `the gateway ended while Model Studio worked on the call; type ${call.model.modelType} cannot be asked for it again, and it may have been billed`
      : 'the gateway ended while it sent the call; the task list of Model Studio does not tell for certain whether it was taken and billed',
  );
}

async function recordEnd(
  job: UnfinishedJob,
  error: unknown,
  drivers: Drivers,
  { unanswered, log }: { unanswered: UnansweredNotes; log: Logger },
): Promise<void> {
  if (!(error instanceof KnownError))
    log.error({ err: error, job: job.id }, 'a job of an earlier run failed unexpectedly');
  const failure = failureOf(error);
  await drivers.ledger.change(job.id, failure);
  if (failure.state === 'unanswered') unanswered.add(job.role);
}
