/** From the end of the provider's line to its answer: a submit that was surely not taken goes back into the line, any other is never repeated. */
import { isMade, ProviderFailure } from '../providers/provider.js';
import { repetitionAfter } from './answers.js';
import { type Course, madeEvent, type Services, tell, tellSending, withKey } from './course.js';
import { longestThrottledMs } from './fallback.js';
import { type Keys, keysOf, type Place } from './keys.js';
import { signedMedia } from './media.js';
import { enterPhase } from './meter.js';

export async function send(course: Course, services: Services): Promise<void> {
  const { provider, request } = course.checked;
  const { pack } = request;
  const keys = keysOf(course.checked, services.schedule);
  if (pack && provider.submitTogether) {
    const end = await services.packs.send(course, pack, keys, services);
    if (end === 'over') return;
  }
  await sendAlone(course, keys, services);
}

async function sendAlone(course: Course, keys: Keys, services: Services): Promise<void> {
  let place = await enterLine(course, keys);
  const throttledUntil = Date.now() + longestThrottledMs(course.checked);
  for (let attempt = 1; ; ) {
    try {
      await sendOnce(course, place, services);
      place.taken();
      return;
    } catch (error) {
      const throttledTooLong = Date.now() >= throttledUntil;
      const hasOtherKey = keys.hasOther(place);
      const repetition = repetitionAfter(error, {
        call: course.call,
        attempt,
        throttledTooLong,
        hasOtherKey,
      });
      if (repetition === 'no' || !(error instanceof ProviderFailure)) throw keys.told(place, error);
      if (repetition === 'attempt') attempt += 1;
      services.meter.repeated(course.checked.model, repetition === 'throttled' ? 'throttled' : 'submit');
      await tell(course, { kind: 'not taken', again: true }, services);
      const { stop: signal, role, urgency, noted } = course;
      place = await keys.again(place, repetition, error, { signal, role, urgency, noted });
      course.leave = place.leave;
    }
  }
}

async function enterLine(course: Course, keys: Keys): Promise<Place> {
  enterPhase(course.phases, 'queued');
  const place = await keys.enter({ signal: course.stop, role: course.role, urgency: course.urgency });
  course.leave = place.leave;
  return place;
}

/** One attempt, from the note in the ledger that it may be taken to the note of what the provider answered. */
async function sendOnce(course: Course, { key }: Place, services: Services): Promise<void> {
  const { checked, stop } = course;
  const { provider, request } = checked;
  const addresses = await signedMedia(checked, services.storage, stop);
  const answer = await provider.submit(withKey(course, key), request, addresses, {
    sending: () => tellSending(course, key, services),
    taken: (requestId, taskId) => tell(course, { kind: 'taken', requestId, taskId }, services),
  });
  if (!isMade(answer)) return;
  // The provider is done with it, and the next one need not wait for the ledger.
  course.leave();
  await tell(course, madeEvent(course, answer), services);
}
