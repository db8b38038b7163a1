/** Follows what the provider has taken until its last word. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import { eventOfLook, isLookedAtAgain } from './answers.js';
import type { Sent } from './call.js';
import { type Course, madeEvent, type Services, tell } from './course.js';

/** The submit's answer was lost with an earlier gateway. */
export async function find(course: Course, services: Services): Promise<void> {
  const { provider, model, request } = course.checked;
  await provider.find(model, request, course.lostSubmitAt, (requestId, taskId) =>
    tell(course, { kind: 'taken', requestId, taskId }, services),
  );
}

/** An answer that never came within this time is none. */
const longestTaskMs = 3 * 60 * 60 * 1000;

/**
 * Looks until the task has ended. A stopped statement cancels a task that waits at the provider; one that runs already is followed to its
 * end and saved.
 */
export async function follow(course: Course, { taskId = '' }: Sent, services: Services): Promise<void> {
  const { provider, model } = course.checked;
  const startedAt = Date.now();
  const never = new AbortController().signal;
  // One that an earlier gateway submitted may have ended long ago.
  let pauseMs = course.sentAt === undefined ? 0 : provider.pauseMs(0);
  let mayCancel = true;
  for (;;) {
    const runningMs = Date.now() - startedAt;
    if (runningMs > longestTaskMs) throw noResult(taskId);
    await delay(pauseMs, undefined, { signal: mayCancel ? course.stop : never }).catch(() => {});
    pauseMs = provider.pauseMs(runningMs);
    if (course.stop.aborted && mayCancel) {
      mayCancel = false;
      const cancelled = await provider.cancel(model, taskId, never).catch(() => false);
      if (cancelled) return tell(course, { kind: 'cancelled', error: course.stop.reason }, services);
    }
    if (await look(course, taskId, mayCancel ? course.stop : never, services)) return;
  }
}

function noResult(taskId: string): KnownError {
  return new KnownError({
    kind: 'providerFailure',
    message: `task ${taskId} gave no result within 3 hours`,
  });
}

/** True when the provider has given its last word. */
async function look(
  course: Course,
  taskId: string,
  signal: AbortSignal,
  services: Services,
): Promise<boolean> {
  const { provider, model, request } = course.checked;
  const seen = await provider.look(model, request, taskId, signal).catch((error: unknown) => {
    if (signal.aborted || isLookedAtAgain(error)) return undefined;
    throw error;
  });
  const event = seen && eventOfLook(seen, (made) => madeEvent(course, made));
  if (!event) return false;
  await tell(course, event, services);
  return true;
}
