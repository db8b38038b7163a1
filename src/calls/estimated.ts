/** What one estimate comes to: that of its own calls, of several in one statement. */
import { type CallOrigin, isSameRole } from '../ledger/job.js';
import type { Decider } from './decide.js';
import { type Estimate, estimateOf } from './dry-run.js';
import type { EstimatesUnderWay } from './estimates-under-way.js';
import type { Statements } from './statement.js';

export interface Estimating {
  /** What the engine process runs from here on is only estimated, until that ends or fails. */
  estimateBegins(origin: CallOrigin, estimate: string): void;
  estimateEnds(origin: CallOrigin, estimate: string): void;
  isEstimating(engineProcessId: number): boolean;
  /** What the dry calls of this estimate would cost; they are dropped, as the engine has undone what made them. */
  estimate(origin: CallOrigin, estimate: string): Promise<Estimate[]>;
}

interface Surroundings {
  statements: Statements;
  decider: Decider;
  estimates: EstimatesUnderWay;
}

export function createEstimating(around: Surroundings): Estimating {
  const { estimates } = around;
  return {
    estimateBegins: ({ engineProcessId }, estimate) => estimates.begin(engineProcessId, estimate),
    estimateEnds: ({ engineProcessId }, estimate) => estimates.end(engineProcessId, estimate),
    isEstimating: estimates.isUnderWay,
    estimate: (origin, estimate) => estimated(origin, estimate, around),
  };
}

async function estimated(
  origin: CallOrigin,
  estimate: string,
  { statements, decider }: Surroundings,
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
