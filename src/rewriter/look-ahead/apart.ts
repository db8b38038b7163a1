/** Calls of one stage of which one orders, groups or joins what another is asked about: each in a stage of its own, what decides about rows first. */
import { type Body, children, isAiCall, kindOf, nameList, walk } from '../nodes.js';
import type { Site } from './sites.js';

/** Each stage is a look of its own. */
const mostStages = 8;

/** Undefined: they are apart, or too many. Those that decide about rows stay together: one expression may stand there several times. */
export function sitesApart(sites: Site[], node: unknown): Site[] | undefined {
  const stages = new Set(sites.map(({ stage }) => stage));
  if (stages.size === sites.length || sites.length > mostStages) return undefined;
  const keys = new Set([...callsInKeys(node)].map(written));
  const place = ({ stage, call }: Site) => 2 * stage + (keys.has(written(call)) ? 0 : 1);
  let [stage, last] = [0, 0];
  return [...sites]
    .sort((a, b) => place(a) - place(b))
    .map((site) => {
      const isKey = place(site) % 2 === 0;
      if (!isKey || place(site) !== last) stage += 1;
      last = place(site);
      return { call: site.call, stage };
    });
}

/** Alike where PostgreSQL may take two for one expression, however they are spelled: what is called a key for nothing is only made earlier. */
function written(call: Body): string {
  return JSON.stringify(call, (name, value) => {
    if (name === 'location') return undefined;
    if (names.has(name) && Array.isArray(value)) return value.slice(-1);
    let inner = value;
    while (inner?.TypeCast) inner = inner.TypeCast.arg;
    return inner;
  });
}
const names = new Set(['fields', 'funcname']);

/** Those in GROUP BY, ORDER BY, DISTINCT ON and windows, also by the name or the place of an item. */
function callsInKeys(node: unknown): Set<Body> {
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
