/**
 * A call that is looked for is another function's, and a column without a name of its own is called as its function: where names become values
 * (a row as JSON), what is asked about them would be something else.
 */
import { aiFunctionNamed } from '../ai-functions.js';
import { columnName } from '../column-name.js';
import {
  type AnyNode,
  type Body,
  child,
  children,
  hasNode,
  isAiCall,
  kindOf,
  nameList,
  walk,
} from '../nodes.js';
import { firstTokenFrom, nodesOf, parseStatements } from '../parse.js';
import type { Source } from '../source.js';
import type { Edit } from '../spliced-text.js';
import { callRange, quoted } from '../target-items.js';

export const namesAreAsked = { why: 'a column without a name is part of what is asked' };

/** Gives such columns their names; undefined: of one that is a value somewhere the name cannot be written. */
export function namesOfColumns(node: AnyNode, source: Source): Edit[] | undefined {
  const edits: Edit[] = [];
  let isOpen = false;
  const items: Body[] = [];
  walk(node, (kind, body) => {
    if (kind === 'SelectStmt') items.push(...children(body, 'targetList').map((item) => kindOf(item)[1]));
    return true;
  });
  const functions = unnamedFunctions(node);
  for (const { call } of functions) {
    if (!call) continue;
    const [, end] = callRange(source, call);
    edits.push({ start: end, end, pieces: [` AS ${quoted(nameList(call.funcname).at(-1) ?? '')}`] });
  }
  isOpen ||= functions.some(({ call }) => call === undefined);
  const own = new Set(outerItems(node));
  for (const item of items.filter((each) => each.name === undefined)) {
    const value = child(item, 'val');
    const [kind, call] = kindOf(value);
    const name = columnName(value);
    if (name !== undefined && isAiCall(kind, call) && !isInParentheses(call, source)) {
      const [, end] = callRange(source, call);
      edits.push({ start: end, end, pieces: [` AS ${quoted(name)}`] });
    } else isOpen ||= !own.has(item) && (isParameter(value) || aiFunctionNamed(name) !== undefined);
  }
  return isOpen && readsWholeRows(node) ? undefined : edits;
}

/** AI functions in FROM that have no alias, and are called as the function; `call` undefined: an alias would not stand right behind it. */
function unnamedFunctions(node: AnyNode): { call: Body | undefined }[] {
  const found: { call: Body | undefined }[] = [];
  walk(node, (kind, body) => {
    // Of one function alone it is the column's name, too.
    const named = children(child(body, 'alias') as Body, 'colnames').length > 0 || !body.is_rowsfrom;
    if (kind !== 'RangeFunction' || (body.alias && named)) return true;
    const listed = children(body, 'functions').flatMap((each) => children(kindOf(each)[1], 'items'));
    const isAlone = !body.is_rowsfrom && !body.ordinality;
    for (const [of, call] of listed.map((each) => kindOf(each)))
      if (isAiCall(of, call)) found.push({ call: isAlone ? call : undefined });
    return true;
  });
  return found;
}

/** A value in its place has a name. */
function isParameter(value: AnyNode): boolean {
  const [kind, body] = kindOf(value);
  const isPart = kind === 'A_Indirection' && !hasNode(body.indirection, (each) => each === 'String');
  return kind === 'ParamRef' || ((isPart || kind === 'CollateClause') && isParameter(child(body, 'arg')));
}

/** False: where values were written into a query, a column without a name is called otherwise, and rows with it are values. */
export function keepsNames(before: string, after: string): boolean {
  if (before === after) return true;
  const [was, is] = [before, after].map((text) => nodesOf(parseStatements(text)));
  const readsRows = (was ?? []).some((statement) => readsWholeRows(statement as AnyNode));
  return !readsRows || JSON.stringify(namesIn(was)) === JSON.stringify(namesIn(is));
}

/** But of what the statements themselves give. */
function namesIn(statements: readonly Record<string, unknown>[] = []): unknown[] {
  const own = new Set(statements.flatMap((statement) => outerItems(statement as AnyNode)));
  const names: unknown[] = [];
  walk(statements, (kind, body) => {
    const items = kind === 'SelectStmt' ? children(body, 'targetList').map((item) => kindOf(item)[1]) : [];
    const inner = items.filter((item) => !own.has(item));
    names.push(...inner.map((item) => item.name ?? columnName(child(item, 'val')) ?? null));
    return true;
  });
  return names;
}

function isInParentheses(call: Body, { tokens, offset }: Source): boolean {
  const at = firstTokenFrom(tokens, offset(call.location));
  // Its name may have a schema before it, where its location is.
  return tokens[at - 1]?.text === '(';
}

/** `row_to_json(t)`, `row_to_json(t.*)`, `t::text`: a row that is a value. */
function readsWholeRows(node: AnyNode): boolean {
  const rows = new Set<string>();
  walk(node, (kind, body) => {
    const alias = child(body, 'alias').aliasname;
    if (['RangeVar', 'RangeSubselect', 'RangeFunction', 'JoinExpr'].includes(kind))
      rows.add(String(alias ?? body.relname));
    return true;
  });
  // A name that both sides have is a condition.
  let found = hasNode(node, (kind, body) => kind === 'JoinExpr' && body.isNatural === true);
  // What the statement itself gives nobody asks about.
  const given = new Set(outerItems(node));
  walk(node, (kind, body) => {
    if (given.has(body) && kindOf(child(body, 'val'))[0] === 'ColumnRef') return false;
    const [first, second] = children(body, 'fields').map((field) => kindOf(field));
    if (kind === 'ColumnRef')
      found ||= second?.[0] === 'A_Star' || (!second && rows.has(nameList(body.fields)[0] ?? ''));
    return first === undefined || !found;
  });
  return found;
}

/** Of what the statement itself selects, or writes. */
function outerItems(node: AnyNode): Body[] {
  const [kind, body] = kindOf(node);
  if (kind !== 'SelectStmt')
    return [body.selectStmt, body.query].flatMap((each) => (each ? outerItems(each as AnyNode) : []));
  if (body.larg || body.rarg)
    return [child(body, 'larg'), child(body, 'rarg')].flatMap((each) => outerItems({ SelectStmt: each }));
  return children(body, 'targetList').map((item) => kindOf(item)[1]);
}
