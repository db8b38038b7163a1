/** Takes the items of a target list apart: where each one is in the text, which calls it is certain to make, what else it needs. */
import { columnName } from './column-name.js';
import {
  type AnyNode,
  type Body,
  child,
  children,
  containsAiCall,
  hasNode,
  isAiCall,
  kindOf,
  nameList,
  walk,
} from './nodes.js';
import { firstTokenFrom, type Token, tokenAt } from './parse.js';

export type Range = [start: number, end: number];

export type TargetItem =
  /** `t.*` of tables or `(composite).*` of a column; `rows` are expressions for the whole rows. */
  | { form: 'star'; range: Range; rows: string[]; ofColumn: boolean }
  /** A constant or parameter: evaluated where it is used, because its type depends on that. */
  | { form: 'constant'; range: Range; name: string | undefined }
  | { form: 'plain'; range: Range; expression: Range; name: string }
  | {
      form: 'call';
      range: Range;
      expression: Range;
      name: string;
      calls: Range[];
      columns: Range[];
      nested: boolean;
    };

/** Built-in functions that evaluate each argument once and return one value; NULL is an ordinary argument to them. */
const takingNull = words(`json_build_object jsonb_build_object json_build_array jsonb_build_array
   concat concat_ws format`);
/** The same, but strict: if an argument is known to be NULL when the statement is planned, the others are not evaluated. */
const strict =
  words(`to_json to_jsonb json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text
   jsonb_pretty json_array_length jsonb_array_length json_typeof jsonb_typeof
   upper lower length char_length trim btrim ltrim rtrim replace left right substr substring split_part md5 quote_literal to_file`);

function words(text: string): Set<string> {
  return new Set(text.split(/\s+/));
}

interface Places {
  /** From a location in the parse tree to an offset in the text. */
  offset(location: unknown): number;
  tokens: Token[];
}

export interface ItemContext extends Places {
  text: string;
  /** The tables that `*` stands for; undefined if that is not clear. */
  starTables: string[] | undefined;
  /** True for tables whose whole row can be used as a value; CTEs and sub-selects have no row type. */
  isTable(name: string): boolean;
  /** Columns are not those of tables only: one may be known to be NULL when the statement is planned. */
  mayBeNull: boolean;
}

/** Undefined: the item cannot be taken apart safely. */
export function readItem(target: AnyNode, range: Range, context: ItemContext): TargetItem | undefined {
  const [, body] = kindOf(target);
  const value = child(body, 'val');
  const expression: Range = [
    range[0],
    body.name === undefined ? range[1] : beforeAlias(range, context.tokens),
  ];
  const name = body.name === undefined ? columnName(value) : String(body.name);
  if (isStar(value)) return readStar(value, range, context);
  if (isRowStar(value)) return readRowStar(value, range, context);
  if (isConstant(value)) return { form: 'constant', range, name };
  if (name === undefined) return undefined;
  if (!containsAiCall(value)) return { form: 'plain', range, expression, name };
  const parts: Parts = { calls: [], columns: [], nested: false, mayBeNull: context.mayBeNull };
  if (!takeApart(value, parts)) return undefined;
  return {
    form: 'call',
    range,
    expression,
    name,
    calls: parts.calls.map((call) => callRange(context, call)),
    columns: parts.columns.map((column) => columnRange(context, column)),
    nested: parts.nested,
  };
}

/** Alias with or without AS. */
function beforeAlias([start, end]: Range, tokens: Token[]): number {
  const alias = firstTokenFrom(tokens, end) - 1;
  const withAs = tokens[alias - 1]?.text.toLowerCase() === 'as';
  const last = tokens[alias - (withAs ? 2 : 1)];
  return last && last.start >= start ? last.end : start;
}

function isStar(value: AnyNode): boolean {
  const [kind, body] = kindOf(value);
  return kind === 'ColumnRef' && kindOf(children(body, 'fields').at(-1))[0] === 'A_Star';
}

function readStar(value: AnyNode, range: Range, context: ItemContext): TargetItem | undefined {
  const fields = nameList(kindOf(value)[1].fields).slice(0, -1);
  const tables = fields.length === 0 ? context.starTables : fields.length === 1 ? fields : undefined;
  if (!tables?.every((table) => context.isTable(table))) return undefined;
  // A bare table name could also be a column; as a function's argument, `t.*` can only be the whole row.
  return {
    form: 'star',
    range,
    rows: tables.map((table) => `coalesce(${quoted(table)}.*)`),
    ofColumn: false,
  };
}

/** `(column).*` */
function isRowStar(value: AnyNode): boolean {
  const [kind, body] = kindOf(value);
  return kind === 'A_Indirection' && kindOf(children(body, 'indirection').at(-1))[0] === 'A_Star';
}

function readRowStar(value: AnyNode, range: Range, { tokens, text }: ItemContext): TargetItem | undefined {
  const [, body] = kindOf(value);
  if (children(body, 'indirection').length !== 1 || kindOf(child(body, 'arg'))[0] !== 'ColumnRef')
    return undefined;
  const dot = tokens
    .slice(firstTokenFrom(tokens, range[0]), firstTokenFrom(tokens, range[1]))
    .findLast((token) => token.text === '.');
  return dot && { form: 'star', range, rows: [text.slice(range[0], dot.start)], ofColumn: true };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function isConstant(value: AnyNode): boolean {
  const [kind, body] = kindOf(value);
  if (kind === 'TypeCast') return isConstant(child(body, 'arg'));
  return kind === 'A_Const' || kind === 'ParamRef';
}

export interface Parts {
  calls: Body[];
  columns: Body[];
  /** A call uses another call's result. */
  nested: boolean;
  /** See ItemContext. */
  mayBeNull: boolean;
}

/**
 * Collects the innermost calls and the columns outside them; false if a call might not happen, or something else is needed. `noNulls`: what
 * stands around the node has been searched for NULLs, and the node with it.
 */
export function takeApart(node: AnyNode, parts: Parts, noNulls = false): boolean {
  const [kind, body] = kindOf(node);
  const takeAll = (nodes: unknown[], searched = noNulls) =>
    nodes.every((each) => takeApart(each as AnyNode, parts, searched));
  if (isAiCall(kind, body)) return takeCall(body, parts);
  switch (kind) {
    case '':
    case 'A_Const':
    case 'ParamRef':
    case 'String':
      return true;
    case 'ColumnRef':
      parts.columns.push(body);
      return !isStar(node);
    case 'TypeCast':
    case 'CollateClause':
    case 'NullTest':
      return takeAll([body.arg]);
    case 'A_Indirection':
      // Of what is NULL no element is looked for: what names it is not evaluated.
      return !containsAiCall(body.indirection) && takeAll([body.arg, ...children(body, 'indirection')]);
    case 'A_Indices':
      return takeAll([body.lidx, body.uidx]);
    case 'A_Expr': {
      const operands = [body.lexpr, body.rexpr];
      return body.kind === 'AEXPR_OP' && (noNulls || noneIsNull(operands, parts)) && takeAll(operands, true);
    }
    case 'A_ArrayExpr':
      return takeAll(children(body, 'elements'));
    case 'FuncCall':
      return (
        evaluatesArguments(body, noNulls, parts) && takeAll(children(body, 'args'), noNulls || isStrict(body))
      );
    default:
      return false;
  }
}

function takeCall(call: Body, parts: Parts): boolean {
  const args = children(call, 'args');
  if (args.some((argument) => kindOf(argument)[0] === 'NamedArgExpr')) return false;
  // What is none, PostgreSQL is to say of what was written.
  if (call.over || call.agg_filter || call.agg_order || call.agg_distinct || call.func_variadic) return false;
  if (containsAiCall(call.args)) {
    parts.nested = true;
    return args.every((argument) => takeApart(argument, parts));
  }
  parts.calls.push(call);
  return true;
}

/** True for functions that are known to evaluate each argument once a row. */
function evaluatesArguments(body: Body, noNulls: boolean, parts: Parts): boolean {
  const name = nameList(body.funcname);
  if (name.length > 1 && name[0] !== 'pg_catalog') return false;
  if (body.over || body.agg_filter || body.agg_order) return false;
  if (takingNull.has(name.at(-1) ?? '')) return true;
  return isStrict(body) && (noNulls || noneIsNull(children(body, 'args'), parts));
}

function isStrict({ funcname }: Body): boolean {
  return strict.has(nameList(funcname).at(-1) ?? '');
}

/** True if no operand is known to be NULL when the statement is planned; a strict operator would not evaluate the others then. */
function noneIsNull(operands: unknown[], { mayBeNull }: Parts): boolean {
  let known = true;
  for (const operand of operands) {
    walk(operand, (kind, body) => {
      if (isAiCall(kind, body)) return false;
      if (kind === 'ParamRef' || (kind === 'A_Const' && body.isnull)) known = false;
      if ((kind === 'ColumnRef' && mayBeNull) || mayFoldToNull(kind, body)) known = false;
      return known;
    });
  }
  return known;
}

/** Of constants alone PostgreSQL computes it when it plans. */
function mayFoldToNull(kind: string, body: Body): boolean {
  const isFixed = () =>
    !hasNode({ [kind]: body }, (each, inner) => each === 'ColumnRef' || isAiCall(each, inner));
  if (kind === 'A_Expr') return !givingOperators.has(nameList(body.name).at(-1) ?? '') && isFixed();
  if (kind === 'FuncCall') return givingNull.test(nameList(body.funcname).at(-1) ?? '') && isFixed();
  return kind === 'A_Indirection' && isFixed();
}
/** These give NULL of NULL only. */
const givingOperators = words('|| + - * / %');
const givingNull = /^(?:jsonb?_|substring$|to_file$)/;

/** From the function's name to its closing parenthesis. */
export function callRange({ tokens, offset }: Places, call: Body): Range {
  const start = offset(call.location);
  let depth = 0;
  for (let index = firstTokenFrom(tokens, start); index < tokens.length; index++) {
    const token = tokens[index] as Token;
    if (token.text === '(') depth += 1;
    if (token.text === ')' && --depth === 0) return [start, token.end];
  }
  return [start, start];
}

/** `name` or `name.name…`: the reference has as many names as parts. */
export function columnRange({ tokens, offset }: Places, column: Body): Range {
  const start = offset(column.location);
  const first = tokenAt(tokens, start);
  const last = tokens[first + 2 * (children(column, 'fields').length - 1)];
  return [start, last?.end ?? start];
}
