/** After a crash: what an earlier gateway began is brought to its end, so that nothing paid for is lost or paid twice. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SqlError, sqlstate } from '../errors.js';
import { isObject } from '../json.js';
import type { ListedTask } from '../providers/model-studio.js';
import { ProviderError } from '../providers/model-studio-errors.js';
import { type CheckedCall, checkCall } from './check.js';
import type { EarlierResults } from './earlier-results.js';
import type { Catalogue, UnfinishedJob } from './ledger.js';
import { type Drivers, finishProduced, requireKey, resumeTask, type Watch } from './perform.js';

/** Between our clock and the provider's, and the time a submit takes. */
const clockDoubtMs = 5_000;
const longestSubmitMs = 60_000;

/** Takes up every unfinished job; each goes on by itself. Resolves with their outcomes' promises when all are taken up. */
export async function resumeJobs(
  drivers: Drivers,
  catalogue: Catalogue,
  earlier: EarlierResults,
  log: Logger,
): Promise<Map<string, Promise<unknown>>> {
  const jobs = await drivers.ledger.unfinished();
  const underWay = new Map<string, Promise<unknown>>();
  for (const job of jobs) {
    const outcome = resume(job, drivers, catalogue);
    earlier.abandon(job.role, job.requestKey, job.id, outcome);
    underWay.set(
      job.id,
      outcome.catch((error: unknown) => recordEnd(job, error, drivers, log)),
    );
  }
  if (jobs.length > 0) log.info({ jobs: jobs.length }, 'jobs of an earlier run are taken up');
  return underWay;
}

async function resume(job: UnfinishedJob, drivers: Drivers, catalogue: Catalogue): Promise<string> {
  if (job.state === 'submitted') throw neverSent();
  const call = await checkCall({ model: job.modelName, request: job.request, file: job.file }, catalogue);
  const watch: Watch = {
    jobId: job.id,
    stop: new AbortController().signal,
    moved: () => {},
    answered: () => {},
  };
  if (job.state === 'saving' && call.type.mode === 'sync') return saveAgain(job, call, drivers, watch);
  const taskId = job.taskId ?? (await findTask(job, call, drivers));
  if (!taskId) throw unanswered(call);
  if (!job.taskId) await drivers.ledger.change(job.id, { taskId });
  return resumeTask(call, taskId, drivers, watch);
}

/** The picture is made, its address is in the ledger, and its copy was cut short. */
function saveAgain(job: UnfinishedJob, call: CheckedCall, drivers: Drivers, watch: Watch): Promise<string> {
  const urls = job.outputs.filter(isObject).map((output) => String(output.url));
  const produced = { urls, requestId: job.providerRequestId ?? job.id, usage: job.usage, task: undefined };
  return finishProduced(call, produced, drivers, watch);
}

/** The submit's answer was lost with the gateway: the provider's list tells whether it was taken. */
async function findTask(
  job: UnfinishedJob,
  call: CheckedCall,
  drivers: Drivers,
): Promise<string | undefined> {
  if (call.type.mode !== 'async' || !job.startedAt) return undefined;
  const from = new Date(job.startedAt.getTime() - clockDoubtMs);
  const to = new Date(job.startedAt.getTime() + longestSubmitMs);
  const listed = await listPatiently(call, from, to, drivers);
  const known = await drivers.ledger.knownTasks(listed.map((task) => task.taskId));
  const strangers = listed.filter((task) => !known.has(task.taskId));
  // Of several the earliest: jobs are taken up in the order they were submitted in.
  return strangers.sort((a, b) => a.submittedAt.getTime() - b.submittedAt.getTime())[0]?.taskId;
}

/** A provider that cannot be reached now may know the task all the same. */
async function listPatiently(
  call: CheckedCall,
  from: Date,
  to: Date,
  drivers: Drivers,
): Promise<ListedTask[]> {
  const { signal } = new AbortController();
  for (const startedAt = Date.now(); ; await delay(drivers.pollAfterMs(Date.now() - startedAt))) {
    try {
      return await drivers.studio.listTasks(
        call.model.modelType,
        from,
        to,
        requireKey(call, drivers),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ProviderError) || error.repeat === 'no') throw error;
    }
  }
}

function neverSent(): SqlError {
  return new SqlError({
    sqlstate: sqlstate.queryCanceled,
    message: 'the gateway ended before the call was sent',
  });
}

function unanswered(call: CheckedCall): SqlError {
  return new SqlError({
    sqlstate: sqlstate.connectionFailure,
    message: `the gateway ended while Model Studio worked on the call; type ${call.model.modelType} cannot be asked for it again`,
    detail: 'The call may have been billed.',
  });
}

async function recordEnd(job: UnfinishedJob, error: unknown, drivers: Drivers, log: Logger): Promise<void> {
  const known = error instanceof SqlError ? error : undefined;
  if (!known) log.error({ err: error, job: job.id }, 'a job of an earlier run failed unexpectedly');
  const state =
    known?.sqlstate === sqlstate.queryCanceled
      ? 'cancelled'
      : known?.sqlstate === sqlstate.connectionFailure && job.state === 'running'
        ? 'unanswered'
        : 'failed';
  await drivers.ledger.change(job.id, {
    state,
    error: {
      sqlstate: known?.sqlstate ?? sqlstate.internalError,
      message: known?.message ?? 'unexpected failure, see the log',
      detail: known?.detail,
    },
  });
}
