/** What the calls of a statement can be told of its text and its plan. */
import { callingStatements } from '../calling-statements.js';
import { containsAiCall, hasNode, isAiCall, nameList, walk } from '../nodes.js';
import { parseStatements } from '../parse.js';
import { type Judged, judgePlan, type PlanNode, type Uncertain } from './plan.js';
import { aheadQuery } from './stored.js';
import { withValues } from './values.js';

export const sqlReader = {
  calling: callingStatements,
  aheadQuery,
  withValues,
  /** `plan`: of EXPLAIN (FORMAT JSON, VERBOSE); `text`: what was explained, or what it was made of. */
  judgePlan(plan: unknown, text: string, read: 'all' | 'some'): Judged | Uncertain {
    const [first] = Array.isArray(plan) ? plan : [];
    const planned = first?.Plan as PlanNode | undefined;
    if (!planned) return { why: 'its plan cannot be read' };
    const top = read === 'all' ? planned : { 'Node Type': 'Limit', Plans: [planned] };
    const nodes = parseStatements(text)?.map(({ kind, node }) => ({ [kind]: node }));
    const inValues = hasNode(
      nodes,
      (kind, body) => kind === 'SelectStmt' && containsAiCall(body.valuesLists),
    );
    // Without a call in the text, views may have it anywhere.
    const judged = judgePlan(top, inValues || !containsAiCall(nodes));
    return 'why' in judged || !inValues ? judged : withNamesOf(nodes, judged);
  },
};

/** EXPLAIN says nothing of what stands in VALUES: nothing may stand there but functions and operators of PostgreSQL's own. */
function withNamesOf(nodes: unknown, judged: Judged): Judged {
  const functions = new Set(judged.functions);
  const operators = new Set(judged.operators);
  walk(nodes, (kind, body) => {
    if (kind === 'FuncCall' && !isAiCall(kind, body)) functions.add(nameList(body.funcname).at(-1) ?? '');
    if (kind === 'A_Expr') operators.add(nameList(body.name).at(-1) ?? '');
    return true;
  });
  return { ...judged, functions: [...functions], operators: [...operators], ownOnly: true };
}
