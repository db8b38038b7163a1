/** A wait that was cancelled, in a statement that may go on: its client's block may have caught the cancel. */
import type { CallOrigin } from '../ledger/job.js';
import type { Decider } from './decide.js';
import type { EarlierResults } from './earlier-results.js';
import type { LastResults } from './last-results.js';
import { nameOfCall } from './new-call.js';
import { forgetFound } from './set-aside.js';
import { settle } from './settle.js';
import type { StatementCall, Statements } from './statement.js';

interface Surroundings {
  statements: Statements;
  earlier: EarlierResults;
  last: LastResults;
  decider: Decider;
  byName: Map<string, StatementCall>;
}

/**
 * Nobody has read its result, or will: whoever asks for the same takes it. What else the statement has made stays as it is, and what it has not
 * sent is sent only where it is waited for. `awaited`: the handle of the call; undefined: the engine process has asked for something else.
 */
export function giveUpWait(awaited: string | undefined, origin: CallOrigin, around: Surroundings): void {
  for (const statement of around.statements.find(origin)) {
    for (const call of statement.unsent) call.aside = true;
    statement.collected = statement.collected.filter((handle) => handle !== awaited);
  }
  const call = awaited === undefined ? undefined : around.byName.get(nameOfCall(awaited, origin));
  if (call) giveUp(call, around);
}

function giveUp(call: StatementCall, around: Surroundings): void {
  const { statement } = call;
  const all: StatementCall[] = [];
  for (let each: StatementCall | undefined = call; each; each = each.again) all.push(each);
  for (const each of all) {
    each.delivered = false;
    around.byName.delete(each.name);
    forgetFound(statement, each);
  }
  const settled = Promise.resolve(call.decided).then(
    () => settleGivenUp(all, around),
    // It was never made.
    () => {},
  );
  statement.givenUp = Promise.all([statement.givenUp, settled]).then(() => {});
}

async function settleGivenUp(calls: StatementCall[], around: Surroundings): Promise<void> {
  // The end of the statement has settled them otherwise.
  const [first] = calls;
  if (!first || first.statement.stop.signal.aborted) return;
  around.decider.forget(calls);
  await settle(first.statement, calls, false, around);
}
