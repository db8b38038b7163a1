/** Whether a statement may make more calls than those that it has made and those that were found by looking ahead. */
import { type LookAhead, mayLookAgain } from './look-ahead.js';
import type { Statement } from './statement.js';

/** True: how many there will be nobody knows. */
export function areMoreToCome({
  ahead,
  blocks,
  batch,
}: Pick<Statement, 'ahead' | 'blocks' | 'batch'>): boolean {
  // What a function's query comes to may be asked about again, and others may follow, unless the statement itself was looked at.
  if ([...blocks.values()].some((each) => each !== ahead)) return true;
  const parts = batch?.oneText ? batch.parts.map((part) => part.ahead) : [];
  return [...(ahead ? [ahead] : []), ...parts].some(mayComeToMore);
}

function mayComeToMore(ahead: LookAhead<unknown>): boolean {
  if (ahead.looking || mayLookAgain(ahead)) return true;
  // One that nobody could look for is the only one where there is nothing to say of it.
  const isOnly = ahead.alone === 1 && !ahead.inFunction && ahead.why === undefined && !ahead.query;
  return ahead.alone > 0 && !isOnly;
}
