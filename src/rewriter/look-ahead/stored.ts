/** What a client's text runs: a query that stands in it, or one that the engine keeps under a name. */
import { longestSentCharacters } from '../calling-statements.js';
import { rowsForward } from '../cursor-steps.js';
import { type Body, child, containsAiCall } from '../nodes.js';
import { firstOutside, firstTokenFrom, type ParsedStatement } from '../parse.js';
import { readSource, type Source } from '../source.js';
import { listedValues } from './assigned.js';
import { keepsNames, namesAreAsked } from './column-names.js';
import type { OneByOne } from './cuts.js';
import { conflictQuery } from './on-conflict.js';
import { quotedName } from './plan-texts.js';
import { type AheadQuery, queryOfStatement, type Since } from './query.js';
import { runInside } from './run-inside.js';
import { namesIn } from './sources.js';
import { withExpressions } from './values.js';

/**
 * A prepared statement, a cursor of which so many rows are read, 0 for all, the cursor that a COMMIT keeps, a materialized view that is filled, a query in a function's body, or the
 * client's own with what a function in it gives written out, or with what is known of the table that it writes to.
 */
export interface StoredQuery {
  stored: 'prepared' | 'cursor' | 'held' | 'view' | 'block' | 'sql' | 'function' | 'table';
  name: string;
  rows: number;
  /** The query, by the text that the engine tells, and by the types of its parameters; `elsewhere`: of a function that not only the client calls. */
  queryOf(text: string, types: string[], elsewhere: boolean): AheadQuery | OneByOne;
  /** What is run if the engine keeps nothing under the name. */
  otherwise?: AheadQuery | OneByOne;
}

/** What makes calls inside a function; `key`: the same for each time that it is come to. `isWhole`: the statement itself is looked at. */
export interface Block {
  key: string;
  isWhole: boolean;
  query(): StoredQuery;
}

/** Statements that make no calls beside one that does, such as those that a driver sends before its FETCH. */
const beside = new Set(['TransactionStmt', 'DeclareCursorStmt', 'ClosePortalStmt', 'VariableSetStmt']);

export function aheadQuery(text: string): AheadQuery | StoredQuery | OneByOne {
  if (text.length >= longestSentCharacters)
    return { why: `its text is longer than ${longestSentCharacters} characters` };
  const source = readSource(text);
  const statements = source?.statements ?? [];
  const running = statements.length > 1 ? statements.filter(({ kind }) => !beside.has(kind)) : statements;
  const [statement, more] = running;
  if (more) return { why: 'several statements were sent as one text', ...maybeMoves(statements) };
  if (!source || !statement) return { why: 'the statement cannot be read' };
  const inside = runInside(statement, source);
  return inside ? readToItsEnd(ranBy(inside, source)) : ranBy(statement, source);
}

function ranBy(statement: ParsedStatement, source: Source): AheadQuery | StoredQuery | OneByOne {
  if (statement.kind === 'ExecuteStmt') return prepared(statement, source);
  if (statement.kind === 'FetchStmt') return cursor(statement.node as Body);
  if (statement.kind === 'TransactionStmt') return held(statement.node as Body);
  if (statement.kind === 'RefreshMatViewStmt') return filled(child(statement.node as Body, 'relation'));
  if (isMaterialized(statement.node as Body))
    return {
      ...filled(child(child(statement.node as Body, 'into'), 'rel')),
      otherwise: queryOfStatement(statement, source),
    };
  return conflictQuery(statement, source) ?? queryOfStatement(statement, source);
}

type Known = AheadQuery | StoredQuery | OneByOne;

/** However many rows the client asks for: they are not this statement's own. */
function readToItsEnd(known: AheadQuery | OneByOne): AheadQuery | OneByOne;
function readToItsEnd(known: Known): Known;
function readToItsEnd(known: Known): Known {
  if ('stored' in known)
    return {
      ...known,
      queryOf: (...given) => readToItsEnd(known.queryOf(...given)),
      ...(known.otherwise && { otherwise: readToItsEnd(known.otherwise) }),
    };
  return 'why' in known ? known : { between: '', ...known, stopsAtRows: false };
}

function maybeMoves(statements: ParsedStatement[]): Pick<OneByOne, 'movesCursor'> {
  const read = statements.filter(({ kind }) => kind === 'FetchStmt');
  if (read.length === 0) return {};
  const isForward = read.every(({ node }) => rowsForward(node as Body) !== undefined);
  return { movesCursor: isForward ? 'counted' : true };
}

function prepared({ node, start, end }: ParsedStatement, execute: Source): StoredQuery | OneByOne {
  const name = String((node as Body).name);
  // A value is evaluated once, and may stand in it several times, and for each row.
  if (containsAiCall(node)) return { why: 'a call stands in what it is given' };
  const open = execute.tokens.findIndex((token) => token.text === '(' && token.start >= start);
  const hasValues = (execute.tokens[open]?.start ?? end) < end;
  const given = hasValues ? listedValues(open, execute) : [];
  const values = given.map(([from, to]) => execute.text.slice(from, to));
  return {
    ...{ stored: 'prepared', name, rows: 0 },
    queryOf(stored, types) {
      const query = preparedIn(stored, name);
      if (query === undefined) return { why: 'what is prepared cannot be read' };
      const written = withExpressions(query, types, values);
      if (!keepsNames(query, written)) return namesAreAsked;
      const source = readSource(written);
      const [statement, more] = source?.statements ?? [];
      if (!source || !statement || more) return { why: 'what is prepared cannot be read' };
      const read = keptSince('prepared', queryOfStatement(statement, source));
      if ('why' in read) return read;
      // However few of its rows a client asks for, EXECUTE has read them all.
      const known = { ...read, stopsAtRows: false, unprinted: namesIn(node) };
      if (values.length > 0) return withBeside(known, query, types);
      // Its plan was made once, perhaps long ago. That of what writes is another one than its query's.
      const isRead = statement.kind === 'SelectStmt' && known.between === undefined;
      return isRead ? { ...known, beside: { text: `EXECUTE ${quotedName([name])}` } } : known;
    },
  };
}

export function keptSince(since: Since, query: AheadQuery | OneByOne): AheadQuery | OneByOne {
  return 'why' in query ? query : { ...query, since };
}

/** PostgreSQL may plan it for any values. */
function withBeside(known: AheadQuery, query: string, types: string[]): AheadQuery | OneByOne {
  const source = readSource(query);
  const [statement] = source?.statements ?? [];
  const any = source && statement && queryOfStatement(statement, source, 'of one row too');
  if (!any || 'why' in any) return { why: 'what is prepared cannot be read' };
  return { ...known, beside: { text: any.text, types } };
}

/** What PREPARE name AS stands before, or the whole text if the client prepared it by the protocol. */
function preparedIn(text: string, name: string): string | undefined {
  const source = readSource(text);
  const [only, more] = source?.statements ?? [];
  const isPrepare = ({ kind, node }: ParsedStatement) =>
    kind === 'PrepareStmt' && (node as Body).name === name;
  const [statement, another] = source?.statements.filter(isPrepare) ?? [];
  if (another) return undefined;
  if (!source || !statement) return only && !more && only.kind !== 'PrepareStmt' ? text : undefined;
  return behindWord('as', statement, source);
}

/** The rest of the statement behind the first such word outside parentheses. */
function behindWord(
  word: string,
  { start, end }: ParsedStatement,
  { text, tokens }: Source,
): string | undefined {
  const at = tokens[firstOutside(tokens, firstTokenFrom(tokens, start), (each) => each === word)];
  return at && at.start < end ? text.slice(at.end, end) : undefined;
}

/** Of the options of a cursor (CURSOR_OPT_SCROLL of PostgreSQL's parsenodes.h). */
const scroll = 2;

function cursor(fetch: Body): StoredQuery | OneByOne {
  const rows = rowsForward(fetch);
  if (rows === undefined) return { why: 'its cursor is not read forward', movesCursor: true };
  const name = String(fetch.portalname);
  return {
    ...{ stored: 'cursor', name, rows: Number.isFinite(rows) ? rows : 0 },
    queryOf(text) {
      const source = readSource(text);
      const [statement, another] =
        source?.statements.filter(
          ({ kind, node }) => kind === 'DeclareCursorStmt' && (node as Body).portalname === name,
        ) ?? [];
      const query = statement && !another && source && behindWord('for', statement, source);
      if (!query) return { why: 'its cursor was not declared by a statement', movesCursor: true };
      const read = onlyQuery(query) ?? { why: 'what its cursor reads cannot be read' };
      const known = keptSince('opened', read);
      const goesBack = (Number((statement.node as Body).options ?? 0) & scroll) > 0;
      return 'why' in known || !goesBack ? known : { ...known, goesBack: true };
    },
  };
}

/** A cursor WITH HOLD is read to its end. Another one of its text may have been bound to other values since. */
function held({ kind }: Body): StoredQuery | OneByOne {
  if (kind !== 'TRANS_STMT_COMMIT') return { why: 'it is no query' };
  return {
    ...{ stored: 'held', name: '', rows: 0 },
    queryOf(text) {
      const source = readSource(text);
      const [declared, more] =
        source?.statements.filter(({ kind: each }) => each === 'DeclareCursorStmt') ?? [];
      if (!source || !declared || more) return { why: 'what its cursor reads cannot be read' };
      const query = keptSince('opened', queryOfStatement(declared, source));
      return 'why' in query || !query.parameters ? query : { why: 'its cursor has parameters' };
    },
  };
}

function isMaterialized({ objtype, into }: Body): boolean {
  return objtype === 'OBJECT_MATVIEW' && !(into as Body | undefined)?.skipData;
}

/** Since PostgreSQL 17 a materialized view is filled by what is stored of it, with no names but those of pg_catalog; before, CREATE runs its own text. */
function filled({ relname }: Body): StoredQuery {
  return {
    ...{ stored: 'view', name: String(relname), rows: 0 },
    queryOf: (text) => onlyQuery(text) ?? { why: 'what is stored of the view cannot be read' },
  };
}

function onlyQuery(text: string): AheadQuery | OneByOne | undefined {
  const source = readSource(text);
  const [statement] = source?.statements ?? [];
  return source && statement && queryOfStatement(statement, source);
}
