/**
 * Calls that are written alike, of which PostgreSQL may make one expression: what is a key and stands in the list too, and conditions that all arms
 * of an OR have in common. They are of one stage, so that they still are alike in the query that is looked at.
 */
import {
  type AnyNode,
  type Body,
  children,
  containsAiCall,
  isAiCall,
  kindOf,
  nameList,
  walk,
} from '../nodes.js';
import type { Site } from './sites.js';

/** The same for calls that PostgreSQL may take for one expression, however they are spelled: what is taken for alike for nothing is only made earlier. */
export function written(call: unknown): string {
  return JSON.stringify(call, (name, value) => {
    if (name === 'location') return undefined;
    if (names.has(name) && Array.isArray(value)) return value.slice(-1);
    let inner = value;
    while (inner?.TypeCast) inner = inner.TypeCast.arg;
    return inner;
  });
}
const names = new Set(['fields', 'funcname']);

/** Each copy of such a call is of the first stage that one of them has. */
export function withAlikeTogether(sites: Site[], node: unknown): Site[] {
  return inCommon(node, atKeys(node, sites));
}

/** What is a key and stands in the list is computed once; a copy that decides about rows stays one of its own. */
function atKeys(node: unknown, sites: Site[]): Site[] {
  const keys = new Set([...callsInKeys(node)].map(written));
  if (keys.size === 0) return sites;
  const deciding = callsBelowRows(node);
  return atFirst(sites, ({ call }) => {
    const name = written(call);
    return keys.has(name) && !deciding.has(call) ? name : undefined;
  });
}

/** What all arms of an OR have in common is evaluated before them. */
function inCommon(node: unknown, sites: Site[]): Site[] {
  let common = sites;
  walk(node, (kind, body) => {
    if (kind !== 'BoolExpr') return true;
    for (const calls of sharedBy(body))
      common = atFirst(common, ({ call }) => (calls.has(call) ? written(call) : undefined));
    return true;
  });
  return common;
}

/** Those of one name are of the first stage that one of them has. */
function atFirst(sites: Site[], nameOf: (site: Site) => string | undefined): Site[] {
  const named = sites.map((site) => ({ ...site, name: nameOf(site) }));
  const first = new Map<string | undefined, number>();
  for (const { name, stage } of named)
    if (name !== undefined) first.set(name, Math.min(stage, first.get(name) ?? stage));
  return named.map(({ call, stage, name }) => ({ call, stage: first.get(name) ?? stage }));
}

/** Those in GROUP BY, ORDER BY, DISTINCT ON and windows, also by the name or the place of an item. */
export function callsInKeys(node: unknown): Set<Body> {
  const keys = new Set<Body>();
  walk(node, (kind, body) => {
    if (kind === 'WindowDef') addCalls(body, keys);
    if (kind !== 'SelectStmt') return true;
    const clauses = [body.groupClause, body.sortClause, body.distinctClause];
    addCalls(clauses, keys);
    const named = namedIn(clauses);
    for (const [index, item] of children(body, 'targetList').entries()) {
      const [, target] = kindOf(item);
      if (named.has(String(index + 1)) || named.has(String(target.name))) addCalls(target.val, keys);
    }
    return true;
  });
  return keys;
}

/** Those in FROM, WHERE and ON. */
function callsBelowRows(node: unknown): Set<Body> {
  const calls = new Set<Body>();
  walk(node, (kind, body) => {
    if (kind === 'SelectStmt') addCalls([body.fromClause, body.whereClause], calls);
    return true;
  });
  return calls;
}

interface Condition {
  node: AnyNode;
  isNegated: boolean;
}

/** The calls of each condition that all arms of the OR have; of an AND none. */
function sharedBy(body: Body): Set<Body>[] {
  if (joinOf(body, false) === 'AND') return [];
  const arms = joined({ node: { BoolExpr: body }, isNegated: false }, 'OR');
  const [first = [], ...others] = arms.map((arm) => joined(arm, 'AND'));
  return first.flatMap((condition) => {
    if (!containsAiCall(condition.node)) return [];
    const copies = others.map((arm) => arm.filter((each) => isSame(each, condition)));
    if (others.length === 0 || copies.some((each) => each.length === 0)) return [];
    const calls = new Set<Body>();
    for (const { node } of [condition, ...copies.flat()]) addCalls(node, calls);
    return [calls];
  });
}

function isSame(one: Condition, other: Condition): boolean {
  return one.isNegated === other.isNegated && written(one.node) === written(other.node);
}

/** How PostgreSQL reads it: a NOT is moved into what it stands before. */
function joinOf({ boolop }: Body, isNegated: boolean): 'AND' | 'OR' | 'NOT' {
  if (boolop === 'NOT_EXPR') return 'NOT';
  return (boolop === 'AND_EXPR') === isNegated ? 'OR' : 'AND';
}

/** What it joins so, or itself. */
function joined(condition: Condition, by: 'AND' | 'OR'): Condition[] {
  const [kind, body] = kindOf(condition.node);
  if (kind !== 'BoolExpr') return [condition];
  const join = joinOf(body, condition.isNegated);
  const isNegated = join === 'NOT' ? !condition.isNegated : condition.isNegated;
  if (join !== 'NOT' && join !== by) return [condition];
  return children(body, 'args').flatMap((node) => joined({ node, isNegated }, by));
}

function addCalls(node: unknown, keys: Set<Body>): void {
  walk(node, (kind, body) => {
    if (isAiCall(kind, body)) keys.add(body);
    return true;
  });
}

/** Names and numbers of items. */
function namedIn(clauses: unknown): Set<string> {
  const named = new Set<string>();
  walk(clauses, (kind, body) => {
    if (kind === 'ColumnRef') named.add(nameList(body.fields)[0] ?? '');
    const number = kind === 'A_Const' ? (body.ival as Body | undefined)?.ival : undefined;
    if (number !== undefined) named.add(String(number));
    return true;
  });
  return named;
}
