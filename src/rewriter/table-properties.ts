/**
 * Hologres takes table properties in CREATE TABLE … WITH (orientation = 'column', …) and ALTER TABLE … SET (…), where PostgreSQL
 * knows only its own storage parameters. They are taken out and declared as CALL set_table_property would.
 */
import pg from 'pg';
import { type LogicalClause, withoutLogicalClauses } from './logical-clause.js';
import { type ParsedStatement, parseStatements, scanTokens, type Token } from './parse.js';
import { type Edit, type Piece, type SplicedText, splice } from './spliced-text.js';

/** https://www.alibabacloud.com/help/en/hologres/developer-reference/create-tables; set_table_property checks the values. */
const properties = new Set([
  'orientation',
  'distribution_key',
  'clustering_key',
  'event_time_column',
  'segment_key',
  'bitmap_columns',
  'dictionary_encoding_columns',
  'time_to_live_in_seconds',
  'storage_mode',
  'storage_format',
  'table_group',
  'colocate_with',
  'mutate_type',
  'vectors',
  'proxima_vectors',
  'binlog.level',
  'binlog.ttl',
  // Of logically partitioned tables alone.
  'partition_expiration_time',
  'partition_keep_hot_window',
  'partition_generate_binlog_window',
  'partition_require_filter',
]);
/** Names inside WITH have no dot. */
const dotted: Record<string, string> = { binlog_level: 'binlog.level', binlog_ttl: 'binlog.ttl' };

const mayHaveProperties = /\b(?:with|set|reset)\s*\(|\blogical\b/i;

interface Option {
  defnamespace?: string;
  defname: string;
  arg?: Record<
    string,
    { sval?: string; ival?: number; fval?: string; names?: { String: { sval: string } }[] }
  >;
}

export interface Relation {
  schemaname?: string;
  relname: string;
}

interface TableStatement {
  relation: Relation;
  options?: { DefElem: Option }[];
  cmds?: { AlterTableCmd: { subtype: string; def?: { List?: { items: { DefElem: Option }[] } } } }[];
  missing_ok?: boolean;
}

/** A text of which some statements have become calls of procedures. */
export interface TextWithProcedures extends SplicedText {
  /** The definitions that went into a procedure's argument. */
  definitions: Definition[];
  /** Tags of the statements (counted from 0) that became a CALL. */
  tags: Map<number, string>;
}

/** A statement as a procedure runs it, and where its parts are in the client's text. */
export type Definition = SplicedText;

export interface Replacement {
  pieces: Piece[];
  tag?: string;
  definition?: Definition;
}

/** Texts without such properties, or that cannot be parsed, are left alone. */
export function rewriteTableProperties(before: SplicedText): TextWithProcedures {
  if (!mayHaveProperties.test(before.text)) return replaceStatements(before, []);
  const { plain, clauses } = withoutLogicalClauses(before);
  const statements = parseStatements(plain.text);
  // The engine is to say what is wrong with what the client wrote.
  if (!statements) return replaceStatements(before, []);
  const replacements = statements.map((statement) => {
    const replacement = rewriteStatement(plain, statement, clauses);
    return replacement && { start: statement.start, end: statement.end, replacement };
  });
  return replaceStatements(plain, replacements);
}

/** @param replacements one for each statement of the text; undefined: it stays */
export function replaceStatements(
  before: SplicedText,
  replacements: readonly ({ start: number; end: number; replacement: Replacement } | undefined)[],
): TextWithProcedures {
  const edits: Edit[] = [];
  const definitions: Definition[] = [];
  const tags = new Map<number, string>();
  for (const [index, found] of replacements.entries()) {
    if (!found) continue;
    const { start, end, replacement } = found;
    edits.push({ start, end, pieces: replacement.pieces });
    if (replacement.tag) tags.set(index, replacement.tag);
    if (replacement.definition) definitions.push(replacement.definition);
  }
  return { ...(edits.length > 0 ? splice(before, edits) : before), definitions, tags };
}

function rewriteStatement(
  before: SplicedText,
  parsed: ParsedStatement,
  clauses: readonly LogicalClause[],
): Replacement | undefined {
  if (parsed.kind !== 'CreateStmt' && parsed.kind !== 'AlterTableStmt') return undefined;
  const statement = parsed.node as TableStatement;
  const options = optionsOf(statement).map(({ DefElem }) => DefElem);
  const declared = options.filter((option) => properties.has(propertyName(option)));
  const logical = clauses.find(({ at }) => at >= parsed.start && at <= parsed.end);
  if (declared.length === 0 && !logical) return undefined;
  const table = pg.escapeLiteral(relationName(statement.relation));
  const resets = statement.cmds?.some(({ AlterTableCmd }) => AlterTableCmd.subtype === 'AT_ResetRelOptions');
  const entries = declared.map(entry).map(([name, value]) => [name, resets ? null : value]);
  const values = pg.escapeLiteral(JSON.stringify(Object.fromEntries(entries)));
  if (parsed.kind === 'CreateStmt') {
    const definition = withoutOptions(
      before,
      parsed,
      options.map((option) => declared.includes(option)),
    );
    const made = `${pg.escapeLiteral(definition.text)}, ${table}`;
    const call = logical
      ? ` CALL hologen_caller.create_logical_table(${made}, ARRAY[${logical.columns.map((name) => pg.escapeLiteral(name)).join(', ')}], ${values})`
      : ` CALL hologen_caller.create_table(${made}, ${values})`;
    return { pieces: [call], tag: 'CREATE TABLE', definition };
  }
  // Mixed with PostgreSQL's own parameters: let it report the one it does not know.
  if (statement.cmds?.length !== 1 || declared.length < options.length) return undefined;
  const call = ` CALL hologen_caller.set_table_properties(${table}, ${values}, ${statement.missing_ok ?? false})`;
  return { pieces: [call], tag: 'ALTER TABLE' };
}

function optionsOf({ options, cmds = [] }: TableStatement): { DefElem: Option }[] {
  const changed = cmds.filter(({ AlterTableCmd }) =>
    /^AT_(Re)?[Ss]etRelOptions$/.test(AlterTableCmd.subtype),
  );
  return options ?? changed.flatMap(({ AlterTableCmd }) => AlterTableCmd.def?.List?.items ?? []);
}

/** All options of a CREATE TABLE, by the names they are written with. */
export function optionTexts(statement: object): Record<string, string> {
  return Object.fromEntries(optionsOf(statement as TableStatement).map(({ DefElem }) => entry(DefElem)));
}

function propertyName({ defnamespace, defname }: Option): string {
  return defnamespace ? `${defnamespace}.${defname}` : (dotted[defname] ?? defname);
}

/** Name and value of a property; numbers, bare words and strings all count as text. */
function entry(option: Option): [string, string] {
  const [kind, value] = Object.entries(option.arg ?? {})[0] ?? [];
  const word = value?.sval ?? value?.fval ?? value?.names?.at(-1)?.String.sval;
  // The tree leaves out a zero.
  return [propertyName(option), word ?? (kind === 'Integer' ? String(value?.ival ?? 0) : '')];
}

/** Its name as it may stand in a text for regclass. */
export function relationName({ schemaname, relname }: Relation): string {
  return [schemaname, relname].flatMap((name) => (name ? [pg.escapeIdentifier(name)] : [])).join('.');
}

/** The statement without the marked options, and without WITH if none is left. */
function withoutOptions(
  before: SplicedText,
  { start, end }: { start: number; end: number },
  leftOut: boolean[],
): Definition {
  const { text } = before;
  const around: Edit[] = [
    { start: 0, end: start, pieces: [] },
    { start: end, end: text.length, pieces: [] },
  ];
  const body = text.slice(start, end);
  const list = withList(scanTokens(body) ?? []);
  if (list) {
    const kept = list.items
      .filter((_, index) => !leftOut[index])
      .map((item) => body.slice(item.start, item.end));
    const clause = kept.length > 0 ? `WITH (${kept.join(', ')})` : '';
    around.push({ start: start + list.start, end: start + list.end, pieces: [clause] });
  }
  return splice(before, around);
}

/** The WITH ( … ) outside all other parentheses, and the range of each of its items. */
function withList(
  tokens: Token[],
): { start: number; end: number; items: { start: number; end: number }[] } | undefined {
  let depth = 0;
  const opening = tokens.findIndex(({ text }, index) => {
    depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    return text === '(' && depth === 1 && tokens[index - 1]?.text.toLowerCase() === 'with';
  });
  const start = tokens[opening - 1]?.start;
  if (start === undefined) return undefined;
  const items: { start: number; end: number }[] = [];
  let from = opening + 1;
  depth = 1;
  for (let index = from; index < tokens.length; index += 1) {
    const token = tokens[index] as Token;
    depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
    if (depth === 0 || (depth === 1 && token.text === ',')) {
      items.push({ start: tokens[from]?.start ?? token.start, end: tokens[index - 1]?.end ?? token.start });
      from = index + 1;
    }
    if (depth === 0) return { start, end: token.end, items };
  }
  return undefined;
}
