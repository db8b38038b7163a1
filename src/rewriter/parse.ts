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

/** The statements of a text. Undefined if PostgreSQL would refuse it; the engine will then say why. */
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

/** The grammar counts UTF-8 bytes. */
export function utf16Offsets(text: string): (byte: number) => number {
  const bytes = Buffer.from(text);
  return bytes.length === text.length ? (byte) => byte : (byte) => bytes.toString('utf8', 0, byte).length;
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
  const bytes = Buffer.from(text);
  let from = 0;
  let start = 0;
  const tokens: Token[] = [];
  for (const token of scanned.tokens) {
    start += bytes.toString('utf8', from, token.start).length;
    from = token.start;
    if (!token.tokenName.endsWith('_COMMENT'))
      tokens.push({ text: token.text, start, end: start + token.text.length });
  }
  return tokens;
}
