/**
 * Whether a query may be run in another way than it is looked at, so that it comes to other calls: PostgreSQL plans it for values that it knows
 * or for any, and a function that is written out has another cost than the call of it.
 */
import { type AnyNode, type Body, children, hasNode, kindOf, nameList } from '../nodes.js';
import { parseStatements } from '../parse.js';
import { deciding, type PlanNode, textsOf } from './plan-nodes.js';
import { asSql } from './plan-texts.js';
import { asksAboutTarget, isOfSubselect } from './rows-read.js';

export const anotherWay = 'PostgreSQL may run it in another way than it is looked at';

const rowByRow = new Set([
  ...['Result', 'Sort', 'Incremental Sort', 'Append', 'Merge Append', 'Subquery Scan', 'ProjectSet'],
  ...['Seq Scan', 'Index Scan', 'Index Only Scan', 'Bitmap Heap Scan', 'Bitmap Index Scan', 'BitmapAnd'],
  ...['BitmapOr', 'Tid Scan', 'Tid Range Scan', 'Values Scan', 'Function Scan'],
]);

/** All rows of one table that fit, one by one: however it is found, each plan comes to the same ones. */
export function hasOneWay(plan: PlanNode): boolean {
  const below = (plan.Plans ?? []).filter((each) => !asksAboutTarget(each));
  if (below.length === 0) return true;
  const isOne = below.length === 1 || /^(Merge )?Append$|^Bitmap/.test(plan['Node Type']);
  return rowByRow.has(plan['Node Type']) && isOne && !below.some(isOfSubselect) && below.every(hasOneWay);
}

/** The same nodes over the same tables. */
export function areSameWay(plan: PlanNode, other: PlanNode): boolean {
  return formOf(plan) === formOf(other);
}

/** What decides how often something below is evaluated, and in which order. */
const forming = [
  ...['Node Type', 'Parent Relationship', 'Subplan Name', 'CTE Name', 'Schema', 'Relation Name', 'Alias'],
  ...['Index Name', 'Scan Direction', 'Join Type', 'Inner Unique', 'Strategy', 'Partial Mode', 'Cache Mode'],
];

/** The ways in which some rows of several are taken. */
export function takenIn(node: PlanNode): string[] {
  const below = node.Plans ?? [];
  const own = /^(Limit|Unique)$/.test(node['Node Type']) ? [JSON.stringify(below.map(formOf))] : [];
  return [...own, ...below.flatMap(takenIn)];
}

function formOf(node: PlanNode): string {
  const own = forming.map((key) => String(node[key] ?? '').replace('Index Only Scan', 'Index Scan'));
  return JSON.stringify([own, (node.Plans ?? []).map(formOf)]);
}

/**
 * Conditions that stand side by side are evaluated in the order of what they cost, and a call of a function costs something else than what stands
 * in its place. `names`: of the functions; `other`: the plan with the calls of them. True: of each condition one part makes calls at most, and it
 * stands where it did.
 */
export function keepsConditions(plan: PlanNode, other: PlanNode, names: ReadonlySet<string>): boolean {
  const own = conditionsOf(plan, names);
  return own !== undefined && own === conditionsOf(other, names);
}

/** Which parts of which conditions make calls. Undefined: several of one. */
function conditionsOf(node: PlanNode, names: ReadonlySet<string>): string | undefined {
  const parts = callingParts(node, names);
  if (parts.some((each) => each.filter(Boolean).length > 1)) return undefined;
  const below = (node.Plans ?? []).map((each) => conditionsOf(each, names));
  return below.includes(undefined)
    ? undefined
    : JSON.stringify([parts.filter((each) => each.includes(true)), below]);
}

/** Conditions of which some parts make calls and others do not: their order decides about calls. */
export function mixesConditions(plan: PlanNode): boolean {
  return conditionsIn(plan).some((parts) => parts.includes(false));
}

/**
 * Behind the first part that makes calls of each condition there stands what stands there in the other plan: what is in front of it leaves rows out
 * whichever way, be it as a condition of an index or as one that is true for these values.
 */
export function keepsOrder(plan: PlanNode, other: PlanNode): boolean {
  return ordersIn(plan) === ordersIn(other);
}

function ordersIn(plan: PlanNode): string {
  const orders = conditionsIn(plan).map((parts) => JSON.stringify(parts.slice(parts.indexOf(true))));
  return [...new Set(orders)].sort().join();
}

/** Which parts make calls, of each condition that has any. */
function conditionsIn(node: PlanNode): boolean[][] {
  const own = callingParts(node, new Set());
  return [...own.filter((parts) => parts.includes(true)), ...(node.Plans ?? []).flatMap(conditionsIn)];
}

/** Of each of the node's conditions, which parts make calls. */
function callingParts(node: PlanNode, names: ReadonlySet<string>): boolean[][] {
  return textsOf(node, deciding).map((text) => partsOf(text).map((part) => makesCalls(part, names)));
}

/** What is joined by AND. */
function partsOf(text: string): AnyNode[] {
  const [statement] = parseStatements(`SELECT ${asSql(text)}`) ?? [];
  const [target] = children((statement?.node ?? {}) as Body, 'targetList');
  const value = (kindOf(target)[1].val ?? {}) as AnyNode;
  const [kind, body] = kindOf(value);
  return kind === 'BoolExpr' && body.boolop === 'AND_EXPR' ? children(body, 'args') : [value];
}

const making = /^(?:ask_ahead|ask_made|later|ai_gen)$/;

/** A sub-plan may. */
function makesCalls(part: AnyNode, names: ReadonlySet<string>): boolean {
  return hasNode(part, (kind, body) => {
    if (kind === 'ColumnRef') return /^plan_\d+$/.test(nameList(body.fields)[0] ?? '');
    const name = kind === 'FuncCall' ? (nameList(body.funcname).at(-1) ?? '') : '';
    return making.test(name) || names.has(name);
  });
}
