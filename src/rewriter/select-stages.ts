/** SELECT: the block becomes a materialised CTE of handles, which is read to its end before the first wait. */

import type { Arms } from './blocks.js';
import { type AnyNode, type Body, child, children, containsAiCall, kindOf, nameList } from './nodes.js';
import { type Block, locate } from './select-block.js';
import { replaceRanges, type Source, submitOf } from './source.js';
import type { Edit, Piece } from './spliced-text.js';
import { type ItemContext, quoted, type Range, readItem, type TargetItem } from './target-items.js';

interface Stage {
  name: string;
  block: Block;
  columns: string[];
  /** What the CTE has in the place of items of the block. */
  inner: Edit[];
  /** The items that the block gives, from the CTE's columns. */
  outer: Piece[];
}

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
  const barrier = stages.map(({ name }) => `(SELECT count(*) FROM ${name}) IS NOT NULL`).join(' AND ');
  const edits: Edit[] = [];
  const waits: Piece[] = [];
  let before = { end: first.block.selectAt, opening: hasWith ? ', ' : 'WITH ' };
  for (const { name, block, columns, inner, outer } of stages) {
    const opening = `${before.opening}${name} (${columns.join(', ')}) AS MATERIALIZED (`;
    edits.push({ start: before.end, end: block.selectAt, pieces: [opening] }, ...inner);
    waits.push([before.end, block.selectAt], 'SELECT ', ...outer, ` FROM ${name} WHERE ${barrier}`);
    before = { end: block.end, opening: '), ' };
  }
  return [...edits, { start: before.end, end: before.end, pieces: [') ', ...waits] }];
}

/** The items of a block whose calls may be submitted ahead, and that has such calls. */
function takeItems(select: Body, block: Block, source: Source): TargetItem[] | undefined {
  const targets = children(select, 'targetList');
  if (block.items.length !== targets.length || !mayBeStaged(select)) return undefined;
  const context = itemContext(select, source);
  const items = targets.map((target, index) => readItem(target, block.items[index] as Range, context));
  if (!items.every((item) => item !== undefined)) return undefined;
  const calling = items.filter((item) => item.form === 'call');
  if (calling.length === 0 || refersToOutput(select, items)) return undefined;
  // Rows that OFFSET skips have made their calls; a second stage would not see them.
  if (select.limitOffset && calling.some((item) => item.nested)) return undefined;
  return items;
}

/** Between the arms of a UNION there may be nothing but the words that join them: no parentheses. */
function standInLine(stages: Stage[], { tokens }: Source): boolean {
  const joins = new Set(['union', 'all', 'distinct']);
  return stages.slice(1).every(({ block }, index) => {
    const end = stages[index]?.block.end ?? 0;
    const between = tokens.filter((token) => token.start >= end && token.start < block.selectAt);
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

function itemContext(select: Body, source: Source): ItemContext {
  const leaves = children(select, 'fromClause').map((item) => kindOf(item));
  const tables = leaves.filter(([kind]) => kind === 'RangeVar').map(([, table]) => aliasOf(table));
  const cteTables = new Set(
    leaves
      .filter(([, table]) => source.cteNames.has(String(table.relname)))
      .map(([, table]) => aliasOf(table)),
  );
  return {
    offset: source.offset,
    text: source.text,
    tokens: source.tokens,
    starTables: tables.length === leaves.length && tables.length > 0 ? tables : undefined,
    isTable: (name) => tables.includes(name) && !cteTables.has(name),
  };
}

function aliasOf(table: Body): string {
  return String(child(table, 'alias').aliasname ?? table.relname);
}

function makeStage(block: Block, items: TargetItem[], source: Source): Stage {
  const name = source.nextName();
  const columns: string[] = [];
  const column = () => {
    columns.push(`c${columns.length + 1}`);
    return `${name}.${columns.at(-1)}`;
  };
  const inner: Edit[] = [];
  const outer: Piece[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0) outer.push(', ');
    const [start, end] = item.range;
    switch (item.form) {
      case 'star':
        inner.push({ start, end, pieces: [item.rows.join(', ')] });
        outer.push(item.rows.map(() => `(${column()}).*`).join(', '));
        break;
      case 'constant':
        inner.push({ start, end, pieces: ['NULL'] });
        column();
        outer.push(item.range);
        break;
      case 'plain':
        outer.push(`${column()} AS ${quoted(item.name)}`);
        break;
      case 'call': {
        const submits = item.calls.flatMap((call): Piece[] => [', ', submitOf(call, source)].flat());
        const carried = item.columns.flatMap((range): Piece[] => [', ', range]);
        inner.push({ start, end, pieces: [...submits, ...carried].slice(1) });
        const inPlace = [
          ...item.calls.map((range) => ({ range, text: `hologen.wait_call(${column()})` })),
          ...item.columns.map((range) => ({ range, text: column() })),
        ];
        outer.push(...replaceRanges(item.expression, inPlace), ` AS ${quoted(item.name)}`);
      }
    }
  }
  return { name, block, columns, inner, outer };
}
