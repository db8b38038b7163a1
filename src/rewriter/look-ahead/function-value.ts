/** What a PL/pgSQL function gives, as one expression of its parameters: of a body that computes its value, and neither reads nor writes tables. */
import pg from 'pg';
import { mentionsAiFunction } from '../ai-functions.js';
import { type AnyNode, type Body, child, children, hasNode, kindOf, nameList, walk } from '../nodes.js';
import { parseFunction } from '../parse.js';
import { readSource, type Source } from '../source.js';
import { type Edit, splice, unedited } from '../spliced-text.js';
import { columnRange } from '../target-items.js';
import { typeOf } from './arguments.js';

export interface FunctionValue {
  /** Without its schema. */
  name: string;
  parameters: Variable[];
  /** Names the parameters. */
  value: string;
}

interface Variable {
  name: string;
  type: string;
}

/** What a body is read with. */
interface Scope {
  function: string;
  /** Types by the variables' names. */
  types: Map<string, string>;
  /** Names of what the parser has numbered. */
  numbered: string[];
  /** So many statements may still be read: what stands behind an IF is written out for each of its branches. */
  left: number;
}

const mostStatements = 200;

/** @param source CREATE FUNCTION as the engine tells it; undefined: the function does more than compute a value */
export function functionValue(source: string): FunctionValue | undefined {
  const definition = readSource(source);
  const [create] = definition?.statements ?? [];
  if (!definition || create?.kind !== 'CreateFunctionStmt') return undefined;
  const node = create.node as Body;
  const options = children(node, 'options').map((each) => String(kindOf(each)[1].defname));
  const parameters = parametersOf(node, definition);
  const returned = child(node, 'returnType');
  // With the rights of its owner, or settings of its own, names may mean something else; and what is not VOLATILE is called as often as it pleases.
  const type = typeOf(returned, definition);
  if (!parameters || type === 'void' || returned.setof || options.some((each) => unusual.has(each)))
    return undefined;
  const name = nameList(node.funcname).at(-1) ?? '';
  const value = computedBy(source, { name, parameters });
  if (value === undefined) return undefined;
  const cast = `(${value})::${type}`;
  const given = parameters.map((each) => `${pg.escapeIdentifier(each.name)} IS DISTINCT FROM NULL`);
  const isStrict = options.includes('strict') && given.length > 0;
  return { name, parameters, value: isStrict ? `CASE WHEN ${given.join(' AND ')} THEN ${cast} END` : cast };
}

const unusual = new Set(['security', 'set', 'volatility', 'window']);

function parametersOf(node: Body, definition: Source): Variable[] | undefined {
  const parameters = children(node, 'parameters').map((each) => kindOf(each)[1]);
  if (parameters.some(({ mode, name }) => !modes.has(String(mode)) || name === undefined)) return undefined;
  return parameters.map((each) => ({
    name: String(each.name),
    type: typeOf(child(each, 'argType'), definition),
  }));
}
const modes = new Set(['FUNC_PARAM_IN', 'FUNC_PARAM_DEFAULT']);

function computedBy(source: string, { name, parameters }: Omit<FunctionValue, 'value'>): string | undefined {
  const read: Body[] = [];
  walk(parseFunction(source), (kind, body) => {
    if (kind === 'PLpgSQL_function') read.push(body);
    return true;
  });
  const [body = {}] = read;
  const block = kindOf(body.action)[1];
  const declared = children(body, 'datums')
    .map((each) => kindOf(each)[1])
    // Those of the engine's own have no line; a CASE has one for what it compares.
    .filter(
      ({ lineno, refname }) => lineno !== undefined && !String(refname).startsWith('__Case__Variable_'),
    );
  if (!areOfOneBlock(block, declared)) return undefined;
  const variables = declared.map((each) => ({ name: String(each.refname), type: typeNamed(each) }));
  const all = [...parameters, ...variables];
  const types = new Map(all.map((each) => [each.name, each.type]));
  if (types.size < all.length || variables.some(({ type }) => /%|^record$|^refcursor$/i.test(type)))
    return undefined;
  const numbered = children(body, 'datums').map((each) => String(kindOf(each)[1].refname ?? ''));
  const scope: Scope = { function: name, types, numbered, left: mostStatements };
  return declared.reduceRight<string | undefined>(
    (rest, each) => {
      const value = each.default_val ? expressionOf(each.default_val, scope) : 'NULL';
      return withVariable(String(each.refname), value, rest, scope);
    },
    valueBehind([body.action as AnyNode], scope),
  );
}

/** Nobody tells which block a variable is declared in: blocks inside the first one must have none. */
function areOfOneBlock(block: Body, declared: Body[]): boolean {
  const inner = hasNode(block.body, (kind) => kind === 'PLpgSQL_stmt_block');
  return !inner || declared.every(({ lineno }) => Number(lineno) < Number(block.lineno ?? 0));
}

function typeNamed({ datatype }: Body): string {
  return String(kindOf(datatype)[1].typname ?? 'record');
}

/** The value that is returned by these statements, one behind another. */
function valueBehind(statements: AnyNode[], scope: Scope): string | undefined {
  scope.left -= 1;
  if (scope.left < 0) return undefined;
  const [first, ...rest] = statements;
  // A function that ends without RETURN fails.
  if (!first) return 'NULL';
  const [kind, body] = kindOf(first);
  return readers[kind]?.(body, rest, scope);
}

type Reader = (body: Body, rest: AnyNode[], scope: Scope) => string | undefined;

const readers: Record<string, Reader> = {
  PLpgSQL_stmt_return(body, _rest, scope) {
    if (body.expr) return expressionOf(body.expr, scope);
    // A variable, of which the first has the number 0, which the parser leaves out.
    const variable = scope.numbered[Number(body.retvarno ?? 0)] ?? '';
    return scope.types.has(variable) ? pg.escapeIdentifier(variable) : undefined;
  },
  PLpgSQL_stmt_block: (body, rest, scope) =>
    body.exceptions ? undefined : valueBehind([...children(body, 'body'), ...rest], scope),
  PLpgSQL_stmt_assign(body, rest, scope) {
    const [whole, name = ''] = assigned.exec(String(kindOf(body.expr)[1].query)) ?? [''];
    const value = whole ? expressionOf(body.expr, scope, whole.length) : undefined;
    return withVariable(nameIn(name), value, valueBehind(rest, scope), scope);
  },
  PLpgSQL_stmt_if(body, rest, scope) {
    const others = children(body, 'elsif_list').map((each) => kindOf(each)[1]);
    const conditions = [body, ...others].map(({ cond }) => expressionOf(cond, scope));
    const branches = [children(body, 'then_body'), ...others.map((each) => children(each, 'stmts'))];
    return branching(conditions, branches, children(body, 'else_body'), { rest, scope });
  },
  PLpgSQL_stmt_case(body, rest, scope) {
    const compared = `__Case__Variable_${body.t_varno}__`;
    const own = { ...scope, types: new Map(scope.types).set(compared, 'text') };
    const cases = children(body, 'case_when_list').map((each) => kindOf(each)[1]);
    const conditions = cases.map(({ expr }) => expressionOf(expr, own));
    const branches = cases.map((each) => children(each, 'stmts'));
    const value = branching(conditions, branches, children(body, 'else_stmts'), { rest, scope });
    if (!body.t_expr || value === undefined) return value;
    const what = expressionOf(body.t_expr, scope);
    return what && `(SELECT ${value} FROM (SELECT ${what} AS ${pg.escapeIdentifier(compared)}) AS compared)`;
  },
  // An error ends the statement; what else is told changes nothing.
  PLpgSQL_stmt_raise(body, rest, scope) {
    const told = children(body, 'params').map((each) => String(kindOf(each)[1].query));
    if (body.options || told.some((each) => mentionsAiFunction(each) || each.includes('('))) return undefined;
    return Number(body.elog_level) >= raisedError ? 'NULL' : valueBehind(rest, scope);
  },
};
const assigned = /^\s*("(?:[^"]|"")*"|[\p{L}_][\p{L}\w$]*)\s*:?=/u;
/** ERROR in the parser's numbers. */
const raisedError = 21;

function nameIn(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase();
}

function branching(
  conditions: (string | undefined)[],
  branches: AnyNode[][],
  otherwise: AnyNode[],
  { rest, scope }: { rest: AnyNode[]; scope: Scope },
): string | undefined {
  const values = [...branches, otherwise].map((each) => valueBehind([...each, ...rest], scope));
  if ([...conditions, ...values].includes(undefined)) return undefined;
  const cases = conditions.map((condition, index) => `WHEN ${condition} THEN ${values[index]}`);
  return `CASE ${cases.join(' ')} ELSE ${values.at(-1)} END`;
}

/** What stands behind it means the variable's new value. */
function withVariable(
  name: string,
  value: string | undefined,
  rest: string | undefined,
  { types }: Scope,
): string | undefined {
  const type = types.get(name);
  if (value === undefined || rest === undefined || type === undefined) return undefined;
  return `(SELECT ${rest} FROM (SELECT (${value})::${type} AS ${pg.escapeIdentifier(name)}) AS assigned)`;
}

const more = new Set(['SubLink', 'ParamRef', 'A_Star']);

/** As it may stand where the variables are columns; undefined: it reads tables, or names something else than variables. */
function expressionOf(node: unknown, scope: Scope, from = 0): string | undefined {
  const source = readSource(`SELECT ${String(kindOf(node)[1].query).slice(from)}`);
  const [select, another] = source?.statements ?? [];
  const { targetList, limitOption: _, op: __, ...others } = (select?.node ?? {}) as Body;
  const [target, second] = Array.isArray(targetList) ? targetList : [];
  if (!source || another || !target || second || Object.keys(others).length > 0) return undefined;
  if (kindOf(target)[1].name !== undefined || hasNode(target, (kind) => more.has(kind))) return undefined;
  const edits: (Edit | undefined)[] = [];
  walk(target, (kind, body) => {
    if (kind === 'ColumnRef') edits.push(...asColumn(body, source, scope));
    return true;
  });
  if (edits.includes(undefined)) return undefined;
  return `(${splice(unedited(source.text), edits as Edit[]).text.slice('SELECT '.length)})`;
}

/** What is to be changed of a name; [undefined]: it is no variable's. */
function asColumn(body: Body, source: Source, scope: Scope): (Edit | undefined)[] {
  const [first = '', second, third] = nameList(body.fields);
  const [start, end] = columnRange(source, body);
  const { text } = source;
  if (second === undefined) return scope.types.has(first) ? [] : [undefined];
  if (third !== undefined) return [undefined];
  const written = text.slice(start, end);
  const parted = written.indexOf('.', written.startsWith('"') ? written.indexOf('"', 1) : 0);
  const [name, field] = [written.slice(0, parted), written.slice(parted + 1)];
  // A field of a row.
  if (scope.types.has(first)) return [{ start, end, pieces: [`(${name}).${field}`] }];
  return first === scope.function && scope.types.has(second)
    ? [{ start, end, pieces: [field] }]
    : [undefined];
}
