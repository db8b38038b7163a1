/**
 * PostgreSQL knows a setting it was not told of only by a two-part name, so Hologres' one-part ones are written with a dot in the
 * underscore's place: hg_x becomes hg.x, optimizer_x becomes optimizer.x. The length stays, so error positions stay right.
 */
import { type ParsedStatement, parseStatements, scanTokens } from './parse.js';
import type { Edit } from './spliced-text.js';

/** Spares texts without such a word the parsing. */
const mentionsSetting = /\b(hg|optimizer)_/i;
const foreignSetting = /^(hg|optimizer)_(\w+)$/i;
/** What stands before the name; elsewhere in the statement the same word is a comment, a role or a value. */
const nameFollows = /^(SET|RESET|LOCAL|SESSION)$/i;

/** The engine's name for a setting. Names that PostgreSQL has itself are its own. */
export function engineSetting(name: string): string {
  return name.replace(foreignSetting, (_, prefix: string, rest: string) => `${prefix}.${rest}`);
}

/** What to change in SET, RESET, SHOW and ALTER … SET of such names; every other statement, and what cannot be parsed, stays as it is. */
export function editSettings(text: string): Edit[] {
  if (!mentionsSetting.test(text)) return [];
  return (parseStatements(text) ?? []).flatMap((statement) => editStatement(text, statement) ?? []);
}

/** Which statements of the text, counted from 0, are a SHOW of such a name: the engine runs a SELECT in their place. */
export function foreignShows(text: string): Set<number> {
  const shows = new Set<number>();
  if (!mentionsSetting.test(text)) return shows;
  for (const [index, statement] of (parseStatements(text) ?? []).entries()) {
    const name = settingOf(statement);
    if (statement.kind === 'VariableShowStmt' && name && engineSetting(name) !== name) shows.add(index);
  }
  return shows;
}

function editStatement(text: string, statement: ParsedStatement): Edit | undefined {
  const name = settingOf(statement);
  if (!name || engineSetting(name) === name) return undefined;
  const { start, end } = statement;
  if (statement.kind === 'VariableShowStmt') return { start, end, pieces: [showStatement(name)] };
  const tokens = scanTokens(text.slice(start, end)) ?? [];
  const written = tokens.find(
    (token, at) =>
      token.text.replaceAll('"', '').toLowerCase() === name.toLowerCase() &&
      nameFollows.test(tokens[at - 1]?.text ?? ''),
  );
  // Quotes and the user's spelling stay: the engine finds settings case-insensitively.
  return (
    written && {
      start: start + written.start,
      end: start + written.end,
      pieces: [written.text.replace('_', '.')],
    }
  );
}

/** SHOW names its column after the setting and refuses one that was never set; this gives the asked name and an empty value. */
function showStatement(name: string): string {
  return ` SELECT coalesce(pg_catalog.current_setting('${engineSetting(name)}', true), '') AS "${name}"`;
}

function settingOf({ kind, node }: ParsedStatement): string | undefined {
  const body = node as { name?: string; setstmt?: { name?: string } };
  switch (kind) {
    case 'VariableSetStmt':
    case 'VariableShowStmt':
      return body.name;
    case 'AlterDatabaseSetStmt':
    case 'AlterRoleSetStmt':
      return body.setstmt?.name;
    default:
      return undefined;
  }
}

/** The same names in a startup packet: as parameters of their own, and inside `options`. Unchanged maps are returned as they are. */
export function mapStartupParameters(parameters: Map<string, string>): Map<string, string> {
  const mapped = new Map<string, string>();
  let changed = false;
  for (const [name, value] of parameters) {
    const engineName = engineSetting(name);
    const engineValue =
      name === 'options' ? value.replace(/((?:^|\s)(?:-c\s*|--))((?:hg|optimizer)_\w+)/gi, mapOption) : value;
    mapped.set(engineName, engineValue);
    changed ||= engineName !== name || engineValue !== value;
  }
  return changed ? mapped : parameters;
}

function mapOption(_match: string, dash: string, name: string): string {
  return dash + engineSetting(name);
}
