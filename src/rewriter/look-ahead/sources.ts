/** What of a query its plan does not tell: the names that stand in its text, and what PostgreSQL evaluates without printing it. */
import {
  type AnyNode,
  type Body,
  child,
  children,
  hasNode,
  isAiCall,
  kindOf,
  nameList,
  walk,
} from '../nodes.js';
import type { Sources } from './plan.js';
import type { PlanNode } from './plan-nodes.js';
import { quotedName, typesNamed } from './plan-texts.js';

export function sourcesOf(nodes: unknown): Sources {
  const tables = new Set<string>();
  const functions = new Set<string>();
  walk(nodes, (kind, body) => {
    if (kind === 'RangeVar') tables.add(nameOf([body.schemaname, body.relname]));
    if (kind === 'FuncCall' && !isAiCall(kind, body))
      functions.add(quotedName(nameList(body.funcname).slice(-2)));
    return true;
  });
  return { tables: [...tables], functions: [...functions] };
}

/** Lists of what stands in a text: see Names. */
export interface Listed {
  functions: string[];
  operators: string[];
  types: string[];
}

export function namesIn(nodes: unknown): Listed {
  const functions = new Set<string>();
  const operators = new Set<string>();
  walk(nodes, (kind, body) => {
    if (kind === 'FuncCall' && !isAiCall(kind, body)) functions.add(quotedName(nameList(body.funcname)));
    if (kind === 'A_Expr') operators.add(quotedName(nameList(body.name)));
    return true;
  });
  return { functions: [...functions], operators: [...operators], types: typesNamed(nodes) };
}

export function together<Each>(some: Each[], more: Each[] | undefined): Each[] {
  return [...new Set([...some, ...(more ?? [])])];
}

export function withListed(some: Listed, more: Listed): Listed {
  return {
    functions: together(some.functions, more.functions),
    operators: together(some.operators, more.operators),
    types: together(some.types, more.types),
  };
}

function nameOf(parts: unknown[]): string {
  return quotedName(parts.filter((part) => part !== undefined).map(String));
}

/** Nodes of which EXPLAIN does not tell how many rows they take, or what their rows are. */
const hiding = new Set(['Limit', 'WindowAgg', 'Values Scan']);

export function hidesParts(plan: PlanNode): boolean {
  return hiding.has(plan['Node Type']) || (plan.Plans ?? []).some(hidesParts);
}

/** What stands behind LIMIT and OFFSET, and how far the frames of windows go. */
export function hiddenIn(nodes: unknown): { limits: AnyNode[]; frames: AnyNode[] } {
  const limits: AnyNode[] = [];
  const frames: AnyNode[] = [];
  const noteFrame = ({ startOffset, endOffset }: Body) => frames.push({ startOffset, endOffset });
  walk(nodes, (kind, body) => {
    if (kind === 'SelectStmt') limits.push({ count: body.limitCount, offset: body.limitOffset });
    if (kind === 'WindowDef') noteFrame(body);
    if (kind === 'FuncCall') noteFrame(child(body, 'over'));
    return true;
  });
  return { limits, frames };
}

/** A LIMIT takes rows in the order in which a plan comes to them. */
export function limitsWithoutOrder(nodes: unknown): boolean {
  return hasNode(nodes, (kind, body) => {
    const [of, rows] = kindOf(body.limitCount);
    const isAll = of === 'A_Const' && rows.isnull === true;
    return kind === 'SelectStmt' && of !== '' && !isAll && children(body, 'sortClause').length === 0;
  });
}
