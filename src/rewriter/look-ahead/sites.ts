/**
 * The calls that stand in a statement, each with the stage in which it can be made: 1 for those that are made whatever the others give, one
 * more for those that need results before them, be it in their request or to be reached at all.
 *
 * Room: src/rewriter/look-ahead tells what a statement can be asked before it runs. It rewrites nothing that is executed for the client.
 */
import { type AnyNode, type Body, child, children, isAiCall, kindOf, nameList } from '../nodes.js';

export interface Site {
  call: Body;
  stage: number;
}

/** What a part of a statement is read with. */
interface Scope {
  sites: Site[];
  leaf: Leaf;
  /** The last stage in the query of each CTE. */
  ctes: Map<string, number>;
}

/** What else a part of an expression is: a value that waits for results, or one whose calls are made where it is evaluated. */
export type Leaf = (kind: string, body: Body) => 'pending' | 'calls' | undefined;

export function sitesOf(statement: AnyNode, leaf: Leaf = () => undefined): Site[] {
  const scope: Scope = { sites: [], leaf, ctes: new Map() };
  stageOf(statement, 0, scope);
  return scope.sites;
}

/** In how many stages a statement that is rewritten makes its calls: those of RETURNING are about rows that are written by then. */
export function stagesOf({ kind, node }: { kind: string; node: unknown }): number {
  const { returningClause, returningList, ...written } = node as Body;
  const last = (part: AnyNode) => Math.max(0, ...sitesOf(part).map(({ stage }) => stage));
  return Math.max(1, last({ [kind]: written }) + last({ Returning: { returningClause, returningList } }));
}

/** The last stage below the node, 0 without calls. What stands in it is reached when all calls up to stage `after` have their results. */
function stageOf(node: unknown, after: number, scope: Scope): number {
  if (Array.isArray(node)) return together(node, after, scope);
  const [kind, body] = kindOf(node);
  const leaf = isAiCall(kind, body) ? 'calls' : scope.leaf(kind, body);
  if (leaf) {
    const stage = Math.max(after, together(children(body, 'args'), after, scope)) + 1;
    if (leaf === 'calls') scope.sites.push({ call: body, stage });
    return stage;
  }
  const read = readers[kind];
  return read ? read(body, after, scope) : fieldsOf(node, after, scope);
}

type Reader = (body: Body, after: number, scope: Scope) => number;

/** Nodes whose parts decide whether other parts are evaluated. */
const readers: Record<string, Reader> = {
  SelectStmt: stageOfSelect,
  JoinExpr: (body, after, scope) => inTurn([body.larg, body.rarg, body.quals], after, scope),
  RangeVar: (body, _after, { ctes }) => ctes.get(String(body.relname)) ?? 0,
  CaseExpr: stageOfCase,
  CoalesceExpr: (body, after, scope) => inTurn(children(body, 'args'), after, scope),
  BoolExpr: (body, after, scope) => inTurn(children(body, 'args'), after, scope),
  A_Expr(body, after, scope) {
    // PostgreSQL makes ANDs and ORs of these, and stops at what decides.
    const decides = ['AEXPR_IN', 'AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN', 'AEXPR_BETWEEN_SYM'].includes(
      String(body.kind),
    );
    const pairs = pairsOfRows(body);
    if (pairs) return inTurn(pairs, after, scope);
    const operands = [body.lexpr, ...[body.rexpr].flatMap(itemsOf)];
    return decides ? inTurn(operands, after, scope) : together(operands, after, scope);
  },
  // Of a NULL nothing is taken.
  A_Indirection: ({ arg, indirection }, after, scope) => inTurn([arg, indirection], after, scope),
  JsonFuncExpr: (body, after, scope) =>
    inTurn([body.context_item, body.pathspec, body.passing, body.on_empty, body.on_error], after, scope),
  JsonTable: (body, after, scope) =>
    inTurn([body.context_item, body.pathspec, body.passing, body.columns, body.on_error], after, scope),
  JsonTableColumn: ({ columns, on_empty, on_error }, after, scope) =>
    inTurn([on_empty, on_error, columns], after, scope),
  RangeTableFunc: (body, after, scope) =>
    inTurn([body.namespaces, body.docexpr, body.rowexpr, body.columns], after, scope),
  RangeTableFuncCol: ({ colexpr, coldefexpr }, after, scope) => inTurn([colexpr, coldefexpr], after, scope),
  FuncCall: (body, after, scope) =>
    inTurn([body.agg_filter, ...argumentsOf(body), [body.agg_order, body.over]], after, scope),
  JsonArrayAgg: (body, after, scope) => inTurn(aggregated(body), after, scope),
  JsonObjectAgg: (body, after, scope) => inTurn(aggregated(body), after, scope),
};

const byOffset = new Set(['lag', 'lead', 'nth_value']);

/** How far away a row is decides whether there is one, of which the value is asked about, or else the default. */
function argumentsOf(call: Body): AnyNode[][] {
  const [value, offset, ...others] = children(call, 'args');
  if (!offset || !call.over || !byOffset.has(nameList(call.funcname).at(-1) ?? ''))
    return [children(call, 'args')];
  return [[offset], [value ?? {}, ...others]];
}

function aggregated({ arg, constructor: built }: Body): unknown[] {
  const { agg_filter, agg_order, over } = built as unknown as Body;
  return [agg_filter, [arg, agg_order, over]];
}

/** Rows are compared column by column, up to the one that decides. */
function pairsOfRows({ lexpr, rexpr }: Body): AnyNode[][] | undefined {
  const [left, right] = [kindOf(lexpr), kindOf(rexpr)];
  if (left[0] !== 'RowExpr' || right[0] !== 'RowExpr') return undefined;
  const others = children(right[1], 'args');
  return children(left[1], 'args').map((each, index) => [each, others[index] ?? {}]);
}

function itemsOf(node: unknown): unknown[] {
  const [kind, body] = kindOf(node);
  return kind === 'List' ? children(body, 'items') : [node];
}

function fieldsOf(node: unknown, after: number, scope: Scope): number {
  if (typeof node !== 'object' || node === null) return 0;
  return together(Object.values(node), after, scope);
}

/** None of them decides about another. */
function together(nodes: unknown[], after: number, scope: Scope): number {
  return nodes.reduce<number>((last, node) => Math.max(last, stageOf(node, after, scope)), 0);
}

/** Each may decide whether those behind it are evaluated, or how often. */
function inTurn(nodes: unknown[], after: number, scope: Scope): number {
  return nodes.reduce<number>((last, node) => Math.max(last, stageOf(node, Math.max(after, last), scope)), 0);
}

function stageOfCase(body: Body, after: number, scope: Scope): number {
  let decided = Math.max(after, stageOf(body.arg, after, scope));
  let last = decided > after ? decided : 0;
  for (const branch of children(body, 'args')) {
    const [, { expr, result }] = kindOf(branch);
    const condition = stageOf(expr, decided, scope);
    decided = Math.max(decided, condition);
    last = Math.max(last, condition, stageOf(result, decided, scope));
  }
  return Math.max(last, stageOf(body.defresult, decided, scope));
}

/** In the order in which a block is evaluated: FROM and WHERE decide about rows, HAVING about groups, the rest about nothing. */
function stageOfSelect(select: Body, after: number, outer: Scope): number {
  const scope = { ...outer, ctes: new Map(outer.ctes) };
  const named = readCtes(select, after, scope);
  if (select.larg || select.rarg) {
    const arms = [{ SelectStmt: select.larg }, { SelectStmt: select.rarg }];
    return Math.max(named, together(arms, after, scope), stageOf(select.sortClause, after, scope));
  }
  const from = inTurn(children(select, 'fromClause'), after, scope);
  const where = stageOf(select.whereClause, Math.max(after, from), scope);
  const rows = Math.max(after, from, where);
  const having = stageOf(select.havingClause, rows, scope);
  const others = [
    'targetList',
    'groupClause',
    'sortClause',
    'distinctClause',
    'windowClause',
    'valuesLists',
    'limitCount',
    'limitOffset',
  ];
  const rest = together(
    others.map((name) => select[name]),
    Math.max(rows, having),
    scope,
  );
  return Math.max(named, from, where, having, rest);
}

/** A CTE that nothing reads is not evaluated; what reads it is reached behind its calls. */
function readCtes(statement: Body, after: number, scope: Scope): number {
  const withClause = child(statement, 'withClause');
  let last = 0;
  for (const cte of children(withClause, 'ctes')) {
    const [, { ctename, ctequery }] = kindOf(cte);
    const stage = stageOf(ctequery, after, scope);
    scope.ctes.set(String(ctename), stage);
    last = Math.max(last, stage);
  }
  return last;
}
