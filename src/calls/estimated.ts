/** What one estimate comes to: that of its own calls, of several in one statement. */
import { type CallOrigin, isSameRole } from '../ledger/job.js';
import type { Decider } from './decide.js';
import { type Estimate, estimateOf } from './dry-run.js';
import type { Statements } from './statement.js';

/** What it has run is dropped, as the engine has undone it. */
export async function estimated(
  origin: CallOrigin,
  estimate: string,
  { statements, decider }: { statements: Statements; decider: Decider },
): Promise<Estimate[]> {
  // In what is estimated a function may call with its owner's rights: those calls are not the caller's.
  const isOwn = (each: { estimate?: string; origin: CallOrigin }) =>
    each.estimate === estimate && isSameRole(each.origin, origin);
  const calls = statements.running().flatMap((each) => (isOwn(each) ? each.calls : []));
  const dry = calls.filter(({ dryRun }) => dryRun);
  const rows = estimateOf(dry, await decider.wouldTake(dry));
  await statements.estimateOver(origin.engineProcessId, estimate);
  return rows;
}
