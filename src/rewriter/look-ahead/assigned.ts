/** The values that a statement writes, where they stand in its text. */
import { firstTokenFrom, type Token } from '../parse.js';
import type { Source } from '../source.js';
import type { Piece } from '../spliced-text.js';
import type { Range } from '../target-items.js';

/** What stands behind the equals signs of a SET list, as values of a SELECT; DEFAULT is none. */
export function assignedValues([start, end]: Range, source: Source): Piece[][] {
  const values: Piece[][] = [];
  for (const part of partsOf(source.tokens, start, end)) {
    const at = firstAtTop(part, '=');
    const [first, second] = part.slice(at + 1);
    const range: Range = [first?.start ?? end, part.at(-1)?.end ?? end];
    if (isDefault(part.slice(at + 1))) continue;
    // (a, b) = (SELECT …) takes a row of several columns, of which a SELECT would take one.
    const isRow = part[at - 1]?.text === ')' && /^(select|with|values)$/i.test(second?.text ?? '');
    values.push(isRow ? ['(SELECT hologen_row FROM ', range, ' AS hologen_row)'] : [range]);
  }
  return values;
}

/** The values of a VALUES list of one row, which stands between these offsets; DEFAULT is none. */
export function listedValues([start, end]: Range, { tokens }: Source): Piece[][] {
  return partsOf(tokens, start, end)
    .filter((part) => !isDefault(part))
    .map((part) => [[part[0]?.start ?? start, part.at(-1)?.end ?? end]]);
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

function firstAtTop(tokens: Token[], wanted: string): number {
  let depth = 0;
  return tokens.findIndex(({ text }) => {
    if (depth === 0 && text === wanted) return true;
    if ('(['.includes(text)) depth += 1;
    if (')]'.includes(text)) depth -= 1;
    return false;
  });
}
