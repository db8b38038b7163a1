/**
 * The name PostgreSQL gives to an output column without an alias, as in FigureColname of src/backend/parser/parse_target.c. Undefined
 * for nodes that are not listed here; the statement is then left as written.
 */
import { type AnyNode, child, children, kindOf, nameList } from './nodes.js';

const fixedNames: Record<string, string> = {
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
};

/** Nodes whose column is called ?column?. */
const unnamed = new Set(['A_Const', 'BoolExpr', 'NullTest', 'BooleanTest', 'ParamRef', 'A_Expr']);

export function columnName(node: AnyNode): string | undefined {
  const [kind, body] = kindOf(node);
  switch (kind) {
    case 'ColumnRef':
    case 'FuncCall':
      return nameList(kind === 'ColumnRef' ? body.fields : body.funcname).at(-1);
    case 'TypeCast': {
      const inner = columnName(child(body, 'arg'));
      if (inner === undefined || inner !== '?column?') return inner;
      return nameList(child(body, 'typeName').names).at(-1);
    }
    case 'CollateClause':
      return columnName(child(body, 'arg'));
    case 'A_Indirection': {
      const field = children(body, 'indirection')
        .map((item) => kindOf(item))
        .filter(([name]) => name === 'String')
        .at(-1);
      return field ? String(field[1].sval) : columnName(child(body, 'arg'));
    }
    case 'A_Expr':
      return body.kind === 'AEXPR_NULLIF' ? 'nullif' : '?column?';
    case 'MinMaxExpr':
      return body.op === 'IS_GREATEST' ? 'greatest' : 'least';
    case 'CaseExpr': {
      const inner = body.defresult ? columnName(child(body, 'defresult')) : '?column?';
      return inner === '?column?' ? 'case' : inner;
    }
    default:
      if (kind in fixedNames) return fixedNames[kind];
      return unnamed.has(kind) ? '?column?' : undefined;
  }
}
