/**
 * PostgreSQL accepts unknown settings only under two-part names, so the underscore of Hologres' one-part names becomes a dot: hg_x is
 * hg.x to the engine, optimizer_x is optimizer.x. The length does not change, so error positions stay right.
 */
import { type ParsedStatement, parseStatements, scanTokens, type Token } from './parse.js';
import type { Edit } from './spliced-text.js';

/** Texts without such a word need not be parsed. */
const mentionsSetting = /\b(hg|optimizer)_/i;
const foreignSetting = /^(hg|optimizer)_(\w+)$/i;

/** The engine's name for a setting. Names of PostgreSQL's own settings are left alone. */
function engineSetting(name: string): string {
  return name.replace(foreignSetting, (_, prefix: string, rest: string) => `${prefix}.${rest}`);
}

/** An error message about a setting, with the name that the client's own text has. */
export function inClientsNames(message: string, original: string): string {
  return message.replace(/"(hg|optimizer)\.(\w+)"/gi, (whole, prefix: string, rest: string) => {
    const name = `${prefix}_${rest}`;
    return original.toLowerCase().includes(name.toLowerCase()) ? `"${name}"` : whole;
  });
}

/**
 * What to change in SET, RESET, SHOW and ALTER … SET of such names, also in the bodies of DO, functions and procedures and in their SET
 * clauses, and where a string constant names one to set_config or current_setting; everything else, and what cannot be parsed, stays.
 */
export function editSettings(text: string): Edit[] {
  if (!mentionsSetting.test(text)) return [];
  return (parseStatements(text) ?? []).flatMap((statement) => editStatement(text, statement));
}

/** Tags of the statements (counted from 0) that SHOW such a name; the engine runs a SELECT instead. */
export function foreignShows(text: string): [index: number, tag: string][] {
  if (!mentionsSetting.test(text)) return [];
  return (parseStatements(text) ?? []).flatMap((statement, index) =>
    shownSetting(statement) ? [[index, 'SHOW']] : [],
  );
}

function shownSetting({ kind, node }: ParsedStatement): string | undefined {
  const { name } = node as { name?: string };
  return kind === 'VariableShowStmt' && name && engineSetting(name) !== name ? name : undefined;
}

/** Statements in which a setting follows SET or RESET; elsewhere these words are followed by a column. */
const settingStatements = new Set([
  'VariableSetStmt',
  'AlterDatabaseSetStmt',
  'AlterRoleSetStmt',
  'AlterSystemStmt',
  'AlterFunctionStmt',
]);

function editStatement(text: string, statement: ParsedStatement): Edit[] {
  const { start, end, kind } = statement;
  const shown = shownSetting(statement);
  if (shown) return [{ start, end, pieces: [showStatement(shown)] }];
  const body = text.slice(start, end);
  if (!mentionsSetting.test(body)) return [];
  const tokens = scanTokens(body) ?? [];
  const places = [
    ...namesInCalls(tokens),
    ...(settingStatements.has(kind) ? namesBehindSet(tokens, () => true) : []),
    ...(kind === 'DoStmt' ? tokens.flatMap(namesInBody) : []),
    ...(kind === 'CreateFunctionStmt' ? namesOfFunction(tokens) : []),
  ];
  return places.map((at) => ({ start: start + at, end: start + at + 1, pieces: ['.'] }));
}

/**
 * Positions of the underscores that become dots, in SET name and RESET name. Quotes and spelling are kept: the engine looks settings up
 * case-insensitively.
 */
function namesBehindSet(tokens: Token[], mayStart: (before: Token | undefined) => boolean): number[] {
  return tokens.flatMap((token, at) => {
    if (!/^(SET|RESET)$/i.test(token.text) || !mayStart(tokens[at - 1])) return [];
    const name = /^(LOCAL|SESSION)$/i.test(tokens[at + 1]?.text ?? '') ? tokens[at + 2] : tokens[at + 1];
    return name && foreignSetting.test(name.text.replaceAll('"', '')) ? [underscoreOf(name)] : [];
  });
}

/** The same in set_config('name', …) and current_setting('name'). */
function namesInCalls(tokens: Token[]): number[] {
  return tokens.flatMap((token, at) => {
    const [schema, dot] = [tokens[at - 2]?.text.toLowerCase(), tokens[at - 1]?.text];
    const [parenthesis, name] = [tokens[at + 1]?.text, tokens[at + 2]];
    return /^(set_config|current_setting)$/i.test(token.text) &&
      (dot !== '.' || schema === 'pg_catalog') &&
      parenthesis === '(' &&
      name?.text.startsWith("'") &&
      foreignSetting.test(name.text.slice(1, -1))
      ? [underscoreOf(name)]
      : [];
  });
}

/** The same in SET clauses of functions, and in the body if it is a string. */
function namesOfFunction(tokens: Token[]): number[] {
  const atomic = tokens.findIndex(({ text }) => /^ATOMIC$/i.test(text));
  const clauses = atomic < 0 ? tokens : tokens.slice(0, atomic);
  const bodies = tokens.filter((_, at) => /^AS$/i.test(tokens[at - 1]?.text ?? ''));
  return [...namesBehindSet(clauses, () => true), ...bodies.flatMap(namesInBody)];
}

const dollarQuoted = /^(\$[^$]*\$)(.*)\1$/s;
/** What may precede a statement of SQL or PL/pgSQL; the SET of an UPDATE is preceded by a name. */
const beginsStatement = /^(;|BEGIN|THEN|ELSE|LOOP|>>)$/i;

function namesInBody({ text, start }: Token): number[] {
  const [, quote = '', body] = dollarQuoted.exec(text) ?? [];
  if (body === undefined || !mentionsSetting.test(body)) return [];
  const tokens = scanTokens(body) ?? [];
  const places = [
    ...namesInCalls(tokens),
    ...namesBehindSet(tokens, (before) => before === undefined || beginsStatement.test(before.text)),
  ];
  return places.map((at) => start + quote.length + at);
}

function underscoreOf(name: Token): number {
  return name.start + name.text.indexOf('_');
}

/** SHOW would name its column after the engine's setting and fail if it was never set; this SELECT gives the name asked for, and an empty value. */
function showStatement(name: string): string {
  return ` SELECT coalesce(pg_catalog.current_setting('${engineSetting(name)}', true), '') AS "${name}"`;
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
