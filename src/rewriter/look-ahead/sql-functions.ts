/**
 * Calls inside functions in SQL that PostgreSQL does not put into the statement itself: the statement of the body that makes them, by the number that
 * the engine tells. Parameters are known where the client's statement gives literals; a query that uses others is not found to mean anything, and
 * makes its calls one after another.
 */
import pg from 'pg';
import { type Body, child, children, hasNode, kindOf, nameList, walk } from '../nodes.js';
import { nodesOf, type ParsedStatement, scanTokens } from '../parse.js';
import { readSource } from '../source.js';
import { literalsOf, parametersOf } from './arguments.js';
import { keepsNames, namesAreAsked } from './column-names.js';
import type { OneByOne } from './cuts.js';
import { type AheadQuery, queryOfStatement } from './query.js';
import { type Block, keptSince } from './stored.js';
import { withExpressions } from './values.js';

/** Of a function that the client's statement calls; `place`: the rest of a context behind the engine's own lines. */
export function sqlFunctionQuery(place: string, clientText: string): Block | undefined {
  const [, told, number] = /^SQL function "([^\n]+)" statement (\d+)$/.exec(place) ?? [];
  if (told === undefined) return undefined;
  return {
    key: JSON.stringify(['SQL', told, number]),
    isWhole: false,
    query: () => ({
      ...{ stored: 'sql', name: pg.escapeIdentifier(told), rows: 0 },
      queryOf: (source, types, elsewhere) =>
        elsewhere
          ? { why: 'not only the statement calls it' }
          : keptSince('prepared', queryIn(source, Number(number), types, { name: told, clientText })),
    }),
  };
}

interface Calling {
  /** Of the function, as the engine tells it: without quotes and its schema. */
  name: string;
  clientText: string;
}

function queryIn(source: string, number: number, types: string[], by: Calling): AheadQuery | OneByOne {
  const [create] = readSource(source)?.statements ?? [];
  const body = readSource(bodyOf(create?.node as Body) ?? '');
  const statement = body?.statements[number - 1];
  if (!create || !body || !statement) return { why: 'its body cannot be read' };
  if (!runsToItsEnd(statement, create.node as Body, by)) return { why: 'its rows are read in parts' };
  const text = body.text.slice(statement.start, statement.end);
  const values = literalsOf(pg.escapeIdentifier(by.name), by.clientText) ?? [];
  const given = values.length === types.length ? values.map((value, at) => `((${value})::${types[at]})`) : [];
  const numbered = (scanTokens(text) ?? []).some((token) => /^\$\d+$/.test(token.text));
  if (numbered && given.length === 0) return { why: undefined };
  const known = withExpressions(text, types, given);
  if (!keepsNames(text, known)) return namesAreAsked;
  if (hidesRows(statement.node, create.node as Body)) return { why: 'a parameter has the name of a table' };
  const isQuery = statement.kind === 'SelectStmt';
  const written = readSource(isQuery ? withNames(known, create.node as Body, given, by) : known);
  const [own] = written?.statements ?? [];
  const query = written && own ? queryOfStatement(own, written) : { why: 'its body cannot be read' };
  // Its parameters are none that it is planned for.
  return 'why' in query || given.length === 0 ? query : { ...query, ofValues: true };
}

/** In a body a whole row has its name first, and outside of it a column. */
function hidesRows(query: unknown, create: Body): boolean {
  const names = new Set(takenBy(create).map(({ name }) => String(name ?? '')));
  const aliasOf = (body: Body) => child(body, 'alias').aliasname ?? body.relname ?? body.ctename;
  return hasNode(
    query,
    (kind, body) => /^(Range|Join|CommonTable)/.test(kind) && names.has(String(aliasOf(body))),
  );
}

/** As in a function, a name means a column first, and then a parameter. */
function withNames(query: string, create: Body, given: string[], { name }: Calling): string {
  const taking = takenBy(create);
  const columns = given.flatMap((value, at) => {
    const own = taking[at]?.name;
    return own === undefined ? [] : [`${value} AS ${pg.escapeIdentifier(String(own))}`];
  });
  if (columns.length === 0) return query;
  return `SELECT q.* FROM (SELECT ${columns.join(', ')}) AS ${pg.escapeIdentifier(name)}, LATERAL (${query}) AS q`;
}
const givingModes = new Set(['FUNC_PARAM_OUT', 'FUNC_PARAM_TABLE']);

function takenBy(create: Body): Body[] {
  return parametersOf(create).filter(({ mode }) => !givingModes.has(String(mode)));
}

/** Of CREATE FUNCTION; undefined: it was written without quotes, and is kept as a tree. */
function bodyOf(create: Body = {}): string | undefined {
  const options = children(create, 'options').map((each) => kindOf(each)[1]);
  const as = options.find(({ defname }) => defname === 'as');
  const [text] = as ? nameList(kindOf(as.arg)[1].items) : [];
  return text;
}

/**
 * What a function of several rows selects is read to its end in FROM, and elsewhere a row at a time; of one row only its first.
 * @see https://github.com/postgres/postgres/blob/master/src/backend/executor/functions.c (lazyEvalOK)
 */
function runsToItsEnd({ kind, node }: ParsedStatement, create: Body, by: Calling): boolean {
  if (kind === 'SelectStmt') return child(create, 'returnType').setof === true && isTable(by);
  const { returningClause, returningList } = node as Body;
  return ['InsertStmt', 'UpdateStmt', 'DeleteStmt'].includes(kind) && !returningClause && !returningList;
}

/** The statement names it once, and that as one of the functions in FROM. */
function isTable({ name, clientText }: Calling): boolean {
  const isCall = (kind: string, body: Body) => kind === 'FuncCall' && nameList(body.funcname).at(-1) === name;
  let calls = 0;
  let tables = 0;
  walk(nodesOf(readSource(clientText)?.statements), (kind, body) => {
    if (isCall(kind, body)) calls += 1;
    const listed = kind === 'RangeFunction' ? children(body, 'functions') : [];
    const functions = listed.flatMap((each) => children(kindOf(each)[1], 'items'));
    tables += functions.filter((each) => isCall(...kindOf(each))).length;
    return true;
  });
  return calls === 1 && tables === 1;
}
