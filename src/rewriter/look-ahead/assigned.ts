/** The values that a statement writes, where they stand in its text. */
import type { Body } from '../nodes.js';
import { closingOf, firstOutside, firstTokenFrom, type Token } from '../parse.js';
import type { Source } from '../source.js';
import type { Piece } from '../spliced-text.js';
import type { Range } from '../target-items.js';

/** What stands behind the equals signs of a SET list, as values of a SELECT; DEFAULT is none. */
export function assignedValues([start, end]: Range, source: Source): Piece[][] {
  const values: Piece[][] = [];
  for (const part of partsOf(source.tokens, start, end)) {
    const at = firstOutside(part, 0, (word) => word === '=');
    const [first, second] = part.slice(at + 1);
    const range: Range = [first?.start ?? end, part.at(-1)?.end ?? end];
    if (isDefault(part.slice(at + 1))) continue;
    // (a, b) = (SELECT …) takes a row of several columns, of which a SELECT would take one.
    const isRow = part[at - 1]?.text === ')' && /^(select|with|values)$/i.test(second?.text ?? '');
    values.push(isRow ? ['(SELECT hologen_row FROM ', range, ' AS hologen_row)'] : [range]);
  }
  return values;
}

/** What stands between the parentheses that open at a token, parted by commas; DEFAULT is no value. */
export function listedValues(open: number, { tokens }: Source): Range[] {
  const start = tokens[open]?.end ?? 0;
  const end = tokens[closingOf(tokens, open)]?.start ?? start;
  return partsOf(tokens, start, end)
    .filter((part) => !isDefault(part))
    .map((part) => [part[0]?.start ?? start, part.at(-1)?.end ?? end]);
}

function isDefault(part: Token[]): boolean {
  return part.length === 1 && part[0]?.text.toLowerCase() === 'default';
}

/** The tokens between two offsets, parted at the commas that stand in no parentheses. */
function partsOf(tokens: Token[], start: number, end: number): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens.slice(firstTokenFrom(tokens, start), firstTokenFrom(tokens, end))) {
    if (depth === 0 && token.text === ',') {
      parts.push([]);
      continue;
    }
    if ('(['.includes(token.text)) depth += 1;
    if (')]'.includes(token.text)) depth -= 1;
    parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

/** Values of columns that PostgreSQL gives values of its own. */
export function dropsValues({ override }: Body): boolean {
  return override === 'OVERRIDING_USER_VALUE';
}
