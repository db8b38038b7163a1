/** Calls that were found, and that the statement is perhaps not to come to: each is sent only when it is waited for. */
import { endLook, type LookAhead } from './look-ahead.js';
import type { Statement, StatementCall } from './statement.js';

export function setAside({ unsent }: Pick<Statement, 'unsent'>, { inOrder }: LookAhead<StatementCall>): void {
  const found = new Set(inOrder);
  for (const call of unsent) if (found.has(call)) call.aside = true;
}

/** Told of a look that has not come upon the very call that began it. */
export const foundOthers = 'a look at it came upon other calls than it makes';

/** The statement goes on behind what has ended the look. */
export function leaveLook(statement: Statement, ahead: LookAhead<StatementCall>): void {
  endLook(ahead, 'its first look was cut off');
  setAside(statement, ahead);
  statement.looking = undefined;
}

/** Nobody has its result any more: whoever asks for the same makes a call of its own. */
export function forgetFound({ ahead: own, blocks }: Statement, call: StatementCall): void {
  for (const ahead of [own, ...blocks.values()]) {
    if (!ahead?.inOrder.includes(call)) continue;
    ahead.inOrder = ahead.inOrder.filter((each) => each !== call);
    for (const same of ahead.found.values()) {
      const at = same.calls.indexOf(call);
      if (at < 0) continue;
      same.calls.splice(at, 1);
      if (at >= same.given) ahead.left -= 1;
      for (const count of ['given', 'again', 'passed'] as const) if (at < same[count]) same[count] -= 1;
    }
  }
}
