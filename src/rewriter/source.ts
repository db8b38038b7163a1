/** A text that is being rewritten: its tokens, how parse locations map to offsets, and names that are still free. */
import { type Body, children, kindOf, walk } from './nodes.js';
import { type ParsedStatement, parseStatements, scanTokens, type Token, utf16Offsets } from './parse.js';
import type { Piece } from './spliced-text.js';
import type { Range } from './target-items.js';

export interface Source {
  text: string;
  statements: ParsedStatement[];
  tokens: Token[];
  /** From a location in the parse tree to an offset in the text. */
  offset(location: unknown): number;
  /** A free name for another CTE. */
  nextName(): string;
  /** Names of the statement's CTEs, which are not tables. */
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

/** Names of the CTEs that the rewriter adds start with this. */
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

/** `ai_gen(…)` as a submit: a different name, the same arguments. */
export function submitOf([start, end]: Range, { tokens }: Source): Piece[] {
  const open = tokens.find((token) => token.start >= start && token.text === '(');
  return ['hologen.submit_call', [open?.start ?? start, end]];
}

/** A range of the text with parts of it replaced. */
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
