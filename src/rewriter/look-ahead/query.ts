/** The query by which a statement's calls are known before it runs: what of it evaluates them, and nothing that writes. */
import { aiFunctionNamed, aiFunctions, laterName, madeName, notedName, partName } from '../ai-functions.js';
import {
  asksItself,
  type Body,
  child,
  containsAiCall,
  hasNode,
  nameList,
  walk,
  writesRows,
} from '../nodes.js';
import type { ParsedStatement, Token } from '../parse.js';
import { firstTokenFrom } from '../parse.js';
import { parametersOf } from '../repeatable.js';
import { readSource, type Source } from '../source.js';
import { type Edit, splice, unedited } from '../spliced-text.js';
import { withAlikeTogether } from './alike.js';
import { sitesApart } from './apart.js';
import { namesAreAsked, namesOfColumns } from './column-names.js';
import { type Cut, editsOf, type OneByOne } from './cuts.js';
import type { Sources } from './plan.js';
import { quotedName } from './plan-texts.js';
import { type Site, sitesOf } from './sites.js';
import { type Listed, namesIn, sourcesOf } from './sources.js';

export interface AheadQuery {
  /** With all its calls. */
  text: string;
  /** How many stages the calls have that stand in the text. */
  stages: number;
  parameters: boolean;
  /** Its parameters are of the types that they have in this text; in its own when left out. */
  typedBy?: string;
  /** PostgreSQL stops it after as many rows as were asked for. */
  stopsAtRows: boolean;
  /**
   * The query in which the calls of this stage (from 1) are made, those before it have their results, and those behind it give NULL. `noted`:
   * those of the stage are told many at a time, which asks for less, if the names of the AI functions mean no others.
   */
  forStage(stage: number, noted?: 'noted'): string;
  /** The same in more stages, where a call may decide about others of its stage. */
  apart?: Pick<AheadQuery, 'stages' | 'forStage'> | undefined;
  /** Its cursor may go back over rows that it keeps, without a call that tells. */
  goesBack?: true;
  /** PostgreSQL plans it for its first rows, though it reads all. */
  plannedAsCursor?: true;
  /** Its only call stands in (…).*, which PostgreSQL evaluates for each column. */
  isExpanded: boolean;
  /** It is looked at from inside a function, which may see what others have committed since the statement began. */
  seenLater?: 'reading' | 'writing';
  /** Keys of the blocks whose calls it makes, too: functions that are written out in it. */
  serves?: string[];
  /** Functions that stand in their bodies: there an aggregate is about one row, and a set is none. */
  inBodies?: string[];
  /** What it names that its plan may not, as it does more than once or not at all what the statement does once. */
  unprinted?: Listed;
  /** The statement itself, where it takes some rows of a sub-select by a way that may be another than the query's. */
  writes?: string;
  /** What the engine may plan in its place, see plan-ways.ts. */
  beside?: Beside;
  /** Values stand in it that are not there when it is run, and what it is then planned as is not known. */
  ofValues?: true;
  /** Something runs between two of its rows, which may change settings: triggers of what it writes, or this text. */
  between?: string;
  /** All that a statement names which writes nothing but rows of this table, or of one that it makes: perhaps nothing runs between. */
  alone?: Listed & { sources: Sources; table?: string };
  since?: Since;
  /** The table that its rows are inserted into, which may have rules. */
  inserts?: string;
}

/** What names mean was found out when the query was prepared, or when a cursor was opened, perhaps with another search_path. */
export type Since = 'prepared' | 'opened';

/** `types`: of its parameters, for any values of which it is planned. `names`: functions of which `text` has calls, and the query what they give. */
export interface Beside {
  text: string;
  /** Only the ways in which some rows are taken are compared. */
  takes?: true;
  types?: string[];
  names?: string[];
}

/** A statement that makes one call has none to come, unless those of others come with it. `cut`: what makes a query of it. */
export function queryOfStatement(
  statement: ParsedStatement,
  source: Source,
  even?: 'of one row too',
  cut: Cut = editsOf(statement, source),
): AheadQuery | OneByOne {
  if (asksItself(statement.node)) return { why: undefined };
  if (aiFunctions.some(({ submit }) => source.text.includes(`${partName(submit)}(`)))
    return { why: 'only some of its calls can be submitted ahead' };
  if ('why' in cut) return cut;
  const { start, end } = statement;
  const rest: Edit[] = [
    { start: 0, end: start, pieces: [] },
    { start: end, end: source.text.length, pieces: [] },
  ];
  const { kind } = statement;
  const query = queryOf(
    splice(unedited(source.text), [...rest, ...cut.edits]).text,
    kind === 'SelectStmt',
    even,
  );
  if ('why' in query) return query;
  if (kind === 'SelectStmt')
    return (statement.node as Body).intoClause
      ? { ...query, stopsAtRows: false, between: '', ...alone(statement) }
      : query;
  if (kind === 'DeclareCursorStmt') return { ...query, plannedAsCursor: true };
  const own = source.text.slice(start, end);
  return {
    ...query,
    ...{ between: '', ...alone(statement) },
    // It reads its parts in another order than the query, and the first to use a parameter says of which type it is.
    ...(isTypedByItself.has(kind) && { typedBy: own }),
    ...(kind === 'InsertStmt'
      ? { inserts: writtenTable(statement.node as Body) }
      : isTypedByItself.has(kind) && { writes: own }),
  };
}

function alone({ kind, node }: ParsedStatement): Pick<AheadQuery, 'alone'> {
  const body = node as Body;
  if (Object.values(body).some(writesRows) || hidesNames(body)) return {};
  const table = isTypedByItself.has(kind) ? writtenTable(body) : undefined;
  const all = { [kind]: body };
  const { tables, functions } = sourcesOf(all);
  const sources = { tables: table === undefined ? tables : [...tables, table], functions };
  return { alone: { ...namesIn(all), sources, ...(table !== undefined && { table }) } };
}

/** What no plan of its query tells: a function may be called as a column, a view or an operator of it may run anything. */
function hidesNames({ returningList, returningClause, onConflictClause }: Body): boolean {
  return hasNode(
    [returningList, returningClause, onConflictClause],
    (kind, { fields }) =>
      kind === 'A_Indirection' || kind === 'SubLink' || (kind === 'ColumnRef' && nameList(fields).length > 1),
  );
}

/** What PREPARE takes. */
const isTypedByItself = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

function writtenTable(writing: Body): string {
  const { schemaname, relname } = child(writing, 'relation');
  return quotedName([schemaname, relname].filter((each) => each !== undefined).map(String));
}

function queryOf(text: string, stopsAtRows: boolean, even?: 'of one row too'): AheadQuery | OneByOne {
  const source = readSource(text);
  const [query] = source?.statements ?? [];
  if (!source || query?.kind !== 'SelectStmt') return { why: 'it cannot be taken apart' };
  if (limitsByResult({ SelectStmt: query.node })) return { why: 'a result decides how many rows are read' };
  const sites = withAlikeTogether(sitesOf({ SelectStmt: query.node }), { SelectStmt: query.node });
  const isExpanded = sites.length === 1 && hasNode(query.node, isExpandedCall);
  if (!even && !isExpanded && sites.length < 2 && isOneRow(query)) return { why: undefined };
  const isNamedByCalls = usesNamesOfCalls(query.node);
  const named = namesOfColumns({ SelectStmt: query.node }, source);
  if (!named) return namesAreAsked;
  const staged = (each: Site[]): Pick<AheadQuery, 'stages' | 'forStage'> => ({
    stages: Math.max(1, ...each.map(({ stage }) => stage)),
    forStage: (stage, noted) =>
      splice(unedited(text), [
        ...named,
        ...each.flatMap((site) => rename(site, stage, noted && isNamedByCalls ? undefined : noted, source)),
      ]).text,
  });
  const apart = sitesApart(sites, { SelectStmt: query.node });
  return {
    ...{ text, stopsAtRows, isExpanded },
    parameters: parametersOf(query.node).size > 0,
    ...staged(sites),
    ...(apart && { apart: staged(apart) }),
  };
}

function isExpandedCall(kind: string, { arg, indirection }: Body): boolean {
  return kind === 'A_Indirection' && hasNode(indirection, (each) => each === 'A_Star') && containsAiCall(arg);
}

/** EXPLAIN says nothing of what stands behind LIMIT and OFFSET. In a LATERAL sub-select that may be a column, of which nobody knows more. */
function limitsByResult(node: unknown): boolean {
  return hasNode(
    node,
    (kind, body) => kind === 'SelectStmt' && [body.limitCount, body.limitOffset].some(mayBeResult),
  );
}

function mayBeResult(limit: unknown): boolean {
  let column = false;
  walk(limit, (kind) => {
    column ||= kind === 'ColumnRef';
    return kind !== 'SubLink';
  });
  return column || containsAiCall(limit);
}

export function isOneRow({ kind, node }: ParsedStatement): boolean {
  const sources = ['RangeVar', 'RangeFunction', 'RangeTableFunc', 'JsonTable', 'SubLink', 'RangeSubselect'];
  return kind === 'SelectStmt' && !hasNode(node, (each) => sources.includes(each));
}

/** A column may have the name of the call that gives it. */
function usesNamesOfCalls(node: unknown): boolean {
  return hasNode(
    node,
    (kind, body) => kind === 'ColumnRef' && aiFunctionNamed(nameList(body.fields).at(-1)) !== undefined,
  );
}

function rename({ call, stage }: Site, present: number, noted: 'noted' | undefined, source: Source): Edit[] {
  const name = nameList(call.funcname).at(-1) ?? '';
  const own = noted && notedName(name);
  const other = stage < present ? madeName(name) : stage > present ? laterName(name) : own;
  const start = source.offset(call.location);
  const open = openingBehind(source.tokens, start);
  return open && other ? [{ start, end: open.start, pieces: [other] }] : [];
}

function openingBehind(tokens: Token[], start: number): Token | undefined {
  return tokens
    .slice(firstTokenFrom(tokens, start), firstTokenFrom(tokens, start) + 8)
    .find(({ text }) => text === '(');
}
