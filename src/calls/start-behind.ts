/** The calls of statements that stand behind the one that waits are sent with its own, as far as none of them is refused. */
import { type Batch, callsOf } from './batch.js';
import type { Decider } from './decide.js';
import type { StatementCall } from './statement.js';

/** Those of other parts of the batch than that of `wanted`. */
export function callsOfOthers(
  { parts }: Batch<unknown, StatementCall>,
  wanted: StatementCall,
): Set<StatementCall> {
  const each = parts.map(callsOf);
  return new Set(each.filter((calls) => !calls.includes(wanted)).flat());
}

/** Decided together, and so at once. */
const most = 500;

/**
 * Begins when the calls of the first statement are decided. Of a statement whose calls are refused, be it for a budget or for a file that is
 * missing, nothing is told here: that is done again when its turn comes, and those behind it are not asked for before.
 */
export async function startBehind(
  batch: Batch<unknown, StatementCall>,
  wanted: StatementCall,
  decider: Decider,
): Promise<void> {
  if (batch.started) return;
  batch.started = true;
  try {
    await wanted.decided;
  } catch {
    return;
  }
  for (const parts of groupsOf(batch.parts.map(callsOf))) {
    if (await areMade(parts.flat(), decider)) continue;
    for (const calls of parts) if (!(await areMade(calls, decider))) return;
  }
}

/** Those of one part stay together. */
function groupsOf(parts: StatementCall[][]): StatementCall[][][] {
  const groups: StatementCall[][][] = [[]];
  let count = 0;
  for (const calls of parts) {
    count += calls.length;
    if (count > most) {
      groups.push([]);
      count = calls.length;
    }
    groups.at(-1)?.push(calls);
  }
  return groups;
}

/** Those that nothing was decided about yet; false if one of them must not be made, so that none is. */
async function areMade(calls: StatementCall[], decider: Decider): Promise<boolean> {
  const open = calls.filter((call) => !call.decided && !call.course.stop.aborted);
  const portions = open.length > 0 ? decider.decide(open) : [];
  const made = portions.map(async ({ calls: own, decided }) => {
    const isMade = decided.then(
      () => true,
      () => false,
    );
    // Whoever waits for one of them meanwhile decides about it alone if it was not made.
    const settled = isMade.then((is) => {
      if (!is) for (const call of own) call.decided = undefined;
    });
    for (const call of own) call.decided = settled;
    await settled;
    return isMade;
  });
  return (await Promise.all(made)).every(Boolean);
}
