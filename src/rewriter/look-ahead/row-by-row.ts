/**
 * Queries of which a LIMIT takes those rows whose results fit: how many must be asked about follows from results. Where each call is about one row
 * at most, as many calls are certain to be made as rows are still wanted.
 */
import { type Body, child, kindOf, nameList } from '../nodes.js';
import type { ParsedStatement } from '../parse.js';
import { asks, type PlanNode, textsOf } from './plan-nodes.js';

/** What is known of all below a node. */
interface Below {
  calls: boolean;
  values: boolean;
  rows: boolean;
  rowByRow: boolean;
}

/** Nodes that give a row for each that they are given, or for none, in the same order, and ask for the next one only when they are asked. */
const passing = new Set([
  ...['Limit', 'Result', 'Subquery Scan', 'CTE Scan', 'Append', 'Values Scan', 'Function Scan'],
  ...['Seq Scan', 'Index Scan', 'Index Only Scan', 'Bitmap Heap Scan', 'Tid Scan'],
]);

/** `own`: the node's conditions go by results, or make calls. `scanned`: CTEs that others read, too. */
export function isRowByRow(
  node: PlanNode,
  own: { decides: boolean; calls: boolean },
  below: Below[],
  inside: Below[],
  scanned: Set<string>,
): boolean {
  const type = node['Node Type'];
  const cte = type === 'CTE Scan' ? (node['CTE Name'] ?? '') : undefined;
  const isSecond = cte !== undefined && scanned.has(cte);
  if (cte !== undefined) scanned.add(cte);
  // A sub-select may be evaluated once for all rows.
  if (isSecond || !inside.every(isPlain)) return false;
  // Of one call many rows are made.
  if (textsOf(node, ['Function Call']).some((text) => asks.test(text))) return false;
  if (passing.has(type)) return below.every((each) => isPlain(each) || each.rowByRow);
  return !own.decides && !own.calls && below.every(isPlain) && !asksAboutSeveral(node);
}

/** Rows of a window are reckoned from several, and a call may be about several grouping sets. */
function asksAboutSeveral(node: PlanNode): boolean {
  const type = node['Node Type'];
  const ofSeveral = type === 'ProjectSet' || type === 'WindowAgg' || node['Grouping Sets'] !== undefined;
  return ofSeveral && textsOf(node, ['Output']).some((text) => asks.test(text));
}

function isPlain({ calls, values, rows }: Below): boolean {
  return !calls && !values && !rows;
}

/** How many rows the query's own LIMIT takes; infinite without one. Undefined: nobody knows, or others as well that are equal to the last. */
export function rowsOfLimit([statement]: ParsedStatement[] = []): number | undefined {
  if (!statement) return undefined;
  const query = statement.node as Body;
  if (query.limitOption === 'LIMIT_OPTION_WITH_TIES') return undefined;
  let count = child(query, 'limitCount');
  if (kindOf(count)[0] === '') return Number.POSITIVE_INFINITY;
  while (isCastToWhole(count)) count = child(kindOf(count)[1], 'arg');
  const [kind, constant] = kindOf(count);
  const number = String(child(constant, 'ival').ival ?? child(constant, 'sval').sval ?? '');
  return kind === 'A_Const' && /^ ?\d{1,15} ?$/.test(number) ? Number(number) : undefined;
}

function isCastToWhole(node: unknown): boolean {
  const [kind, body] = kindOf(node);
  return (
    kind === 'TypeCast' &&
    /^(?:pg_catalog\.)?int[248]$/.test(nameList(child(body, 'typeName').names).join('.'))
  );
}
