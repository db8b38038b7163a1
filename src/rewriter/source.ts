/** A text that is being rewritten: its tokens, how parse locations map to offsets, and names that are still free. */
import { aiFunctionNamed, partName } from './ai-functions.js';
import { type AnyNode, type Body, children, kindOf, walk } from './nodes.js';
import {
  firstTokenFrom,
  type ParsedStatement,
  parseStatements,
  scanTokens,
  type Token,
  utf16Offsets,
} from './parse.js';
import type { Piece } from './spliced-text.js';
import type { Range } from './target-items.js';

export interface Source {
  text: string;
  statements: ParsedStatement[];
  readonly tokens: Token[];
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
  if (!statements) return undefined;
  const offset = utf16Offsets(text);
  let tokens: Token[] | undefined;
  let names = 0;
  const taken = new Set(text.match(ownNames));
  return {
    text,
    statements,
    get tokens() {
      // Most texts of a last pass have nothing to change, and need none.
      tokens ??= scanTokens(text) ?? [];
      return tokens;
    },
    offset: (location) => offset(Number(location ?? 0)),
    cteNames: cteNamesOf(statements),
    nextName() {
      do names += 1;
      while (taken.has(`${ownPrefix}${names} `));
      return `${ownPrefix}${names}`;
    },
  };
}

/** Names of the CTEs that the rewriter adds start with this. */
export const ownPrefix = 'hologen_stage_';
const ownNames = new RegExp(`${ownPrefix}\\d+ `, 'g');

/** A SubLink that the rewriter wrote. */
export function isOwnSubselect(subLink: Body): boolean {
  const [, select] = kindOf(subLink.subselect);
  const [, table] = kindOf(children(select, 'fromClause')[0]);
  return String(table.relname ?? '').startsWith(ownPrefix);
}

/** False: columns of sub-selects, functions or CTEs are among those that the items of FROM give. */
export function readsTablesOnly(from: AnyNode[], { cteNames }: Pick<Source, 'cteNames'>): boolean {
  return from
    .map(kindOf)
    .every(([kind, { relname }]) => kind === 'RangeVar' && !cteNames.has(String(relname)));
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
export function submitOf(call: Range, source: Source): Piece[] {
  const { name, open } = readName(call, source);
  return [partName(String(aiFunctionNamed(name)?.submit)), [open, call[1]]];
}

/** True if the call can be described: otherwise each is submitted by itself. */
export function isDescribed(call: Range, source: Source): boolean {
  return aiFunctionNamed(readName(call, source).name)?.describe !== undefined;
}

/** `ai_gen(…)` as a description of the call, for drained() in stage.ts to submit with those of all rows. */
export function descriptionOf(call: Range, source: Source): Piece[] {
  const { name, open } = readName(call, source);
  return [partName(String(aiFunctionNamed(name)?.describe)), [open, call[1]]];
}

/** The call's result, by the handle that its submit gave. */
export function waitOf(call: Range, source: Source, ...handle: Piece[]): Piece[] {
  return [`${partName(String(aiFunctionNamed(readName(call, source).name)?.wait))}(`, ...handle, ')'];
}

/** The function's name, and where its arguments begin. */
function readName([start]: Range, { tokens }: Source): { name: string; open: number } {
  let place = firstTokenFrom(tokens, start);
  while (place < tokens.length && tokens[place]?.text !== '(') place += 1;
  const word = tokens[place - 1]?.text ?? '';
  const name = word.startsWith('"') ? word.slice(1, -1) : word.toLowerCase();
  return { name, open: tokens[place]?.start ?? start };
}

/** A range of the text with parts of it replaced. */
export function replaceRanges(
  [start, end]: Range,
  replacements: { range: Range; pieces: Piece[] }[],
): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  for (const { range, pieces: inPlace } of [...replacements].sort((a, b) => a.range[0] - b.range[0])) {
    pieces.push([at, range[0]]);
    for (const piece of inPlace) pieces.push(piece);
    at = range[1];
  }
  pieces.push([at, end]);
  return pieces;
}
