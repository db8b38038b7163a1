/**
 * UPDATE … SET x = ai_gen(…): the statement stays as it is, but the calls of all its rows are submitted before the first wait, and each
 * row looks up its handles. A row that finds none submits its calls when it is evaluated, as written. This happens if
 * - another session has changed the row meanwhile, and PostgreSQL evaluates SET again for the new version;
 * - two rows have the same values in all columns that the statement reads;
 * - the table is a view, or has rules or row security: a SELECT need not return the rows that UPDATE changes.
 * So calls are submitted ahead only for rows that UPDATE evaluates, once each. Handles are looked up by values and not by ctid, which
 * views lack and which needs a privilege on the whole table. The lookup is a sub-select without outer references: PostgreSQL keeps its
 * result when it evaluates a row again (EvalPlanQual), but would run a CTE scan or a correlated sub-select a second time.
 */
import {
  type AnyNode,
  type Body,
  child,
  children,
  containsAiCall,
  isAiCall,
  kindOf,
  nameList,
  walk,
} from './nodes.js';
import { tokenAt } from './parse.js';
import { isRepeatable, isTableless, parametersOf } from './repeatable.js';
import { ownPrefix, readsTablesOnly, type Source, submitOf, waitOf } from './source.js';
import type { Edit, Piece } from './spliced-text.js';
import { callRange, columnRange, quoted, type Range, takeApart } from './target-items.js';

/** Each call's look-up names each column: more of both are left alone, or the text would grow with the square of its length. */
const mostLookups = 10_000;

export function editUpdate(update: Body, source: Source): Edit[] {
  const values = children(update, 'targetList').flatMap(assignedValues);
  if (!values.some(containsAiCall)) return [];
  const { schemaname, relname } = child(update, 'relation');
  // In a query its name would mean that one.
  if (schemaname === undefined && source.cteNames.has(String(relname))) return [];
  const mayBeNull = !readsTablesOnly(children(update, 'fromClause'), source);
  const conditions = [update.whereClause, update.fromClause];
  const calls = distinct(values.flatMap((value) => callsOf(value, mayBeNull)));
  if (calls.length === 0 || !isRepeatable(conditions) || !calls.every(({ args }) => isTableless(args)))
    return [];
  if (sharesParameters(update, calls)) return [];
  const clauses = locateClauses(update, source);
  const columns = columnsRead([...values, update.whereClause], source);
  if (!clauses || columns.length === 0 || calls.length * columns.length > mostLookups) return [];

  const ranges = calls.map((call) => callRange(source, call));
  const key = keyOf(columns);
  const handles = submitRows(update, clauses, conditions, key, ranges, source);
  // PostgreSQL refuses WITH for tables with certain rules, so it is used only where several calls must be submitted together.
  if (countCalls(update) === 1) return waitForHandles(ranges, ['(', ...handles, ')'], key, source);
  const name = source.nextName();
  const pieces: Piece[] = [
    update.withClause ? ', ' : 'WITH ',
    `${name} (c1) AS MATERIALIZED (`,
    ...handles,
    ') ',
  ];
  return [
    { start: clauses.updateAt, end: clauses.updateAt, pieces },
    ...waitForHandles(ranges, [`(SELECT c1 FROM ${name})`], key, source),
  ];
}

/** An expression that identifies a row: a hash, because a JSON object holds at most 256 MiB. Colliding rows are treated like equal rows. */
function keyOf(columns: Range[]): Piece[] {
  const row = columns.flatMap((column): Piece[] => [', ', column]).slice(1);
  return [
    'pg_catalog.hashtextextended(ROW(',
    ...row,
    ')::pg_catalog.text, 0::pg_catalog.int8)::pg_catalog.text',
  ];
}

/** A SELECT that submits the calls of all rows and returns the handles by row key. */
function submitRows(
  update: Body,
  { target, from, where }: Clauses,
  conditions: unknown,
  key: Piece[],
  calls: Range[],
  source: Source,
): Piece[] {
  const submits = calls.flatMap((call): Piece[] => [', ', ...submitOf(call, source)]).slice(1);
  return [
    'SELECT pg_catalog.jsonb_object_agg(key, handles) FROM (SELECT ',
    ...key,
    ', CASE WHEN pg_catalog.count(*) OVER (PARTITION BY ',
    ...key,
    ') OPERATOR(pg_catalog.=) 1::pg_catalog.int8 THEN pg_catalog.jsonb_build_array(',
    ...submits,
    ') END FROM ',
    target,
    ...((from ? [', ', from] : []) as Piece[]),
    ` WHERE ${[givesUpdatedRows(child(update, 'relation')), ...areTables(conditions, source)].join(' AND ')}`,
    ...((where ? [' AND (', where, ')'] : []) as Piece[]),
    `) ${ownPrefix}rows (key, handles)`,
  ];
}

/** Each call becomes a wait for the handle that the row finds, or else for a submit of its own. */
function waitForHandles(calls: Range[], handles: Piece[], key: Piece[], source: Source): Edit[] {
  return calls.map(([start, end], index) => ({
    start,
    end,
    pieces: waitOf(
      [start, end],
      source,
      ...[
        'coalesce(',
        ...handles,
        ' OPERATOR(pg_catalog.->) ',
        ...key,
        ` OPERATOR(pg_catalog.->>) ${index}, `,
      ],
      ...submitOf([start, end], source),
      ')',
    ),
  }));
}

/** The value that SET assigns to one column; the columns of `(a, b) = (…)` share one row. */
function assignedValues(target: AnyNode): AnyNode[] {
  const value = child(kindOf(target)[1], 'val');
  const [kind, body] = kindOf(value);
  if (kind !== 'MultiAssignRef') return [value];
  const [sourceKind, row] = kindOf(body.source);
  return sourceKind === 'RowExpr' ? children(row, 'args') : [child(body, 'source')];
}

/** The innermost calls of a value, if they are certain to be made. */
function callsOf(value: AnyNode, mayBeNull: boolean): Body[] {
  const parts = { calls: [], columns: [], nested: false, mayBeNull };
  return containsAiCall(value) && takeApart(value, parts) ? parts.calls : [];
}

function distinct(calls: Body[]): Body[] {
  const found = new Map<unknown, Body>();
  for (const call of calls) if (!found.has(call.location)) found.set(call.location, call);
  return [...found.values()];
}

function countCalls(update: Body): number {
  const locations = new Set<unknown>();
  walk(update, (kind, body) => {
    if (isAiCall(kind, body)) locations.add(body.location);
    return true;
  });
  return locations.size;
}

/** An untyped parameter takes its type from its first use; submits come before everything but WITH. */
function sharesParameters(update: Body, calls: Body[]): boolean {
  const inCalls = new Set(calls.flatMap(({ args }) => [...parametersOf(args)]));
  const places = new Set(calls.map(({ location }) => location));
  let shares = false;
  walk({ ...update, withClause: undefined }, (kind, body) => {
    if (isAiCall(kind, body) && places.has(body.location)) return false;
    shares ||= kind === 'ParamRef' && inCalls.has(Number(body.number));
    return true;
  });
  return shares;
}

/** The columns that SET and WHERE read, each once. Names inside sub-selects may mean something only there, so they are left out. */
function columnsRead(nodes: unknown[], source: Source): Range[] {
  const columns = new Map<string, Range>();
  walk(nodes, (kind, body) => {
    if (kind === 'ColumnRef' && kindOf(children(body, 'fields').at(-1))[0] !== 'A_Star')
      columns.set(nameList(body.fields).map(quoted).join('.'), columnRange(source, body));
    return kind !== 'SubLink';
  });
  return [...columns.values()];
}

/** SQL conditions: what is read besides is tables. A view may give something else when it is read again. */
function areTables(read: unknown, { cteNames }: Source): string[] {
  const names = new Set<string>();
  walk(read, (kind, body) => {
    if (kind === 'RangeVar' && (body.schemaname || !cteNames.has(String(body.relname))))
      names.add(nameLiteral(body));
    return true;
  });
  return [...names].map(
    (name) =>
      `(SELECT relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::pg_catalog."char"[]) FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) ${name}::pg_catalog.regclass::pg_catalog.oid)`,
  );
}

function nameLiteral({ schemaname, relname }: Body): string {
  const name = [schemaname, relname].filter((part) => part !== undefined).map((part) => quoted(String(part)));
  return `'${name.join('.').replaceAll("'", "''")}'`;
}

/** An SQL condition: does a SELECT with the same WHERE return exactly the rows that UPDATE evaluates? */
export function givesUpdatedRows(table: Body): string {
  return `(SELECT relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[]) AND NOT relhasrules AND NOT pg_catalog.row_security_active(oid) FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) ${nameLiteral(table)}::pg_catalog.regclass::pg_catalog.oid)`;
}

export interface Clauses {
  updateAt: number;
  /** With ONLY and alias. */
  target: Range;
  set: Range;
  from: Range | undefined;
  where: Range | undefined;
}

/** Finds the clauses of an UPDATE by their keywords. */
export function locateClauses(update: Body, source: Source): Clauses | undefined {
  const found = locateWords(update, source, ['update'], ['set', 'from', 'where', 'returning']);
  if (!found?.starts.has('set')) return undefined;
  const { start, target, clause } = found;
  return {
    updateAt: start,
    target,
    set: clause('set') as Range,
    from: clause('from'),
    where: clause('where'),
  };
}

export interface LocatedWords {
  /** Where the command's first word stands. */
  start: number;
  /** With ONLY and alias. */
  target: Range;
  starts: Map<string, number>;
  /** What stands behind a keyword. */
  clause(keyword: string): Range | undefined;
}

/** Finds the target of an UPDATE or a DELETE behind the words of the command, and the clauses behind it, given in their order. */
export function locateWords(
  statement: Body,
  { tokens, offset }: Source,
  command: string[],
  keywords: string[],
): LocatedWords | undefined {
  const word = (index: number) => tokens[index]?.text.toLowerCase() ?? '';
  const tableIndex = tokenAt(tokens, offset(child(statement, 'relation').location));
  let first = tableIndex;
  while (['only', '('].includes(word(first - 1))) first -= 1;
  const begin = first - command.length;
  if (tableIndex < 0 || command.some((each, index) => word(begin + index) !== each)) return undefined;

  const starts = new Map<string, number>();
  let depth = 0;
  let end = first;
  for (; end < tokens.length; end++) {
    const at = word(end);
    if (depth === 0 && (at === ')' || at === ';')) break;
    if ('(['.includes(at)) depth += 1;
    if (')]'.includes(at)) depth -= 1;
    if (depth > 0 || !keywords.includes(at) || starts.has(at)) continue;
    // IS DISTINCT FROM, or an alias named "set".
    if (!['distinct', 'as', '.'].includes(word(end - 1))) starts.set(at, end);
  }
  const range = (from: number): Range => {
    const stop = Math.min(end, ...[...starts.values()].filter((each) => each >= from));
    return [tokens[from]?.start ?? 0, tokens[stop - 1]?.end ?? 0];
  };
  const clause = (keyword: string) => {
    const at = starts.get(keyword);
    return at === undefined ? undefined : range(at + 1);
  };
  return { start: tokens[begin]?.start ?? 0, target: range(first), starts, clause };
}
