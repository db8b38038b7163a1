/** What the calls of a statement can be told of its text and its plan. */
import { aiFunctions, mentionsAiFunction } from '../ai-functions.js';
import { callingStatements, longestSentCharacters } from '../calling-statements.js';
import { isLeftToStages, rewriteCalls } from '../calls.js';
import { child, containsAiCall, hasNode, isAiCall, nameList, walk } from '../nodes.js';
import { nodesOf, parseStatements } from '../parse.js';
import { unedited } from '../spliced-text.js';
import { type Part, partsOf, type Read, readsOf, type Unread } from './batch.js';
import { blockQuery } from './blocks.js';
import { type Judged, judgePlan, type Uncertain } from './plan.js';
import { isReadablePlan } from './plan-bounds.js';
import { type PlanNode, textsOf } from './plan-nodes.js';
import { quotedName } from './plan-texts.js';
import {
  anotherWay,
  areSameWay,
  hasOneWay,
  keepsConditions,
  keepsOrder,
  mixesConditions,
  takenIn,
} from './plan-ways.js';
import type { AheadQuery, Beside, Since } from './query.js';
import { readOnceIn } from './read-once.js';
import { rowsOfLimit } from './row-by-row.js';
import { rowFunctionQuery, withRowFunctions } from './row-functions.js';
import { type RowsRead, rowsRead, tablesOf } from './rows-read.js';
import { hiddenIn, hidesParts, limitsWithoutOrder, sourcesOf } from './sources.js';
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
  rowFunctionQuery: (sources: string[], clientText: string) =>
    sources.some(mentionsAiFunction) ? unlessTooDeep(() => rowFunctionQuery(sources, clientText)) : undefined,
  withRowFunctions,
  withValues,
  rowsOfLimit: (text: string): number | undefined => {
    const rows = unlessTooDeep(() => ({ rows: rowsOfLimit(parseStatements(text)) }));
    return 'why' in rows ? undefined : rows.rows;
  },
  /** `plan`: of EXPLAIN (FORMAT JSON, VERBOSE); `query`: what was explained, or what it was made of. */
  judgePlan: (plan: unknown, query: Asked, read: 'all' | 'some'): Judged | Uncertain =>
    isReadablePlan(plan)
      ? unlessTooDeep(() => judgeWhole(plan, query, read))
      : { why: 'its plan is too long' },
  /** What else is to be planned, of the query that has this plan. */
  besideOf(plan: unknown, query: AheadQuery, types: string[]): Beside | undefined {
    const planned = isReadablePlan(plan) ? plannedIn(plan) : undefined;
    if (!planned) return query.beside;
    const { writes: text } = query;
    if (text !== undefined && !query.parameters && takenIn(planned).length > 0) return { text, takes: true };
    if (query.beside?.names) return query.parameters ? { ...query.beside, types } : query.beside;
    const any = query.parameters ? { text: query.text, types } : query.beside;
    return hasOneWay(planned) && !mixesConditions(planned) ? undefined : any;
  },
  whyOtherWay(plan: unknown, other: unknown, { names = [], takes }: Beside): string | undefined {
    const [own, written] = [plan, other].map((each) => (isReadablePlan(each) ? plannedIn(each) : undefined));
    if (takes) {
      const [known, taken] = [own, written].map((each) => each && takenIn(each).sort().join());
      return known !== undefined && known === taken ? undefined : anotherWay;
    }
    const isOneWay = own && written && names.length === 0 && [own, written].every(hasOneWay);
    if (!own || !written || !(isOneWay || areSameWay(own, written))) return anotherWay;
    const keeps =
      names.length === 0 ? keepsOrder(own, written) : keepsConditions(own, written, new Set(names));
    if (keeps) return undefined;
    return 'its conditions are evaluated in the order of their costs';
  },
  timesInRow: (plan: unknown): number => {
    const planned = isReadablePlan(plan) ? plannedIn(plan) : undefined;
    return planned ? callsInRow(planned) : 1;
  },
  /** The same of one of several statements, which may name more than its query, and what is read. */
  judgePart: (
    plan: unknown,
    part: Part,
    since: Since | undefined,
  ): (Judged & { reads: Read[] }) | Uncertain =>
    isReadablePlan(plan)
      ? unlessTooDeep(() => judgePart(plan, part, since))
      : { why: 'its plan is too long' },
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

type Asked = Pick<
  AheadQuery,
  'text' | 'seenLater' | 'between' | 'inBodies' | 'ofValues' | 'since' | 'inserts'
>;

function judgeWhole(
  plan: unknown,
  { text, seenLater, between, inBodies, ofValues, since, inserts }: Asked,
  read: 'all' | 'some',
):
  | (Judged & {
      between?: string;
      inserts?: string | undefined;
      readNothing?: true;
      rows?: RowsRead;
      inBodies?: string[];
    })
  | Uncertain {
  const found = judge(plan, text, read);
  const planned = plannedIn(plan);
  if (since === 'prepared' && limitsAnyRows(text)) return { why: plannedBefore };
  const kept = planned && keptSince(since, planned, read, text);
  const judged =
    'why' in found ? found : { ...found, ...kept, inserts, ...(between !== undefined && { between }) };
  if (ofValues && planned && !hasOneWay(planned)) return { why: anotherWay };
  if ('why' in judged || !seenLater || !planned) return judged;
  // A function of the client's own may read what has changed since.
  return { ...judged, readNothing: true, rows: rowsRead(planned, seenLater === 'writing'), inBodies };
}

const plannedBefore = 'which rows a LIMIT without ORDER BY takes may have been planned long ago';

function limitsAnyRows(text: string): boolean {
  return limitsWithoutOrder(nodesOf(parseStatements(text)));
}

/** What has to be asked of the engine about a query that was prepared before. `ways`: another plan of it may come to other calls. */
function keptSince(since: Since | undefined, planned: PlanNode, read: 'all' | 'some', text: string) {
  const ways = read === 'some' || !hasOneWay(planned);
  return since && { since, ways, tables: tablesOf(planned), readOnce: readOnceIn(text) };
}

function judgePart(
  plan: unknown,
  { text, query }: Part,
  since: Since | undefined,
): (Judged & { reads: Read[] }) | Uncertain {
  const judged = judge(plan, query.text, 'all');
  if ('why' in judged) return judged;
  if (judged.rowByRow !== undefined) return { why: judged.rowByRow };
  const planned = plannedIn(plan);
  // What is looked at here is planned for any values, what is run perhaps for its own.
  if (query.parameters && planned && !hasOneWay(planned)) return { why: anotherWay };
  if (since && limitsAnyRows(text)) return { why: plannedBefore };
  const kept = planned && keptSince(since, planned, 'all', text);
  const named = withNamesOf(nodesOf(parseStatements(text)), judged);
  return { ...named, ...kept, reads: planned ? readsOf(planned) : [] };
}

function plannedIn(plan: unknown): PlanNode | undefined {
  const [first] = Array.isArray(plan) ? plan : [];
  return first?.Plan as PlanNode | undefined;
}

/** What a node has from one below it is printed once more. */
function callsInRow(node: PlanNode): number {
  const own =
    textsOf(node, ['Output'])
      .join()
      .match(/\bask_ahead\(/g)?.length ?? 0;
  return Math.max(own, ...(node.Plans ?? []).map(callsInRow));
}

function judge(plan: unknown, text: string, read: 'all' | 'some'): Judged | Uncertain {
  const planned = plannedIn(plan);
  if (!planned) return { why: 'its plan cannot be read' };
  const top = read === 'all' ? planned : { 'Node Type': 'Limit', Plans: [planned] };
  const statements = parseStatements(text);
  const nodes = nodesOf(statements);
  const inValues = hasNode(nodes, (kind, body) => kind === 'SelectStmt' && containsAiCall(body.valuesLists));
  // Without a call in the text, views may have it anywhere.
  const { limits, frames } = hiddenIn(nodes);
  if (containsAiCall(frames)) return { why: 'a result decides how often another call is made' };
  if (mayStopInList(planned, nodes))
    return { why: 'a comparison with rows ends at the first that decides it' };
  const found = {
    ...judgePlan(
      top,
      { calls: inValues, results: hasColumnsInValues(nodes) || !containsAiCall(nodes) },
      // The text's own LIMIT stands on top. One without a number may be that of a view or a sub-select.
      rowsOfLimit(statements) === Number.POSITIVE_INFINITY
        ? [top].filter((each) => each !== planned)
        : [top, planned],
    ),
    aiFunctions: names,
  };
  if ('why' in found) return found;
  const judged = { ...found, hides: hidesParts(planned), sources: sourcesOf(nodes) };
  // EXPLAIN says nothing of what stands in VALUES: nothing may stand there but functions and operators of PostgreSQL's own.
  if (inValues) return { ...withNamesOf(nodes, judged), ownOnly: true };
  return withNamesOf([comparedWithRows(nodes), limits, frames], judged);
}

function hasColumnsInValues(nodes: unknown): boolean {
  const isColumn = (kind: string) => kind === 'ColumnRef';
  return hasNode(nodes, (kind, body) => kind === 'SelectStmt' && hasNode(body.valuesLists, isColumn));
}

/** Before PostgreSQL 17 a comparison with a list that is not hashed is printed as a sub-select. */
function mayStopInList(plan: PlanNode, nodes: unknown): boolean {
  const kinds = ['ANY_SUBLINK', 'ALL_SUBLINK'];
  const compares = hasNode(
    nodes,
    (kind, body) => kind === 'SubLink' && kinds.includes(String(body.subLinkType)) && containsAiCall(body),
  );
  if (!compares) return false;
  const text = JSON.stringify(plan);
  return !/\((?:ANY|ALL) \(/.test(text) && /(?<!EXISTS|ARRAY)\(SubPlan \d/.test(text);
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
