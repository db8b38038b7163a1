/** Reads SQL with PostgreSQL's own grammar (libpg-query, WebAssembly). */
import { loadModule, parseSync, scanSync } from 'libpg-query';

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
}

/** The statements of a text, or undefined when PostgreSQL would refuse it: then the engine is to say so. */
export function parseStatements(text: string): ParsedStatement[] | undefined {
  let parsed: { stmts?: { stmt: Record<string, unknown>; stmt_location?: number; stmt_len?: number }[] };
  try {
    parsed = parseSync(text) as typeof parsed;
  } catch {
    return undefined;
  }
  const offset = utf16Offsets(text);
  return (parsed.stmts ?? []).map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    const [kind, node] = Object.entries(stmt)[0] as [string, unknown];
    return { start: offset(from), end: length ? offset(from + length) : text.length, kind, node };
  });
}

export interface Token {
  /** Offsets into the text, in UTF-16 units. */
  start: number;
  end: number;
  text: string;
}

const commentTokens = new Set(['C_COMMENT', 'SQL_COMMENT']);

/** The tokens of a text that parses, comments left out. */
export function scanTokens(text: string): Token[] {
  const offset = utf16Offsets(text);
  return scanSync(text)
    .tokens.filter(({ tokenName }) => !commentTokens.has(tokenName))
    .map(({ start, end }) => ({ start: offset(start), end: offset(end) }))
    .map((place) => ({ ...place, text: text.slice(place.start, place.end) }));
}

/** The grammar counts UTF-8 bytes. */
function utf16Offsets(text: string): (byte: number) => number {
  const bytes = Buffer.from(text);
  return bytes.length === text.length ? (byte) => byte : (byte) => bytes.toString('utf8', 0, byte).length;
}
