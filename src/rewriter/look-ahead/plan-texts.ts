/** Expressions as EXPLAIN prints them: which calls stand in them, what else they name. */
import { type Body, children, isAiCall, nameList, walk } from '../nodes.js';
import { parseStatements } from '../parse.js';
import { sitesOf } from './sites.js';

export interface PlanText {
  /** Calls that are to be made in this stage. */
  calls: boolean;
  /** Its value is not known before calls have their results: calls of this stage and later ones. */
  pending: boolean;
  /** A call is reached or not by the result of another one. */
  decides: boolean;
  /** Numbers of the sub-plans that it evaluates. */
  subplans: number[];
  /** What stands before the dots of its columns. */
  tables: Set<string>;
}

export interface Names {
  functions: Set<string>;
  operators: Set<string>;
}

/** Undefined: it cannot be read. */
export function readPlanText(text: string, names: Names): PlanText | undefined {
  const subplans = [...text.matchAll(/\b(?:Sub|Init)Plan (\d+)/g)].map(([, number]) => Number(number));
  const [statement] = parseStatements(`SELECT ${asSql(text)}`) ?? [];
  if (statement?.kind !== 'SelectStmt') return undefined;
  const sites = sitesOf({ SelectStmt: statement.node });
  const tables = new Set<string>();
  let later = false;
  const visit = (kind: string, body: Body): boolean => {
    const name = nameList(body.funcname).join('.');
    later ||= kind === 'FuncCall' && name === laterCall;
    if (kind === 'ColumnRef') tables.add(nameList(body.fields)[0] ?? '');
    if (kind === 'A_Expr') names.operators.add(nameList(body.name).at(-1) ?? '');
    if (kind !== 'FuncCall') return true;
    if (!askingCalls.has(name)) {
      if (!isAiCall(kind, body)) names.functions.add(name.split('.').at(-1) ?? '');
      return true;
    }
    // Its last argument is our own clock_timestamp().
    walk(children(body, 'args').slice(0, 1), visit);
    return false;
  };
  walk(statement.node, visit);
  const calls = sites.length > 0;
  return { calls, pending: calls || later, decides: sites.some(({ stage }) => stage > 1), subplans, tables };
}

const laterCall = 'hologen_caller.later';

/** What stands in the place of the part that asks for a call: each AI function is inlined to such a part and a wait. */
const writtenCall = 'pg_catalog.ai_gen';
const askingCalls = new Set([writtenCall, 'hologen_caller.ask_made', 'ask_made']);

/** EXPLAIN's own words, which are no SQL, as functions and columns. */
function asSql(text: string): string {
  return text
    .replace(/(?:\bhologen_caller\.)?\bask_ahead\(/g, `${writtenCall}(`)
    .replace(/\((?:hashed )?(?:Sub|Init)Plan (\d+)\)/g, '(plan_$1)')
    .replace(/EXISTS\((?:hashed )?SubPlan (\d+)\)/g, '(plan_$1)')
    .replace(/\((?:ANY|ALL|ROWCOMPARE) \(/g, '(plan(')
    .replace(/OVER \(\?\)/g, 'OVER ()')
    .replace(/\balternatives: /g, 'plan_');
}

/** The same expression with and without the parentheses that mark a value of a node below. */
export function bare(text: string): string {
  return text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : text;
}
