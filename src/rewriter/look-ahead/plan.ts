/**
 * Judges by a query's plan whether its calls are certain to be made: nothing that a call gives may decide whether another one of the same
 * stage is made, or how often. The plan is the engine's own, so it says where PostgreSQL evaluates what, and what views and functions hide.
 */

import { asColumns } from './columns-below.js';
import {
  asks,
  deciding,
  derived,
  finding,
  grouping,
  inputsOf,
  isPassedOn,
  known,
  ordering,
  outputOf,
  type PlanNode,
  textsOf,
} from './plan-nodes.js';
import { bare, type Names, type PlanText, quotedName, type Referred, readPlanText } from './plan-texts.js';
import { isRowByRow } from './row-by-row.js';
import { uniqueScan } from './unique-scan.js';

export interface Judged {
  /** See Names. */
  functions: string[];
  operators: string[];
  types: string[];
  /** Read without an order, of which a LIMIT takes some; `scanned`: all that are read, for what is done with their columns and not printed. */
  relations: string[];
  scanned?: string[];
  /** Scans that have to be of a unique index; see uniqueScan. */
  uniqueScans: string[];
  /** True: functions and operators that are not PostgreSQL's own are unsure, too. */
  ownOnly?: true;
  /** True: of what `sources` stand for, parts may be hidden in the plan. */
  hides?: boolean;
  sources?: Sources;
  /** Why not all calls are certain, but as many as rows are wanted: each is about one row at most. See row-by-row.ts. */
  rowByRow?: string;
  /** Results decide which rows there are. */
  decides?: true;
}

/** What a query's text names, as SQL names: it may stand for views and functions of which a plan has only what is in them. */
export interface Sources {
  tables: string[];
  functions: string[];
}

/** What may stand in VALUES, of which EXPLAIN says nothing. */
export interface ValuesLists {
  calls: boolean;
  results: boolean;
}

export interface Uncertain {
  why: string;
}

/** What is known of a node and all below it. */
interface Found {
  /** Which rows it gives, or in what order, depends on results. */
  rows: boolean;
  /** Whether it gives a row at all depends on results. */
  any: boolean;
  /** Some of its values are results. */
  values: boolean;
  calls: boolean;
  /** The same of what is evaluated row by row as rows are asked for: not below a Sort or an Aggregate, which read all there is first. */
  openCalls: boolean;
  openPending: boolean;
  /** Each of its calls is about one of its rows at most, and no later one decides about them. */
  rowByRow: boolean;
  /** Some of its values may be there where the results that they are made of are NULL. */
  filled: boolean;
  /** Calls of later stages stand there, or some of its values are what they give. */
  later: boolean;
}

interface Reading extends Referred {
  names: Names;
  relations: Set<string>;
  uniqueScans: Set<string>;
  ctes: Map<string, Found>;
  subplans: Map<number, Found>;
  /** Of the parameters by which PostgreSQL before 17 names what an InitPlan gives, the number of that one. */
  parameters: Map<string, number>;
  values: ValuesLists;
  /** Expressions as which columns are printed that may be results. */
  unnamed: Set<string>;
  /** CTEs that a scan reads. */
  scanned: Set<string>;
  /** Limits that may end where a result says so: how many rows they take is known. */
  ends: PlanNode[];
  endsByResults: boolean;
}

class Doubt extends Error {}

/** `ends`: see Reading. */
export function judgePlan(plan: PlanNode, values: ValuesLists, ends: PlanNode[]): Judged | Uncertain {
  const reading: Reading = {
    names: { functions: new Set(), operators: new Set(), types: new Set() },
    ...{ relations: new Set(), ctes: new Map(), subplans: new Map(), results: new Set() },
    ...{ parameters: new Map(), values, uniqueScans: new Set(), unnamed: new Set() },
    ...{ scanned: new Set(), ends, endsByResults: false },
  };
  let found: Found;
  try {
    found = inspect(plan, reading);
  } catch (error) {
    if (error instanceof Doubt) return { why: error.message };
    throw error;
  }
  const { functions, operators, types } = reading.names;
  return {
    ...{ functions: [...functions], operators: [...operators], types: [...types] },
    ...{ relations: [...reading.relations], uniqueScans: [...reading.uniqueScans] },
    ...(reading.endsByResults && { rowByRow: farByResult }),
    ...(found.rows && { decides: true }),
  };
}

/** What the nodes below evaluate may refer to the InitPlans, the other sub-plans to the nodes below, and the node itself to all of them. */
function inspect(node: PlanNode, reading: Reading): Found {
  const type = node['Node Type'];
  const isSample = type === 'Sample Scan' && node['Repeatable Seed'] !== undefined;
  if (!known.has(type) && !isSample) throw new Doubt(`PostgreSQL runs a ${type} for it`);
  const plans = node.Plans ?? [];
  const related = (relationship: string) =>
    plans.filter((each) => each['Parent Relationship'] === relationship);
  const inside = related('InitPlan').flatMap((each) => inspectSubplan(each, reading));
  const inputs = inputsOf(node);
  const below = inputs.map((each) => inspect(each, reading));
  if (type === 'Recursive Union' && below.some(({ calls, values }) => calls || values))
    throw new Doubt('a result decides how far it goes');
  const cte = type === 'CTE Scan' ? reading.ctes.get(node['CTE Name'] ?? '') : undefined;
  if (cte) below.push(cte);
  // A node's own conditions name its columns by its alias.
  if (below.some(({ values }) => values)) noteResults(node, reading);
  const own = textsOf(node, [...deciding, ...ordering, 'Output']).join('\n');
  inside.push(...related('SubPlan').flatMap((each) => inspectSubplan(each, reading, own)));
  return judge(node, inputs, below, inside, reading);
}

function noteResults(node: PlanNode, { results, unnamed }: Reading): void {
  if (node.Alias && derived.has(node['Node Type'])) results.add(node.Alias);
  if (!/Append$/.test(node['Node Type'])) return;
  // Its columns are called as those of its first member, in which they may be plain ones.
  for (const text of outputOf(node).map(bare)) {
    const [, table] = /^("(?:[^"]|"")+"|[\w$]+)\.("(?:[^"]|"")+"|[\w$]+)$/.exec(text) ?? [];
    if (table) results.add(table.replace(/^"|"$/g, '').replaceAll('""', '"'));
    else unnamed.add(text);
  }
}

/**
 * A CTE is read where it is scanned, and what is hashed at once when it is first asked for; any other one may be asked for its first row only.
 * `asking`: the expressions that read it.
 */
function inspectSubplan(node: PlanNode, reading: Reading, asking = ''): Found[] {
  const name = node['Subplan Name'] ?? '';
  const found = inspect(node, reading);
  if (name.startsWith('CTE ')) {
    if (reading.ctes.has(name.slice('CTE '.length))) throw new Doubt('two of its CTEs have one name');
    reading.ctes.set(name.slice('CTE '.length), found);
    return [];
  }
  // Of one row that is made of nothing there is no end to be missed.
  const isOneRow = node['Node Type'] === 'Result' && !node.Plans;
  const number = Number(/\d+/.exec(name)?.[0]);
  const isHashed = asking.includes(`hashed SubPlan ${number})`);
  if (found.openCalls && found.openPending && !isOneRow && !isHashed && !isOfOneRow(node, reading))
    throw new Doubt('a sub-select may be left before its end');
  reading.subplans.set(number, found);
  for (const parameter of name.match(/\$\d+/g) ?? []) reading.parameters.set(parameter, number);
  return [found];
}

/** True, if the catalogue confirms it: it gives one row at most. */
function isOfOneRow(node: PlanNode | undefined, { uniqueScans }: Reading): boolean {
  const scan = node && uniqueScan(node);
  if (scan !== undefined) uniqueScans.add(scan);
  return scan !== undefined;
}

interface Own {
  /** Expressions that decide about rows, those that order them, and values that are evaluated here. */
  deciding: PlanText[];
  ordering: PlanText[];
  values: PlanText[];
}

function judge(node: PlanNode, inputs: PlanNode[], below: Found[], inside: Found[], reading: Reading): Found {
  const type = node['Node Type'];
  const { decides, decidingCalls, valueCalls, pendingValues, pendingOrder, later, ofSubselects, fills } =
    weigh(node, inputs, below, reading);
  const own = { decides, calls: decidingCalls, fills: fills.deciding };
  // Rows may be as good as the last one (WITH TIES), which EXPLAIN does not tell.
  if (type === 'Limit' && below.some((each) => each.openCalls && (each.openPending || each.rows)))
    endByResults(node, below, reading);
  else refuseEarlyEnd(node, below, inside, own, () => isOfOneRow(inputs[1], reading));
  const ownCalls = decidingCalls || valueCalls || (type === 'Values Scan' && reading.values.calls);
  const values = ownCalls || pendingValues || [...below, ...inside].some((each) => each.values);
  // The columns of a function's rows are results if its arguments are, not because calls are made of them.
  if (decides && /Function Scan/.test(type)) noteResults(node, reading);
  const distinct = ['Unique', 'SetOp'].includes(type) && values;
  const limited = type === 'Limit' && inside.some((each) => each.values || each.rows);
  const readsAll =
    type === 'Sort' ||
    type === 'Hash' ||
    (type === 'Aggregate' && ['Plain', 'Hashed'].includes(node.Strategy ?? ''));
  const open = readsAll ? [] : below;
  return {
    rowByRow:
      !(decides && (later.decides || below.some((each) => each.later))) &&
      !ofSubselects &&
      isRowByRow(node, own, below, inside, reading.scanned),
    filled: fills.values || [...below, ...inside].some((each) => each.filled),
    later: later.any || [...below, ...inside].some((each) => each.later),
    values,
    rows: decides || distinct || pendingOrder || [...below, ...inside].some((each) => each.rows),
    any: decides || limited || (type === 'SetOp' && values) || below.some((each) => each.any),
    calls: ownCalls || [...below, ...inside].some((each) => each.calls),
    openCalls: ownCalls || open.some((each) => each.openCalls),
    openPending: decides || open.some((each) => each.openPending || each.rows),
  };
}

/** What the node's own expressions do, if nothing that they give decides about calls in others of them. */
function weigh(node: PlanNode, inputs: PlanNode[], below: Found[], reading: Reading) {
  const own = readOwn(node, inputs, reading);
  const subplansOf = (text: PlanText) => text.subplans.flatMap((each) => reading.subplans.get(each) ?? []);
  const makes = (text: PlanText) => text.calls || subplansOf(text).some(({ calls }) => calls);
  const isPending = (text: PlanText) =>
    text.pending ||
    subplansOf(text).some(({ values, rows }) => values || rows) ||
    [...text.tables].some((table) => reading.results.has(table));
  const all = [...own.deciding, ...own.ordering, ...own.values];
  refuseStops(all, (text) => isPending(text) || makes(text), reading);
  const pendingValues = own.values.filter(isPending).length;
  const projects = node['Node Type'] === 'ProjectSet';
  const decides = own.deciding.some(isPending) || (projects && pendingValues > 0);
  const decidingCalls = own.deciding.filter(makes).length;
  const found = own.deciding.slice(0, textsOf(node, finding).length);
  const finds = found.some((text) => isPending(text) && !makes(text));
  const valueCalls = own.values.some(makes) || own.ordering.some(makes);
  if ((decidingCalls > 0 || valueCalls) && below.some(({ rows }) => rows))
    throw new Doubt('a result decides which rows reach another call');
  if (decides && (decidingCalls > (finds ? 0 : 1) || (valueCalls && !projects)))
    throw new Doubt('a result decides which rows reach another call');
  // For each row of a set it evaluates all that stands beside the set.
  if (projects && valueCalls && pendingValues > 1)
    throw new Doubt('a result decides how often another call is made');
  const pendingOrder = own.ordering.some(isPending);
  return {
    decides,
    decidingCalls: decidingCalls > 0,
    valueCalls,
    pendingValues: pendingValues > 0,
    pendingOrder,
    fills: {
      deciding: own.deciding.some((text) => text.fills && isPending(text)),
      values: own.values.some((text) => text.fills && (isPending(text) || makes(text))),
    },
    // One of them may be evaluated once for all rows.
    ofSubselects: all.some((text) => subplansOf(text).some((each) => each.calls || each.values || each.rows)),
    later: { decides: own.deciding.some(({ later }) => later), any: all.some(({ later }) => later) },
  };
}

/** Expressions that end at what a result says. */
function refuseStops(texts: PlanText[], asks: (text: PlanText) => boolean, { subplans }: Reading): void {
  if (texts.some((text) => text.stopsInList && asks(text)))
    throw new Doubt('a comparison with rows ends at the first that decides it');
  const found = (numbers: number[]) => numbers.flatMap((each) => subplans.get(each) ?? []);
  // What is looked for in a hashed list is not evaluated where the list is empty.
  const isSkipped = (text: PlanText) =>
    text.isInList &&
    found(text.subplans).some(({ rows }) => rows) &&
    (text.calls ||
      found(text.looked).some(({ calls }) => calls) ||
      found(text.subplans).filter(({ calls }) => calls).length > 1);
  if (texts.some((text) => text.decides || isSkipped(text)))
    throw new Doubt('a result decides whether another call is made');
}

/** Nodes that stop reading once they have what they need. EXPLAIN does not tell how many rows a Limit takes. */
function refuseEarlyEnd(
  node: PlanNode,
  below: Found[],
  inside: Found[],
  own: { decides: boolean; calls: boolean; fills: boolean },
  innerIsOneRow: () => boolean,
): void {
  const type = node['Node Type'];
  const [outer, inner] = below;
  const stops = /Semi|Anti/.test(node['Join Type'] ?? '') || node['Inner Unique'] === true;
  const ends =
    (type === 'Limit' &&
      inside.some(({ values, rows }) => values || rows) &&
      below.some(({ calls }) => calls)) ||
    (['Result', 'WindowAgg'].includes(type) && own.decides && below.some(({ calls }) => calls)) ||
    (type === 'WindowAgg' &&
      node['Run Condition'] !== undefined &&
      below.some(({ rows, openCalls }) => rows && openCalls)) ||
    (type === 'SetOp' && outer?.any && inner?.calls) ||
    (type === 'SetOp' &&
      node.Strategy === 'Sorted' &&
      below.some(({ rows }) => rows) &&
      below.some(({ openCalls }) => openCalls)) ||
    (type === 'Memoize' && own.decides && below.some(({ calls }) => calls)) ||
    (type === 'Nested Loop' && outer?.rows && inner?.calls) ||
    (type === 'Nested Loop' &&
      stops &&
      (own.decides || inner?.openPending) &&
      (own.calls || inner?.calls) &&
      !innerIsOneRow()) ||
    (type === 'Hash Join' &&
      ((stops && own.calls) ||
        (outer?.rows && inner?.calls) ||
        // Nothing is read of the one side where all keys of the other one are NULL, which they are now if they are results.
        (outer?.calls &&
          (inner?.rows || (own.decides && (own.fills || inner?.filled) && !keepsOuter(node)))))) ||
    (type === 'Merge Join' &&
      (own.decides || below.some((each) => each.rows)) &&
      (own.calls || below.some((each) => each.calls)));
  if (ends) throw new Doubt(farByResult);
}

function keepsOuter(node: PlanNode): boolean {
  return ['Left', 'Full', 'Anti'].includes(node['Join Type'] ?? '');
}

/** What is wanted of a query's rows is wanted of those that one result each lets through. */
function endByResults(node: PlanNode, below: Found[], reading: Reading): void {
  if (!reading.ends.includes(node) || !below.every(({ rowByRow }) => rowByRow)) throw new Doubt(farByResult);
  reading.endsByResults = true;
}

const farByResult = 'a result decides how far is read';

function readOwn(node: PlanNode, inputs: PlanNode[], reading: Reading): Own {
  const given = new Set(inputs.flatMap(outputOf).map(bare));
  const isGiven = (text: string) => given.has(bare(text)) && (!asks.test(text) || isPassedOn(text, node));
  const withoutGiven = (text: string) => (isGiven(text) ? text : asColumns(text, given, reading));
  const read = (text: string): PlanText => {
    const found = readPlanText(withInitPlans(withoutGiven(text), reading), reading.names, reading);
    if (!found) throw new Doubt('its plan cannot be read');
    if (found.tellsLook) throw new Doubt(found.tellsLook);
    // What a node below has computed is not evaluated again.
    return isGiven(text) && inputs.length > 0 ? { ...found, calls: false, decides: false } : found;
  };
  if (node['Node Type'] === 'Limit') noteUnordered(node.Plans, reading.relations);
  if (node['Node Type'] === 'Values Scan' && (reading.values.calls || reading.values.results))
    reading.results.add(node.Alias ?? '');
  // A key is a column of what stands below, whichever way it is printed.
  const readKey = (text: string): PlanText => ({ ...read(text), calls: false, decides: false });
  const conditions = deciding.filter((key) => !grouping.includes(key));
  return {
    deciding: [...textsOf(node, conditions).map(read), ...textsOf(node, grouping).map(readKey)],
    ordering: textsOf(node, ordering).map((text) =>
      readKey(text.replace(/(?: (?:DESC|ASC|USING \S+))?(?: NULLS (?:FIRST|LAST))?$/, '')),
    ),
    values: textsOf(node, ['Output']).map(read),
  };
}

function withInitPlans(text: string, { parameters }: Reading): string {
  return text.replace(/\$\d+/g, (parameter) =>
    parameters.has(parameter) ? `(InitPlan ${parameters.get(parameter)})` : parameter,
  );
}

/** A large table may be read from elsewhere the next time. */
function noteUnordered(inputs: PlanNode[] | undefined, relations: Set<string>): void {
  for (const input of inputs ?? []) {
    const type = input['Node Type'];
    if (type === 'Seq Scan') relations.add(quotedName([input.Schema ?? '', input['Relation Name'] ?? '']));
    if (!/Sort/.test(type)) noteUnordered(input.Plans, relations);
  }
}
