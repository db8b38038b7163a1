/**
 * The query of an INSERT … ON CONFLICT DO UPDATE whose calls stand in what it sets: what would be inserted, joined with the rows that it meets.
 * The table's columns are asked of the engine, because "excluded" has their names and types.
 */
import { type Body, child, children, containsAiCall, hasNode, kindOf, nameList } from '../nodes.js';
import { closingOf, firstOutside, firstTokenFrom, type ParsedStatement } from '../parse.js';
import type { Source } from '../source.js';
import type { Piece } from '../spliced-text.js';
import { quoted, type Range } from '../target-items.js';
import { givesUpdatedRows } from '../update-stages.js';
import { assignedValues, listedValues } from './assigned.js';
import { type Cut, isHidden, locateInsert, type OneByOne } from './cuts.js';
import { type AheadQuery, queryOfStatement } from './query.js';
import { widthOf } from './written-to.js';

/** What the engine tells of the table. */
interface WrittenTable {
  /** Of it alone are the rows that are met: others inherit its columns. */
  only: boolean;
  /** `given`: a value, where none is written. */
  columns: { name: string; type: string | null; given: boolean }[];
}

/** See StoredQuery. */
interface TableQuery {
  stored: 'table';
  name: string;
  rows: number;
  queryOf(table: string): AheadQuery | OneByOne;
  otherwise: OneByOne;
}

const apart = { why: 'which rows meet which is known when they are written' };

/** Undefined: no calls stand there, or others beside. */
export function conflictQuery(statement: ParsedStatement, source: Source): TableQuery | undefined {
  const insert = statement.node as Body;
  const conflict = child(insert, 'onConflictClause');
  if (statement.kind !== 'InsertStmt' || conflict.action !== 'ONCONFLICT_UPDATE' || !insert.selectStmt)
    return undefined;
  const elsewhere = [insert.selectStmt, insert.withClause, insert.returningClause, insert.returningList];
  if (!containsAiCall([conflict.targetList, conflict.whereClause]) || containsAiCall(elsewhere))
    return undefined;
  const { schemaname, relname } = child(insert, 'relation');
  const name = [schemaname, relname].flatMap((part) => (part === undefined ? [] : quoted(String(part))));
  return {
    ...{ stored: 'table', name: name.join('.'), rows: 0 },
    queryOf: (table) =>
      queryOfStatement(statement, source, undefined, cutConflict(statement, source, JSON.parse(table))),
    otherwise: { why: 'a trigger may change what it inserts' },
  };
}

function cutConflict(statement: ParsedStatement, source: Source, table: WrittenTable): Cut {
  const insert = statement.node as Body;
  const relation = child(insert, 'relation');
  const conflict = child(insert, 'onConflictClause');
  const found = locateInsert(insert, source);
  const keys = keysOf(conflict);
  const columns = found && columnsOf(insert, found.rows, table, source);
  if (!found || !keys || !columns || isHidden(insert, source) || usesWholeRow(conflict)) return apart;
  // A key that is set meets other rows behind, and of one that is not written nothing is known.
  if (keys.some((key) => !columns.names.includes(key) || setColumns(conflict).includes(key))) return apart;
  const alias = quoted(String(child(relation, 'alias').aliasname ?? relation.relname));
  const { set, where } = clausesOf(found.rows[1], statement.end, source);
  const values = assignedValues(set, source).flatMap((value): Piece[] => [', ', ...value]);
  const pieces: Piece[] = [
    // Its condition is evaluated for rows that meet, and for no others, in the order in which they come.
    ...['SELECT CASE', ...(where ? [' WHEN (', where, ')'] : [' WHEN true'])],
    ...[' THEN pg_catalog.num_nulls(', ...values.slice(1), ') END'],
    // What is inserted is read whole: some rows of a sub-select might be others if only some columns of them were.
    ', excluded.* FROM (SELECT ',
    ...[columns.read.join(', '), ', pg_catalog.row_number() OVER () AS hologen_row FROM ('],
    ...[...columns.rows, ') AS hologen_rows (', columns.names.join(', ')],
    ...[`)) AS excluded JOIN ${table.only ? 'ONLY ' : ''}`, found.target, ' ON '],
    keys.map((key) => `${alias}.${key} OPERATOR(pg_catalog.=) excluded.${key}`).join(' AND '),
    ` WHERE ${givesUpdatedRows(relation)} AND hologen_caller.is_untouched(${alias}.xmax) ORDER BY hologen_row`,
  ];
  return { edits: [{ start: found.start, end: statement.end, pieces }] };
}

/** The columns of a whole unique index; undefined: others decide, too. */
function keysOf(conflict: Body): string[] | undefined {
  const { indexElems, whereClause, conname } = child(conflict, 'infer');
  if (whereClause || conname || !Array.isArray(indexElems)) return undefined;
  const keys = indexElems.map((each) => kindOf(each)[1]);
  const plain = keys.every(({ name, collation, opclass }) => name && !collation && !opclass);
  return plain ? keys.map(({ name }) => quoted(String(name))) : undefined;
}

function setColumns(conflict: Body): string[] {
  return children(conflict, 'targetList').map((each) => quoted(String(kindOf(each)[1].name)));
}

interface Columns {
  /** What is inserted, and what its columns are called. */
  rows: Piece[];
  names: string[];
  /** What "excluded" has of it, and NULL for what is not written. */
  read: string[];
}

function columnsOf(
  insert: Body,
  rows: Range,
  { columns }: WrittenTable,
  source: Source,
): Columns | undefined {
  const cols = children(insert, 'cols').map((each) => kindOf(each)[1]);
  // Of an element or a field that is written the rest is not known, and of a column whose value is passed over all of it.
  if (cols.some(({ indirection }) => indirection) || insert.override !== 'OVERRIDING_NOT_SET')
    return undefined;
  const listed = cols.map(({ name }) => String(name));
  const count = widthOf(insert.selectStmt);
  const written =
    listed.length > 0
      ? listed.map((name) => columns.find((each) => each.name === name))
      : columns.slice(0, count ?? 0);
  const types = written.map((each) => each?.type);
  if (written.length === 0 || types.some((type) => !type)) return undefined;
  const names = written.map((each) => quoted(each?.name ?? ''));
  const rest = columns.filter((each) => !each.given && each.type && !written.includes(each));
  const read = [
    ...names.map((name, index) => `CAST(${name} AS ${types[index]}) AS ${name}`),
    ...rest.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoted(name)}`),
  ];
  const pieces = castRows(insert.selectStmt, rows, types as string[], source);
  return pieces && { rows: pieces, names, read };
}

/** In VALUES each value has its column's type, whatever those of other rows have. DEFAULT is not known. */
function castRows(select: unknown, rows: Range, types: string[], source: Source): Piece[] | undefined {
  const { tokens } = source;
  const { valuesLists, targetList } = kindOf(select)[1];
  if (hasNode(select, (kind) => kind === 'SetToDefault')) return undefined;
  let open = firstTokenFrom(tokens, rows[0]);
  if (!valuesLists) return readsAsText(targetList, types) ? [rows] : undefined;
  if (tokens[open]?.text.toLowerCase() !== 'values') return undefined;
  const pieces: Piece[] = [];
  for (open += 1; tokens[open]?.text === '('; open += 1) {
    const cast = listedValues(open, source).flatMap((value, index): Piece[] => [
      ...[index === 0 ? '' : ', ', 'CAST(', value, ` AS ${types[index]})`],
    ]);
    pieces.push(pieces.length === 0 ? 'VALUES (' : ', (', ...cast, ')');
    open = closingOf(tokens, open) + 1;
    if (tokens[open]?.text !== ',') break;
  }
  return (tokens[open]?.start ?? rows[1]) >= rows[1] ? pieces : undefined;
}

/** A constant of a query's list is read as its column's type there, and here as a text first. */
function readsAsText(targetList: unknown, types: string[]): boolean {
  return (Array.isArray(targetList) ? targetList : []).every((item, index) => {
    const [kind] = kindOf(kindOf(item)[1].val);
    return !['A_Const', 'ParamRef'].includes(kind) || types[index] === 'pg_catalog.text' || isNumber(item);
  });
}

function isNumber(item: unknown): boolean {
  return hasNode(
    item,
    (kind, body) => kind === 'A_Const' && (body.ival !== undefined || body.fval !== undefined),
  );
}

/** What stands behind SET and WHERE of its DO UPDATE. */
function clausesOf(from: number, end: number, { tokens }: Source): { set: Range; where: Range | undefined } {
  const behind = (at: number, words: string[]) =>
    firstOutside(tokens, at, (word, index) => words.includes(word) || (tokens[index]?.start ?? end) >= end);
  const range = (first: number, last: number): Range => [
    tokens[first]?.start ?? end,
    tokens[last - 1]?.end ?? end,
  ];
  const set = behind(firstTokenFrom(tokens, from), ['set']) + 1;
  const setEnd = behind(set, ['where', 'returning']);
  const isWhere = tokens[setEnd]?.text.toLowerCase() === 'where' && (tokens[setEnd]?.start ?? end) < end;
  return {
    set: range(set, setEnd),
    where: isWhere ? range(setEnd + 1, behind(setEnd + 1, ['returning'])) : undefined,
  };
}

/** It may have columns of which nothing is known. A star has no word among the names. */
function usesWholeRow({ targetList, whereClause }: Body): boolean {
  return hasNode([targetList, whereClause], (kind, { fields }) => {
    const [row, column] = nameList(fields);
    return kind === 'ColumnRef' && row === 'excluded' && !column;
  });
}
