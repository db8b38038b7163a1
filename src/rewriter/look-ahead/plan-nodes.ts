/** The nodes of a plan, and which of their keys tell what is evaluated. */

/** A node of EXPLAIN (FORMAT JSON, VERBOSE). */
export interface PlanNode {
  'Node Type': string;
  'Parent Relationship'?: string;
  'Subplan Name'?: string;
  'CTE Name'?: string;
  'Relation Name'?: string;
  Schema?: string;
  'Join Type'?: string;
  'Inner Unique'?: boolean;
  Strategy?: string;
  Alias?: string;
  Plans?: PlanNode[];
  [key: string]: unknown;
}

/** Types of nodes of which it is known what they evaluate. */
export const known = new Set([
  ...[
    'Seq Scan',
    'Index Scan',
    'Index Only Scan',
    'Bitmap Heap Scan',
    'Bitmap Index Scan',
    'BitmapAnd',
    'BitmapOr',
    'Tid Scan',
  ],
  ...[
    'Subquery Scan',
    'Function Scan',
    'Values Scan',
    'CTE Scan',
    'Result',
    'ProjectSet',
    'Sort',
    'Incremental Sort',
    'Aggregate',
  ],
  ...[
    'Group',
    'WindowAgg',
    'Unique',
    'Limit',
    'Append',
    'Merge Append',
    'Nested Loop',
    'Hash Join',
    'Hash',
    'Merge Join',
  ],
  ...['Materialize', 'Memoize', 'SetOp', 'Table Function Scan', 'Recursive Union', 'WorkTable Scan'],
]);

/** Nodes whose columns are values of what stands below them. */
export const derived = new Set([
  'Subquery Scan',
  'CTE Scan',
  'Function Scan',
  'Table Function Scan',
  'Values Scan',
]);

/** Keys whose expressions decide about rows, and those whose expressions are only values. */
export const grouping = ['Group Key', 'Grouping Sets'];
/** Which rows there are at all, before the others are asked about them. */
export const finding = ['Function Call', 'Table Function Call', 'Index Cond', 'TID Cond'];
export const deciding = [
  ...finding,
  ...['Filter', 'Join Filter', 'Hash Cond', 'Merge Cond', 'Recheck Cond', 'One-Time Filter', 'Order By'],
  ...['Sampling Parameters', 'Repeatable Seed', 'Cache Key', 'Run Condition'],
  ...grouping,
];
export const ordering = ['Sort Key', 'Presorted Key'];

export function textsOf(node: PlanNode, keys: string[]): string[] {
  return keys.flatMap((key) => textsIn(node[key]));
}

/** Grouping sets are objects of lists. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** PostgreSQL prints none of an Append, whose columns are called as those of its first member. */
export function outputOf(node: PlanNode): string[] {
  const [first] = node.Plans ?? [];
  return /Append$/.test(node['Node Type']) && first ? outputOf(first) : textsOf(node, ['Output']);
}

/** What a node reads its rows from. */
export function inputsOf({ Plans = [] }: PlanNode): PlanNode[] {
  return Plans.filter((each) => !['InitPlan', 'SubPlan'].includes(each['Parent Relationship'] ?? ''));
}

/** A call, or the result of one. */
export const asks = /\b(?:ask_ahead|ask_made|later)\(/;

/**
 * A value of a node below, not one that is computed anew and looks the same: it stands in one pair of parentheses more, however often it is passed on.
 */
export function isPassedOn(text: string, node: PlanNode): boolean {
  // The columns of a sub-select have names.
  if (node['Node Type'] === 'Subquery Scan') return false;
  return inputsOf(node).some((input) =>
    outputOf(input).some(
      (output) => text === `(${output})` || (text === output && isPassedOn(output, input)),
    ),
  );
}
