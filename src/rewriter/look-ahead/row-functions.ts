/** A statement that calls a PL/pgSQL function for each row, with what the function gives written out: so its calls are the statement's own. */
import pg from 'pg';
import {
  type AnyNode,
  type Body,
  children,
  containsAiCall,
  hasNode,
  kindOf,
  nameList,
  walk,
} from '../nodes.js';
import { nodesOf } from '../parse.js';
import { readSource, type Source } from '../source.js';
import { type Edit, splice, unedited } from '../spliced-text.js';
import { callRange } from '../target-items.js';
import { listedValues } from './assigned.js';
import type { OneByOne } from './cuts.js';
import { type FunctionValue, functionValue } from './function-value.js';
import { type AheadQuery, isOneRow, queryOfStatement } from './query.js';
import { sitesOf } from './sites.js';

/** @param source CREATE FUNCTION of the only function of its name, as the engine tells it */
export function rowFunctionQuery(source: string, clientText: string): AheadQuery | OneByOne {
  const client = readSource(clientText);
  const [statement, more] = client?.statements ?? [];
  if (!client || !statement || more) return { why: 'several statements were sent as one text' };
  // These were made before the function's.
  if (containsAiCall(nodesOf(client.statements))) return { why: 'the statement makes calls itself, too' };
  // A function's variables have the collation of what it is given.
  if (/\bcollate\b/i.test(`${clientText} ${source}`)) return { why: 'a collation is named' };
  const found = functionValue(source);
  if (found?.valueFor(found.parameters.map(() => 'NULL')) === undefined)
    return { why: 'it does more than compute a value' };
  const edits = editsOf(client, found);
  if (!edits) return { why: 'how the statement calls it is not known' };
  const written = readSource(splice(unedited(clientText), edits).text);
  const [own] = written?.statements ?? [];
  if (!written || !own) return { why: 'it cannot be written out' };
  const query = queryOfStatement(own, written);
  if ('why' in query) return query;
  // A function that makes one call, for one row.
  if (isOneRow(statement) && sitesOf({ [own.kind]: own.node }).length < 2) return { why: undefined };
  return { ...query, seenLater: statement.kind === 'SelectStmt' ? 'reading' : 'writing' };
}

function editsOf(client: Source, found: FunctionValue): Edit[] | undefined {
  const calls: Body[] = [];
  const unnamed = new Set<Body>();
  let isTable = false;
  const isCall = (body: Body) => nameList(body.funcname).at(-1) === found.name;
  walk(nodesOf(client.statements), (kind, body) => {
    if (kind === 'FuncCall' && isCall(body)) calls.push(body);
    isTable ||= kind === 'RangeFunction' && hasNode(body, (each, own) => each === 'FuncCall' && isCall(own));
    const [of, value] = kind === 'ResTarget' && body.name === undefined ? kindOf(body.val) : [''];
    if (of === 'FuncCall' && value) unnamed.add(value);
    return true;
  });
  const edits = calls.map((call) => editOf(call, client, found, unnamed.has(call)));
  const inOrder = edits.flatMap((edit) => edit ?? []).sort((a, b) => a.start - b.start);
  const overlap = inOrder.some(({ start }, index) => start < (inOrder[index - 1]?.end ?? 0));
  return calls.length === 0 || isTable || overlap || edits.includes(undefined) ? undefined : inOrder;
}

/** Anything but arguments in their order. */
const special = ['agg_filter', 'agg_order', 'over', 'agg_star', 'agg_distinct', 'func_variadic'];

function editOf(call: Body, client: Source, found: FunctionValue, isUnnamed: boolean): Edit | undefined {
  const { name, parameters, valueFor } = found;
  const args = children(call, 'args');
  const isPlain =
    args.length === parameters.length && !special.some((field) => call[field]) && !args.some(isNamed);
  const [start, end] = callRange(client, call);
  const open = client.tokens.findIndex((token) => token.text === '(' && token.start > start);
  const given = listedValues(open, client).map(([from, to]) => client.text.slice(from, to));
  const value = isPlain && given.length === parameters.length ? valueFor(given) : undefined;
  if (value === undefined) return undefined;
  return { start, end, pieces: [`(${value})${isUnnamed ? ` AS ${pg.escapeIdentifier(name)}` : ''}`] };
}

function isNamed(node: AnyNode): boolean {
  return kindOf(node)[0] === 'NamedArgExpr';
}
