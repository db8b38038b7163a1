/** Tasks of Model Studio: what their status words mean, and which one a submit became whose answer was lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../../errors.js';
import { objectAt, textOf } from '../../json.js';
import { type Look, ProviderFailure, type Task } from '../provider.js';
import type { ListedTask, ModelStudioClient } from './client.js';
import type { Reply } from './connection.js';
import { unansweredCall } from './errors.js';
import type { StudioRequest } from './family.js';

const unfinished = ['PENDING', 'RUNNING', 'SUSPENDED'];

/** FAILED is a result of its own for videos; a task that the provider cancelled or forgot is an error. */
export function readLook(reply: Reply, taskId: string, request: StudioRequest): Look {
  const status = textOf(objectAt(reply.body, 'output').task_status);
  if (!status || unfinished.includes(status)) return { state: 'goes on' };
  if (status === 'CANCELED') return { state: 'cancelled', error: endedTask(reply, taskId, true) };
  if (status !== 'SUCCEEDED' && status !== 'FAILED')
    return { state: 'forgotten', error: endedTask(reply, taskId, false) };
  try {
    return { state: 'made', made: request.read(reply) };
  } catch (error) {
    if (error instanceof KnownError) return { state: 'failed', error };
    throw error;
  }
}

function endedTask({ requestId }: Reply, taskId: string, cancelled: boolean): KnownError {
  return new KnownError({
    kind: cancelled ? 'queryCanceled' : 'providerFailure',
    message: cancelled
      ? `task ${taskId} was cancelled at the provider`
      : `the provider does not know task ${taskId} (any more)`,
    detail: `Provider request id: ${requestId}.`,
    hint: 'Tasks and their results are kept for 24 hours.',
  });
}

/** Between our clock and the provider's, and the time a submit takes. */
const clockDoubtMs = 5_000;
const longestSubmitMs = 60_000;
/** What has not turned up in the list so long after it was sent was not taken. */
const listedAfterMs = 8_000;
/** Another gateway on the same account has written down its own task within this time. */
const writtenWithinMs = 3_000;

export interface LostSubmit {
  modelType: string;
  apiKey: string;
  sentAt: Date;
}

/** What finding a lost submit needs to know of its surroundings. */
export interface Neighbours {
  /** Task ids that are written down, among these. */
  knownTasks(taskIds: string[]): Promise<Set<string>>;
  /** How many gateways use the account. */
  gateways(): number;
  pauseMs(runningMs: number): number;
}

/**
 * The task that an asynchronous submit became. Undefined: it was not taken, or the provider does not tell, or tasks of somebody else on
 * the same account make it uncertain which one it is. Submits of one key and model type are sent one at a time. So at most one of them lacks
 * its answer at any time, and a task in the list that nobody has written down is that one's: the list itself tells no prompt.
 */
export async function findTask(
  lost: LostSubmit,
  client: ModelStudioClient,
  { knownTasks, gateways, pauseMs }: Neighbours,
): Promise<Task | undefined> {
  // Only the submits of this gateway are sent one at a time.
  if (gateways() > 1) await delay(writtenWithinMs);
  for (const startedAt = Date.now(); ; await delay(pauseMs(Date.now() - startedAt))) {
    const over = Date.now() > lost.sentAt.getTime() + listedAfterMs;
    const listed = await listTasks(lost, client);
    if (listed === 'refused') return undefined;
    const known = await knownTasks((listed ?? []).map((task) => task.taskId));
    const strangers = (listed ?? []).filter((task) => !known.has(task.taskId));
    if (strangers.length > 0) return strangers.length === 1 ? strangers[0] : undefined;
    if (listed && over) return undefined;
  }
}

/** Undefined: the provider cannot be reached now, and may know the task all the same. */
async function listTasks(
  { modelType, apiKey, sentAt }: LostSubmit,
  client: ModelStudioClient,
): Promise<ListedTask[] | 'refused' | undefined> {
  const from = new Date(sentAt.getTime() - clockDoubtMs);
  const to = new Date(sentAt.getTime() + longestSubmitMs);
  try {
    return await client.listTasks(modelType, from, to, apiKey, new AbortController().signal);
  } catch (error) {
    if (error instanceof ProviderFailure) return error.repeat === 'no' ? 'refused' : undefined;
    throw error;
  }
}

/** The gateway that sent it ended before it had the answer. */
export function lostForGood(request: StudioRequest, modelType: string): ProviderFailure {
  return unansweredCall(
    request.followed
      ? 'the gateway ended while it sent the call; the task list of Model Studio does not tell for certain whether it was taken and billed'
      : `the gateway ended while Model Studio worked on the call; type ${modelType} cannot be asked for it again, and it may have been billed`,
  );
}
