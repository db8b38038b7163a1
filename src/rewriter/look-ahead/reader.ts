/** What the calls of a statement can be told of its text and its plan. */
import { callingStatements } from '../calling-statements.js';
import { containsAiCall, isAiCall, nameList, walk } from '../nodes.js';
import { parseStatements } from '../parse.js';
import { type Judged, judgePlan, type PlanNode, type Uncertain } from './plan.js';
import { aheadQuery } from './query.js';
import { withValues } from './values.js';

export const sqlReader = {
  calling: callingStatements,
  aheadQuery,
  withValues,
  /** `plan`: of EXPLAIN (FORMAT JSON, VERBOSE); `text`: what was explained, or what it was made of. */
  judgePlan(plan: unknown, text: string): Judged | Uncertain {
    const [first] = Array.isArray(plan) ? plan : [];
    const top = first?.Plan as PlanNode | undefined;
    if (!top) return { why: 'its plan cannot be read' };
    const judged = judgePlan(top, mayCallInValues(text));
    return 'why' in judged || !callsInValues(text) ? judged : withNamesOf(text, judged);
  },
};

/** EXPLAIN says nothing of what stands in VALUES: nothing may stand there but functions and operators of PostgreSQL's own. */
function withNamesOf(text: string, judged: Judged): Judged {
  const functions = new Set(judged.functions);
  const operators = new Set(judged.operators);
  walk(nodesOf(text), (kind, body) => {
    if (kind === 'FuncCall' && !isAiCall(kind, body)) functions.add(nameList(body.funcname).at(-1) ?? '');
    if (kind === 'A_Expr') operators.add(nameList(body.name).at(-1) ?? '');
    return true;
  });
  return { ...judged, functions: [...functions], operators: [...operators], ownOnly: true };
}

/** Without a call in the text, views may have it anywhere. */
function mayCallInValues(text: string): boolean {
  return callsInValues(text) || !containsAiCall(nodesOf(text));
}

function callsInValues(text: string): boolean {
  let calls = false;
  walk(nodesOf(text), (kind, body) => {
    calls ||= kind === 'SelectStmt' && containsAiCall(body.valuesLists);
    return !calls;
  });
  return calls;
}

function nodesOf(text: string): unknown {
  return parseStatements(text)?.map(({ kind, node }) => ({ [kind]: node }));
}
