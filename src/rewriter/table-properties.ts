/**
 * Hologres takes table properties in CREATE TABLE … WITH (orientation = 'column', …) and ALTER TABLE … SET (…), where PostgreSQL
 * knows only its own storage parameters: they are taken out and declared as CALL set_table_property would do it.
 */
import pg from 'pg';
import { refusal } from './foreign-syntax.js';
import { type ParsedStatement, parseStatements, scanTokens, type Token } from './parse.js';

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
]);
/** Inside WITH a name has no dot. */
const dotted: Record<string, string> = { binlog_level: 'binlog.level', binlog_ttl: 'binlog.ttl' };
/** Properties that only a logically partitioned table or one of its partitions can have. */
const ofLogicalPartitions = /^partition_|^keep_alive$/;

const mayHaveProperties = /\b(?:with|set)\s*\(/i;

interface Option {
  defnamespace?: string;
  defname: string;
  arg?: Record<
    string,
    { sval?: string; ival?: number; fval?: string; names?: { String: { sval: string } }[] }
  >;
}

interface TableStatement {
  relation: { schemaname?: string; relname: string };
  options?: { DefElem: Option }[];
  cmds?: { AlterTableCmd: { subtype: string; def?: { List?: { items: { DefElem: Option }[] } } } }[];
  missing_ok?: boolean;
}

/** Statements without such properties, and texts that cannot be parsed, stay as they are. */
export function rewriteTableProperties(text: string): string {
  if (!mayHaveProperties.test(text)) return text;
  const statements = parseStatements(text);
  if (!statements) return text;
  // From the end, so that earlier offsets stay valid.
  return statements.reduceRight((whole, statement) => {
    const body = whole.slice(statement.start, statement.end);
    return whole.slice(0, statement.start) + rewriteStatement(statement, body) + whole.slice(statement.end);
  }, text);
}

function rewriteStatement({ kind, node }: ParsedStatement, body: string): string {
  if (kind !== 'CreateStmt' && kind !== 'AlterTableStmt') return body;
  const statement = node as TableStatement;
  const options = optionsOf(statement).map(({ DefElem }) => DefElem);
  if (options.some(({ defname }) => ofLogicalPartitions.test(defname))) {
    return ` ${refusal(
      'logical partitions are not supported',
      'Leave out the partition_* properties; for partitions of PostgreSQL write PARTITION BY LIST (column).',
    )}`;
  }
  const declared = options.filter((option) => properties.has(propertyName(option)));
  if (declared.length === 0) return body;
  const table = pg.escapeLiteral(tableName(statement));
  const values = pg.escapeLiteral(JSON.stringify(Object.fromEntries(declared.map(entry))));
  if (kind === 'CreateStmt') {
    const definition = pg.escapeLiteral(
      withoutOptions(
        body,
        options.map((option) => declared.includes(option)),
      ),
    );
    return ` CALL hologen.create_table(${definition}, ${table}, ${values})`;
  }
  // PostgreSQL's own parameters beside them: it is to name the one it does not know.
  if (statement.cmds?.length !== 1 || declared.length < options.length) return body;
  return ` CALL hologen.set_table_properties(${table}, ${values}, ${statement.missing_ok ?? false})`;
}

function optionsOf({ options, cmds = [] }: TableStatement): { DefElem: Option }[] {
  const changed = cmds.filter(({ AlterTableCmd }) => AlterTableCmd.subtype === 'AT_SetRelOptions');
  return options ?? changed.flatMap(({ AlterTableCmd }) => AlterTableCmd.def?.List?.items ?? []);
}

function propertyName({ defnamespace, defname }: Option): string {
  return defnamespace ? `${defnamespace}.${defname}` : (dotted[defname] ?? defname);
}

/** Name and value of a property; a number, a bare word and a string all are text. */
function entry(option: Option): [string, string] {
  const [kind, value] = Object.entries(option.arg ?? {})[0] ?? [];
  const word = value?.sval ?? value?.fval ?? value?.names?.at(-1)?.String.sval;
  // The tree leaves out a zero.
  return [propertyName(option), word ?? (kind === 'Integer' ? String(value?.ival ?? 0) : '')];
}

function tableName({ relation: { schemaname, relname } }: TableStatement): string {
  return [schemaname, relname].flatMap((name) => (name ? [pg.escapeIdentifier(name)] : [])).join('.');
}

/** The definition with the options left out that are marked; WITH goes too when none is left. */
function withoutOptions(body: string, leftOut: boolean[]): string {
  const list = withList(scanTokens(body) ?? []);
  if (!list) return body;
  const kept = list.items
    .filter((_, index) => !leftOut[index])
    .map(({ start, end }) => body.slice(start, end));
  const clause = kept.length > 0 ? `WITH (${kept.join(', ')})` : '';
  return body.slice(0, list.start) + clause + body.slice(list.end);
}

/** WITH ( … ) outside all other parentheses, and where each of its items lies. */
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
