/** A statement that calls PL/pgSQL functions for each row, with what the functions give written out: so their calls are the statement's own. */
import pg from 'pg';
import { mentionsAiFunction } from '../ai-functions.js';
import { type AnyNode, type Body, children, hasNode, isAiCall, kindOf, nameList, walk } from '../nodes.js';
import { nameIn, nodesOf, parseStatements } from '../parse.js';
import { readSource, type Source } from '../source.js';
import { type Edit, splice, unedited } from '../spliced-text.js';
import { callRange } from '../target-items.js';
import { listedValues } from './assigned.js';
import { keepsNames, namesAreAsked } from './column-names.js';
import type { OneByOne } from './cuts.js';
import { type FunctionValue, functionValue } from './function-value.js';
import { quotedName } from './plan-texts.js';
import { type AheadQuery, isOneRow, queryOfStatement } from './query.js';
import { sitesOf } from './sites.js';
import { type Listed, namesIn, withListed } from './sources.js';
import type { Block, StoredQuery } from './stored.js';

/** By their names. */
type Functions = ReadonlyMap<string, FunctionValue>;

/** What makes calls in what a function computes, that the client's statement calls; `told`: as the engine tells its name. */
export function rowFunctionBlock(told: string, clientText: string): Block {
  const name = nameIn(/(?:"(?:[^"]|"")*"|[^".]*)$/.exec(told)?.[0] ?? '');
  return {
    key: keyOf(name),
    isWhole: true,
    query() {
      const statements = readSource(clientText)?.statements ?? [];
      const names = calledIn(nodesOf(statements));
      const writes = statements.some(({ kind }) => writing.has(kind));
      const otherwise = { why: writes && !names.includes(name) ? ranByTable : notKnown };
      return {
        ...{ stored: 'function', name: JSON.stringify(names), rows: 0, otherwise },
        queryOf: (sources) =>
          names.includes(name) ? rowFunctionQuery(JSON.parse(sources), clientText) : otherwise,
      };
    },
  };
}
/** The client's statement, of which these names may stand for such functions; `otherwise`: why its calls are made one after another if not. */
export function withRowFunctions(names: string[], clientText: string, otherwise: OneByOne): StoredQuery {
  return {
    ...{ stored: 'function', name: JSON.stringify(names), rows: 0, otherwise },
    queryOf(sources) {
      const query = rowFunctionQuery(JSON.parse(sources), clientText);
      return 'why' in query ? otherwise : query;
    },
  };
}

const notKnown = 'how the statement calls it is not known';
const writing = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);
const ranByTable = 'a trigger, a default or the like runs it, and not the statement';

function keyOf(name: string): string {
  return JSON.stringify(['for each row', name]);
}

/** Names of functions, without their schemas. */
function calledIn(node: unknown): string[] {
  const names = new Set<string>();
  walk(node, (kind, body) => {
    if (kind === 'FuncCall' && !isAiCall(kind, body)) names.add(nameList(body.funcname).at(-1) ?? '');
    return true;
  });
  return [...names];
}

/** @param sources CREATE FUNCTION, as the engine tells it, of those that the statement calls, and that are the only ones of their names */
export function rowFunctionQuery(sources: string[], clientText: string): AheadQuery | OneByOne {
  const client = readSource(clientText);
  const [statement, more] = client?.statements ?? [];
  if (!client || !statement || more) return { why: 'several statements were sent as one text' };
  // A function's variables have the collation of what it is given.
  if (/\bcollate\b/i.test([clientText, ...sources].join('\n'))) return { why: 'a collation is named' };
  const functions = new Map<string, FunctionValue>();
  const bodies = new Set<string>();
  for (const source of sources.filter(mentionsAiFunction)) {
    const found = functionValue(source);
    const value = found?.valueFor(found.parameters.map(() => 'NULL'));
    if (!found || value === undefined) return { why: 'it does more than compute a value' };
    functions.set(found.name, found);
    for (const name of calledIn(nodesOf(parseStatements(`SELECT ${value}`)))) bodies.add(name);
  }
  if ([...functions.keys()].some((name) => bodies.has(name))) return { why: 'it is called by another one' };
  const unprinted = [...functions.values()].map(({ named }) => named);
  const text = functions.size > 0 ? writtenOut(client, functions, unprinted) : undefined;
  if (text === undefined || text === clientText) return { why: notKnown };
  if (!keepsNames(clientText, text)) return namesAreAsked;
  const written = readSource(text);
  const [own] = written?.statements ?? [];
  if (!written || !own) return { why: 'it cannot be written out' };
  const query = queryOfStatement(own, written);
  if ('why' in query) return query;
  // A function that makes one call, for one row.
  if (isOneRow(statement) && sitesOf({ [own.kind]: own.node }).length < 2) return { why: undefined };
  const asWritten = queryOfStatement(statement, client, 'of one row too');
  if ('why' in asWritten) return asWritten;
  return {
    ...query,
    // What is written out may tell of other types.
    typedBy: clientText,
    seenLater: statement.kind === 'SelectStmt' ? 'reading' : 'writing',
    serves: [...functions.keys()].map(keyOf),
    inBodies: [...bodies],
    unprinted: withoutFunctions(unprinted, functions),
    since: 'prepared',
    beside: { text: asWritten.text, names: [...functions.keys()] },
  };
}

const tables = new Set(['RangeFunction', 'RangeTableFunc', 'JsonTable']);

/** The functions themselves are written out. */
function withoutFunctions(listed: Listed[], written: Functions): Listed {
  const all = listed.reduce(withListed);
  const names = new Set([...written.keys()].map((name) => quotedName([name])));
  const isWritten = (name: string) => names.has(/"(?:[^"]|"")*"$/.exec(name)?.[0] ?? '');
  return { ...all, functions: all.functions.filter((name) => !isWritten(name)) };
}

/**
 * Those in arguments first: each time there are fewer, as none stands in what another one gives. `unprinted`: is told what stands in arguments that a
 * function reads several times, or perhaps not.
 */
function writtenOut(client: Source, functions: Functions, unprinted: Listed[]): string | undefined {
  const isCall = (kind: string, body: Body) =>
    kind === 'FuncCall' && functions.has(nameList(body.funcname).at(-1) ?? '');
  const calls: Body[] = [];
  const unnamed = new Set<Body>();
  let isTable = false;
  walk(nodesOf(client.statements), (kind, body) => {
    if (isCall(kind, body)) calls.push(body);
    isTable ||= tables.has(kind) && hasNode(body, isCall);
    const [of, value] = kind === 'ResTarget' && body.name === undefined ? kindOf(body.val) : [''];
    if (of === 'FuncCall' && value) unnamed.add(value);
    return true;
  });
  if (isTable) return undefined;
  if (calls.length === 0) return client.text;
  const innermost = calls.filter((call) => !hasNode(children(call, 'args'), isCall));
  const edits = innermost.map((call) => editOf(call, client, functions, unnamed.has(call)));
  for (const call of innermost) unprinted.push(namesIn(argumentsReadElse(call, functions)));
  const inOrder = edits.flatMap((edit) => edit ?? []).sort((a, b) => a.start - b.start);
  const overlap = inOrder.some(({ start }, index) => start < (inOrder[index - 1]?.end ?? 0));
  const next =
    overlap || edits.includes(undefined)
      ? undefined
      : readSource(splice(unedited(client.text), inOrder).text);
  return next && writtenOut(next, functions, unprinted);
}

function argumentsReadElse(call: Body, functions: Functions): AnyNode[] {
  const own = functions.get(nameList(call.funcname).at(-1) ?? '');
  return children(call, 'args').filter((_given, index) => !own?.readsOnce(index));
}

/** Anything but arguments in their order. */
const special = ['agg_filter', 'agg_order', 'over', 'agg_star', 'agg_distinct', 'func_variadic'];

function editOf(call: Body, client: Source, functions: Functions, isUnnamed: boolean): Edit | undefined {
  const name = nameList(call.funcname).at(-1) ?? '';
  const { parameters = [], valueFor } = functions.get(name) ?? {};
  const args = children(call, 'args');
  const isPlain =
    args.length === parameters.length && !special.some((field) => call[field]) && !args.some(isNamed);
  const [start, end] = callRange(client, call);
  const open = client.tokens.findIndex((token) => token.text === '(' && token.start > start);
  const given = listedValues(open, client).map(([from, to]) => client.text.slice(from, to));
  const value = isPlain && given.length === parameters.length ? valueFor?.(given) : undefined;
  if (value === undefined) return undefined;
  return { start, end, pieces: [`(${value})${isUnnamed ? ` AS ${pg.escapeIdentifier(name)}` : ''}`] };
}

function isNamed(node: AnyNode): boolean {
  return kindOf(node)[0] === 'NamedArgExpr';
}
