/** Finds the parts of a statement whose rows are all read, whatever happens: only there may calls be submitted ahead. */

import { type AnyNode, type Body, child, children, containsAiCall, kindOf, walk } from './nodes.js';
import type { ParsedStatement } from './parse.js';
import { isOwnSubselect } from './source.js';

export interface Blocks {
  /** SELECT blocks that are read to their end once they run; the arms of a UNION stand together. */
  selects: Arms[];
  /** The INSERTs and UPDATEs that run in any case. */
  inserts: Body[];
  updates: Body[];
}

/** The bodies of SelectStmt nodes, in the order of the text; more than one are joined by UNION. */
export interface Arms {
  selects: [Body, ...Body[]];
  hasWith: boolean;
}

export function readBlocks(statement: ParsedStatement): Blocks {
  const blocks: Blocks = { selects: [], inserts: [], updates: [] };
  // What PREPARE holds is a statement too.
  const prepared = statement.kind === 'PrepareStmt' && child(statement.node as Body, 'query');
  readStatement(prepared || { [statement.kind]: statement.node }, [], blocks);
  return blocks;
}

/** The field that holds the query of a statement which reads all of it. */
const queryFields: Record<string, string> = {
  InsertStmt: 'selectStmt',
  CopyStmt: 'query',
  CreateTableAsStmt: 'query',
};

/** EXPLAIN, views, rules and cursors stay as they are written. */
function readStatement(node: AnyNode, outer: CommonTable[], blocks: Blocks): void {
  const [kind, body] = kindOf(node);
  if (kind === 'CreateTableAsStmt' && body.objtype !== 'OBJECT_TABLE') return;
  const ctes = [...ctesOf(body), ...outer];
  if (kind === 'SelectStmt') consume(body, outer, blocks);
  else if (queryFields[kind]) consume(kindOf(body[queryFields[kind]])[1], ctes, blocks);
  if (kind === 'InsertStmt') blocks.inserts.push(body);
  if (kind === 'UpdateStmt') blocks.updates.push(body);
  // Data-modifying CTEs, which stand at the top only, run to their end even when nobody reads them.
  for (const { query } of ctesOf(body)) {
    if (kindOf(query)[0] !== 'SelectStmt') readStatement(query, ctes, blocks);
  }
}

interface CommonTable {
  name: string;
  query: AnyNode;
  /** Surely evaluated by itself; PostgreSQL treats other CTEs as sub-selects. */
  apart: boolean;
}

/** The common table expressions that a statement or block declares, the last first: each may name those behind it in this list. */
function ctesOf(body: Body): CommonTable[] {
  const { recursive, ctes } = child(body, 'withClause') as { recursive?: boolean; ctes?: AnyNode[] };
  return (ctes ?? [])
    .map((cte) => kindOf(cte)[1])
    .map(({ ctename, ctequery, ctematerialized }) => {
      const repeats = recursive && kindOf(ctequery)[1].op !== 'SETOP_NONE';
      return {
        name: String(ctename),
        query: repeats ? {} : (ctequery as AnyNode),
        apart: ctematerialized === 'CTEMaterializeAlways' || containsAiCall(ctequery),
      };
    })
    .reverse();
}

/** `outer` are the CTEs that the block may name, besides its own. */
function consume(select: Body, outer: CommonTable[], blocks: Blocks): void {
  const arms = armsOf(select);
  if (!arms || blocks.selects.some(({ selects }) => selects.includes(arms[0]))) return;
  blocks.selects.push({ selects: arms, hasWith: select.withClause !== undefined });
  // LIMIT stops early.
  if (select.limitCount || select.limitOffset) return;
  const ctes = [...ctesOf(select), ...outer];
  for (const arm of arms) {
    const [kind, item] = kindOf(readToEnd(arm));
    // PostgreSQL makes a WHERE of a HAVING where it can.
    const conditions = [arm.whereClause, arm.havingClause].filter((each) => each !== undefined);
    if (kind === 'RangeVar' && !item.schemaname) {
      const index = ctes.findIndex(({ name }) => name === item.relname);
      const { query, apart } = ctes[index] ?? {};
      const [cteKind, select] = kindOf(query);
      if (cteKind === 'SelectStmt' && (conditions.length === 0 || (apart && !containsSubselect(conditions))))
        consume(select, ctes.slice(index + 1), blocks);
    }
    // A condition could be pushed down and keep rows from their calls, or end a row_number() early.
    if (kind === 'RangeSubselect' && conditions.length === 0 && !item.lateral) {
      consume(kindOf(item.subquery)[1], ctes, blocks);
    }
  }
}

/** A condition with a sub-select may become a join, which stops at the first row when the other side is empty. */
function containsSubselect(conditions: unknown[]): boolean {
  let found = false;
  walk(conditions, (kind, body) => {
    found ||= kind === 'SubLink' && !isOwnSubselect(body);
    return kind !== 'SubLink';
  });
  return found;
}

/** The SELECT itself, or the arms of a UNION; an arm in parentheses may have clauses of its own. Undefined: not surely read to the end. */
function armsOf(select: Body): [Body, ...Body[]] | undefined {
  if (select.op === 'SETOP_NONE') return select.targetList ? [select] : undefined;
  if (select.op !== 'SETOP_UNION' || select.limitCount || select.limitOffset) return undefined;
  const arms: Body[] = [];
  for (const side of [child(select, 'larg'), child(select, 'rarg')]) {
    if (side.withClause || side.sortClause) return undefined;
    const own = armsOf(side);
    if (!own || side.limitCount || side.limitOffset) return undefined;
    arms.push(...own);
  }
  return arms as [Body, ...Body[]];
}

/** The item of FROM that is certainly read to its end: the only one, or the side of outer joins that keeps all its rows. */
function readToEnd(select: Body): AnyNode | undefined {
  const from = children(select, 'fromClause');
  if (from.length !== 1) return undefined;
  let item = from[0] as AnyNode;
  for (;;) {
    const [kind, join] = kindOf(item);
    if (kind !== 'JoinExpr') return item;
    // A strict condition on the other side would turn the join into an inner one.
    if (select.whereClause || select.havingClause) return undefined;
    if (join.jointype === 'JOIN_LEFT') item = child(join, 'larg');
    else if (join.jointype === 'JOIN_RIGHT') item = child(join, 'rarg');
    else return undefined;
  }
}
