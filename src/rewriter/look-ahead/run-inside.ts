/** Statements that run another one to its end: EXPLAIN (ANALYZE), CREATE TABLE … AS EXECUTE. */
import { type Body, kindOf } from '../nodes.js';
import { closingOf, firstOutside, firstTokenFrom, type ParsedStatement } from '../parse.js';
import type { Source } from '../source.js';

/** What EXPLAIN's options are followed by, where it may be taken apart. */
const explained = new Set([
  ...[
    'SelectStmt',
    'InsertStmt',
    'UpdateStmt',
    'DeleteStmt',
    'MergeStmt',
    'CreateTableAsStmt',
    'ExecuteStmt',
  ],
]);
const optionWords = /^(analyze|analyse|verbose)$/i;

/** The statement that this one runs; undefined: it runs none but itself. */
export function runInside(statement: ParsedStatement, source: Source): ParsedStatement | undefined {
  const [kind, node] = kindOf((statement.node as Body).query);
  const isExecuted = statement.kind === 'CreateTableAsStmt' && kind === 'ExecuteStmt';
  const isExplained = statement.kind === 'ExplainStmt' && explained.has(kind);
  const at = isExecuted ? behindAs(statement, source) : isExplained ? behindOptions(statement, source) : -1;
  const first = source.tokens[at];
  return first && { kind, node, start: first.start, end: statement.end };
}

function behindAs({ start }: ParsedStatement, { tokens }: Source): number {
  return firstOutside(tokens, firstTokenFrom(tokens, start), (word) => word === 'as') + 1;
}

function behindOptions({ start }: ParsedStatement, { tokens }: Source): number {
  let at = firstTokenFrom(tokens, start) + 1;
  if (tokens[at]?.text === '(') return closingOf(tokens, at) + 1;
  while (optionWords.test(tokens[at]?.text ?? '')) at += 1;
  return at;
}
