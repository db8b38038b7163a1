/**
 * Calls inside PL/pgSQL: the query of a function or of a DO block that makes them, by the context that the engine tells. The query is looked at as
 * it stands there, by its function's rights, names and snapshot. Of its function's variables only parameters are known that the client's statement
 * gives as literals, and what is declared with a literal and stays so; a query that uses others is not found to mean anything, and makes its calls one after another. Calls in what a function
 * computes are looked for in the client's statement.
 */
import { aiFunctions } from '../ai-functions.js';
import { type Body, hasNode, kindOf } from '../nodes.js';
import { type ParsedStatement, parseFunction, parseStatements } from '../parse.js';
import { readSource } from '../source.js';
import { withArguments } from './arguments.js';
import type { OneByOne } from './cuts.js';
import { type AheadQuery, queryOfStatement } from './query.js';
import { rowFunctionBlock } from './row-functions.js';
import { sqlFunctionQuery } from './sql-functions.js';
import { type Block, keptSince } from './stored.js';

/** A place in a function; `text` is what the engine says it runs there. */
interface Place {
  /** With its schema, where that is told, and without its arguments. */
  function: string;
  line: number;
  doing: string;
  text: string | undefined;
  /** Other functions have called it. */
  called: boolean;
}

/** `clientText`: of a DO block. Undefined: it is not known what makes the calls. */
export function blockQuery(context: string, clientText: string): Block | undefined {
  const come = behindOwnLines(context);
  const place = placeOf(come);
  if (!place) return sqlFunctionQuery(come, clientText);
  const { function: name, line, doing, text } = place;
  if (isExpression(place)) return rowFunctionBlock(name, clientText);
  return {
    key: JSON.stringify([name, line, doing, text]),
    isWhole: false,
    query: () => ({
      ...{ stored: 'block', name, rows: 0 },
      queryOf: (source, _types, elsewhere) =>
        keptSince(
          'prepared',
          queryIn(place, name === inline ? clientText : source, elsewhere ? undefined : clientText),
        ),
    }),
  };
}

const inline = 'inline_code_block';

/** The client's statement calls the function, and calls stand in what it computes. */
function isExpression({ function: name, doing, text, called }: Place): boolean {
  return text === undefined && name !== inline && !called && computing.has(doing);
}
const computing = new Set([
  'RETURN',
  'assignment',
  'IF',
  'CASE',
  'statement block local variable initialization',
]);

/** The engine's functions that a call comes through stand before it. */
const ownLines = new RegExp(
  `^(?:PL/pgSQL function hologen_caller\\..*|SQL function "(?:${aiFunctions.map(({ name }) => name).join('|')})" .*)\\n`,
);
const placeLine =
  /^PL\/pgSQL function (?<name>[^(\n]+?)(?:\([^\n]*\))? line (?<line>\d+) (?:at|during) (?<doing>[^\n]+)/;

function behindOwnLines(context: string): string {
  let rest = context;
  while (ownLines.test(rest)) rest = rest.replace(ownLines, '');
  return rest;
}

function placeOf(context: string): Place | undefined {
  let rest = context;
  const [whole, label, told] =
    /^(SQL statement|PL\/pgSQL (?:assignment|expression)) "([\s\S]*?)"\n(?=PL\/pgSQL function )/.exec(
      rest,
    ) ?? [''];
  rest = rest.slice(whole.length);
  const { groups, 0: place = '' } = placeLine.exec(rest) ?? {};
  if (!groups || comesFromValues(rest.slice(place.length))) return undefined;
  // PostgreSQL tells the text of an assignment as such; another one in front of this line is a value's.
  if (groups.doing === 'assignment' && label === 'SQL statement') return undefined;
  return {
    function: groups.name ?? '',
    ...{ line: Number(groups.line), doing: groups.doing ?? '', text: told },
    called: rest.length > place.length,
  };
}

/** Somewhere a text is run that was put together from values: one of them may have made up all lines in front of it. */
function comesFromValues(calledBy: string): boolean {
  return /^PL\/(?!pgSQL )|^PL\/pgSQL function [^\n]* at (EXECUTE|FOR over EXECUTE statement|OPEN)$/m.test(
    calledBy,
  );
}

function queryIn(place: Place, source: string, clientText: string | undefined): AheadQuery | OneByOne {
  const { function: name, doing, text, called } = place;
  // Called by another function it may have any arguments. What is put together when it runs sees no variables.
  const known = (query: string) =>
    isDynamic(place, source)
      ? query
      : withArguments(query, { name, source, clientText: called ? undefined : clientText });
  // There a name may stand for a column and a variable.
  if (/variable_conflict/i.test(source)) return { why: 'a variable may have the name of a column there' };
  // A DO block that a function runs: its text is not known.
  if (name === inline && called) return { why: 'a function has run the block' };
  // The first one's variables would stand for those of all.
  if (name === inline && blocksIn(source) > 1) return { why: 'several blocks were sent as one text' };
  // A transition table may have the name of a table, and is not seen from outside.
  if (/^ RETURNS trigger$/m.test(source)) return { why: 'a trigger may read transition tables' };
  if (text !== undefined && !standsIn(text, source, name)) return { why: undefined };
  if (doing === 'FOR over SELECT rows') return queryOfLoop(place, source, known);
  if (text === undefined) return { why: undefined };
  const own = doing === 'assignment' ? text.replace(/^\s*[\w."$[\]]+\s*:?=/, 'SELECT ') : text;
  const withValues = known(own);
  const written = readSource(withValues);
  const [statement, more] = written?.statements ?? [];
  if (!written || !statement || more || !readsAll(doing, statement)) return { why: undefined };
  return ofValues(queryOfStatement(statement, written), withValues !== own);
}

/** RETURN QUERY EXECUTE is told as RETURN QUERY. */
function isDynamic({ line }: Place, source: string): boolean {
  return hasNode(
    parseFunction(source),
    (kind, { lineno, dynquery }) =>
      kind === 'PLpgSQL_stmt_return_query' && lineno === line && dynquery !== undefined,
  );
}

/** PL/pgSQL plans a query that uses variables for values, or for any. */
function ofValues(query: AheadQuery | OneByOne, hasValues: boolean): AheadQuery | OneByOne {
  return 'why' in query || !hasValues ? query : { ...query, ofValues: true };
}

/** False: the text has a quote itself and was cut there, or is not of the function that is kept. PERFORM is told as SELECT. */
function standsIn(text: string, source: string, name: string): boolean {
  const told = text.slice('PERFORM'.length);
  return !source.includes(`${told}"`) && (name === inline || source.includes(told));
}

/** SELECT INTO reads one row, and what writes fails at its second one where it is RETURNING INTO. */
function readsAll(doing: string, { kind, node }: ParsedStatement): boolean {
  if (doing === 'SQL statement') {
    const { returningClause, returningList } = node as Body;
    const writes = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(kind);
    return writes && !returningClause && !returningList;
  }
  return ['RETURN QUERY', 'PERFORM', 'assignment'].includes(doing) && kind === 'SelectStmt';
}

/** A loop's rows are read as far as it goes; so it must go to the end. */
function queryOfLoop(
  { function: name, line, called }: Place,
  source: string,
  known: (query: string) => string,
): AheadQuery | OneByOne {
  const text = name === inline ? doBlock(source) : source;
  const body = text === undefined ? undefined : parseFunction(text);
  const loops: Body[] = [];
  const isCaught = hasNode(body, (kind, node) => {
    if (kind === 'PLpgSQL_stmt_fors' && node.lineno === line) loops.push(node);
    return kind === 'PLpgSQL_exception_block';
  });
  const [loop, another] = loops;
  if (!loop || another) return { why: 'several loops stand in one line of its function' };
  if (isCaught || called || hasNode(loop.body, (kind) => endings.has(kind)))
    return { why: 'its function may leave the loop before its end' };
  const own = String(kindOf(loop.query)[1].query);
  const withValues = known(own);
  const query = readSource(withValues);
  const [statement] = query?.statements ?? [];
  if (!query || !statement) return { why: undefined };
  const read = ofValues(queryOfStatement(statement, query), withValues !== own);
  return 'why' in read ? read : { ...read, between: source };
}
const endings = new Set([
  'PLpgSQL_stmt_exit',
  'PLpgSQL_stmt_return',
  'PLpgSQL_stmt_commit',
  'PLpgSQL_stmt_rollback',
]);

/** Of functions that it makes, too. */
function blocksIn(text: string): number {
  const kinds = ['DoStmt', 'CreateFunctionStmt'];
  return (parseStatements(text) ?? []).filter(({ kind }) => kinds.includes(kind)).length;
}

/** The only statement of a text, if it is a DO block. */
function doBlock(text: string): string | undefined {
  const [statement, more] = parseStatements(text) ?? [];
  return statement?.kind === 'DoStmt' && !more ? text : undefined;
}
