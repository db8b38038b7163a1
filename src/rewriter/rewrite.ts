/** The rewriter as a whole: a pure function from the client's statement text to the engine's. */
import { inUsersWords, rewriteCalls } from './calls.js';
import { refuseForeignSyntax } from './foreign-syntax.js';
import { type Body, walk } from './nodes.js';
import { parseStatements } from './parse.js';
import { commandsReplaced } from './returning-stages.js';
import { editSettings, foreignShows, inClientsNames } from './settings.js';
import { originalOffset, type Stretch, splice } from './spliced-text.js';
import { type Definition, rewriteTableProperties } from './table-properties.js';

export interface RewrittenText {
  text: string;
  original: string;
  /** Where the parts of `text` stood in `original`. */
  stretches: Stretch[];
  /** The tags of statements, counted from 0, in whose place the engine runs another command. */
  tags: Map<number, string>;
  /** Of statements in whose place the engine runs a SELECT that gives as many rows: the words of the tag before the count. */
  commands: Map<number, string>;
  /** Table definitions that the engine runs inside of a procedure. */
  definitions: Definition[];
  /** PostgreSQL stops a portal of it after as many rows as the client asks for; anything that writes it runs to its end. */
  stopsAtRows: boolean;
}

/** Undefined: the text goes to the engine as it is. */
export function rewriteText(original: string): RewrittenText | undefined {
  const declared = rewriteTableProperties(original);
  const refused = refuseForeignSyntax(declared.text);
  const start = refused === declared.text ? declared : { text: refused, stretches: [] };
  const named = splice(start, editSettings(start.text));
  const { text, stretches } = rewriteCalls(named);
  if (text === original) return undefined;
  const commands = text === named.text ? new Map<number, string>() : commandsReplaced(named.text, text);
  const tags = new Map([...declared.tags, ...foreignShows(start.text)]);
  const stopsAtRows = text !== named.text && isPlainSelect(text);
  return { text, original, stretches, tags, commands, definitions: declared.definitions, stopsAtRows };
}

const writing = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

/** What PostgreSQL calls PORTAL_ONE_SELECT (src/include/utils/portal.h). */
function isPlainSelect(text: string): boolean {
  const [statement, ...more] = parseStatements(text) ?? [];
  if (statement?.kind !== 'SelectStmt' || more.length > 0) return false;
  const { withClause, intoClause } = statement.node as Body;
  let writes = intoClause !== undefined;
  walk(withClause, (kind) => {
    writes ||= writing.includes(kind);
    return !writes;
  });
  return !writes;
}

/** The command tag of a statement, counted from 0, where the engine's differs from that of the client's statement. */
export function ownTag({ tags, commands }: RewrittenText, index: number, tag: string): string | undefined {
  const command = commands.get(index);
  return command ? tag.replace('SELECT', command) : tags.get(index);
}

/** The fields of an error or notice about a rewritten text, told in terms of the text that the client sent. */
export function translateError(rewritten: RewrittenText, fields: Map<string, string>): void {
  const message = fields.get('M');
  if (message !== undefined) {
    const ownWords = inClientsNames(inUsersWords(message), rewritten.original);
    fields.set('M', inOwnCommand(ownWords, rewritten));
  }
  translatePosition(rewritten, fields);
  const context = fields.get('W');
  const ownContext = context && withoutProcedures(rewritten, context);
  if (ownContext) fields.set('W', ownContext);
  else fields.delete('W');
}

/** "cannot execute SELECT in a read-only transaction", where the client wrote INSERT. */
function inOwnCommand(message: string, { commands }: RewrittenText): string {
  const [command] = commands.values();
  return command ? message.replace(/^(cannot execute) SELECT /, `$1 ${command.split(' ')[0]} `) : message;
}

/** What the engine calls an internal query is the client's own, when a procedure of ours ran it. */
function translatePosition(rewritten: RewrittenText, fields: Map<string, string>): void {
  const definition = rewritten.definitions.find(({ text }) => text === fields.get('q'));
  const position = fields.get(definition ? 'p' : 'P');
  if (definition) for (const code of ['p', 'q']) fields.delete(code);
  if (position === undefined) return;
  const { text, stretches } = definition ?? rewritten;
  // PostgreSQL counts characters from 1; a character beyond the basic plane is two UTF-16 units to us.
  const offset = [...text].slice(0, Number(position) - 1).join('').length;
  const original = [...rewritten.original.slice(0, originalOffset(stretches, offset))].length + 1;
  fields.set('P', String(original));
}

/** Schema and name of our procedures as PL/pgSQL tells them: the schema only where the search_path lacks it. */
const ownProcedure =
  /PL\/pgSQL function (hologen\.)?(create_table\(text,text,json\)|set_table_propert(y|ies)\(text,|relation_named\(text\))/;

/** The context without the lines that tell of our procedures and what they run. */
function withoutProcedures({ definitions }: RewrittenText, context: string): string {
  const starts = [
    context.search(ownProcedure),
    ...definitions.map(({ text }) => context.indexOf(`SQL statement "${text}"`)),
  ];
  return context.slice(0, Math.min(...starts.map((at) => (at < 0 ? context.length : at)))).trimEnd();
}
