/** What a wait gives: the call's own result, or that of a call made in its place, where the first came to nothing and cost nothing. */
import { KnownError } from '../errors.js';
import type { CheckedCall, Models } from './check.js';
import { fallbackCall, fallbackNote, withAnswerer } from './fallback.js';
import { imageAnswer, onceMoreNote, simplerCall } from './image-generate.js';
import type { StatementCall } from './statement.js';

export interface OnceMore {
  models: Models;
  /** A further call of the same statement. */
  add(next: CheckedCall, after: StatementCall): StatementCall;
  start(call: StatementCall): Promise<void>;
  /** Somebody waits at this moment: a wait may have been cancelled, and its statement gone on. */
  isAwaited(): boolean;
}

/** In the form of who asked. Each call made in another's place is a job of its own. */
export async function resultOf(call: StatementCall, tools: OnceMore): Promise<string> {
  const { result, error } = await endOf(call);
  const { checked } = call;
  if (error !== undefined && (call.next || tools.isAwaited())) {
    call.next ??= nextCall(call, error, tools);
    const next = await call.next;
    if (next) {
      await tools.start(next);
      return resultOf(next, tools);
    }
  }
  if (result === undefined) throw error;
  return withAnswerer(checked.image ? imageAnswer(result, checked.image) : result, checked);
}

/** A film that came to nothing is a result, and has an error beside it: why. */
async function endOf({ course, outcome }: StatementCall): Promise<{ result?: string; error?: unknown }> {
  try {
    const result = await (outcome as Promise<string>);
    const { call } = course;
    return { result, error: call.state === 'ended' ? call.error : undefined };
  } catch (error) {
    return { error };
  }
}

async function nextCall(
  call: StatementCall,
  error: unknown,
  tools: OnceMore,
): Promise<StatementCall | undefined> {
  const { checked, statement, course } = call;
  const simpler = course.billed ? undefined : simplerCall(checked, error, tools.models);
  const other = simpler ?? (await fallbackCall(course, error, tools.models, statement.origin));
  if (!other || course.stop.aborted || call.settled) return undefined;
  if (simpler) statement.notes.add(onceMoreNote(simpler));
  else if (error instanceof KnownError) statement.notes.add(fallbackNote(checked, other, error));
  // Whoever asks again takes what this one gives; of the first one's failure it is the only repetition.
  const inPlaceOf = { jobId: call.handle, requestKey: call.requestKey };
  call.again = tools.add({ ...other, inPlaceOf }, call);
  return call.again;
}
