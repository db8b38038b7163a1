/** What a statement writes to, so that it can be asked which triggers and column defaults run for its rows. */
import { aiFunctions } from '../ai-functions.js';
import { type Body, child, children, hasNode, kindOf } from '../nodes.js';
import { readSource } from '../source.js';
import { quotedName } from './plan-texts.js';

export interface WrittenTo {
  /** As it is named. */
  table: string;
  does: ('insert' | 'update' | 'delete')[];
  /** Columns that are set, of an UPDATE. */
  sets: string[];
  /** Columns that rows are inserted with: their names, or so many of the first; of the others defaults are taken. */
  inserts: string[] | number;
  aiFunctions: string[];
}

/** Undefined: nothing, or several statements do. */
export function writtenTo(text: string): WrittenTo | undefined {
  const [statement, more] = readSource(text)?.statements ?? [];
  const does = statement && doneBy[statement.kind];
  if (!statement || more || !does) return undefined;
  const body = statement.node as Body;
  const { schemaname, relname } = child(body, 'relation');
  return {
    table: quotedName([schemaname, relname].filter((each) => each !== undefined).map(String)),
    does: does(body),
    sets: namesOf(body, 'targetList').concat(namesOf(child(body, 'onConflictClause'), 'targetList')),
    inserts: insertedBy(body),
    aiFunctions: aiFunctions.map(({ name }) => name),
  };
}

const doneBy: Record<string, (body: Body) => WrittenTo['does']> = {
  InsertStmt: (body) =>
    child(body, 'onConflictClause').action === 'ONCONFLICT_UPDATE' ? ['insert', 'update'] : ['insert'],
  UpdateStmt: () => ['update'],
  DeleteStmt: () => ['delete'],
};

function insertedBy(body: Body): WrittenTo['inserts'] {
  // Where DEFAULT is written it may be any column's.
  if (hasNode(body.selectStmt, (kind) => kind === 'SetToDefault')) return 0;
  const listed = namesOf(body, 'cols');
  return listed.length > 0 ? listed : (widthOf(body.selectStmt) ?? Number.MAX_SAFE_INTEGER);
}

function namesOf(body: Body, list: string): string[] {
  return children(body, list).map((each) => String(kindOf(each)[1].name));
}

/** How many columns a query gives; undefined: a star stands for some. */
export function widthOf(select: unknown): number | undefined {
  const body = kindOf(select)[1];
  if (body.larg) return widthOf({ SelectStmt: body.larg });
  const [values] = children(body, 'valuesLists');
  if (values) return children(kindOf(values)[1], 'items').length;
  const items = children(body, 'targetList');
  return hasNode(items, (kind) => kind === 'A_Star') ? undefined : items.length;
}
