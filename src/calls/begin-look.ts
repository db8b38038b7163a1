/** What is known of the calls that a statement will come to, from its first call on. */
import type { CallOrigin } from '../ledger/job.js';
import type { SubmittedCall } from './check.js';
import { endLook, type LookAhead, newLookAhead, readOn, sinceOf } from './look-ahead.js';
import type { Making } from './making.js';
import { readSessionSettings } from './session-settings.js';
import type { SqlReader } from './sql-reader.js';
import type { Statement, StatementCall, Statements } from './statement.js';

/** A statement, and what is known of the calls that it will come to. */
export interface Ahead {
  statement: Statement;
  ahead: LookAhead<StatementCall>;
}

export function aheadOf(given: SubmittedCall, origin: CallOrigin, { statements, reader }: Making): Ahead {
  const statement = statements.of(origin, readSessionSettings(given.settings), given.statement);
  statement.ahead ??= beginLook(statement, given.engineText, statements, reader);
  return { statement, ahead: statement.looking ?? statement.ahead };
}

/** A portal of which rows were read before goes on with what was found for them. */
function beginLook(
  statement: Statement,
  text: string,
  { rowsAskedOf, boundTo, reads, cursors }: Statements,
  reader: SqlReader,
): LookAhead<StatementCall> {
  const rows = rowsAskedOf(statement);
  const portal = boundTo(statement, text, true);
  const known = portal && reads.get(portal);
  const ahead = known ?? newLookAhead<StatementCall>(reader.aheadQuery(text));
  if (portal) ahead.since = sinceOf(portal);
  const read = cursors.wereRead(statement);
  // What it has computed by then it may compute again, or keep.
  if (ahead.stored?.stored === 'held' && read) endLook(ahead, 'rows of its cursor were read before');
  if (ahead.query?.plannedAsCursor && (read || (rows !== 0 && !portal))) {
    // It is no DECLARE that runs, but the portal that it has made.
    endLook(ahead, 'its cursor is read as a portal');
    ahead.movesCursor = true;
  }
  // Its portal may be one of them.
  if (read === 'moved' && portal?.isNamed) endLook(ahead, 'rows of a cursor were read elsewhere');
  const { executions = 1, passed = undefined } = portal ?? {};
  const isUnknown = !known && executions > 1 && !isPlace(passed);
  if (isUnknown) endLook(ahead, 'rows of it were read before');
  if (!portal && rows !== 0) cursors.readUnseen(statement, 'a portal');
  if (!known) ahead.unseen = cursors.areUnseen(statement);
  if (rows === 0 && !known && executions === 1) return ahead;
  // What it runs may be asked for again by another one.
  if (ahead.query?.stopsAtRows && !(rows !== undefined && portal))
    endLook(ahead, 'how many of its rows are wanted is not known');
  if (portal) reads.set(portal, ahead);
  readOn(ahead, rows ?? 0, isPlace(passed) ? passed : undefined);
  return ahead;
}

/** Undefined: nobody knows where it stands. */
function isPlace(passed: number | undefined): passed is number {
  return passed !== undefined && Number.isFinite(passed);
}
