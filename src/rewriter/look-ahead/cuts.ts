/** What makes a query of a statement that does more with its rows: the edits of its text, or why there are none. */
import { type Body, child, children, containsAiCall, hasNode, kindOf, walk, writesRows } from '../nodes.js';
import {
  closingOf,
  firstOutside,
  firstTokenFrom,
  type ParsedStatement,
  type Token,
  tokenAt,
} from '../parse.js';
import type { Source } from '../source.js';
import type { Edit, Piece } from '../spliced-text.js';
import type { Range } from '../target-items.js';
import { givesUpdatedRows, locateClauses, locateWords } from '../update-stages.js';
import { assignedValues, dropsValues } from './assigned.js';
import { cutMerge } from './merge.js';
import { wholeRows } from './whole-rows.js';

/** Why calls have to be made one after another; without words where there is nothing to say of it. */
export interface OneByOne {
  why: string | undefined;
  movesCursor?: true | 'counted';
}

export type Cut = { edits: Edit[] } | OneByOne;

/** What makes a query of the statement. */
export function editsOf(statement: ParsedStatement, source: Source): Cut {
  const body = statement.node as Body;
  if (writesRows(body)) return { why: 'it writes in a WITH' };
  if (containsAiCall(body.returningClause) || containsAiCall(body.returningList))
    return { why: 'a call stands in its RETURNING' };
  switch (statement.kind) {
    case 'SelectStmt':
      if (locks(body)) return { why: 'it locks the rows that it reads' };
      return body.intoClause ? cutInto(body, statement, source) : { edits: [] };
    case 'InsertStmt':
      return cutInsert(body, statement, source);
    case 'UpdateStmt':
      return cutUpdate(body, statement, source);
    case 'CopyStmt':
      return cutCopy(body, statement, source);
    case 'DeleteStmt':
      return cutDelete(body, statement, source);
    case 'MergeStmt':
      return cutMerge(body, statement, source);
    case 'CreateTableAsStmt':
      return kindOf(body.query)[0] === 'SelectStmt' ? cutCreate(body, statement, source) : { why: undefined };
    case 'DeclareCursorStmt':
      return cutDeclare(body, statement, source);
    case 'DoStmt':
    case 'CallStmt':
      // Its queries are looked ahead in one by one, when they are come to.
      return { why: undefined };
    default:
      return { why: statement.kind === 'ExplainStmt' ? 'the calls stand in what it runs' : 'it is no query' };
  }
}

function locks(body: Body): boolean {
  return hasNode(
    { SelectStmt: body },
    (kind, each) => kind === 'SelectStmt' && each.lockingClause !== undefined,
  );
}

/** SELECT … INTO: the query without the table that it makes. */
function cutInto({ intoClause }: Body, { start }: ParsedStatement, { tokens, offset }: Source): Cut {
  const word = (index: number) => tokens[index]?.text.toLowerCase() ?? '';
  const table = tokenAt(tokens, offset(child(intoClause as Body, 'rel').location));
  let [from, to] = [table, table];
  while (from > 0 && word(from) !== 'into' && (tokens[from]?.start ?? 0) > start) from -= 1;
  while (word(to + 1) === '.') to += 2;
  const [first, last] = [tokens[from], tokens[to]];
  if (table < 0 || !first || !last || word(from) !== 'into') return { why: 'it cannot be taken apart' };
  return { edits: [{ start: first.start, end: last.end, pieces: [] }] };
}

/** INSERT … SELECT or VALUES: what is inserted, with the WITH before it. */
function cutInsert(insert: Body, statement: ParsedStatement, source: Source): Cut {
  if (!insert.selectStmt) return { why: undefined };
  if (dropsValues(insert)) return { why: 'it cannot be taken apart' };
  const found = locateInsert(insert, source);
  if (!found) return { why: 'it cannot be taken apart' };
  const [start, end] = found.rows;
  const apart = insert.withClause && kindOf(insert.selectStmt)[1].withClause;
  const edits: Edit[] = [
    { start: found.start, end: start, pieces: apart ? ['('] : [] },
    { start: end, end: statement.end, pieces: apart ? [')'] : [] },
  ];
  return { edits: [...edits, ...defaultsAsNull(insert.selectStmt, source)] };
}

/** Where an INSERT begins, its table with its alias, and what it inserts. */
export function locateInsert(
  insert: Body,
  source: Source,
): { start: number; target: Range; rows: Range } | undefined {
  const { tokens } = source;
  const word = (index: number) => tokens[index]?.text.toLowerCase() ?? '';
  const table = tokenAt(tokens, source.offset(child(insert, 'relation').location));
  let first = table;
  while (first > 0 && word(first) !== 'insert') first -= 1;
  let at = table + 1;
  while (word(at) === '.') at += 2;
  if (word(at) === 'as') at += 2;
  const target: Range = [tokens[table]?.start ?? 0, tokens[at - 1]?.end ?? 0];
  if (children(insert, 'cols').length > 0) at = closingOf(tokens, at) + 1;
  if (word(at) === 'overriding') at += 3;
  const start = tokens[at]?.start;
  if (table < 0 || start === undefined || word(first) !== 'insert') return undefined;
  const end = endOf(
    tokens,
    at,
    // A table or a column may be called so.
    (each, index) =>
      each === 'returning' ||
      (each === 'on' &&
        word(index + 1) === 'conflict' &&
        insert.onConflictClause !== undefined &&
        word(index + 2) !== '.'),
  );
  return { start: tokens[first]?.start ?? 0, target, rows: [start, end] };
}

/** The end of the last token before the one, outside parentheses, at which it ends. */
function endOf(tokens: Token[], from: number, ends: (word: string, index: number) => boolean): number {
  const behind = firstOutside(tokens, from, (word, index) => word === ';' || ends(word, index));
  return (behind > from ? tokens[behind - 1]?.end : tokens[from]?.start) ?? 0;
}

function defaultsAsNull(node: unknown, source: Source): Edit[] {
  const edits: Edit[] = [];
  walk(node, (kind, body) => {
    const start = source.offset(body.location);
    if (kind === 'SetToDefault') edits.push({ start, end: start + 'default'.length, pieces: ['NULL'] });
    return true;
  });
  return edits;
}

/** UPDATE: the values that it assigns, of the rows that it changes. */
function cutUpdate(update: Body, statement: ParsedStatement, source: Source): Cut {
  const clauses = locateClauses(update, source);
  if (!clauses || isHidden(update, source)) return { why: 'it cannot be taken apart' };
  const { updateAt, target, set, from, where } = clauses;
  const values = assignedValues(set, source)
    .flatMap((value): Piece[] => [', ', ...value])
    .slice(1);
  const whole = wholeRows(children(update, 'fromClause'), update);
  const pieces = ['SELECT ', ...values, whole, ...rowsOf(update, target, from, where)];
  return { edits: [{ start: updateAt, end: statement.end, pieces }] };
}

/** In a query the name of the table would be that of the CTE. */
export function isHidden(written: Body, { cteNames }: Source): boolean {
  return cteNames.has(String(child(written, 'relation').relname));
}

/** The rows that an UPDATE or a DELETE is about. */
function rowsOf(written: Body, target: Range, others: Range | undefined, where: Range | undefined): Piece[] {
  return [
    ' FROM ',
    target,
    ...((others ? [', ', others] : []) as Piece[]),
    ` WHERE ${givesUpdatedRows(child(written, 'relation'))}`,
    ...((where ? [' AND (', where, ')'] : []) as Piece[]),
  ];
}

/** COPY (query) TO. */
function cutCopy(copy: Body, statement: ParsedStatement, source: Source): Cut {
  if (kindOf(copy.query)[0] !== 'SelectStmt') return { why: undefined };
  const open = firstTokenFrom(source.tokens, statement.start) + 1;
  const inside = source.tokens[open + 1];
  if (source.tokens[open]?.text !== '(' || !inside) return { why: 'it cannot be taken apart' };
  const end = source.tokens[closingOf(source.tokens, open)]?.start ?? statement.end;
  return {
    edits: [
      { start: statement.start, end: inside.start, pieces: [] },
      { start: end, end: statement.end, pieces: [] },
    ],
  };
}

/** CURSOR_OPT_HOLD (PostgreSQL's src/include/nodes/parsenodes.h). */
const withHold = 0x20;

/** DECLARE … WITH HOLD outside of a transaction reads all rows at once. Of any other a client executes the portal, perhaps between FETCHes. */
function cutDeclare({ options }: Body, { start }: ParsedStatement, { tokens }: Source): Cut {
  if ((Number(options) & withHold) === 0) return { why: 'its cursor is read as a portal', movesCursor: true };
  const at = firstOutside(tokens, firstTokenFrom(tokens, start), (word) => word === 'for');
  const first = tokens[at + 1];
  if (!first) return { why: 'it cannot be taken apart' };
  return { edits: [{ start, end: first.start, pieces: [] }] };
}

/** DELETE: the rows that it deletes. */
function cutDelete(remove: Body, statement: ParsedStatement, source: Source): Cut {
  const found = locateWords(remove, source, ['delete', 'from'], ['using', 'where', 'returning']);
  if (!found || isHidden(remove, source)) return { why: 'it cannot be taken apart' };
  const { target, clause } = found;
  const whole = wholeRows(children(remove, 'usingClause'), remove).replace(',', '');
  const pieces = ['SELECT', whole, ...rowsOf(remove, target, clause('using'), clause('where'))];
  return { edits: [{ start: found.start, end: statement.end, pieces }] };
}

/** CREATE TABLE … AS: the query, unless nobody wants its rows. */
function cutCreate(create: Body, statement: ParsedStatement, source: Source): Cut {
  const { tokens } = source;
  const into = child(create, 'into');
  if (into.skipData) return { why: undefined };
  const table = tokenAt(tokens, source.offset(child(into, 'rel').location));
  const at = firstOutside(tokens, Math.max(0, table), (word) => word === 'as');
  const first = tokens[at + 1];
  if (table < 0 || !first) return { why: 'it cannot be taken apart' };
  const isData = (index: number) => tokens[index]?.text.toLowerCase() === 'data';
  const isLast = (index: number) => [undefined, ';'].includes(tokens[index]?.text);
  const end = endOf(
    tokens,
    at + 1,
    (word, index) => word === 'with' && isData(index + 1) && isLast(index + 2),
  );
  return {
    edits: [
      { start: statement.start, end: first.start, pieces: [] },
      { start: end, end: statement.end, pieces: [] },
    ],
  };
}
