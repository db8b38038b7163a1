/** Locates a SELECT block or a statement with RETURNING in the text: its first word, the items of its list, its end. */
import { type Body, child, kindOf } from './nodes.js';
import { lastWordBefore, type Token, tokenAt } from './parse.js';
import type { Source } from './source.js';
import type { Range } from './target-items.js';

export interface Block {
  /** Its first word. */
  startAt: number;
  items: Range[];
  end: number;
}

/** Words that end a target list; FROM also occurs in IS DISTINCT FROM. */
const listEnds = new Set(
  'from where group having window union intersect except order limit offset fetch for into returning on with'.split(
    ' ',
  ),
);

/** Words that end an arm of a UNION; ORDER BY and LIMIT after the last arm belong to the whole UNION. */
const armEnds = new Set('union intersect except order limit offset fetch for'.split(' '));

/** Finds SELECT, the items between its commas, and the end of the block. */
export function locate(select: Body, source: Source, isArm = false): Block | undefined {
  const first = firstToken(select.targetList, source);
  const selectIndex = wordAt(source, first - 1) === 'all' ? first - 2 : first - 1;
  if (wordAt(source, selectIndex) !== 'select') return undefined;
  return { startAt: source.tokens[selectIndex]?.start ?? 0, ...readList(first, source, isArm) };
}

/** The same for INSERT, UPDATE or DELETE with the items of its RETURNING. */
export function locateReturning(statement: Body, command: string, source: Source): Block | undefined {
  const first = firstToken(child(statement, 'returningClause').exprs, source);
  const table = source.offset(child(statement, 'relation').location);
  const start = lastWordBefore(source.tokens, table, command);
  if (!start || wordAt(source, first - 1) !== 'returning') return undefined;
  return { startAt: start.start, ...readList(first, source, false) };
}

function firstToken(targets: unknown, { tokens, offset }: Source): number {
  const [target] = Array.isArray(targets) ? targets : [];
  return tokenAt(tokens, offset(kindOf(target)[1].location));
}

function wordAt({ tokens }: Source, index: number): string {
  return tokens[index]?.text.toLowerCase() ?? '';
}

/** The items that start at a token, and the end of the block they belong to. */
function readList(first: number, source: Source, isArm: boolean): Pick<Block, 'items' | 'end'> {
  const { tokens } = source;
  const word = (index: number) => wordAt(source, index);
  const items: Range[] = [];
  let from = tokens[first]?.start ?? 0;
  let last = from;
  let depth = 0;
  let inList = true;
  for (let index = first; index < tokens.length; index++) {
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
  return { items, end: last };
}

/** Words that may follow a SELECT without belonging to it, for example in INSERT or CREATE TABLE AS. */
function endsBlock(word: string, next: string): boolean {
  return (
    word === ';' ||
    word === 'returning' ||
    (word === 'on' && next === 'conflict') ||
    (word === 'with' && ['data', 'no'].includes(next))
  );
}
