/** What the calls of a statement can be told of its text and its plan. */
import { aiFunctions } from '../ai-functions.js';
import { callingStatements, longestSentCharacters } from '../calling-statements.js';
import { isLeftToStages, rewriteCalls } from '../calls.js';
import { child, containsAiCall, hasNode, isAiCall, nameList, walk } from '../nodes.js';
import { nodesOf, parseStatements } from '../parse.js';
import { unedited } from '../spliced-text.js';
import { type Part, partsOf, type Read, readsOf, type Unread } from './batch.js';
import { blockQuery } from './blocks.js';
import { type Judged, judgePlan, type PlanNode, type Uncertain } from './plan.js';
import { isReadablePlan } from './plan-bounds.js';
import { quotedName } from './plan-texts.js';
import { aheadQuery } from './stored.js';
import { withValues } from './values.js';

export const sqlReader = {
  calling: callingStatements,
  isStaged(text: string): boolean | undefined {
    if (text.length >= longestSentCharacters) return undefined;
    const staged = unlessTooDeep(() => isStaged(text));
    return typeof staged === 'object' ? undefined : staged;
  },
  partsOf(text: string): (Part | Unread)[] {
    const parts = unlessTooDeep(() => partsOf(text));
    return 'why' in parts ? [{ ...parts, calls: true }] : parts;
  },
  aheadQuery: (text: string) => unlessTooDeep(() => aheadQuery(text)),
  blockQuery,
  withValues,
  /** `plan`: of EXPLAIN (FORMAT JSON, VERBOSE); `text`: what was explained, or what it was made of. */
  judgePlan: (plan: unknown, text: string, read: 'all' | 'some'): Judged | Uncertain =>
    isReadablePlan(plan) ? unlessTooDeep(() => judge(plan, text, read)) : { why: 'its plan is too long' },
  /** The same of one of several statements, which may name more than its query, and what is read. */
  judgePart: (plan: unknown, part: Part): (Judged & { reads: Read[] }) | Uncertain =>
    isReadablePlan(plan) ? unlessTooDeep(() => judgePart(plan, part)) : { why: 'its plan is too long' },
};

/** Where our own walk through a tree ends because there is no more room on the stack, the statement is simply not looked ahead in. */
function unlessTooDeep<Read>(read: () => Read): Read | Uncertain {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return { why: 'it is nested too deeply' };
    throw error;
  }
}

/** Rewriting takes longer than reading, and others wait: of longer texts it is not told. */
const longestOnTheSpot = 2 * 1024;

function isStaged(text: string): boolean | undefined {
  if (text.length > longestOnTheSpot) return isLeftToStages(text) ? undefined : false;
  const before = unedited(text);
  return rewriteCalls(before) !== before;
}

const names = aiFunctions.map(({ name }) => name);

function judgePart(plan: unknown, { text, query }: Part): (Judged & { reads: Read[] }) | Uncertain {
  const judged = judge(plan, query.text, 'all');
  if ('why' in judged) return judged;
  const planned = plannedIn(plan);
  return { ...withNamesOf(nodesOf(parseStatements(text)), judged), reads: planned ? readsOf(planned) : [] };
}

function plannedIn(plan: unknown): PlanNode | undefined {
  const [first] = Array.isArray(plan) ? plan : [];
  return first?.Plan as PlanNode | undefined;
}

function judge(plan: unknown, text: string, read: 'all' | 'some'): Judged | Uncertain {
  const planned = plannedIn(plan);
  if (!planned) return { why: 'its plan cannot be read' };
  const top = read === 'all' ? planned : { 'Node Type': 'Limit', Plans: [planned] };
  const nodes = nodesOf(parseStatements(text));
  const inValues = hasNode(nodes, (kind, body) => kind === 'SelectStmt' && containsAiCall(body.valuesLists));
  // Without a call in the text, views may have it anywhere.
  const judged = { ...judgePlan(top, inValues || !containsAiCall(nodes)), aiFunctions: names };
  if ('why' in judged) return judged;
  // EXPLAIN says nothing of what stands in VALUES: nothing may stand there but functions and operators of PostgreSQL's own.
  if (inValues) return { ...withNamesOf(nodes, judged), ownOnly: true };
  return withNamesOf(comparedWithRows(nodes), judged);
}

/** What stands before IN (SELECT …): before PostgreSQL 17 EXPLAIN does not tell it. */
function comparedWithRows(nodes: unknown): unknown[] {
  const compared: unknown[] = [];
  walk(nodes, (kind, body) => {
    if (kind === 'SubLink') compared.push(body.testexpr);
    return true;
  });
  return compared;
}

function withNamesOf(nodes: unknown, judged: Judged): Judged {
  const functions = new Set(judged.functions);
  const operators = new Set(judged.operators);
  const types = new Set(judged.types);
  walk(nodes, (kind, body) => {
    if (kind === 'FuncCall' && !isAiCall(kind, body)) functions.add(quotedName(nameList(body.funcname)));
    if (kind === 'A_Expr') operators.add(quotedName(nameList(body.name)));
    if (kind === 'TypeCast') types.add(nameList(child(body, 'typeName').names).at(-1) ?? '');
    return true;
  });
  return { ...judged, functions: [...functions], operators: [...operators], types: [...types] };
}
