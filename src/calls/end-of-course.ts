/** Tells how calls ended, and how they spent their time, to whoever counts. */

import type { Ending } from './call.js';
import type { Course } from './course.js';
import { type CallOutcome, enterPhase, type Meter, type MeteredStatement } from './meter.js';

const outcomes: Record<Ending, CallOutcome> = {
  succeeded: 'succeeded',
  reused: 'reused',
  refused: 'refused',
  'not taken': 'failed',
  failed: 'failed',
  unknown: 'unanswered',
  cancelled: 'cancelled',
  unclaimed: 'failed',
};

/** `statement`: undefined where it was an earlier gateway's. `startedAt`: where nothing of its time is known. */
export function tellEnd(
  course: Course,
  meter: Meter,
  statement: MeteredStatement | undefined,
  startedAt?: number,
): void {
  const { call, phases, checked, requestId } = course;
  if (call.state !== 'ended') return;
  enterPhase(phases, 'ended');
  const endedAt = Date.now();
  course.endedAt = endedAt;
  meter.callEnded({
    jobId: course.jobId,
    model: checked.model,
    scenario: checked.request.scenario,
    outcome: outcomes[call.how],
    // A call may end in the queue, and one that takes an earlier result has no phase at all.
    startedAt: startedAt ?? phases[0]?.startedAt ?? endedAt,
    ...{ endedAt, phases, statement, providerRequestId: requestId },
  });
}
