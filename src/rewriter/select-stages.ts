/** SELECT: the block becomes a materialised CTE of handles, which is read to the end before the first wait. */
import type { Arms } from './blocks.js';
import { type AnyNode, type Body, child, children, containsAiCall, kindOf, nameList, walk } from './nodes.js';
import type { Token } from './parse.js';
import { type Block, locate } from './select-block.js';
import type { Source } from './source.js';
import type { Edit, Piece } from './spliced-text.js';
import { drainedOnce, makeStage, readItems, type Stage } from './stage.js';
import type { TargetItem } from './target-items.js';

/** Edits that submit all calls of the block, or of all arms of a UNION, before the first wait; none if equivalence cannot be shown. */
export function editSelect({ selects, hasWith }: Arms, source: Source): Edit[] {
  if (!selects.some((select) => containsAiCall(select.targetList))) return [];
  const joined = selects.length > 1;
  const stages: Stage[] = [];
  for (const select of selects) {
    const block = locate(select, source, joined);
    const items = block && takeItems(select, block, source);
    if (items) stages.push(makeStage(block, items, source, dropsRows(select)));
  }
  const [first] = stages;
  // A client may ask for some rows only; if some arms made no calls, it would be unclear which calls the first rows need.
  if (!first || stages.length < selects.length || !standInLine(stages, source)) return [];
  // One row with one call: nothing to run in parallel.
  if (!joined && !selects[0].fromClause && first.columns.length < 2) return [];
  const { condition, last } = drainedOnce(stages, source);
  // Lists in lists: what is spread into arguments must fit on the stack.
  const edits: Edit[][] = [];
  const waits: Piece[][] = [];
  let before = { end: first.block.startAt, opening: hasWith ? ', ' : 'WITH ' };
  for (const { name, block, columns, inner, outer } of stages) {
    const opening = `${before.opening}${name} (${columns.join(', ')}) AS MATERIALIZED (`;
    edits.push([{ start: before.end, end: block.startAt, pieces: [opening] }, ...inner]);
    waits.push([[before.end, block.startAt], 'SELECT ', ...outer, ` FROM ${name} WHERE ${condition}`]);
    before = { end: block.end, opening: '), ' };
  }
  return [...edits.flat(), { start: before.end, end: before.end, pieces: [last, ...waits.flat()] }];
}

/** The items of the block, if it has calls and they may be submitted ahead. */
function takeItems(select: Body, block: Block, source: Source): TargetItem[] | undefined {
  const items = readItems(children(select, 'targetList'), block, children(select, 'fromClause'), source);
  if (!items || !mayBeStaged(select) || refersToOutput(select, items)) return undefined;
  if (goesOnBehind(select, block, source) || addsToList(select, items)) return undefined;
  // A second stage would not see those rows.
  return dropsRows(select) && items.some((item) => item.form === 'call' && item.nested) ? undefined : items;
}

/** Rows skipped by OFFSET have made their calls; so has the extra evaluation next to a set-returning function, or the row behind WITH TIES. */
function dropsRows(select: Body): boolean {
  const withTies = select.limitOption === 'LIMIT_OPTION_WITH_TIES';
  return withTies || select.limitOffset !== undefined || returnsSets(select.targetList);
}

/** Behind a query in parentheses its ORDER BY and LIMIT may stand outside of them. */
function goesOnBehind(select: Body, { startAt, end }: Block, { offset, tokens }: Source): boolean {
  // FETCH FIRST ROW has no number to stand anywhere.
  const [kind, { location: at = -1 }] = kindOf(select.limitCount);
  const isInside = ({ text, start }: Token) =>
    text.toLowerCase() === 'fetch' && start >= startAt && start < end;
  let behind = kind === 'A_Const' && Number(at) < 0 && !tokens.some(isInside);
  const see = (_kind: string, { location }: Body): boolean => {
    behind ||= Number(location ?? -1) >= 0 && offset(location) >= end;
    return !behind;
  };
  walk([select.sortClause, select.limitCount, select.limitOffset], see);
  return behind;
}

/** Rows and columns that the CTE gives besides must mean no other name that stands in ORDER BY, and stand in GROUP BY as they are. */
function addsToList(select: Body, items: TargetItem[]): boolean {
  const adds = items.some(
    (item) => item.form === 'star' || (item.form === 'call' && item.columns.length > 0),
  );
  const isBareName = (sort: AnyNode): boolean => {
    const [kind, body] = kindOf(child(kindOf(sort)[1], 'node'));
    return kind === 'ColumnRef' && children(body, 'fields').length === 1;
  };
  return adds && (select.groupClause !== undefined || children(select, 'sortClause').some(isBareName));
}

const setFunctions =
  /^(unnest|generate_(series|subscripts)|jsonb?_(each|each_text|array_elements|array_elements_text|object_keys|path_query|populate_recordset|to_recordset)|(regexp_split|string)_to_table|regexp_matches)$/;

function returnsSets(targets: unknown): boolean {
  let found = false;
  walk(targets, (kind, body) => {
    found ||= kind === 'FuncCall' && setFunctions.test(nameList(body.funcname).at(-1) ?? '');
    return !found;
  });
  return found;
}

/** True if only UNION, ALL and DISTINCT stand between the arms: no parentheses. */
function standInLine(stages: Stage[], { tokens }: Source): boolean {
  const joins = new Set(['union', 'all', 'distinct']);
  return stages.slice(1).every(({ block }, index) => {
    const end = stages[index]?.block.end ?? 0;
    const between = tokens.filter((token) => token.start >= end && token.start < block.startAt);
    return between.every((token) => joins.has(token.text.toLowerCase()));
  });
}

/** False if there are calls elsewhere in the block, or clauses that depend on the values of the target list. */
function mayBeStaged(select: Body): boolean {
  if (select.distinctClause || select.intoClause || select.lockingClause || select.groupDistinct)
    return false;
  const others = [
    'whereClause',
    'havingClause',
    'groupClause',
    'sortClause',
    'windowClause',
    'limitCount',
    'limitOffset',
  ];
  if (others.some((name) => containsAiCall(select[name]))) return false;
  return !children(select, 'fromClause').some(
    (item) => kindOf(item)[0] !== 'RangeSubselect' && containsAiCall(item),
  );
}

/** True if ORDER BY or GROUP BY refers, by number or name, to an output column that the CTE does not have in that position. */
function refersToOutput(select: Body, items: TargetItem[]): boolean {
  const keys = [
    ...children(select, 'sortClause').map((sort) => child(kindOf(sort)[1], 'node')),
    ...children(select, 'groupClause').flatMap(groupingKeys),
  ];
  return keys.some((key) => {
    const [kind, body] = kindOf(key);
    if (kind === 'A_Const') {
      const index = Number(child(body, 'ival').ival ?? 0) - 1;
      return items[index]?.form !== 'plain' || !items.slice(0, index).every(isOneColumn);
    }
    const [name, more] = kind === 'ColumnRef' ? nameList(body.fields) : [];
    if (name === undefined || more !== undefined) return false;
    return items.some((item) =>
      item.form === 'star' ? item.ofColumn : item.form !== 'plain' && item.name === name,
    );
  });
}

function isOneColumn(item: TargetItem): boolean {
  return item.form === 'call' ? item.calls.length + item.columns.length === 1 : item.form !== 'star';
}

/** The keys inside ROLLUP, CUBE and GROUPING SETS. */
function groupingKeys(key: AnyNode): AnyNode[] {
  const [kind, body] = kindOf(key);
  return kind === 'GroupingSet' ? children(body, 'content').flatMap(groupingKeys) : [key];
}
