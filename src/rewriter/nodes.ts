/** Reads PostgreSQL's parse tree. A node is an object with one key, its kind; locations are byte offsets. */
import { aiFunctionNamed, choosesOrder } from './ai-functions.js';

export type Body = Record<string, unknown>;
export type AnyNode = Body;

/** Kind and body of a node; a missing node has the kind ''. */
export function kindOf(node: unknown): [kind: string, body: Body] {
  if (typeof node !== 'object' || node === null) return ['', {}];
  const entry = Object.entries(node)[0];
  return entry ? [entry[0], (entry[1] ?? {}) as Body] : ['', {}];
}

export function child(body: Body, name: string): AnyNode {
  return (body[name] ?? {}) as AnyNode;
}

export function children(body: Body, name: string): AnyNode[] {
  return Array.isArray(body[name]) ? (body[name] as AnyNode[]) : [];
}

/** The strings of a qualified name. */
export function nameList(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.map((item) => String(kindOf(item)[1].sval ?? ''));
}

/** Visits a node and everything below it, unless `visit` returns false. */
export function walk(node: unknown, visit: (kind: string, body: Body) => boolean): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, visit);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const [kind, body] of Object.entries(node)) {
    if (typeof body !== 'object' || body === null) continue;
    const own = isArm(kind, body) ? 'SelectStmt' : kind;
    // Node kinds start with a capital letter, field names do not.
    if (/^[A-Z]/.test(own) && !Array.isArray(body) && !visit(own, body as Body)) continue;
    walk(body, visit);
  }
}

/** Of a UNION and the like: a query whose kind is not written, as that of what a join has under these names is. */
function isArm(field: string, body: object): boolean {
  return (field === 'larg' || field === 'rarg') && !/^[A-Z]/.test(Object.keys(body)[0] ?? '');
}

/** True if the node, or one below it, fits. */
export function hasNode(node: unknown, fits: (kind: string, body: Body) => boolean): boolean {
  let found = false;
  walk(node, (kind, body) => {
    found ||= fits(kind, body);
    return !found;
  });
  return found;
}

const writing = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** True if rows are written in it: in a query, by a WITH. */
export function writesRows(node: unknown): boolean {
  return hasNode(node, (kind) => writing.has(kind));
}

const callSchemas = new Set(['hologen', 'pg_catalog']);

/** A call of an AI function, by its unqualified name or with a schema it can be found in. */
export function isAiCall(kind: string, body: Body): boolean {
  if (kind !== 'FuncCall') return false;
  const name = nameList(body.funcname);
  if (!aiFunctionNamed(name.at(-1))) return false;
  return name.length === 1 || (name.length === 2 && callSchemas.has(name[0] ?? ''));
}

export function containsAiCall(node: unknown): boolean {
  return hasNode(node, isAiCall);
}

/** True if the statement calls ai_submit or ai_wait itself: its author has already chosen an order. */
export function asksItself(node: unknown): boolean {
  return hasNode(node, (kind, body) => kind === 'FuncCall' && choosesOrder(nameList(body.funcname).at(-1)));
}
