/**
 * Statements that a client sends together, in one text or in one pipe: each with the query that tells its calls, and with what it writes. The
 * calls of one are certain before those in front of it have run where nothing that it reads is written by any of them.
 */
import { mentionsAiFunction } from '../ai-functions.js';
import { type Body, child, children, containsAiCall, kindOf } from '../nodes.js';
import { nameIn, type ParsedStatement, scanTokens } from '../parse.js';
import { readSource } from '../source.js';
import { deciding, type PlanNode, textsOf } from './plan-nodes.js';
import { quotedName } from './plan-texts.js';
import { type AheadQuery, queryOfStatement } from './query.js';
import { isOfSubselect } from './rows-read.js';

export interface Part {
  /** The statement itself. */
  text: string;
  query: AheadQuery;
  calls: boolean;
  writes: Written | undefined;
}

/** Why the calls of a statement cannot be known beforehand, if there is anything to say of it. */
export interface Unread {
  why: string | undefined;
  calls: boolean;
  /** It surely makes no calls, whatever stands behind names. */
  callsNothing?: boolean;
}

export interface Written {
  /** As it is named. */
  table: string;
  does: 'insert' | 'update' | 'anything';
  /** Those that an UPDATE sets; undefined: rows come or go. */
  columns: string[] | undefined;
}

/** What is read. `columns`: all that is read of it where rows are looked at one by one; undefined: more than that. */
export interface Read {
  table: string;
  columns: string[] | undefined;
}

/** Longer ones are not read on the event loop. */
const longestTogether = 64 * 1024;

/** Each statement of a text, as it is written there. */
export function statementsIn(text: string): string[] | { why: string } {
  if (text.length >= longestTogether) return { why: `the text is longer than ${longestTogether} characters` };
  const statements = readSource(text)?.statements ?? [];
  return statements.map(({ start, end }) => text.slice(start, end).trim());
}

export function partOf(text: string): Part | Unread {
  const calls = mentionsAiFunction(text);
  const source = readSource(text);
  const [statement] = source?.statements ?? [];
  if (!source || !statement) return { why: 'the statement cannot be read', calls };
  if (!known.has(statement.kind)) {
    const callsNothing = ['TransactionStmt', 'VariableSetStmt'].includes(statement.kind);
    return { why: 'they are not all of a kind that can be looked at', calls, callsNothing };
  }
  const query = queryOfStatement(statement, source, 'of one row too');
  if ('why' in query) return { why: query.why, calls };
  return { text, query, calls: containsAiCall(statement.node), writes: writtenBy(statement) };
}
const known = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt']);

function writtenBy({ kind, node }: ParsedStatement): Written | undefined {
  if (kind === 'SelectStmt') return undefined;
  const body = node as Body;
  const { schemaname, relname } = child(body, 'relation');
  const table = quotedName([schemaname, relname].filter((each) => each !== undefined).map(String));
  if (kind === 'UpdateStmt') {
    const columns = children(body, 'targetList').map((each) => String(kindOf(each)[1].name));
    return { table, does: 'update', columns };
  }
  const inserts = kind === 'InsertStmt' && !body.onConflictClause;
  return { table, does: inserts ? 'insert' : 'anything', columns: undefined };
}

/** The tables that a plan reads. Nobody's statement writes PostgreSQL's own. */
export function readsOf(plan: PlanNode): Read[] {
  const read = nodesOf(plan).flatMap((node) => tableOf(node) ?? []);
  const own = read.length > 0 ? nodesOf(plan, readsATable) : [];
  const isRowByRow = own.length > 0 && own.every(isOfTheRow);
  const columns = isRowByRow ? columnsIn(plan, own) : undefined;
  return [...new Set(read)].map((table) => ({ table, columns }));
}

function tableOf(node: PlanNode): string | undefined {
  const { Schema: schema = '', 'Relation Name': name } = node;
  return name === undefined || schema === 'pg_catalog' ? undefined : quotedName([schema, name]);
}

function readsATable(node: PlanNode): boolean {
  return nodesOf(node).some((each) => tableOf(each) !== undefined);
}

/** A node and those below it that fit. */
function nodesOf(node: PlanNode, fits: (below: PlanNode) => boolean = () => true): PlanNode[] {
  return [node, ...(node.Plans ?? []).filter(fits).flatMap((each) => nodesOf(each, fits))];
}

/** Of a sub-select that is run by itself EXPLAIN tells only its number where its result is used. */
function isOfTheRow(node: PlanNode): boolean {
  return rowByRow.has(node['Node Type']) && !isOfSubselect(node);
}

const rowByRow = new Set([
  'Append',
  'Result',
  'Seq Scan',
  'Index Scan',
  'Index Only Scan',
  'Bitmap Heap Scan',
  'Bitmap Index Scan',
]);

/**
 * A node below may give whole rows, of which only what stands in conditions and in the end is looked at. Of a plan with one table EXPLAIN writes
 * columns without it: each word may be one.
 */
function columnsIn(top: PlanNode, nodes: PlanNode[]): string[] | undefined {
  // Of an Append it prints nothing.
  const giving = nodes.some((node) => node['Node Type'] === 'Append') ? nodes : [top];
  const texts = [
    ...giving.flatMap((node) => textsOf(node, ['Output'])),
    ...nodes.flatMap((node) => textsOf(node, deciding)),
  ];
  const words = texts.flatMap((text) => (scanTokens(text) ?? []).map((token) => token.text));
  const isWholeRow = words.some((word, index) => word === '*' && words[index - 1] === '.');
  const columns = words.filter((word) => /^["\p{L}_]/u.test(word)).map(nameIn);
  return isWholeRow || columns.some((column) => notOfARow.has(column)) ? undefined : columns;
}
/** What changes with any write. */
const notOfARow = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);
