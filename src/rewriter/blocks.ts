/** Finds the parts of a statement whose rows are certain to be read to the end: only there may calls be submitted ahead of time. */
import { type AnyNode, type Body, child, children, containsAiCall, kindOf, walk } from './nodes.js';
import type { ParsedStatement } from './parse.js';
import { isOwnSubselect } from './source.js';

export interface Blocks {
  /** SELECT blocks that are read to the end once they start; the arms of a UNION are kept together. */
  selects: Arms[];
  /** INSERTs and UPDATEs that always run. */
  inserts: Body[];
  updates: Body[];
}

/** Bodies of SelectStmt nodes in text order; if there is more than one, UNION joins them. */
export interface Arms {
  selects: [Body, ...Body[]];
  hasWith: boolean;
}

export function readBlocks(statement: ParsedStatement): Blocks {
  const blocks: Blocks = { selects: [], inserts: [], updates: [] };
  // PREPARE wraps a statement of its own.
  const prepared = statement.kind === 'PrepareStmt' && child(statement.node as Body, 'query');
  readStatement(prepared || { [statement.kind]: statement.node }, undefined, blocks);
  return blocks;
}

/** For statements that read their query to the end: the field that holds it. */
const queryFields: Record<string, string> = {
  InsertStmt: 'selectStmt',
  CopyStmt: 'query',
  CreateTableAsStmt: 'query',
};

/** EXPLAIN, views, rules and cursors are left as written. */
function readStatement(node: AnyNode, outer: CommonTable | undefined, blocks: Blocks): void {
  const [kind, body] = kindOf(node);
  if (kind === 'CreateTableAsStmt' && body.objtype !== 'OBJECT_TABLE') return;
  const ctes = ctesOf(body, outer);
  if (kind === 'SelectStmt') consume(body, outer, blocks);
  else if (queryFields[kind]) consume(kindOf(body[queryFields[kind]])[1], ctes, blocks);
  if (kind === 'InsertStmt') blocks.inserts.push(body);
  if (kind === 'UpdateStmt') blocks.updates.push(body);
  // Data-modifying CTEs are allowed only at the top level, and run to completion even if nothing reads them.
  for (let cte = ctes; cte && cte !== outer; cte = cte.before) {
    if (kindOf(cte.query)[0] !== 'SelectStmt') readStatement(cte.query, ctes, blocks);
  }
}

interface CommonTable {
  name: string;
  query: AnyNode;
  /** Certain to be evaluated on its own; PostgreSQL may inline other CTEs as sub-selects. */
  apart: boolean;
  /** The one declared before it: a CTE may refer to it and to those before. */
  before: CommonTable | undefined;
}

/** The last of the CTEs that a statement or block may refer to: those it declares, behind those outside it. */
function ctesOf(body: Body, outer: CommonTable | undefined): CommonTable | undefined {
  const { recursive, ctes } = child(body, 'withClause') as { recursive?: boolean; ctes?: AnyNode[] };
  let last = outer;
  for (const cte of ctes ?? []) {
    const { ctename, ctequery, ctematerialized } = kindOf(cte)[1];
    const repeats = recursive && kindOf(ctequery)[1].op !== 'SETOP_NONE';
    last = {
      name: String(ctename),
      query: repeats ? {} : (ctequery as AnyNode),
      apart: ctematerialized === 'CTEMaterializeAlways' || containsAiCall(ctequery),
      before: last,
    };
  }
  return last;
}

function cteNamed(name: unknown, last: CommonTable | undefined): CommonTable | undefined {
  let cte = last;
  while (cte && cte.name !== name) cte = cte.before;
  return cte;
}

/** `outer`: the CTEs that the block may refer to besides its own. */
function consume(select: Body, outer: CommonTable | undefined, blocks: Blocks): void {
  const arms = armsOf(select);
  if (!arms || blocks.selects.some(({ selects }) => selects.includes(arms[0]))) return;
  blocks.selects.push({ selects: arms, hasWith: select.withClause !== undefined });
  // LIMIT stops early, and rows of a CTE are not locked.
  if (select.limitCount || select.limitOffset || select.lockingClause) return;
  const ctes = ctesOf(select, outer);
  for (const arm of arms) {
    const [kind, item] = kindOf(readToEnd(arm));
    // PostgreSQL turns HAVING into WHERE where it can.
    const conditions = [arm.whereClause, arm.havingClause].filter((each) => each !== undefined);
    if (kind === 'RangeVar' && !item.schemaname) {
      const cte = cteNamed(item.relname, ctes);
      const [cteKind, select] = kindOf(cte?.query);
      if (
        cteKind === 'SelectStmt' &&
        (conditions.length === 0 || (cte?.apart && !containsSubselect(conditions)))
      )
        consume(select, cte?.before, blocks);
    }
    // PostgreSQL could push a condition down, which would skip calls or stop row_number() early.
    if (kind === 'RangeSubselect' && conditions.length === 0 && !item.lateral) {
      consume(kindOf(item.subquery)[1], ctes, blocks);
    }
  }
}

/** A sub-select in a condition may be planned as a join, which stops at the first row if its other side is empty. */
function containsSubselect(conditions: unknown[]): boolean {
  let found = false;
  walk(conditions, (kind, body) => {
    found ||= kind === 'SubLink' && !isOwnSubselect(body);
    return kind !== 'SubLink';
  });
  return found;
}

/** The SELECT itself, or the arms of a UNION; a parenthesised arm may have its own clauses. Undefined: it may not be read to the end. */
function armsOf(select: Body): [Body, ...Body[]] | undefined {
  const arms: Body[] = [];
  return takeArms(select, arms) ? (arms as [Body, ...Body[]]) : undefined;
}

function takeArms(select: Body, arms: Body[]): boolean {
  if (select.op === 'SETOP_NONE') {
    arms.push(select);
    return select.targetList !== undefined;
  }
  if (select.op !== 'SETOP_UNION' || select.limitCount || select.limitOffset) return false;
  return [child(select, 'larg'), child(select, 'rarg')].every(
    (side) =>
      !(side.withClause || side.sortClause || side.limitCount || side.limitOffset) && takeArms(side, arms),
  );
}

/** The FROM item that is certain to be read to the end: the only one, or the side of an outer join that keeps all its rows. */
function readToEnd(select: Body): AnyNode | undefined {
  const from = children(select, 'fromClause');
  if (from.length !== 1) return undefined;
  let item = from[0] as AnyNode;
  for (;;) {
    const [kind, join] = kindOf(item);
    if (kind !== 'JoinExpr') return item;
    // A strict condition on the other side would turn it into an inner join.
    if (select.whereClause || select.havingClause) return undefined;
    if (join.jointype === 'JOIN_LEFT') item = child(join, 'larg');
    else if (join.jointype === 'JOIN_RIGHT') item = child(join, 'rarg');
    else return undefined;
  }
}
