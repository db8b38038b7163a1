/** A stage: a CTE with descriptions of calls (or handles of them) in their place, and the items outside that are built from its columns. */
import { submitsStage } from './ai-functions.js';
import { type AnyNode, type Body, child, children, kindOf } from './nodes.js';
import type { Block } from './select-block.js';
import {
  descriptionOf,
  isDescribed,
  readsTablesOnly,
  replaceRanges,
  type Source,
  submitOf,
  waitOf,
} from './source.js';
import type { Edit, Piece } from './spliced-text.js';
import { type ItemContext, quoted, type Range, readItem, type TargetItem } from './target-items.js';

export interface Stage {
  name: string;
  block: Block;
  columns: string[];
  /** Those of `columns` that describe a call; none where the CTE submits each call as it is evaluated. */
  described: string[];
  /** What replaces the block's items inside the CTE. */
  inner: Edit[];
  /** The block's items, built from the CTE's columns. */
  outer: Piece[];
}

/** The items of a list, if all of them can be taken apart and at least one makes a call. */
export function readItems(
  targets: AnyNode[],
  block: Block,
  from: AnyNode[],
  source: Source,
): TargetItem[] | undefined {
  if (block.items.length !== targets.length) return undefined;
  const context = itemContext(from, source);
  const items = targets.map((target, index) => readItem(target, block.items[index] as Range, context));
  if (!items.every((item) => item !== undefined)) return undefined;
  return items.some((item) => item.form === 'call') ? items : undefined;
}

/** `from`: the tables, joins and sub-selects whose columns the items may use. */
function itemContext(from: AnyNode[], source: Source): ItemContext {
  const leaves = from.map((item) => kindOf(item));
  const tables = leaves.filter(([kind]) => kind === 'RangeVar').map(([, table]) => aliasOf(table));
  const cteTables = new Set(
    leaves
      .filter(([, table]) => source.cteNames.has(String(table.relname)))
      .map(([, table]) => aliasOf(table)),
  );
  // Their whole rows have the columns' own names.
  const renamed = new Set(
    leaves
      .filter(([, { alias }]) => children((alias ?? {}) as Body, 'colnames').length > 0)
      .map(([, table]) => aliasOf(table)),
  );
  return {
    offset: source.offset,
    text: source.text,
    tokens: source.tokens,
    starTables: tables.length === leaves.length && tables.length > 0 ? tables : undefined,
    mayBeNull: !readsTablesOnly(from, source),
    isTable: (name) => tables.includes(name) && !cteTables.has(name) && !renamed.has(name),
  };
}

function aliasOf(table: Body): string {
  return String(child(table, 'alias').aliasname ?? table.relname);
}

function areDescribed(items: TargetItem[], source: Source): boolean {
  return items.every((item) => item.form !== 'call' || item.calls.every((call) => isDescribed(call, source)));
}

/** `dropsRows`: the CTE evaluates calls of rows that it does not give, and must submit them itself. */
export function makeStage(block: Block, items: TargetItem[], source: Source, dropsRows = false): Stage {
  const name = source.nextName();
  const columns: string[] = [];
  const described: string[] = [];
  const column = () => {
    columns.push(`c${columns.length + 1}`);
    return `${name}.${columns.at(-1)}`;
  };
  const apart = dropsRows || !areDescribed(items, source);
  const handle = () => (apart ? column() : `${described[described.push(column()) - 1]} ->> 'handle'`);
  const replaced = apart ? submitOf : descriptionOf;
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
        const calls = item.calls.flatMap((call): Piece[] => [', ', replaced(call, source)].flat());
        const carried = item.columns.flatMap((range): Piece[] => [', ', range]);
        inner.push({ start, end, pieces: [...calls, ...carried].slice(1) });
        const inPlace = [
          ...item.calls.map((range) => ({ range, pieces: waitOf(range, source, handle()) })),
          ...item.columns.map((range) => ({ range, pieces: [column()] })),
        ];
        for (const piece of replaceRanges(item.expression, inPlace)) outer.push(piece);
        outer.push(` AS ${quoted(item.name)}`);
      }
    }
  }
  return { name, block, columns, described, inner, outer };
}

/** A condition that reads the stages to the end, and submits their calls row by row, before the first wait. To be written once. */
export function drained(stages: Stage[]): string {
  return stages
    .map(({ name, described }) =>
      described.length === 0
        ? `(SELECT count(*) FROM ${name}) IS NOT NULL`
        : `(SELECT ${submitsStage}(VARIADIC ARRAY[${described.join(', ')}]) FROM ${name})`,
    )
    .join(' AND ');
}

/** The condition for each arm of a UNION, and what the last stage is followed by. */
export function drainedOnce(stages: Stage[], source: Source): { condition: string; last: string } {
  if (stages.length === 1) return { condition: drained(stages), last: ') ' };
  const name = source.nextName();
  return {
    condition: `(SELECT c1 FROM ${name})`,
    last: `), ${name} (c1) AS MATERIALIZED (SELECT ${drained(stages)}) `,
  };
}
