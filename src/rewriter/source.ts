/** A text on its way to other words: its tokens, where the grammar's locations lie in it, names that are not taken yet. */
import { type Body, children, kindOf, walk } from './nodes.js';
import { type ParsedStatement, parseStatements, scanTokens, type Token, utf16Offsets } from './parse.js';
import type { Piece } from './spliced-text.js';
import type { Range } from './target-items.js';

export interface Source {
  text: string;
  statements: ParsedStatement[];
  tokens: Token[];
  /** Location as the grammar counts it to offset in the text. */
  offset(location: unknown): number;
  /** A name for one more CTE. */
  nextName(): string;
  /** Names that stand for a query of the statement, not for a table. */
  cteNames: Set<string>;
}

/** Undefined when PostgreSQL would refuse the text. */
export function readSource(text: string): Source | undefined {
  const statements = parseStatements(text);
  const tokens = scanTokens(text);
  if (!statements || !tokens) return undefined;
  const offset = utf16Offsets(text);
  let names = 0;
  return {
    text,
    statements,
    tokens,
    offset: (location) => offset(Number(location ?? 0)),
    cteNames: cteNamesOf(statements),
    nextName() {
      do names += 1;
      while (text.includes(`${ownPrefix}${names} `));
      return `${ownPrefix}${names}`;
    },
  };
}

/** How the CTEs begin that the rewriter adds. */
export const ownPrefix = 'hologen_stage_';

/** A SubLink that the rewriter wrote. */
export function isOwnSubselect(subLink: Body): boolean {
  const [, select] = kindOf(subLink.subselect);
  const [, table] = kindOf(children(select, 'fromClause')[0]);
  return String(table.relname ?? '').startsWith(ownPrefix);
}

function cteNamesOf(statements: ParsedStatement[]): Set<string> {
  const names = new Set<string>();
  for (const { node } of statements) {
    walk(node, (kind: string, body: Body) => {
      if (kind === 'CommonTableExpr') names.add(String(body.ctename));
      return true;
    });
  }
  return names;
}

/** `ai_gen(…)` as a submit: another name, the same arguments. */
export function submitOf([start, end]: Range, { tokens }: Source): Piece[] {
  const open = tokens.find((token) => token.start >= start && token.text === '(');
  return ['hologen.submit_call', [open?.start ?? start, end]];
}

/** The text of a range with parts of it written anew. */
export function replaceRanges([start, end]: Range, replacements: { range: Range; text: string }[]): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  for (const { range, text } of [...replacements].sort((a, b) => a.range[0] - b.range[0])) {
    pieces.push([at, range[0]], text);
    at = range[1];
  }
  pieces.push([at, end]);
  return pieces;
}
