/**
 * Puts submits before waits: `SELECT …, ai_gen(…) FROM t` first submits the calls of all rows, then waits for them one after another.
 * What cannot be proved equal stays as it was written: exact, one call after another.
 */
import { readBlocks } from './blocks.js';
import { editValues } from './inserted-values.js';
import { asksItself } from './nodes.js';
import { type ParsedStatement, parseStatements } from './parse.js';
import { editReturning } from './returning-stages.js';
import { editSelect } from './select-stages.js';
import { readSource, type Source } from './source.js';
import { type Edit, type SplicedText, splice } from './spliced-text.js';
import { editUpdate } from './update-stages.js';

/** A call whose request takes another call's result makes one stage more; nobody nests deeper than this. */
const mostStages = 8;
const mentionsCall = /ai_gen/i;

/** The text with submits before waits; the very same object when there is nothing to change. */
export function rewriteCalls(before: SplicedText): SplicedText {
  if (!mentionsCall.test(before.text)) return before;
  let result = before;
  for (let stage = 0; stage < mostStages; stage++) {
    const edits = editsFor(result.text);
    if (edits.length === 0) break;
    const next = splice(result, edits);
    // Splicing that gave something PostgreSQL cannot read is our mistake; the user's text is not.
    if (!parseStatements(next.text)) break;
    result = next;
  }
  return result;
}

/** An error's words about a rewritten statement, in the words of the one the user wrote. */
export function inUsersWords(message: string): string {
  return message.replaceAll('hologen.submit_call(', 'ai_gen(');
}

function editsFor(text: string): Edit[] {
  const source = readSource(text);
  return source ? source.statements.flatMap((statement) => editStatement(statement, source)) : [];
}

function editStatement(statement: ParsedStatement, source: Source): Edit[] {
  if (asksItself(statement.node)) return [];
  const { selects, inserts, updates } = readBlocks(statement);
  const edits = [
    ...selects.flatMap((arms) => editSelect(arms, source)),
    ...inserts.flatMap((insert) => editValues(insert, source)),
    ...updates.flatMap((update) => editUpdate(update, source)),
  ];
  // It begins where others begin, so it has a pass of its own.
  return edits.length > 0 ? edits : editReturning(statement, source);
}
