/** What becomes of statements whose client has sent several transactions behind one another: one may be committed, and the next one fail. */
import type { Call } from './call.js';

/** Of a statement. */
interface Asking {
  calls: readonly { delivered: boolean; course: { call: Call } }[];
  detached: readonly unknown[];
  collected: readonly unknown[];
  isUndone: boolean;
  committedAt: number | undefined;
}

/** A transaction has failed, and whatever calls by now may be of it. */
export function setUndone(statement: Asking): void {
  statement.isUndone ||= !isCommitted(statement);
}

/** A transaction is committed. The statement may be of the next one: then it asks for more, or waits for what it has asked for. */
export function setCommitted(statement: Asking): void {
  const { calls, isUndone } = statement;
  if (isUndone || !calls.every(isGiven)) return;
  statement.committedAt = callsOf(statement);
}

/** The engine has its result, or what stands in the place of its failure. */
function isGiven({ delivered, course: { call } }: Asking['calls'][number]): boolean {
  return delivered || (call.state === 'ended' && call.result === undefined);
}

function callsOf({ calls, detached, collected }: Asking): number {
  return calls.length + detached.length + collected.length;
}

function isCommitted(statement: Asking): boolean {
  return statement.committedAt !== undefined && statement.committedAt === callsOf(statement);
}

/** `outcome`: of the last transaction. */
export function ownOutcome<Outcome extends string>(
  statement: Asking,
  outcome: Outcome,
): Outcome | 'committed' | 'failed' {
  if (isCommitted(statement)) return 'committed';
  return statement.isUndone ? 'failed' : outcome;
}
