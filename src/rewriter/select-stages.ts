/** SELECT: the block becomes a materialised CTE of handles, which is read to its end before the first wait. */
import type { Arms } from './blocks.js';
import { type AnyNode, type Body, child, children, containsAiCall, kindOf, nameList, walk } from './nodes.js';
import { type Block, locate } from './select-block.js';
import type { Source } from './source.js';
import type { Edit, Piece } from './spliced-text.js';
import { drained, makeStage, readItems, type Stage } from './stage.js';
import type { TargetItem } from './target-items.js';

/** Edits that submit all calls of the block, or of all arms of a UNION, before the first wait; none when that cannot be proved equal. */
export function editSelect({ selects, hasWith }: Arms, source: Source): Edit[] {
  if (!selects.some((select) => containsAiCall(select.targetList))) return [];
  const joined = selects.length > 1;
  const stages: Stage[] = [];
  for (const select of selects) {
    const block = locate(select, source, joined);
    const items = block && takeItems(select, block, source);
    if (items) stages.push(makeStage(block, items, source));
  }
  const [first] = stages;
  // Arms that make no calls would leave it open which calls the first rows need: a client may ask for some rows only.
  if (!first || stages.length < selects.length || !standInLine(stages, source)) return [];
  // One row with one call has nothing to run beside it.
  if (!joined && !selects[0].fromClause && first.columns.length < 2) return [];
  const edits: Edit[] = [];
  const waits: Piece[] = [];
  let before = { end: first.block.startAt, opening: hasWith ? ', ' : 'WITH ' };
  for (const { name, block, columns, inner, outer } of stages) {
    const opening = `${before.opening}${name} (${columns.join(', ')}) AS MATERIALIZED (`;
    edits.push({ start: before.end, end: block.startAt, pieces: [opening] }, ...inner);
    waits.push([before.end, block.startAt], 'SELECT ', ...outer, ` FROM ${name} WHERE ${drained(stages)}`);
    before = { end: block.end, opening: '), ' };
  }
  return [...edits, { start: before.end, end: before.end, pieces: [') ', ...waits] }];
}

/** The items of a block whose calls may be submitted ahead, and that has such calls. */
function takeItems(select: Body, block: Block, source: Source): TargetItem[] | undefined {
  const items = readItems(children(select, 'targetList'), block, children(select, 'fromClause'), source);
  if (!items || !mayBeStaged(select) || refersToOutput(select, items)) return undefined;
  // Rows that OFFSET skips have made their calls; a second stage would not see them. Nor would it see that PostgreSQL evaluates what
  // stands beside a set-returning function once more than there are rows.
  const dropsRows = select.limitOffset !== undefined || returnsSets(select.targetList);
  return dropsRows && items.some((item) => item.form === 'call' && item.nested) ? undefined : items;
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

/** Between the arms of a UNION there may be nothing but the words that join them: no parentheses. */
function standInLine(stages: Stage[], { tokens }: Source): boolean {
  const joins = new Set(['union', 'all', 'distinct']);
  return stages.slice(1).every(({ block }, index) => {
    const end = stages[index]?.block.end ?? 0;
    const between = tokens.filter((token) => token.start >= end && token.start < block.startAt);
    return between.every((token) => joins.has(token.text.toLowerCase()));
  });
}

/** Calls elsewhere in the block, and clauses that depend on what the target list gives. */
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

/** ORDER BY or GROUP BY an output column, by number or by name, that the CTE does not have in this place. */
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
