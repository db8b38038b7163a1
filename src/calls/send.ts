/** From the end of the provider's line to its answer: a submit that was surely not taken goes back into the line, any other is never repeated. */
import type { Gate } from '../pace/gate.js';
import { isMade, ProviderFailure } from '../providers/provider.js';
import { repetitionAfter } from './answers.js';
import { type Course, madeEvent, type Services, tell } from './course.js';
import { walksOnWhenBusy } from './fallback.js';
import { signedMedia } from './media.js';
import { enterPhase } from './meter.js';
import { mostThrottledMs } from './packs.js';
import { gateOf } from './queues.js';

/** Where another model is to answer then. */
const mostBusyMs = 2_000;

export async function send(course: Course, services: Services): Promise<void> {
  const { provider, request } = course.checked;
  const { pack } = request;
  if (pack && provider.submitTogether) {
    const end = await services.packs.send(course, pack, gateOf(course.checked, services.schedule), services);
    if (end === 'over') return;
  }
  await sendAlone(course, services);
}

async function sendAlone(course: Course, services: Services): Promise<void> {
  const gate = await enterLine(course, services);
  const throttledUntil = Date.now() + (walksOnWhenBusy(course.checked) ? mostBusyMs : mostThrottledMs);
  for (let attempt = 1; ; ) {
    try {
      await sendOnce(course, services);
      gate.taken();
      return;
    } catch (error) {
      const throttledTooLong = Date.now() >= throttledUntil;
      const repetition = repetitionAfter(error, { call: course.call, attempt, throttledTooLong });
      if (repetition === 'no' || !(error instanceof ProviderFailure)) throw error;
      if (repetition === 'attempt') attempt += 1;
      services.meter.repeated(course.checked.model, repetition === 'attempt' ? 'submit' : 'throttled');
      await tell(course, { kind: 'not taken', again: true }, services);
      const throttled = repetition === 'throttled';
      await gate.again({ throttled, askedMs: error.retryAfterMs }, course.stop);
    }
  }
}

async function enterLine(course: Course, services: Services): Promise<Gate> {
  const gate = gateOf(course.checked, services.schedule);
  enterPhase(course.phases, 'queued');
  course.leave = await gate.enter(course.stop, course.role);
  return gate;
}

/** One attempt, from the note in the ledger that it may be taken to the note of what the provider answered. */
async function sendOnce(course: Course, services: Services): Promise<void> {
  const { checked, stop } = course;
  const { provider, model, request } = checked;
  const addresses = await signedMedia(checked, services.storage, stop);
  const answer = await provider.submit(model, request, addresses, {
    async sending() {
      stop.throwIfAborted();
      await tell(course, { kind: 'sending' }, services);
    },
    taken: (requestId, taskId) => tell(course, { kind: 'taken', requestId, taskId }, services),
  });
  if (isMade(answer)) await tell(course, madeEvent(course, answer), services);
}
