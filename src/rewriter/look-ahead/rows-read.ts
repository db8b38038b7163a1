/** Which tables a plan reads, and what rows that have gone meanwhile could change. */
import type { PlanNode } from './plan-nodes.js';
import { quotedName } from './plan-texts.js';

export interface RowsRead {
  tables: string[];
  /** Fewer rows to be read are no others that are given, but fewer. */
  fewerGiveFewer: boolean;
  /** The statement may have written rows itself by then. */
  writes: boolean;
}

export function rowsRead(plan: PlanNode, writes: boolean): RowsRead {
  const tables = new Set<string>();
  return { fewerGiveFewer: read(plan, tables), tables: [...tables], writes };
}

/** All tables that it reads. */
export function tablesOf(plan: PlanNode): string[] {
  const tables = new Set<string>();
  read(plan, tables);
  return [...tables];
}

/** False: rows that were not read may have made others of those that are given. */
function read(node: PlanNode, tables: Set<string>): boolean {
  const { Schema: schema = '', 'Relation Name': name, Plans: below = [] } = node;
  if (asksAboutTarget(node)) return true;
  if (name !== undefined) tables.add(quotedName([schema, name]));
  const before = tables.size;
  const isKept = below.map((each) => read(each, tables)).every(Boolean);
  const readsBelow = name === undefined && tables.size > before;
  return (
    isKept && !(isOfSubselect(node) && (readsBelow || name !== undefined)) && (!readsBelow || keeps(node))
  );
}

/** Our own condition on what an UPDATE is looked at as; see update-stages.ts. */
export function asksAboutTarget({
  Schema: schema,
  'Relation Name': name,
  Output: output,
}: PlanNode): boolean {
  return schema === 'pg_catalog' && name === 'pg_class' && String(output).includes('row_security_active');
}

export function isOfSubselect(node: PlanNode): boolean {
  return ['SubPlan', 'InitPlan'].includes(node['Parent Relationship'] ?? '');
}

function keeps(node: PlanNode): boolean {
  return rowByRow.has(node['Node Type']) && (node['Join Type'] ?? 'Inner') === 'Inner';
}
const rowByRow = new Set([
  ...['Result', 'Sort', 'Incremental Sort', 'Append', 'Merge Append', 'Subquery Scan', 'ProjectSet'],
  ...['Nested Loop', 'Hash Join', 'Hash', 'Merge Join', 'Materialize', 'Memoize'],
]);
