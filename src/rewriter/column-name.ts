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
  return figure(node)?.name;
}

/** `weak`: a cast around it gives the column the name of its type. */
interface Figured {
  name: string;
  weak: boolean;
}

function figure(node: AnyNode): Figured | undefined {
  const [kind, body] = kindOf(node);
  const strong = (name: unknown): Figured | undefined =>
    name === undefined ? undefined : { name: String(name), weak: false };
  switch (kind) {
    case 'ColumnRef':
    case 'FuncCall':
      return strong(nameList(kind === 'ColumnRef' ? body.fields : body.funcname).at(-1));
    case 'TypeCast': {
      const inner = figure(child(body, 'arg'));
      const type = nameList(child(body, 'typeName').names).at(-1);
      return inner?.weak && type !== undefined ? { name: type, weak: true } : inner;
    }
    case 'CollateClause':
      return figure(child(body, 'arg'));
    case 'A_Indirection': {
      const field = children(body, 'indirection')
        .map((item) => kindOf(item))
        .filter(([name]) => name === 'String')
        .at(-1);
      return field ? strong(field[1].sval) : figure(child(body, 'arg'));
    }
    case 'A_Expr':
      return body.kind === 'AEXPR_NULLIF' ? strong('nullif') : nameless;
    case 'MinMaxExpr':
      return strong(body.op === 'IS_GREATEST' ? 'greatest' : 'least');
    case 'CaseExpr': {
      const inner = body.defresult ? figure(child(body, 'defresult')) : nameless;
      return inner?.weak ? { name: 'case', weak: true } : inner;
    }
    default:
      if (kind in fixedNames) return strong(fixedNames[kind]);
      return unnamed.has(kind) ? nameless : undefined;
  }
}

const nameless: Figured = { name: '?column?', weak: true };
