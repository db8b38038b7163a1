/** Scans that give one row at most, so that nothing is missed by whoever stops at the first. */
import { child, children, kindOf, nameList } from '../nodes.js';
import { parseStatements } from '../parse.js';
import { quotedName } from './plan-texts.js';

/**
 * A scan of an index, each of whose compared columns has to equal something: as JSON the index's name and those columns, for the catalogue to
 * say whether it is a unique index of no others. Undefined: another scan.
 */
export function uniqueScan(node: Record<string, unknown>): string | undefined {
  const { Schema: schema, 'Index Name': index, 'Index Cond': condition } = node;
  if (!/^Index (Only )?Scan$/.test(String(node['Node Type'])) || typeof condition !== 'string')
    return undefined;
  const columns = equalColumns(condition);
  return columns && JSON.stringify([quotedName([String(schema), String(index)]), ...columns]);
}

/** PostgreSQL prints the index's column first. */
function equalColumns(condition: string): string[] | undefined {
  const [statement] = parseStatements(`SELECT ${condition}`) ?? [];
  if (statement?.kind !== 'SelectStmt') return undefined;
  const [target] = children(statement.node as Record<string, unknown>, 'targetList');
  const [kind, body] = kindOf(child(kindOf(target)[1], 'val'));
  const compared =
    kind === 'BoolExpr' && body.boolop === 'AND_EXPR' ? children(body, 'args') : [{ [kind]: body }];
  const columns = compared.map(equalColumn);
  return columns.every((column) => column !== undefined) ? columns : undefined;
}

/** A varchar is compared as a text. */
function equalColumn(node: Record<string, unknown>): string | undefined {
  const [kind, body] = kindOf(node);
  if (kind !== 'A_Expr' || body.kind !== 'AEXPR_OP' || nameList(body.name).join('.') !== '=')
    return undefined;
  const [side, compared] = kindOf(body.lexpr);
  const [column, { fields }] = side === 'TypeCast' ? kindOf(compared.arg) : [side, compared];
  return column === 'ColumnRef' ? nameList(fields).at(-1) : undefined;
}
