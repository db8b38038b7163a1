/**
 * RETURNING ai_gen(…): the statement becomes a CTE that returns handles, which PostgreSQL runs to completion, and a SELECT waits for them.
 * The engine then reports a SELECT with the same count, and the client is shown its own tag (commandsReplaced). PostgreSQL never accepts
 * tables with certain rules in a WITH: the session is asked for those before the new text is sent (frontend/rewriting.ts).
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
import { nodesOf, type ParsedStatement } from './parse.js';
import { locateReturning } from './select-block.js';
import type { Source } from './source.js';
import type { Edit } from './spliced-text.js';
import { drained, makeStage, readItems } from './stage.js';

/** Statements that may have RETURNING, by their first word. */
const commands: Record<string, string> = {
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
};

/** Only at the top level: data-modifying CTEs cannot be nested, and EXECUTE would report a different tag. */
export function editReturning({ kind, node }: ParsedStatement, source: Source): Edit[] {
  const statement = node as Body;
  const command = commands[kind];
  const { exprs, options } = child(statement, 'returningClause');
  if (!command || options || !containsAiCall(exprs) || isOneRow(statement)) return [];
  const block = locateReturning(statement, command, source);
  const from = [
    { RangeVar: statement.relation },
    ...children(statement, 'fromClause'),
    ...children(statement, 'usingClause'),
  ];
  const items = block && readItems(exprs as AnyNode[], block, from, source);
  if (!block || !items) return [];
  const stage = makeStage(block, items, source);
  const opening = `${statement.withClause ? ', ' : 'WITH '}${stage.name} (${stage.columns.join(', ')}) AS (`;
  const waits = [') SELECT ', ...stage.outer, ` FROM ${stage.name} WHERE ${drained([stage])}`];
  return [
    { start: block.startAt, end: block.startAt, pieces: [opening] },
    ...stage.inner,
    { start: block.end, end: block.end, pieces: waits },
  ];
}

/** With a single row there is nothing to run in parallel, so the statement is not worth changing. */
function isOneRow(statement: Body): boolean {
  return children(kindOf(statement.selectStmt)[1], 'valuesLists').length === 1;
}

/** For statements (counted from 0) that the engine now runs as a SELECT: the beginning of their own tag. */
export function commandsReplaced(
  before: readonly ParsedStatement[],
  after: readonly ParsedStatement[],
): Map<number, string> {
  const replaced = new Map<number, string>();
  for (const [index, { kind }] of before.entries()) {
    const command = commands[kind]?.toUpperCase();
    if (command && after[index]?.kind === 'SelectStmt')
      replaced.set(index, command === 'INSERT' ? 'INSERT 0' : command);
  }
  return replaced;
}

/** By their last names. */
export interface Unsure {
  /** The tables that are written in or behind a WITH now and were not before: PostgreSQL takes none with certain rules. */
  tables: string[];
  /** What stands beside calls: one of somebody's own may be evaluated in another order, or not evaluate what it is given. */
  functions: string[];
  operators: string[];
  /** The calls themselves: somebody may have a function of the name. */
  calls: string[];
  /** What is read or written: a view has more in it. */
  relations: string[];
}

export function unsureOf(
  before: readonly ParsedStatement[],
  after: readonly ParsedStatement[],
  commands: ReadonlyMap<number, string>,
): Unsure {
  const functions = new Set<string>();
  const operators = new Set<string>();
  const calls = new Set<string>();
  const relations = new Set<string>();
  walk(nodesOf(before), (kind, body) => {
    const isCall = isAiCall(kind, body);
    if (kind === 'FuncCall') (isCall ? calls : functions).add(nameList(body.funcname).at(-1) ?? '');
    if (kind === 'RangeVar') relations.add(String(body.relname));
    // What is written stands there without its kind.
    if (isWriting(kind)) relations.add(String(child(body, 'relation').relname));
    if (kind === 'A_Expr') operators.add(nameList(body.name).at(-1) ?? '');
    return true;
  });
  const tables = tablesTaken(before, after, commands);
  return {
    ...{ tables, functions: [...functions], operators: [...operators] },
    ...{ calls: [...calls], relations: [...relations] },
  };
}

/** The same statements write in both, in the same order; those that were replaced stand in a WITH each. */
function tablesTaken(
  before: readonly ParsedStatement[],
  after: readonly ParsedStatement[],
  commands: ReadonlyMap<number, string>,
): string[] {
  const now = after.flatMap(writingIn);
  const behind = before
    .flatMap(writingIn)
    .filter(({ withClause }, index) => !withClause && now[index]?.withClause);
  const replaced = [...commands.keys()].map((index) => before[index]?.node as Body);
  return [...replaced, ...behind].map((each) => String(child(each, 'relation').relname));
}

function isWriting(kind: string): boolean {
  return commands[kind] !== undefined;
}

function writingIn({ kind, node }: ParsedStatement): Body[] {
  const found: Body[] = [];
  walk({ [kind]: node }, (each, body) => {
    if (isWriting(each)) found.push(body);
    return true;
  });
  return found;
}
