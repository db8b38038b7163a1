/** Expressions as EXPLAIN prints them: which calls stand in them, what else they name. */
import {
  type AnyNode,
  type Body,
  child,
  children,
  hasNode,
  isAiCall,
  kindOf,
  nameList,
  walk,
} from '../nodes.js';
import { parseStatements } from '../parse.js';
import { type Leaf, sitesOf } from './sites.js';

export interface PlanText {
  /** Calls that are to be made in this stage. */
  calls: boolean;
  /** Its value is not known before calls have their results: calls of this stage and later ones. */
  pending: boolean;
  /** Calls of later stages stand in it. */
  later: boolean;
  /** A call is reached or not by the result of another one. */
  decides: boolean;
  /** Numbers of the sub-plans that it evaluates. */
  subplans: number[];
  /** It may be more than NULL where a result in it is. */
  fills: boolean;
  /** Those of them that are no hashed lists. */
  looked: number[];
  /** It looks for something in a list that PostgreSQL hashes. */
  isInList: boolean;
  /** It compares with the rows of a list until one decides. */
  stopsInList: boolean;
  /** What stands before the dots of its columns. */
  tables: Set<string>;
  /** Why, if it tells of a setting that is another one while the statement is looked at, or perhaps. */
  tellsLook: string | undefined;
}

/** What is named in expressions, as SQL names, with a schema where they have one. */
export interface Names {
  functions: Set<string>;
  operators: Set<string>;
  types: Set<string>;
}

/** A name of one or two parts, each in quotes. */
export function quotedName(parts: string[]): string {
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** Types that are written out: of casts, of columns, of what JSON is read as. */
export function typesNamed(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([field, value]) => {
    const own = field === 'typeName' ? nameList(value?.names).slice(-2) : [];
    return [...(own.length > 0 ? [quotedName(own)] : []), ...typesNamed(value)];
  });
}

/** What is known of what an expression refers to. */
export interface Referred {
  /** Of sub-plans by their number: whether calls are made in them, and whether they wait for results. */
  subplans: Map<number, { calls: boolean; values: boolean; rows: boolean }>;
  /** Aliases of whose columns some may be results. */
  results: Set<string>;
}

/** x IN (SELECT …) before PostgreSQL 17, which printed nothing of x. */
const hidesComparison = /(?<!EXISTS)\(hashed SubPlan \d+\)(?!\.)/;

/** These are no expressions. */
const isTable = /^(?:XML|JSON_)TABLE\(/;

/** Undefined: it cannot be read. */
export function readPlanText(text: string, names: Names, referred: Referred): PlanText | undefined {
  if (hidesComparison.test(text)) return undefined;
  const subplans = [...text.matchAll(/\b(?:Sub|Init)Plan (\d+)/g)].map(([, number]) => Number(number));
  const looked = [...text.matchAll(/(?<!hashed )\b(?:Sub|Init)Plan (\d+)/g)].map(([, number]) =>
    Number(number),
  );
  const [statement] = parseStatements(`SELECT ${isTable.test(text) ? 'FROM ' : ''}${asSql(text)}`) ?? [];
  if (statement?.kind !== 'SelectStmt') return undefined;
  const leaf = leafOf(referred);
  const sites = sitesOf({ SelectStmt: statement.node }, leaf);
  const tables = new Set<string>();
  let [later, again] = [false, false];
  let tellsLook: string | undefined;
  const visit = (kind: string, body: Body): boolean => {
    const name = nameList(body.funcname).join('.');
    later ||= kind === 'FuncCall' && laterCalls.has(name);
    if (tellsOfLook(kind, body)) tellsLook = tellsLookDoubt;
    if (kind === 'ColumnRef') tables.add(nameList(body.fields)[0] ?? '');
    if (kind === 'A_Expr') names.operators.add(quotedName(nameList(body.name)));
    again ||= kind === 'JsonTable' && makesCall(body.passing, leaf);
    if (kind !== 'FuncCall') return true;
    again ||= asksUntilGiven(body, leaf);
    if (!askingCalls.has(name) && !laterCalls.has(name)) {
      // One that has the name of an AI function and is printed as it is may be somebody's own.
      names.functions.add(quotedName(nameList(body.funcname)));
      return true;
    }
    // Its last argument is our own clock_timestamp().
    walk(children(body, 'args').slice(0, 1), visit);
    return false;
  };
  walk(statement.node, visit);
  for (const type of typesNamed(statement.node)) names.types.add(type);
  const calls = sites.some(({ call }) => nameList(call.funcname).length > 0);
  return {
    ...{ calls, pending: calls || later, later, decides: again || sites.some(({ stage }) => stage > 1) },
    fills: children(statement.node as Body, 'targetList').some((item) =>
      mayFill(child(kindOf(item)[1], 'val')),
    ),
    ...{ subplans, looked, isInList: /\bhashed SubPlan \d/.test(text), tables, tellsLook },
    stopsInList: stopsInList(text),
  };
}

/** Of columns, calls, casts and operators NULL comes of NULL; of others nobody knows. */
function mayFill(node: AnyNode): boolean {
  const [kind, body] = kindOf(node);
  if (kind === 'TypeCast') return mayFill(child(body, 'arg'));
  if (kind === 'BoolExpr') return children(body, 'args').some(mayFill);
  // Of a join the keys of what is hashed stand on the right.
  if (kind === 'A_Expr' && body.kind === 'AEXPR_OP' && nameList(body.name).at(-1) === '=')
    return mayFill(child(body, 'rexpr'));
  if (kind === 'A_Expr' && body.kind === 'AEXPR_OP')
    return [child(body, 'lexpr'), child(body, 'rexpr')].some(mayFill);
  const isResult =
    kind === 'FuncCall' && /^(?:wait_\w+|ai_gen|ask_made)$/.test(nameList(body.funcname).at(-1) ?? '');
  return !isResult && kind !== 'ColumnRef' && kind !== 'A_Const';
}

/** `x = ANY (SELECT …)` of a list that is not hashed. */
function stopsInList(text: string): boolean {
  return /\((?:ANY|ALL) \(/.test(text) && /(?<!hashed )\bSubPlan \d/.test(text);
}

/** As long as ntile() is given NULL it evaluates its argument for each row, and once it has a number never again. */
function asksUntilGiven(call: Body, leaf: Leaf): boolean {
  return nameList(call.funcname).at(-1) === 'ntile' && makesCall(call.args, leaf);
}

/** What JSON_TABLE is passed is evaluated once more for each column of each row, and decides which rows there are. */
function makesCall(node: unknown, leaf: Leaf): boolean {
  return hasNode(node, (kind, body) => isAiCall(kind, body) || leaf(kind, body) === 'calls');
}

const readsSetting = /(?:^|\.)(?:current_setting|pg_show_all_settings)$/;
/** The look has values of its own for these. */
const settingsOfLook = /^(?:client_min_messages|cursor_tuple_fraction|plan_cache_mode|hologen\..*)$/i;

export const tellsLookDoubt = 'it reads a setting that the gateway may set';

/** A call that may give what only the look has set. */
export function tellsOfLook(kind: string, body: Body): boolean {
  return kind === 'FuncCall' && readsSetting.test(nameList(body.funcname).join('.')) && !isOtherSetting(body);
}

function isOtherSetting(call: Body): boolean {
  let [first] = children(call, 'args').map((each) => kindOf(each));
  while (first?.[0] === 'TypeCast' || first?.[0] === 'NamedArgExpr') first = kindOf(first[1].arg);
  const name = first?.[0] === 'A_Const' ? child(first[1], 'sval').sval : undefined;
  return typeof name === 'string' && !settingsOfLook.test(name);
}

function leafOf({ subplans, results }: Referred): Leaf {
  return (kind, body) => {
    if (kind === 'FuncCall' && laterCalls.has(nameList(body.funcname).join('.'))) return 'pending';
    if (kind !== 'ColumnRef') return undefined;
    const [first = ''] = nameList(body.fields);
    const subplan = subplans.get(Number(/^plan_(\d+)$/.exec(first)?.[1]));
    if (subplan?.calls) return 'calls';
    return subplan?.values || subplan?.rows || results.has(first) ? 'pending' : undefined;
  };
}

const laterCalls = new Set(['hologen_caller.later', 'later']);

/** What stands in the place of the part that asks for a call: each AI function is inlined to such a part and a wait. */
const writtenCall = 'pg_catalog.ai_gen';
const askingCalls = new Set([writtenCall, 'hologen_caller.ask_made', 'ask_made']);

/** EXPLAIN's own words, which are no SQL, as functions and columns. */
export function asSql(text: string): string {
  return text
    .replace(/(?:\bhologen_caller\.)?\bask_ahead\(/g, `${writtenCall}(`)
    .replace(/\b(?:ARRAY|EXISTS)\((?:hashed )?(?:Sub|Init)Plan (\d+)\)/g, '(plan_$1)')
    .replace(/\((?:hashed )?(?:Sub|Init)Plan (\d+)\)/g, '(plan_$1)')
    .replace(/\((?:ANY|ALL|ROWCOMPARE) \(/g, '(plan(')
    .replace(/OVER \(\?\)/g, 'OVER ()')
    .replace(/\balternatives: /g, 'plan_');
}

/** The same expression with and without the parentheses that mark a value of a node below. */
export function bare(text: string): string {
  return text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : text;
}
