/** How many characters the requests of an engine process have together: of all its statements of one time, and of each estimate by itself. */
import type { CallOrigin } from '../ledger/job.js';

export interface Requests {
  statementAt: string;
  characters: number;
}

/** `latest`: by engine process, of the latest time. */
export function requestsAt(
  { engineProcessId, statementAt }: CallOrigin,
  latest: Map<number, Requests>,
): Requests {
  const known = latest.get(engineProcessId);
  if (known?.statementAt === statementAt) return known;
  const none = { statementAt, characters: 0 };
  latest.set(engineProcessId, none);
  return none;
}

/** Those of an estimate are kept until it is told, and no longer. `others`: of the same engine process. */
export function requestsOfEstimate(
  estimate: string,
  { statementAt }: CallOrigin,
  others: Iterable<{ estimate?: string; requests: Requests }>,
): Requests {
  const known = [...others].find((each) => each.estimate === estimate);
  return known?.requests ?? { statementAt, characters: 0 };
}
