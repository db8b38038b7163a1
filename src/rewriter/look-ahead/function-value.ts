/** What a PL/pgSQL function gives, as one expression of its arguments: of a body that computes its value, and neither reads nor writes tables. */
import pg from 'pg';
import { mentionsAiFunction } from '../ai-functions.js';
import {
  type AnyNode,
  type Body,
  child,
  children,
  containsAiCall,
  hasNode,
  kindOf,
  nameList,
  walk,
} from '../nodes.js';
import { nameIn, nodesOf, parseStatements } from '../parse.js';
import { readSource, type Source } from '../source.js';
import { type Edit, splice, unedited } from '../spliced-text.js';
import { columnRange } from '../target-items.js';
import { ofFirstBlock, parametersOf, readBody, takingModes, typeOf } from './arguments.js';
import { type Listed, namesIn } from './sources.js';

export interface FunctionValue {
  /** Without its schema. */
  name: string;
  parameters: Variable[];
  /**
   * By its arguments, as expressions. Undefined: it does more than compute a value, or an argument makes calls, and is not evaluated once for each
   * time that the function is called.
   */
  valueFor(given: string[]): string | undefined;
  /** What its expressions name, also those that its value has none of, or several times. */
  named: Listed;
  /** Its value reads this argument (counted from 0) once, as the statement evaluates it. */
  readsOnce(index: number): boolean;
}

interface Variable {
  name: string;
  type: string;
}

/** What a variable stands for at a place of the body. */
interface Binding {
  text: string;
  /** It makes calls where it is evaluated. */
  calls: boolean;
}

/** What a body is read with. */
interface Scope {
  function: string;
  /** Types by the variables' names. */
  types: ReadonlyMap<string, string>;
  /** Names of what the parser has numbered. */
  numbered: string[];
  bound: ReadonlyMap<string, Binding>;
  /** What makes calls, and was used already. */
  used: Set<Binding>;
  /** So many characters may still be written: what stands behind an IF is written out for each of its branches. */
  room: { left: number };
}

const mostCharacters = 20_000;

/** @param source CREATE FUNCTION as the engine tells it; undefined: the function does more than compute a value */
export function functionValue(source: string): FunctionValue | undefined {
  const definition = readSource(source);
  const [create] = definition?.statements ?? [];
  if (!definition || create?.kind !== 'CreateFunctionStmt') return undefined;
  const node = create.node as Body;
  const options = children(node, 'options').map((each) => String(kindOf(each)[1].defname));
  const parameters = variablesOf(node, definition);
  const returned = child(node, 'returnType');
  const type = typeOf(returned, definition);
  if (
    !parameters ||
    type === 'void' ||
    parameters.some((each) => unlikeParameters.test(each.type)) ||
    returned.setof ||
    options.some((each) => unusual.has(each))
  )
    return undefined;
  const name = nameList(node.funcname).at(-1) ?? '';
  const body = readBody(source);
  const isStrict = options.includes('strict') && parameters.length > 0;
  const named = namesOf(body);
  if (!named) return undefined;
  const byMarks = computedBy(body, { name, parameters }, parameters.map(marked));
  const marks = nodesOf(parseStatements(`SELECT ${byMarks}`));
  const readsOnce = (index: number) => !isStrict && isEvaluatedOnce(index, marks);
  return {
    ...{ name, parameters, named, readsOnce },
    valueFor(given) {
      const value = computedBy(body, { name, parameters }, given);
      if (given.some((each, index) => mentionsAiFunction(each) && !readsOnce(index))) return undefined;
      const known = given.map((each) => `(${each}) IS DISTINCT FROM NULL`).join(' AND ');
      const cast = value && !isCondition(type, value) ? assignedTo(type, value) : undefined;
      return cast && isStrict ? `(CASE WHEN ${known} THEN ${cast} END)` : cast;
    },
  };
}

function marked(_parameter: unknown, index: number): string {
  return `hologen_given_${index}`;
}

/** As written each argument is evaluated before the function runs. `nodes`: of the value, with the arguments marked. */
function isEvaluatedOnce(index: number, nodes: AnyNode[]): boolean {
  const often = (within: (kind: string, body: Body) => boolean) => {
    let times = 0;
    walk(nodes, (kind, body) => {
      if (kind === 'ColumnRef' && nameList(body.fields)[0] === marked('', index)) times += 1;
      return within(kind, body);
    });
    return times;
  };
  const isCertain = (kind: string, body: Body) => !perhaps.has(kind) && !severalTimes.test(String(body.kind));
  return often(() => true) === 1 && often(isCertain) === 1;
}
/** Of these some parts may not be evaluated, or several times. */
const perhaps = new Set(['CaseExpr', 'CoalesceExpr', 'BoolExpr', 'SubLink', 'A_Indirection']);
const severalTimes = /^AEXPR_(IN|(NOT_)?BETWEEN.*)$/;

/** Undefined: an expression of it cannot be read. */
function namesOf({ datums, action }: ReturnType<typeof readBody>): Listed | undefined {
  const read: AnyNode[] = [];
  let isRead = true;
  const assignments = new Set<Body>();
  walk([action, ...datums.map((each) => each.default_val as AnyNode)], (kind, body) => {
    if (kind === 'PLpgSQL_stmt_assign') assignments.add(kindOf(body.expr)[1]);
    if (kind !== 'PLpgSQL_expr') return true;
    const text = String(body.query);
    const statements = parseStatements(`SELECT ${assignments.has(body) ? text.replace(assigned, '') : text}`);
    read.push(...nodesOf(statements));
    isRead &&= statements !== undefined;
    return true;
  });
  return isRead ? namesIn(read) : undefined;
}

/**
 * With the rights of its owner, or settings of its own, names may mean something else; what is not VOLATILE is called as often as PostgreSQL
 * pleases; and conditions are evaluated in the order of what they cost.
 */
const unusual = new Set(['security', 'set', 'volatility', 'window', 'cost']);

/** Types that an argument is cast to as it is written, or none of that name. */
const unlikeParameters = /%|^record$|^refcursor$|^("?char"?|bytea|"?bit"?|bit varying)(\[\])?$/i;

/**
 * Types into which PL/pgSQL gives what a cast does, whatever the value's type is. It knows no casts but those of an assignment, and goes by the
 * value's text where there is none; lengths it does not cut.
 */
const likeCasts =
  /^(text(\[\])?|varchar|character varying|jsonb?|uuid|(numeric|decimal|real|float[48]?|double precision|date|interval|time(stamp)?(tz| with(out)? time zone)?)( *\(\d+(, *\d+)?\))?)$/i;
/** Explicit casts into these are more than there are for an assignment. What is of their type has a text that gives the same. */
const byText = /^(int|integer|int[248]|bigint|smallint|bool|boolean)$/i;

/** Undefined: PL/pgSQL may give something else. */
function assignedTo(type: string, value: string): string | undefined {
  if (byText.test(type)) return `(${value})::text::${type}`;
  return likeCasts.test(type) ? `(${value})::${type}` : undefined;
}

/** Where a statement has such a one, PostgreSQL would evaluate its parts in an order of its own. */
function isCondition(type: string, value: string): boolean {
  const isJoined = (kind: string, body: Body) => kind === 'BoolExpr' && containsAiCall(body);
  return /^bool(ean)?$/i.test(type) && hasNode(nodesOf(parseStatements(`SELECT ${value}`)), isJoined);
}

function variablesOf(node: Body, definition: Source): Variable[] | undefined {
  const parameters = parametersOf(node);
  if (parameters.some(({ mode, name }) => !takingModes.has(String(mode)) || name === undefined))
    return undefined;
  return parameters.map((each) => ({
    name: String(each.name),
    type: typeOf(child(each, 'argType'), definition),
  }));
}

function computedBy(
  { datums, action }: ReturnType<typeof readBody>,
  { name, parameters }: Pick<FunctionValue, 'name' | 'parameters'>,
  given: string[],
): string | undefined {
  // Those of the engine's own have no line; a CASE has one for what it compares.
  const declared = datums.filter(
    ({ lineno, refname }) => lineno !== undefined && !String(refname).startsWith('__Case__Variable_'),
  );
  // One that must not be NULL fails before the call that it stands in.
  const isOneBlock = ofFirstBlock(action, declared).length === declared.length;
  if (!isOneBlock || declared.some(({ notnull }) => notnull)) return undefined;
  const variables = declared.map((each) => ({ name: String(each.refname), type: typeNamed(each) }));
  const all = [...parameters, ...variables];
  const types = new Map(all.map((each) => [each.name, each.type]));
  if (types.size < all.length) return undefined;
  const numbered = datums.map(({ refname }) => String(refname ?? ''));
  const empty: Scope = {
    ...{ function: name, types, numbered, bound: new Map(), used: new Set() },
    room: { left: mostCharacters },
  };
  let scope: Scope | undefined = parameters.reduce(
    (known, each, index) => withBinding(known, each.name, `(${given[index]})::${each.type}`),
    empty,
  );
  for (const { refname, default_val: value } of declared)
    scope = scope && bind(scope, String(refname), value ? expressionOf(value, scope) : 'NULL');
  return scope && valueBehind([action], scope);
}

function typeNamed({ datatype }: Body): string {
  return String(kindOf(datatype)[1].typname ?? 'record');
}

/** What stands behind it means the variable's new value. */
function bind(scope: Scope | undefined, name: string, value: string | undefined): Scope | undefined {
  const type = scope?.types.get(name);
  if (!scope || type === undefined || value === undefined) return undefined;
  const assigned = assignedTo(type, value);
  return assigned === undefined ? undefined : withBinding(scope, name, assigned);
}

function withBinding(scope: Scope, name: string, text: string): Scope {
  const binding = { text: `(${text})`, calls: mentionsAiFunction(text) };
  return { ...scope, bound: new Map(scope.bound).set(name, binding) };
}

/** The value that is returned by these statements, one behind another. */
function valueBehind(statements: AnyNode[], scope: Scope | undefined): string | undefined {
  if (!scope) return undefined;
  const [first, ...rest] = statements;
  // A function that ends without RETURN fails.
  if (!first) return 'NULL';
  const [kind, body] = kindOf(first);
  return readers[kind]?.(body, rest, scope);
}

type Reader = (body: Body, rest: AnyNode[], scope: Scope) => string | undefined;

const readers: Record<string, Reader> = {
  PLpgSQL_stmt_return(body, _rest, scope) {
    // A variable, of which the first has the number 0, which the parser leaves out.
    return body.expr
      ? expressionOf(body.expr, scope)
      : valueOfVariable(scope.numbered[Number(body.retvarno ?? 0)] ?? '', scope);
  },
  PLpgSQL_stmt_block: (body, rest, scope) =>
    body.exceptions ? undefined : valueBehind([...children(body, 'body'), ...rest], scope),
  PLpgSQL_stmt_assign(body, rest, scope) {
    const [whole, name = ''] = assigned.exec(String(kindOf(body.expr)[1].query)) ?? [''];
    const value = whole ? expressionOf(body.expr, scope, whole.length) : undefined;
    return valueBehind(rest, bind(scope, nameIn(name), value));
  },
  PLpgSQL_stmt_if(body, rest, scope) {
    const others = children(body, 'elsif_list').map((each) => kindOf(each)[1]);
    const conditions = [body, ...others].map(({ cond }) => expressionOf(cond, scope));
    const branches = [children(body, 'then_body'), ...others.map((each) => children(each, 'stmts'))];
    return branching(conditions, [...branches, children(body, 'else_body')], rest, scope);
  },
  PLpgSQL_stmt_case(body, rest, scope) {
    const what = body.t_expr ? expressionOf(body.t_expr, scope) : 'NULL';
    if (what === undefined) return undefined;
    const own = withBinding(scope, `__Case__Variable_${body.t_varno}__`, what);
    const cases = children(body, 'case_when_list').map((each) => kindOf(each)[1]);
    const conditions = cases.map(({ expr }) => expressionOf(expr, own));
    const branches = cases.map((each) => children(each, 'stmts'));
    return branching(
      conditions,
      [...branches, body.have_else ? children(body, 'else_stmts') : 'fails'],
      rest,
      own,
    );
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

/** The last of the branches is that of ELSE; a CASE without one fails. Of two branches no row takes both. */
function branching(
  conditions: (string | undefined)[],
  branches: (AnyNode[] | 'fails')[],
  rest: AnyNode[],
  scope: Scope,
): string | undefined {
  const values = branches.map((each) =>
    each === 'fails' ? 'NULL' : valueBehind([...each, ...rest], { ...scope, used: new Set(scope.used) }),
  );
  if ([...conditions, ...values].includes(undefined)) return undefined;
  const cases = conditions.map((condition, index) => `WHEN ${condition} THEN ${values[index]}`);
  return `(CASE ${cases.join(' ')} ELSE ${values.at(-1)} END)`;
}

/** Undefined: it is no variable, or it makes calls and was used before, so that they would be made once more. */
function valueOfVariable(name: string, { bound, used }: Scope): string | undefined {
  const binding = bound.get(name);
  if (!binding || used.has(binding)) return undefined;
  if (binding.calls) used.add(binding);
  return binding.text;
}

const more = new Set(['SubLink', 'ParamRef', 'A_Star']);

/** With what its variables stand for; undefined: it reads tables, or names something else than variables. */
function expressionOf(node: unknown, scope: Scope, from = 0): string | undefined {
  const source = readSource(`SELECT ${String(kindOf(node)[1].query).slice(from)}`);
  const [select, another] = source?.statements ?? [];
  const { targetList, limitOption: _, op: __, ...others } = (select?.node ?? {}) as Body;
  const [target, second] = Array.isArray(targetList) ? targetList : [];
  if (!source || another || !target || second || Object.keys(others).length > 0) return undefined;
  if (kindOf(target)[1].name !== undefined || hasNode(target, (kind) => more.has(kind))) return undefined;
  const edits: (Edit | undefined)[] = [];
  walk(target, (kind, body) => {
    if (kind === 'ColumnRef') edits.push(inItsPlace(body, source, scope));
    return true;
  });
  if (edits.includes(undefined)) return undefined;
  const inOrder = (edits as Edit[]).sort((a, b) => a.start - b.start);
  const text = `(${splice(unedited(source.text), inOrder).text.slice('SELECT '.length)})`;
  scope.room.left -= text.length;
  return scope.room.left < 0 ? undefined : text;
}

/** Undefined: the name is no variable's. */
function inItsPlace(body: Body, source: Source, scope: Scope): Edit | undefined {
  const names = nameList(body.fields);
  const [start, end] = columnRange(source, body);
  const [first = '', second] = names;
  const isQualified = second !== undefined && first === scope.function && !scope.types.has(first);
  const value = valueOfVariable(isQualified ? second : first, scope);
  if (value === undefined || names.length > 2) return undefined;
  // A field of a row.
  const field = second !== undefined && !isQualified ? `.${pg.escapeIdentifier(second)}` : '';
  return { start, end, pieces: [`${value}${field}`] };
}
