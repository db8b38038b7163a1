/** INSERT … VALUES: all handles are made as one row before the first value waits. */
import { type AnyNode, type Body, child, children, containsAiCall, kindOf } from './nodes.js';
import { lastWordBefore } from './parse.js';
import { type Source, submitOf, waitOf } from './source.js';
import type { Edit, Piece } from './spliced-text.js';
import { type ItemContext, type Range, readItem } from './target-items.js';

/** Longer lists are left alone: each call becomes a sub-select of its own, and planning many takes a time that grows with their square (2,000: half a second). */
export const mostValueCalls = 2_000;

export function editValues(insert: Body, source: Source): Edit[] {
  const lists = children(kindOf(insert.selectStmt)[1], 'valuesLists');
  const calling = lists.flatMap((list) => children(kindOf(list)[1], 'items')).filter(containsAiCall);
  if (calling.length === 0 || calling.length > mostValueCalls) return [];
  const context: ItemContext = { ...source, starTables: undefined, isTable: () => false, mayBeNull: false };
  const calls = calling.map((value) => callsOf(value, context));
  if (!calls.every((each) => each !== undefined)) return [];
  const ranges = calls.flat();
  if (ranges.length < 2 || ranges.length > mostValueCalls) return [];
  const table = source.offset(child(insert, 'relation').location);
  const at = lastWordBefore(source.tokens, table, 'insert');
  if (!at) return [];
  const name = source.nextName();
  const submits = ranges.flatMap((range): Piece[] => [', ', ...submitOf(range, source)]).slice(1);
  return [
    {
      start: at.start,
      end: at.start,
      pieces: [
        // A list, for a row has at most 1,664 columns.
        `${insert.withClause ? ', ' : 'WITH '}${name} (c) AS MATERIALIZED (SELECT ARRAY[`,
        ...submits,
        ']) ',
      ],
    },
    ...ranges.map(([start, end], index) => ({
      start,
      end,
      pieces: waitOf([start, end], source, `(SELECT c[${index + 1}] FROM ${name})`),
    })),
  ];
}

function callsOf(value: AnyNode, context: ItemContext): Range[] | undefined {
  const item = readItem({ ResTarget: { val: value, name: 'value' } }, [0, 0], context);
  return item?.form === 'call' && item.columns.length === 0 ? item.calls : undefined;
}
