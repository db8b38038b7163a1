/** What the calls of a statement can be told of its text and its plan. */
import { callingStatements } from '../calling-statements.js';
import { containsAiCall, isAiCall, walk } from '../nodes.js';
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
    return top ? judgePlan(top, mayCallInValues(text)) : { why: 'its plan cannot be read' };
  },
};

/** Without a call in the text, views may have it anywhere. */
function mayCallInValues(text: string): boolean {
  let calls = false;
  let inValues = false;
  walk(
    parseStatements(text)?.map(({ kind, node }) => ({ [kind]: node })),
    (kind, body) => {
      calls ||= isAiCall(kind, body);
      inValues ||= kind === 'SelectStmt' && containsAiCall(body.valuesLists);
      return true;
    },
  );
  return inValues || !calls;
}
