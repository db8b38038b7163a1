/** What becomes of the results of a statement that is over. */
import { earlierJobOf } from './call.js';
import type { EarlierResults } from './earlier-results.js';
import type { LastResults } from './last-results.js';
import { nameOfCall } from './new-call.js';
import { overBeforeSent } from './over-before-sent.js';
import type { Statement, StatementCall } from './statement.js';

/** Results are the client's once its statement is committed, or has only been read; until then they are kept for the next identical call. */
export function settle(
  statement: Statement,
  calls: StatementCall[],
  committed: boolean,
  { earlier, last }: { earlier: EarlierResults; last: LastResults },
): Promise<void> {
  const open = calls.filter(({ settled }) => !settled);
  for (const call of open) call.settled = true;
  const isClaimed = (call: StatementCall) => (committed || statement.read) && call.delivered;
  const claimed = open.filter(isClaimed);
  const { origin } = statement;
  const jobOf = ({ course, handle, requestKey: key }: StatementCall) => ({
    jobId: earlierJobOf(course.call) ?? handle,
    key,
  });
  // Only its handle gives the result of a detached one: it has no key.
  const collected = committed ? statement.collected.map((jobId) => ({ jobId, key: '' })) : [];
  for (const call of claimed) last.claimed(origin.engineProcessId, call.name, jobOf(call).jobId);
  for (const { jobId } of collected) last.claimed(origin.engineProcessId, nameOfCall(jobId, origin), jobId);
  earlier.claim(origin, [...claimed.map(jobOf), ...collected]);
  const unclaimed = open.filter((call) => !isClaimed(call));
  earlier.release(unclaimed.filter(isTaken).map((call) => jobOf(call).jobId));
  for (const call of unclaimed.filter(waitsForAnother)) call.letGo?.(overBeforeSent());
  return earlier.abandon(
    origin,
    unclaimed
      .filter((call) => !isTaken(call) && hasJob(call))
      .map((call) => ({ ...jobOf(call), job: call.underWay })),
  );
}

/** It has no job of its own that somebody could take. */
function waitsForAnother({ course }: StatementCall): boolean {
  return course.call.state === 'waiting';
}

/** It is under way, or made. */
function hasJob(call: StatementCall): boolean {
  return call.outcome !== undefined && !waitsForAnother(call);
}

/** From an earlier call. */
function isTaken({ course }: StatementCall): boolean {
  return earlierJobOf(course.call) !== undefined;
}
