/** Finds where a SELECT block stands in the text: its first word, the items of its target list, its end. */
import { type Body, children, kindOf } from './nodes.js';
import type { Token } from './parse.js';
import type { Source } from './source.js';
import type { Range } from './target-items.js';

export interface Block {
  selectAt: number;
  items: Range[];
  end: number;
}

/** Words that end a target list; FROM also stands in IS DISTINCT FROM. */
const listEnds = new Set(
  'from where group having window union intersect except order limit offset fetch for into returning on with'.split(
    ' ',
  ),
);

/** What ends an arm of a UNION; ORDER BY and LIMIT behind the last arm are not the arm's. */
const armEnds = new Set('union intersect except order limit offset fetch for'.split(' '));

/** Finds SELECT, the items between its commas, and the end of the block. */
export function locate(select: Body, { tokens, offset }: Source, isArm = false): Block | undefined {
  const first = kindOf(children(select, 'targetList')[0])[1];
  const firstIndex = tokens.findIndex((token) => token.start === offset(first.location));
  const word = (index: number) => tokens[index]?.text.toLowerCase() ?? '';
  const selectIndex = word(firstIndex - 1) === 'all' ? firstIndex - 2 : firstIndex - 1;
  if (firstIndex < 0 || word(selectIndex) !== 'select') return undefined;

  const items: Range[] = [];
  let from = tokens[firstIndex]?.start ?? 0;
  let last = from;
  let depth = 0;
  let inList = true;
  for (let index = firstIndex; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    if ('(['.includes(token.text)) depth += 1;
    if (')]'.includes(token.text)) depth -= 1;
    if (depth < 0 || (depth === 0 && endsBlock(word(index), word(index + 1)))) break;
    if (isArm && depth === 0 && armEnds.has(word(index))) break;
    const endsList: boolean =
      depth === 0 &&
      inList &&
      listEnds.has(word(index)) &&
      !(word(index) === 'from' && word(index - 1) === 'distinct');
    if (inList && depth === 0 && (token.text === ',' || endsList)) {
      items.push([from, last]);
      from = tokens[index + 1]?.start ?? 0;
      inList = !endsList;
    }
    last = token.end;
  }
  if (inList) items.push([from, last]);
  return { selectAt: tokens[selectIndex]?.start ?? 0, items, end: last };
}

/** What may follow a SELECT, of an INSERT or CREATE TABLE AS for example, without belonging to it. */
function endsBlock(word: string, next: string): boolean {
  return (
    word === ';' ||
    word === 'returning' ||
    (word === 'on' && next === 'conflict') ||
    (word === 'with' && ['data', 'no'].includes(next))
  );
}
