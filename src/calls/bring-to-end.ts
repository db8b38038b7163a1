/** Brings a call from whatever state it is in to its end; a new call and one that another gateway left behind go the same way. */
import { endAfter, isLookedFor } from './answers.js';
import { type Call, type Ended, nextAction, type Sent } from './call.js';
import { type Course, type Services, tell } from './course.js';
import { find, follow } from './follow.js';
import { save } from './save.js';
import { send } from './send.js';

/** What the evaluation gives. Rejects with what is to be raised; the call has ended either way. */
export async function bringToEnd(course: Course, services: Services): Promise<string> {
  while (!hasEnded(course)) {
    try {
      await takeStep(course, services);
    } catch (error) {
      if (isLookedFor(course.call, error, course.checked.request.followed)) course.lostAnswer = error;
      else if (!hasEnded(course)) await tell(course, endAfter(course.call, error), services).catch(() => {});
    }
    // The place is the next call's as soon as the provider has given its last word: saving takes none of its time.
    if (course.call.state !== 'sent') course.leave();
  }
  const { result, error } = course.call as Ended;
  if (result === undefined) throw error;
  return result;
}

function hasEnded(course: Course): boolean {
  return course.call.state === 'ended';
}

async function takeStep(course: Course, services: Services): Promise<void> {
  const { call } = course;
  switch (nextAction(call)) {
    case 'send':
      return send(course, services);
    case 'find':
      return find(course, call as Sent, services);
    case 'follow':
      return follow(course, call as Sent, services);
    case 'save':
      return save(course, (call as Extract<Call, { state: 'saving' }>).made, services);
    default:
      throw new Error(`nothing can be done for a call that is ${call.state}`);
  }
}
