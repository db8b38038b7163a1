/**
 * Calls that are written alike, of which PostgreSQL may make one expression: what is a key and stands in the list too, and conditions that several
 * arms of an OR have in common. They are of one stage, so that they still are alike in the query that is looked at.
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
  const alike = new Set([...callsInKeys(node), ...callsInCommon(node)].map(written));
  if (alike.size === 0) return sites;
  const first = new Map<string, number>();
  for (const { call, stage } of sites) {
    const name = written(call);
    first.set(name, Math.min(stage, first.get(name) ?? stage));
  }
  return sites.map(({ call, stage }) => {
    const name = written(call);
    return { call, stage: alike.has(name) ? (first.get(name) ?? stage) : stage };
  });
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

/** Those in conditions that stand several times in what AND, OR and NOT join. */
function callsInCommon(node: unknown): Set<Body> {
  const common = new Set<Body>();
  walk(node, (kind, body) => {
    if (kind !== 'BoolExpr') return true;
    const seen = new Set<string>();
    for (const condition of conditionsIn(body).filter(containsAiCall)) {
      const name = written(condition);
      if (seen.has(name)) addCalls(condition, common);
      seen.add(name);
    }
    return true;
  });
  return common;
}

function conditionsIn(body: Body): AnyNode[] {
  return children(body, 'args').flatMap((each) => {
    const [kind, inner] = kindOf(each);
    return kind === 'BoolExpr' ? conditionsIn(inner) : [each];
  });
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
