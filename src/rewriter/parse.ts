/** Reads SQL with PostgreSQL's own grammar (libpg-query, WebAssembly). */
import { loadModule, parsePlPgSQLSync, parseSync, scanSync } from 'libpg-query';

export interface ParsedStatement {
  /** Offsets into the text, in UTF-16 units, without the semicolon. */
  start: number;
  end: number;
  /** Name of the parse node, e.g. SelectStmt. */
  kind: string;
  node: unknown;
}

/** Loads the grammar; must be awaited once before parseStatements. */
export async function loadParser(): Promise<void> {
  await loadModule();
  // WebAssembly compiles what it runs for the first time: better now than in front of everybody.
  parseStatements(
    "SELECT a, f(b, 'c') AS d FROM t JOIN u ON t.e = u.e WHERE g = 1 ORDER BY 1; UPDATE t SET a = 1",
  );
  scanTokens('SELECT 1');
}

/** The statements of a text. Undefined if PostgreSQL would refuse it; the engine will then say why. */
export function parseStatements(text: string): ParsedStatement[] | undefined {
  let parsed: { stmts?: { stmt: Record<string, unknown>; stmt_location?: number; stmt_len?: number }[] };
  try {
    parsed = parseSync(text) as typeof parsed;
  } catch (error) {
    // Nested too deeply for the stack: PostgreSQL may have a longer one. The parser keeps what it had put on its own stack.
    if (error instanceof RangeError) throw error;
    return undefined;
  }
  const offset = utf16Offsets(text);
  return (parsed.stmts ?? []).map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const [kind, node] = Object.entries(stmt)[0] as [string, unknown];
    return { start: offset(from), end: length ? offset(from + length) : text.length, kind, node };
  });
}

/** Statements as nodes, for a walk that shall see their kinds, too. */
export function nodesOf(statements: readonly ParsedStatement[] = []): Record<string, unknown>[] {
  return statements.map(({ kind, node }) => ({ [kind]: node }));
}

/** The PL/pgSQL of CREATE FUNCTION or DO as nodes; undefined if it cannot be read. */
export function parseFunction(text: string): unknown {
  try {
    return parsePlPgSQLSync(text);
  } catch {
    return undefined;
  }
}

/** The grammar counts UTF-8 bytes. */
export function utf16Offsets(text: string): (byte: number) => number {
  const bytes = Buffer.from(text);
  if (bytes.length === text.length) return (byte) => byte;
  // One count of the whole text: counting anew for each place would take the square of its length.
  const offsets = new Uint32Array(bytes.length + 1);
  let units = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    offsets[index] = units;
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  offsets[bytes.length] = units;
  return (byte) => offsets[Math.min(byte, bytes.length)] as number;
}

export interface Token {
  /** As written; a quoted name or string keeps its quotes. */
  text: string;
  /** Offsets into the text, in UTF-16 units. */
  start: number;
  end: number;
}

/** The tokens of a text, comments left out, even if the grammar refuses it; undefined if it cannot even be split into tokens. */
export function scanTokens(text: string): Token[] | undefined {
  let scanned: { tokens: { text: string; start: number; end: number; tokenName: string }[] };
  try {
    scanned = scanSync(text) as typeof scanned;
  } catch {
    return undefined;
  }
  const offset = utf16Offsets(text);
  const tokens: Token[] = [];
  for (const token of scanned.tokens) {
    const start = offset(token.start);
    if (!token.tokenName.endsWith('_COMMENT'))
      tokens.push({ text: token.text, start, end: start + token.text.length });
  }
  return tokens;
}

/** The tokens of each statement, without the semicolons. */
export function statementsOf(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((words) => words.length > 0);
}

/** From the first of these tokens to the last. */
export function rangeOf(words: readonly Token[]): { start: number; end: number } {
  return { start: (words[0] as Token).start, end: (words.at(-1) as Token).end };
}

/** A text that is one statement of that kind, read; undefined: it is not. */
export function parsedAs<Node>(kind: string, text: string): Node | undefined {
  const [statement, ...others] = parseStatements(text) ?? [];
  return statement?.kind === kind && others.length === 0 ? (statement.node as Node) : undefined;
}

/** A name as the catalogue has it. */
export function nameIn(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase();
}

/** The index of the first token that starts at `at` or behind it. Tokens are in order: a text of many items is searched for each of them. */
export function firstTokenFrom(tokens: readonly Token[], at: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle] as Token).start < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the token that starts at `at`; -1 if there is none. */
export function tokenAt(tokens: readonly Token[], at: number): number {
  const index = firstTokenFrom(tokens, at);
  return tokens[index]?.start === at ? index : -1;
}

/** The index of the first token from `from` on that stands in no parentheses or brackets and fits; the number of tokens if there is none. */
export function firstOutside(
  tokens: readonly Token[],
  from: number,
  fits: (word: string, index: number) => boolean,
): number {
  let depth = 0;
  let index = from;
  for (; index < tokens.length; index++) {
    const word = (tokens[index] as Token).text.toLowerCase();
    if (depth === 0 && fits(word, index)) break;
    if (word === '(' || word === '[') depth += 1;
    if (word === ')' || word === ']') depth -= 1;
  }
  return index;
}

/** The index of the token that closes the parenthesis at `open`. */
export function closingOf(tokens: readonly Token[], open: number): number {
  return firstOutside(tokens, open + 1, (word) => word === ')');
}

/** The last token before `before` that is this word, in lower case. */
export function lastWordBefore(tokens: readonly Token[], before: number, word: string): Token | undefined {
  for (let index = firstTokenFrom(tokens, before) - 1; index >= 0; index--) {
    if (tokens[index]?.text.toLowerCase() === word) return tokens[index];
  }
  return undefined;
}
