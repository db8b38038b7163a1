/** Follows what the provider has taken until its last word; a look that shows nothing is made again, and ends nothing. */
import { KnownError } from '../errors.js';
import { ProviderFailure, type ProviderModel } from '../providers/provider.js';
import { eventOfFind, eventOfLook } from './answers.js';
import type { Sent } from './call.js';
import { type Course, holdUp, madeEvent, type Services, tell, withKey } from './course.js';
import { growing, keptMs, pause } from './hold-up.js';

/** So many refused looks in a row, and whoever waits is told; one that the network or the provider failed may be repeated for longer. */
const patience = {
  refused: { times: 5, ms: Number.POSITIVE_INFINITY },
  failed: { times: Number.POSITIVE_INFINITY, ms: 3 * 3600_000 },
};

/** The answer to the submit was lost: the provider is asked which of its tasks it has become. */
export async function find(course: Course, { requestId, key }: Sent, services: Services): Promise<void> {
  const { provider, request } = course.checked;
  const model = withKey(course, key);
  const { submittedAt, lostAnswer } = course;
  const lost = { sentAt: submittedAt === undefined ? undefined : new Date(submittedAt), requestId };
  for (const startedAt = Date.now(); ; await pause(course.awaited, lookPause(course, startedAt))) {
    if (isForgotten(course)) return tell(course, { kind: 'lost', error: lostAnswer ?? noResult() }, services);
    const found = await provider
      .find(model, request, lost)
      .catch((error: unknown) => noLook(course, error, services));
    const event = found && eventOfFind(found, lostAnswer);
    if (event) return tell(course, event, services);
  }
}

/**
 * Looks until the task has ended. A stopped statement cancels a task that waits at the provider; one that runs already is followed to its
 * end and saved.
 */
export async function follow(course: Course, { taskId = '', key }: Sent, services: Services): Promise<void> {
  const { provider } = course.checked;
  const model = withKey(course, key);
  const startedAt = Date.now();
  const never = new AbortController().signal;
  // One that an earlier gateway submitted may have ended long ago.
  let pauseMs = course.sentAt === undefined ? 0 : provider.pauseMs(0);
  for (let mayCancel = true; ; pauseMs = lookPause(course, startedAt)) {
    await pause(course.awaited, pauseMs, mayCancel ? course.stop : never);
    if (course.stop.aborted && mayCancel) {
      mayCancel = false;
      // Whatever is answered, the task itself says at the next look whether it is cancelled.
      await provider.cancel(model, taskId, never).catch(() => false);
    }
    if (await look(course, { taskId, model }, mayCancel ? course.stop : never, services)) return;
    if (isForgotten(course)) return tell(course, { kind: 'lost', error: noResult(taskId) }, services);
  }
}

/** True when the provider has given its last word. */
async function look(
  course: Course,
  { taskId, model }: { taskId: string; model: ProviderModel },
  signal: AbortSignal,
  services: Services,
): Promise<boolean> {
  const { provider, request } = course.checked;
  const seen = await provider.look(model, request, taskId, signal).catch((error: unknown) => {
    return signal.aborted ? undefined : noLook(course, error, services);
  });
  if (!seen) return false;
  if (seen.state === 'forgotten') await noLook(course, seen.error, services);
  else if (seen.state === 'goes on') await holdUp(course, undefined, services);
  const event = eventOfLook(seen, (made) => madeEvent(course, made));
  if (!event) return false;
  // The provider is done with it.
  course.leave();
  const byUs = event.kind === 'cancelled' && course.stop.aborted;
  await tell(course, byUs ? { ...event, error: course.stop.reason } : event, services);
  return true;
}

/** The provider does not tell how the call is doing; that says nothing about the call. */
async function noLook(course: Course, error: unknown, services: Services): Promise<undefined> {
  services.meter.repeated(course.checked.model, 'look');
  const refused = error instanceof ProviderFailure ? error.repeat === 'no' : true;
  await holdUp(course, { error, patience: patience[refused ? 'refused' : 'failed'] }, services);
}

/** As often as the task's age asks for; more and more rarely where the looks show nothing. */
function lookPause({ checked, awaited }: Course, startedAt: number): number {
  const pauseMs = checked.provider.pauseMs(Date.now() - startedAt);
  return awaited.holdUp ? growing(pauseMs, awaited, Math.max(pauseMs, 60_000)) : pauseMs;
}

function isForgotten({ submittedAt }: Course): boolean {
  return submittedAt !== undefined && Date.now() > submittedAt + keptMs;
}

function noResult(taskId?: string): KnownError {
  return new KnownError({
    kind: 'providerFailure',
    message: `${taskId === undefined ? 'the call' : `task ${taskId}`} gave no result within 24 hours`,
    hint: 'The provider keeps tasks and their results for 24 hours.',
  });
}
