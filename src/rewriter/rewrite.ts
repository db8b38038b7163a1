/**
 * The rewriter as a whole: a pure function from the text a client sent to the text the engine runs.
 *
 * Room: src/rewriter holds what turns SQL text into SQL text. No sockets, no engine, no state.
 */
import { inClientsWords, rewriteCalls } from './calls.js';
import { rewriteExplain } from './explain-ai.js';
import { refuseForeignSyntax } from './foreign-syntax.js';
import { type Body, writesRows } from './nodes.js';
import { rewriteObjectTables } from './object-tables.js';
import type { ParsedStatement } from './parse.js';
import { rewritePartitionProperties } from './partition-properties.js';
import { commandsReplaced, type Unsure, unsureOf } from './returning-stages.js';
import { editSettings, foreignShows, inClientsNames } from './session-settings.js';
import { originalOffset, type Stretch, splice, unedited } from './spliced-text.js';
import { type Definition, rewriteTableProperties } from './table-properties.js';

export interface RewrittenText {
  text: string;
  original: string;
  /** Where the parts of `text` come from in `original`. */
  stretches: Stretch[];
  /** Command tags of the statements (counted from 0) that the engine runs as a different command. */
  tags: Map<number, string>;
  /** For statements that the engine runs as a SELECT of as many rows: the part of the tag before the count. */
  commands: Map<number, string>;
  /** What the session is to be asked about before the text is sent; undefined: nothing. */
  unsure: Unsure | undefined;
  /** Table definitions that the engine runs inside a procedure. */
  definitions: Definition[];
  /** True if PostgreSQL suspends its portal after as many rows as the client asked for; statements that write run to completion. */
  stopsAtRows: boolean;
}

/** Undefined: the text goes to the engine unchanged. */
export function rewriteText(original: string): RewrittenText | undefined {
  const explained = rewriteExplain(unedited(original));
  const objects = rewriteObjectTables(explained);
  const partitions = rewritePartitionProperties(objects);
  const declared = rewriteTableProperties(partitions);
  const refused = refuseForeignSyntax(declared.text);
  const start = refused === declared.text ? declared : { text: refused, stretches: [] };
  const named = splice(start, editSettings(start.text));
  const rewritten = rewriteCalls(named);
  const { text, stretches } = rewritten;
  if (text === original) return undefined;
  const staged = 'after' in rewritten ? rewritten : undefined;
  const commands = staged ? commandsReplaced(staged.before, staged.after) : new Map<number, string>();
  const unsure = staged && unsureOf(staged.before, staged.after, commands);
  const tags = new Map([
    ...explained.tags,
    ...objects.tags,
    ...partitions.tags,
    ...declared.tags,
    ...foreignShows(start.text),
  ]);
  const stopsAtRows = staged !== undefined && isPlainSelect(staged.after);
  const definitions = [...objects.definitions, ...declared.definitions];
  return { text, original, stretches, tags, commands, unsure, definitions, stopsAtRows };
}

/** What PostgreSQL calls PORTAL_ONE_SELECT (src/include/utils/portal.h). */
function isPlainSelect(statements: readonly ParsedStatement[]): boolean {
  const [statement] = statements;
  if (statement?.kind !== 'SelectStmt' || statements.length > 1) return false;
  const { withClause, intoClause } = statement.node as Body;
  return intoClause === undefined && !writesRows(withClause);
}

/** The tag to show for a statement (counted from 0) if the engine's tag is not that of the statement the client sent. */
export function ownTag({ tags, commands }: RewrittenText, index: number, tag: string): string | undefined {
  const command = commands.get(index);
  return command ? tag.replace('SELECT', command) : tags.get(index);
}

/** Rewrites the fields of an error or notice so that they refer to the text that the client sent. */
export function translateError(rewritten: RewrittenText, fields: Map<string, string>): void {
  const message = fields.get('M');
  if (message !== undefined) {
    const ownWords = inClientsNames(inClientsWords(message), rewritten.original);
    fields.set('M', inOwnCommand(ownWords, rewritten));
  }
  translatePosition(rewritten, fields);
}

/** "cannot execute SELECT in a read-only transaction", where the client wrote INSERT. */
function inOwnCommand(message: string, { commands }: RewrittenText): string {
  const [command] = commands.values();
  return command ? message.replace(/^(cannot execute) SELECT /, `$1 ${command.split(' ')[0]} `) : message;
}

/** If one of our procedures ran it, what the engine reports as an internal query is the client's own statement. */
function translatePosition(rewritten: RewrittenText, fields: Map<string, string>): void {
  const definition = rewritten.definitions.find(({ text }) => text === fields.get('q'));
  const position = fields.get(definition ? 'p' : 'P');
  if (definition) for (const code of ['p', 'q']) fields.delete(code);
  if (position === undefined) return;
  const { text, stretches } = definition ?? rewritten;
  // PostgreSQL counts characters from 1; JavaScript counts two UTF-16 units for a character outside the basic plane.
  const offset = [...text].slice(0, Number(position) - 1).join('').length;
  const original = [...rewritten.original.slice(0, originalOffset(stretches, offset))].length + 1;
  fields.set('P', String(original));
}
