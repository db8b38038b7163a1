/** Finds the SELECT blocks of a statement whose rows are all read, whatever happens: only there may calls be submitted ahead. */

import { type AnyNode, type Body, child, children, kindOf } from './nodes.js';
import type { ParsedStatement } from './parse.js';

/** The body of each SelectStmt that is certainly read to its end once it runs, outermost first. */
export function consumedSelects(statement: ParsedStatement): Body[] {
  const found: Body[] = [];
  const query = queryOf(statement.kind, statement.node as Body);
  if (query) consume(query.select, query.ctes, found);
  return found;
}

/** The multi-row VALUES of an INSERT. */
export function insertedValues(statement: ParsedStatement): AnyNode[] {
  const [kind, body] = runnable(statement.kind, statement.node as Body);
  if (kind !== 'InsertStmt') return [];
  return children(kindOf(body.selectStmt)[1], 'valuesLists');
}

/** What PREPARE holds is a statement too. EXPLAIN, views, rules and cursors stay as they are written. */
function runnable(kind: string, body: Body): [kind: string, body: Body] {
  return kind === 'PrepareStmt' ? kindOf(body.query) : [kind, body];
}

function queryOf(statementKind: string, statementBody: Body): { select: Body; ctes: Body[] } | undefined {
  const [kind, body] = runnable(statementKind, statementBody);
  const field = {
    SelectStmt: undefined,
    InsertStmt: 'selectStmt',
    CopyStmt: 'query',
    CreateTableAsStmt: 'query',
  }[kind];
  if (kind === 'CreateTableAsStmt' && body.objtype !== 'OBJECT_TABLE') return undefined;
  const [, select] = kind === 'SelectStmt' ? [kind, body] : kindOf(field && body[field]);
  if (!select.targetList && !select.op) return undefined;
  return { select, ctes: ctesOf(body) };
}

/** The common table expressions that a statement or block declares. */
function ctesOf(body: Body): Body[] {
  return children(child(body, 'withClause'), 'ctes').map((cte) => kindOf(cte)[1]);
}

/** `outer` are the CTEs that the block may name, besides its own. */
function consume(select: Body, outer: Body[], found: Body[]): void {
  if (select.op !== 'SETOP_NONE' || found.includes(select)) return;
  found.push(select);
  const ctes = [...ctesOf(select), ...outer];
  const from = children(select, 'fromClause');
  // A join may read a side twice or stop early, and LIMIT stops early.
  if (from.length !== 1 || select.limitCount || select.limitOffset) return;
  const [kind, item] = kindOf(from[0]);
  if (kind === 'RangeVar' && !item.schemaname) {
    const cte = ctes.find((each) => each.ctename === item.relname);
    const [cteKind, query] = kindOf(cte?.ctequery);
    if (cteKind === 'SelectStmt') consume(query, ctes, found);
  }
  // A condition could be pushed down into a sub-select and keep rows from their calls.
  if (kind === 'RangeSubselect' && !select.whereClause && !select.havingClause && !item.lateral) {
    consume(kindOf(item.subquery)[1], ctes, found);
  }
}
