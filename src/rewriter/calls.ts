/**
 * Puts submits before waits: `SELECT …, ai_gen(…) FROM t` first submits the calls of all rows, then waits for them one by one.
 * Whatever cannot be shown to be equivalent is left as written, and makes its calls one after another.
 */
import { aiFunctions, mentionsAiFunction, partName } from './ai-functions.js';
import { readBlocks } from './blocks.js';
import { longestSentCharacters } from './calling-statements.js';
import { editValues } from './inserted-values.js';
import { asksItself, type Body, containsAiCall, writesRows } from './nodes.js';
import type { ParsedStatement } from './parse.js';
import { isTurnedByChance, repeatsParameters, takesNumbers, usesKnownFunctions } from './repeatable.js';
import { editReturning } from './returning-stages.js';
import { editSelect } from './select-stages.js';
import { readSource, type Source } from './source.js';
import { type Edit, type SplicedText, splice } from './spliced-text.js';
import { editUpdate } from './update-stages.js';

/** Each level of calls nested in other calls' requests needs one more stage; nobody nests deeper than this. */
const mostStages = 8;

/** A text whose calls were looked at, with its statements before and after: parsing them again takes longer than all the rest. */
export interface RewrittenCalls extends SplicedText {
  before: ParsedStatement[];
  after: ParsedStatement[];
}

/** The text with submits before waits; the same object if nothing had to change. */
export function rewriteCalls(before: SplicedText): SplicedText | RewrittenCalls {
  const first = mentionsAiFunction(before.text) ? readSource(before.text) : undefined;
  if (!first) return before;
  let result = before;
  let source = first;
  for (let stage = 0; stage < mostStages; stage++) {
    const edits = editsFor(source);
    if (edits.length === 0) break;
    const next = splice(result, edits);
    // If PostgreSQL cannot parse the result, the mistake is ours, so the text stays as the client wrote it.
    const nextSource = readSource(next.text);
    if (!nextSource) break;
    result = next;
    source = nextSource;
  }
  return result === before ? before : { ...result, before: first.statements, after: source.statements };
}

/** True if a look would not find its calls: the text is rewritten where that can be done. */
export function isLeftToStages(text: string): boolean {
  const source = readSource(text);
  return source?.statements.some((statement) => isBeyondALook(statement, source)) ?? false;
}

/** An error message about a rewritten statement, in terms of the one the client sent. */
export function inClientsWords(message: string): string {
  return aiFunctions.reduce(
    (text, { submit, describe, name }) =>
      [submit, ...(describe ? [describe] : [])].reduce(
        (all, own) => all.replaceAll(`${partName(own)}(`, `${name}(`),
        text,
      ),
    message,
  );
}

function editsFor(source: Source): Edit[] {
  return source.statements.flatMap((statement) => editStatement(statement, source));
}

function editStatement(statement: ParsedStatement, source: Source): Edit[] {
  if (asksItself(statement.node) || !isBeyondALook(statement, source) || writesInTurns(statement)) return [];
  if (!usesKnownFunctions(statement.node) || repeatsParameters(statement.node)) return [];
  const { selects, inserts, updates } = readBlocks(statement);
  const edits = [
    ...selects.flatMap((arms) => editSelect(arms, source)),
    ...inserts.flatMap((insert) => editValues(insert, source)),
    ...updates.flatMap((update) => editUpdate(update, source)),
  ];
  // This edit starts where the others start, so it gets a pass of its own.
  return edits.length > 0 ? edits : editReturning(statement, source);
}

/** A WITH writes its rows in turn with those of the statement, and both may count them by one sequence. */
function writesInTurns({ kind, node }: ParsedStatement): boolean {
  return (
    writesRows(node) &&
    (writesRows({ [kind]: { ...(node as Body), withClause: undefined } }) || takesNumbers(node))
  );
}

/**
 * What is left as written the engine looks ahead in: exact, whatever the names in it mean. Only what another evaluation would not tell is
 * rewritten: requests that are others the next time, and rows that are not there before the statement has written them; and texts of which the
 * engine does not tell all.
 */
function isBeyondALook({ node }: ParsedStatement, { text }: Source): boolean {
  const { returningClause } = node as Body;
  return (
    text.length >= longestSentCharacters ||
    isTurnedByChance(node) ||
    writesRows(node) ||
    containsAiCall(returningClause)
  );
}
