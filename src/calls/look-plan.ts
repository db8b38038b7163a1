/** What a query's plan tells of the look: whether its calls are certain to be made, all of them, or as many as rows are wanted. */
import {
  endLook,
  type LookAhead,
  lookApart,
  type RowWindow,
  readsSome,
  sinceLook,
  toExplainBeside,
} from './look-ahead.js';
import type { AheadQuery, SqlReader } from './sql-reader.js';

type Judged = ReturnType<SqlReader['judgePlan']>;

export function planFound(plan: unknown, ahead: LookAhead<unknown>, reader: SqlReader): object {
  const told = JSON.stringify(plan);
  if (endIfPlannedAnew(ahead, told)) return {};
  const asked = { ...(ahead.query ?? { text: '' }), ...sinceLook(ahead, told) };
  const found = asWanted(reader.judgePlan(plan, asked, readsSome(ahead) ? 'some' : 'all'), ahead, reader);
  const judged = 'why' in found ? found : { ...found, readBefore: ahead.before > 0 };
  if ('why' in judged && lookApart(ahead)) return {};
  if ('why' in judged) endLook(ahead, judged.why);
  if (ahead.query?.isExpanded) ahead.inRow = reader.timesInRow(plan);
  if ('why' in judged || !ahead.query) return {};
  const beside = reader.besideOf(plan, ahead.query, ahead.types);
  if (!beside) return judged;
  ahead.planned = { plan, judged, beside };
  return toExplainBeside(ahead, beside);
}

/** Rows that were read before are passed by their number: in another order they are others. */
function endIfPlannedAnew(ahead: LookAhead<unknown>, plan: string): boolean {
  if (ahead.query?.stages !== 1) return false;
  const isOther = ahead.passed > 0 && ahead.firstPlan !== undefined && ahead.firstPlan !== plan;
  ahead.firstPlan ??= plan;
  if (isOther) endLook(ahead, 'its cursor is planned otherwise than when its first rows were read');
  return isOther;
}

export function besideFound(other: unknown, ahead: LookAhead<unknown>, reader: SqlReader): object {
  const { plan, judged, beside } = ahead.planned ?? {};
  ahead.planned = undefined;
  const why = judged && beside ? reader.whyOtherWay(plan, other, beside) : 'it is not planned';
  if (judged && why === undefined) return judged;
  endLook(ahead, why);
  return {};
}

/** Where a result decides how far is read, it is known how many rows are wanted. */
function asWanted(judged: Judged, ahead: LookAhead<unknown>, reader: SqlReader): Judged {
  const { query, running, stage, before, rows } = ahead;
  if ('why' in judged || judged.rowByRow === undefined || !query) return judged;
  const part = readsSome(ahead) ? before + rows : undefined;
  // Which rows there are is decided by the first stage, or is not known.
  const wanted = stage === 1 ? rowsWanted(query, running, reader, part) : undefined;
  if (wanted === undefined) return { why: judged.rowByRow };
  // A block may run again: what was found for its first run is no row's of the next.
  ahead.window = { wanted, noted: 0, mayGoOn: false, isLast: ahead.inBlock };
  return judged;
}

/** `running`: the query's text with its values; `part`: so many of its rows are read. Undefined: no call but the first is certain, or nobody knows. */
export function rowsWanted(
  { isExpanded, seenLater, serves }: AheadQuery,
  running: string,
  reader: SqlReader,
  part = Number.POSITIVE_INFINITY,
): number | undefined {
  if (isExpanded || seenLater || serves) return undefined;
  const rows = Math.min(part, reader.rowsOfLimit(running) ?? 0);
  return rows > 1 && rows < Number.POSITIVE_INFINITY ? rows : undefined;
}

/**
 * A call was noted when so many rows had passed. True: should each call that was noted let its row pass, there are as many as are wanted, so that
 * no other call is certain until they have their results.
 */
export function hasEnough(ahead: LookAhead<unknown>, window: RowWindow, passed: number): boolean {
  if (ahead.stage > 1) return false;
  window.noted += 1;
  if (passed + window.noted < window.wanted) return false;
  // Of the last row each call follows from the one before.
  window.mayGoOn = window.wanted - passed > 1;
  if (!window.mayGoOn)
    ahead.why ??= 'one more row is wanted, and each result decides whether another is asked about';
  return true;
}

/** Rows that were noted may have been let through as they were: when they have their results there may be more to come. */
export function goOn(window: RowWindow, rows: number): void {
  window.mayGoOn ||= rows >= window.wanted && window.noted > 0;
}
