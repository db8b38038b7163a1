/**
 * A function's parameters in a query of its body, as the values that the client's statement gives them, and its variables as what they are
 * declared with: only what nothing can have changed.
 */
import { columnName } from '../column-name.js';
import { type AnyNode, type Body, child, children, hasNode, kindOf, nameList, walk } from '../nodes.js';
import { firstOutside, nameIn, nodesOf, parseFunction, scanTokens, tokenAt } from '../parse.js';
import { readSource, type Source } from '../source.js';
import { type Edit, splice, unedited } from '../spliced-text.js';
import { columnRange, quoted } from '../target-items.js';
import { listedValues } from './assigned.js';
import { keepsNames } from './column-names.js';

export interface Called {
  /** As the engine tells it. */
  name: string;
  /** CREATE FUNCTION, or DO. */
  source: string;
  /** What calls it; undefined: another function does. */
  clientText: string | undefined;
}

/**
 * The query with values in place of names. PL/pgSQL refuses a name that stands for a variable and a column, so that each such name here is the
 * variable.
 */
export function withArguments(query: string, called: Called): string {
  const { unchanged, declared } = variablesOf(called.source);
  const given = givenValues(called, unchanged);
  const values = declaredValues(declared, unchanged, given);
  const read = values.size > 0 ? readSource(query) : undefined;
  if (!read) return query;
  let hidden = false;
  walk(nodesOf(read.statements), (kind, body) => {
    // ORDER BY and GROUP BY may mean it.
    hidden ||= kind === 'ResTarget' && values.has(String(body.name ?? nameBeside(body)));
    return !hidden;
  });
  if (hidden) return query;
  const known = withNamed(read, new Map([...values, ...qualified(given, called, read)]), columnsAlone(read));
  return keepsNames(query, known) ? known : query;
}

/** What a column is called that is not written as this name alone, which means the variable. */
function nameBeside({ val }: Body): string | undefined {
  const [kind, body] = kindOf(val);
  const isAlone = kind === 'ColumnRef' && nameList(body.fields).length === 1;
  return val === undefined || isAlone ? undefined : columnName(val as AnyNode);
}

/** Between two names; in none. */
const dot = '\0';

/** Parameters as function.parameter, too, if that is no table's column. */
function qualified(given: Map<string, string>, { name }: Called, read: Source): [string, string][] {
  const own = lastName(name);
  const isTable = hasNode(nodesOf(read.statements), (kind, body) =>
    kind === 'RangeVar'
      ? body.relname === own
      : aliasing.has(kind) && (body.aliasname ?? body.ctename) === own,
  );
  return isTable ? [] : [...given].map(([parameter, value]) => [[own, parameter].join(dot), value]);
}
const aliasing = new Set(['Alias', 'CommonTableExpr']);

/** Columns that are called as what they are. */
function columnsAlone({ statements }: Source): Set<Body> {
  const alone = new Set<Body>();
  walk(nodesOf(statements), (kind, body) => {
    const items = kind === 'SelectStmt' ? children(body, 'targetList').map((item) => kindOf(item)[1]) : [];
    for (const item of items) if (item.name === undefined) alone.add(kindOf(item.val)[1]);
    return true;
  });
  return alone;
}

function withNamed(read: Source, values: Map<string, string>, named = new Set<Body>()): string {
  const edits = new Map<number, Edit>();
  walk(nodesOf(read.statements), (kind, body) => {
    const names = kind === 'ColumnRef' ? nameList(body.fields) : [];
    const value = values.get(names.join(dot));
    if (value === undefined) return true;
    const [start, end] = columnRange(read, body);
    edits.set(start, {
      start,
      end,
      pieces: [named.has(body) ? `${value} AS ${quoted(names.at(-1) ?? '')}` : value],
    });
    return true;
  });
  const places = [...edits.values()];
  return splice(
    unedited(read.text),
    places.sort((a, b) => a.start - b.start),
  ).text;
}

/** By the parameter's name, as SQL of its type. */
function givenValues({ name, source, clientText }: Called, unchanged: Set<string>): Map<string, string> {
  const none = new Map<string, string>();
  const definition = readSource(source);
  const [create] = definition?.statements ?? [];
  const given = clientText === undefined ? undefined : literalsOf(name, clientText);
  if (!definition || create?.kind !== 'CreateFunctionStmt' || !given) return none;
  const parameters = parametersOf(create.node as Body);
  const modes = new Set(parameters.map(({ mode }) => String(mode)));
  if (modes.has('FUNC_PARAM_INOUT') || modes.has('FUNC_PARAM_VARIADIC')) return none;
  const taken = parameters.filter(({ mode }) => takingModes.has(String(mode)));
  if (taken.length !== given.length) return none;
  return new Map(
    taken.flatMap((parameter, index) => {
      const own = String(parameter.name ?? '');
      const type = typeOf(child(parameter, 'argType'), definition);
      return unchanged.has(own) ? [[own, `((${given[index]})::${type})`] as const] : [];
    }),
  );
}

/** Of CREATE FUNCTION, all of them. */
export function parametersOf(create: Body): Body[] {
  return children(create, 'parameters').map((each) => kindOf(each)[1]);
}

/** Of parameters that take a value, and give none back. */
export const takingModes = new Set(['FUNC_PARAM_IN', 'FUNC_PARAM_DEFAULT']);

/** As it is written, of a parameter or of what the function returns. */
export function typeOf(type: AnyNode, { tokens, offset, text }: Source): string {
  const first = tokenAt(tokens, offset(type.location));
  const end = firstOutside(tokens, first, (word) => [',', ')', 'default', 'language'].includes(word));
  const written = text.slice(tokens[first]?.start, tokens[end - 1]?.end);
  // In a cast it would be of one character.
  return written.replace(/^character(?=$|\[)/, 'bpchar').replace(/^bit(?=$|\[)/, '"bit"');
}

/** The arguments of the only call of the function, if all of them are literals. */
export function literalsOf(name: string, text: string): string[] | undefined {
  const last = lastName(name);
  const read = readSource(text);
  const calls: Body[] = [];
  walk(nodesOf(read?.statements), (kind, body) => {
    const call = kind === 'CallStmt' ? child(body, 'funccall') : kind === 'FuncCall' ? body : undefined;
    if (call && nameList(call.funcname).at(-1) === last) calls.push(call);
    return true;
  });
  const [call, more] = calls;
  // What others of one text run may call it, too.
  const others = read?.statements.filter(({ kind }) => !callingNothing.has(kind)) ?? [];
  if (!read || others.length > 1 || !call || more || !children(call, 'args').every(isLiteral))
    return undefined;
  const { tokens, offset } = read;
  const open = tokens.findIndex(({ text: word, start }) => word === '(' && start > offset(call.location));
  const texts = listedValues(open, read).map(([start, end]) => text.slice(start, end));
  return texts.length === children(call, 'args').length ? texts : undefined;
}

const callingNothing = new Set(['TransactionStmt', 'VariableSetStmt', 'VariableShowStmt', 'DeallocateStmt']);

function isLiteral(node: AnyNode): boolean {
  const [kind, body] = kindOf(node);
  return kind === 'A_Const' || (kind === 'TypeCast' && kindOf(body.arg)[0] === 'A_Const');
}

function lastName(name: string): string {
  return nameIn(scanTokens(name)?.at(-1)?.text ?? '');
}

/** Types whose values mean the same whatever is SET behind them, and into which a cast gives what PL/pgSQL does. */
const lasting =
  /^(text|varchar|character varying|int|integer|int[248]|bigint|smallint|numeric|decimal|bool|boolean|json|jsonb|uuid)( *\(\d+(, *\d+)?\))?$/i;

/** As SQL of their types: of variables that are declared with values that are written out, or made of such. */
function declaredValues(
  declared: Body[],
  unchanged: Set<string>,
  given: Map<string, string>,
): Map<string, string> {
  const values = new Map(given);
  for (const { refname, default_val: value, datatype } of declared) {
    const name = String(refname);
    const type = String(kindOf(datatype)[1].typname ?? '%');
    const read = readSource(`SELECT ${String(kindOf(value)[1].query ?? '')}`);
    if (!value || !read || !unchanged.has(name) || !lasting.test(type)) continue;
    if (isWrittenOut(read, values))
      values.set(name, `((${withNamed(read, values).slice('SELECT '.length)})::${type})`);
  }
  return values;
}

const writtenOut = new Set([
  'SelectStmt',
  'ResTarget',
  'A_Const',
  'TypeCast',
  'TypeName',
  'A_Expr',
  'String',
  'ColumnRef',
]);

function isWrittenOut({ statements }: Source, values: Map<string, string>): boolean {
  let known = statements.length === 1;
  walk(nodesOf(statements), (kind, body) => {
    const [name = '', more] = kind === 'ColumnRef' ? nameList(body.fields) : [];
    known &&= writtenOut.has(kind) || kind === 'Integer';
    known &&= kind !== 'ColumnRef' || (more === undefined && values.has(name));
    known &&= kind !== 'A_Expr' || nameList(body.name).join() === '||';
    return known;
  });
  return known;
}

/** What PL/pgSQL has numbered in CREATE FUNCTION or DO, variables among it, and the block that is run. */
export function readBody(source: string): { datums: Body[]; action: AnyNode } {
  const functions: Body[] = [];
  walk(parseFunction(source), (kind, body) => {
    if (kind === 'PLpgSQL_function') functions.push(body);
    return true;
  });
  const [body = {}] = functions;
  return { datums: children(body, 'datums').map((each) => kindOf(each)[1]), action: child(body, 'action') };
}

/** Those that the function assigns nothing to, and whose name no other one has; and all that it declares. The parser leaves out numbers that are 0. */
function variablesOf(source: string): { unchanged: Set<string>; declared: Body[] } {
  const { datums, action } = readBody(source);
  const names = datums.map(({ refname }) => String(refname ?? ''));
  const changed = new Set<string>();
  let calls = false;
  walk(action, (kind, node) => {
    // A procedure gives values back in its arguments.
    calls ||= kind === 'PLpgSQL_stmt_call';
    const number = assigning[kind];
    const target = number ? names[Number(node[number] ?? 0)] : undefined;
    if (target !== undefined) changed.add(target);
    // A field, and the parser does not tell of which row.
    calls ||= target === '';
    // Loops and INTO name what they assign to.
    if (node.refname !== undefined) changed.add(String(node.refname));
    for (const field of children(node, 'fields')) changed.add(String(field.name));
    return true;
  });
  const isOnly = (name: string) => names.indexOf(name) === names.lastIndexOf(name);
  const unchanged = new Set(calls ? [] : names.filter((name) => isOnly(name) && !changed.has(name)));
  const declared = datums.filter(({ lineno }) => lineno !== undefined);
  return { unchanged, declared: ofFirstBlock(action, declared) };
}

/**
 * Those of these variables that hold all through the function. Nobody tells which block a variable is declared in: where there are blocks inside the
 * first one, those in front of its BEGIN are its own.
 */
export function ofFirstBlock(action: AnyNode, declared: Body[]): Body[] {
  const [, block] = kindOf(action);
  const hasInner = hasNode(block.body, (kind) => kind === 'PLpgSQL_stmt_block');
  return hasInner ? declared.filter(({ lineno }) => Number(lineno) < Number(block.lineno ?? 0)) : declared;
}
const assigning: Record<string, string> = {
  PLpgSQL_stmt_assign: 'varno',
  PLpgSQL_stmt_foreach_a: 'varno',
  PLpgSQL_diag_item: 'target',
};
