/** Submits whose answer was lost: the provider's task list tells whether they were taken, before anything is sent again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckedCall } from '../../calls/check.js';
import { type Drivers, requireKey } from '../../calls/perform.js';
import type { ListedTask } from './client.js';
import { ProviderError } from './errors.js';

/** Between our clock and the provider's, and the time a submit takes. */
const clockDoubtMs = 5_000;
const longestSubmitMs = 60_000;
/** What has not turned up in the list so long after it was sent was not taken. */
const listedAfterMs = 8_000;
/** Another gateway on the same account has written down its own task within this time. */
const writtenWithinMs = 3_000;

/**
 * Calls of one lane are submitted one at a time. So at most one of them lacks its answer at any time, and a task in the list that the
 * ledger does not know is that one's: the list itself tells no prompt.
 */
export function submitLane(call: CheckedCall, drivers: Drivers): string {
  return `${requireKey(call, drivers)} ${call.model.modelType}`;
}

/**
 * The task that an asynchronous submit sent at `sentAt` became. Undefined: it was not taken, or the provider does not tell, or tasks of
 * somebody else on the same account make it uncertain which one it is. Runs in the call's lane.
 */
export async function findTask(
  call: CheckedCall,
  sentAt: Date,
  drivers: Drivers,
): Promise<ListedTask | undefined> {
  // A lane orders the submits of this gateway only.
  if (drivers.schedule.gateways > 1) await delay(writtenWithinMs);
  for (const startedAt = Date.now(); ; await delay(drivers.pollAfterMs(Date.now() - startedAt))) {
    const over = Date.now() > sentAt.getTime() + listedAfterMs;
    const listed = await listTasks(call, sentAt, drivers);
    if (listed === 'refused') return undefined;
    const known = await drivers.ledger.knownTasks((listed ?? []).map((task) => task.taskId));
    const strangers = (listed ?? []).filter((task) => !known.has(task.taskId));
    if (strangers.length > 0) return strangers.length === 1 ? strangers[0] : undefined;
    if (listed && over) return undefined;
  }
}

/** Undefined: the provider cannot be reached now, and may know the task all the same. */
async function listTasks(
  call: CheckedCall,
  sentAt: Date,
  drivers: Drivers,
): Promise<ListedTask[] | 'refused' | undefined> {
  const from = new Date(sentAt.getTime() - clockDoubtMs);
  const to = new Date(sentAt.getTime() + longestSubmitMs);
  const { signal } = new AbortController();
  try {
    return await drivers.studio.listTasks(call.model.modelType, from, to, requireKey(call, drivers), signal);
  } catch (error) {
    if (error instanceof ProviderError) return error.repeat === 'no' ? 'refused' : undefined;
    throw error;
  }
}
