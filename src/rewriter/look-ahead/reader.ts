/** What the calls of a statement can be told of its text and its plan. */
import { aiFunctions, mentionsAiFunction } from '../ai-functions.js';
import { type AskedBefore, askedBefore } from '../asked-before.js';
import { callingStatements, longestSentCharacters } from '../calling-statements.js';
import { isLeftToStages, rewriteCalls } from '../calls.js';
import { containsAiCall, hasNode, walk } from '../nodes.js';
import { nodesOf, parseStatements } from '../parse.js';
import { commandsReplaced, unsureOf } from '../returning-stages.js';
import { unedited } from '../spliced-text.js';
import { type Part, partOf, type Read, readsOf, statementsIn, type Unread } from './batch.js';
import { blockQuery } from './blocks.js';
import { otherForm } from './other-forms.js';
import { type Judged, judgePlan, type Uncertain } from './plan.js';
import { isReadablePlan } from './plan-bounds.js';
import { type PlanNode, textsOf } from './plan-nodes.js';
import { tellsLookDoubt, tellsOfLook, typesNamed } from './plan-texts.js';
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
import { stagesOf } from './sites.js';
import {
  hiddenIn,
  hidesParts,
  limitsWithoutOrder,
  namesIn,
  sourcesOf,
  together,
  withListed,
} from './sources.js';
import { aheadQuery } from './stored.js';
import { withValues } from './values.js';
import { type WrittenTo, writtenTo } from './written-to.js';

export const sqlReader = {
  calling: callingStatements,
  stagedUnless(text: string): Staged | undefined | false {
    if (text.length >= longestSentCharacters) return undefined;
    const staged = unlessTooDeep(() => stagedUnless(text));
    return staged && 'why' in staged ? undefined : staged;
  },
  makesCalls: (plan: unknown, text: string): boolean =>
    /\b(?:ask_ahead|wait_\w+)\(/.test(JSON.stringify(plan)) || containsAiCall(nodesOf(parseStatements(text))),
  statementsIn: (text: string) => unlessTooDeep(() => statementsIn(text)),
  partOf(text: string): Part | Unread {
    const part = unlessTooDeep(() => partOf(text));
    return 'calls' in part ? part : { ...part, calls: true };
  },
  writtenTo: (text: string): WrittenTo | undefined => {
    const written = unlessTooDeep(() => ({ to: writtenTo(text) }));
    return 'why' in written ? undefined : written.to;
  },
  aheadQuery: (text: string) => unlessTooDeep(() => aheadQuery(text)),
  blockQuery,
  rowFunctionQuery: (sources: string[], clientText: string) =>
    sources.some(mentionsAiFunction) ? unlessTooDeep(() => rowFunctionQuery(sources, clientText)) : undefined,
  withRowFunctions,
  withValues,
  otherForm,
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

interface Staged {
  unless?: AskedBefore;
  stages: number;
}

function stagedUnless(text: string): Staged | undefined | false {
  if (text.length > longestOnTheSpot) return isLeftToStages(text) ? undefined : false;
  const staged = rewriteCalls(unedited(text));
  if (!('after' in staged)) return false;
  const { before, after } = staged;
  const unless = askedBefore(text, unsureOf(before, after, commandsReplaced(before, after)));
  // Some of its calls are made where they stand.
  if (containsAiCall(nodesOf(after))) return undefined;
  return unless === 'as it is written' ? false : { unless, stages: Math.max(...before.map(stagesOf)) };
}

const names = aiFunctions.map(({ name }) => name);

type Asked = Pick<
  AheadQuery,
  'text' | 'seenLater' | 'between' | 'inBodies' | 'unprinted' | 'ofValues' | 'since' | 'inserts' | 'alone'
>;

function judgeWhole(
  plan: unknown,
  { text, seenLater, between, inBodies, unprinted, ofValues, since, inserts, alone }: Asked,
  read: 'all' | 'some',
):
  | (Judged & {
      between?: string;
      alone?: object | undefined;
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
  if ('why' in found) return found;
  // What a function does beside giving its value is not written out.
  const own = alone && between === '' && !inBodies ? aloneOf(found, alone) : undefined;
  const named = unprinted && withListed(found, unprinted);
  const judged = {
    ...found,
    ...named,
    ...kept,
    inserts,
    ...(between !== undefined && { between, alone: own }),
  };
  if (ofValues && planned && !hasOneWay(planned)) return { why: anotherWay };
  if (!seenLater || !planned) return judged;
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
  const values = fieldsOf(nodes, 'SelectStmt', 'valuesLists');
  const inValues = containsAiCall(values);
  // Without a call in the text, views may have it anywhere.
  const { limits, frames } = hiddenIn(nodes);
  if (containsAiCall(frames)) return { why: 'a result decides how often another call is made' };
  if (mayStopInList(planned, nodes))
    return { why: 'a comparison with rows ends at the first that decides it' };
  const unprinted = [limits, frames, values];
  if (hasNode(unprinted, tellsOfLook)) return { why: tellsLookDoubt };
  const found = {
    ...judgePlan(
      top,
      { calls: inValues, results: hasNode(values, isColumn) || !containsAiCall(nodes) },
      // The text's own LIMIT stands on top. One without a number may be that of a view or a sub-select.
      rowsOfLimit(statements) === Number.POSITIVE_INFINITY
        ? [top].filter((each) => each !== planned)
        : [top, planned],
    ),
    aiFunctions: names,
  };
  if ('why' in found) return found;
  const judged = {
    ...{ ...found, types: together(found.types, typesNamed(nodes)) },
    ...{ hides: hidesParts(planned), sources: sourcesOf(nodes), scanned: tablesOf(planned) },
  };
  // EXPLAIN says nothing of what stands in VALUES: nothing may stand there but functions and operators of PostgreSQL's own.
  if (inValues) return { ...withNamesOf(nodes, judged), ownOnly: true };
  // Nor, before PostgreSQL 17, of what stands before IN (SELECT …).
  const compared = fieldsOf(nodes, 'SubLink', 'testexpr');
  return withNamesOf([compared, ...unprinted], judged);
}

const isColumn = (kind: string) => kind === 'ColumnRef';

/** This field of each node of a kind. */
function fieldsOf(nodes: unknown, wanted: string, field: string): unknown[] {
  const found: unknown[] = [];
  walk(nodes, (kind, body) => {
    if (kind === wanted) found.push(body[field]);
    return true;
  });
  return found;
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

function withNamesOf(nodes: unknown, judged: Judged): Judged {
  return { ...judged, ...withListed(judged, namesIn(nodes)) };
}

/** What a statement that writes names anywhere: it may run more than its query does. */
function aloneOf({ scanned, sources, ...judged }: Judged, alone: NonNullable<AheadQuery['alone']>): object {
  return {
    ...withListed(judged, alone),
    ...{ table: alone.table, scanned },
    sources: {
      tables: together(alone.sources.tables, sources?.tables),
      functions: together(alone.sources.functions, sources?.functions),
    },
  };
}
