/** The query of a MERGE: the values that it would write, of the rows that match and of those that do not. */
import { type AnyNode, type Body, child, children, containsAiCall, kindOf } from '../nodes.js';
import { firstTokenFrom, type ParsedStatement, type Token, tokenAt } from '../parse.js';
import type { Source } from '../source.js';
import type { Edit, Piece } from '../spliced-text.js';
import { quoted, type Range } from '../target-items.js';
import { givesUpdatedRows } from '../update-stages.js';
import { assignedValues, dropsValues, listedValues } from './assigned.js';
import { wholeRows } from './whole-rows.js';

const apart = { why: 'it cannot be taken apart' };

/** A WHEN of the statement as a branch of a CASE. */
interface Branch {
  matched: boolean;
  condition: Range | undefined;
  values: Piece[][];
}

export function cutMerge(
  merge: Body,
  statement: ParsedStatement,
  source: Source,
): { edits: Edit[] } | { why: string } {
  const relation = child(merge, 'relation');
  const kinds = children(merge, 'mergeWhenClauses').map((each) => String(kindOf(each)[1].matchKind));
  const isHidden = source.cteNames.has(String(relation.relname));
  const isDropping = children(merge, 'mergeWhenClauses').some((each) => dropsValues(kindOf(each)[1]));
  if (kindOf(merge.sourceRelation)[0] === 'JoinExpr' || isHidden || isDropping) return apart;
  if (kinds.includes('MERGE_WHEN_NOT_MATCHED_BY_SOURCE')) return { why: 'it is about rows of no source' };
  if (containsAiCall(merge.joinCondition)) return { why: 'a result decides which rows match' };
  const words = outerWords(tokenAt(source.tokens, source.offset(relation.location)), source);
  const first = words.at(0);
  const head = headOf(words);
  if (!first || !head) return apart;
  const [using, on, ...whens] = head;
  const range = (from: Token, to: Token): Range => rangeBetween(from, to, source);
  const target = range(first, using);
  const rows = range(using, on);
  const condition = range(on, whens[0] as Token);
  const branches = whens.map((when, index) =>
    readBranch(when, whens[index + 1] ?? (words.at(-1) as Token), words, source),
  );
  const sure = `${givesUpdatedRows(relation)} AND (`;
  const alias = child(relation, 'alias').aliasname ?? relation.relname;
  const both = new Set(branches.map(({ matched }) => matched)).size === 2;
  const joined = both ? `${quoted(String(alias))}.ctid IS NOT NULL` : 'true';
  // Its rows are read once, as a MERGE reads them: a call may stand in them.
  const from: Piece[] = both
    ? [' FROM ', rows, ' LEFT JOIN ', target, ' ON (', condition, `) WHERE ${sure}true)`]
    : branches.every(({ matched }) => matched)
      ? [' FROM ', target, ', ', rows, ` WHERE ${sure}`, condition, ')']
      : [' FROM ', rows, ` WHERE ${sure}NOT EXISTS (SELECT FROM `, target, ' WHERE (', condition, ')))'];
  const pieces: Piece[] = [
    'SELECT CASE',
    ...branches.flatMap((each) => branchOf(each, joined)),
    ' END',
    wholeRows([merge.sourceRelation as AnyNode], merge),
    ...from,
  ];
  return { edits: [{ start: first.start, end: statement.end, pieces }] };
}

function branchOf({ matched, condition, values }: Branch, joined: string): Piece[] {
  const also: Piece[] = condition ? [' AND (', condition, ')'] : [];
  const fits = matched || joined === 'true' ? joined : `NOT (${joined})`;
  return [` WHEN ${fits}`, ...also, ' THEN ', ...countOf(values)];
}

/** Any values as one. */
function countOf(values: Piece[][]): Piece[] {
  if (values.length === 0) return ['NULL'];
  const listed = values.flatMap((value): Piece[] => [', ', ...value]).slice(1);
  return ['pg_catalog.num_nulls(', ...listed, ')'];
}

/** MERGE and the words behind it that stand in no parentheses and in no CASE, with the end of the statement as the last one. */
function outerWords(target: number, { tokens }: Source): Token[] {
  let first = target;
  while (first > 0 && tokens[first]?.text.toLowerCase() !== 'merge') first -= 1;
  const words: Token[] = [];
  let depth = 0;
  for (const token of tokens.slice(first)) {
    const word = token.text.toLowerCase();
    if (depth === 0 && word === ';') break;
    if (depth === 0) words.push({ ...token, text: word });
    if (['(', '[', 'case'].includes(word)) depth += 1;
    if ([')', ']', 'end'].includes(word)) depth -= 1;
  }
  const returning = words.findIndex(({ text }) => text === 'returning');
  const ended = returning < 0 ? words : words.slice(0, returning);
  const end = words[returning]?.start ?? tokens.at(-1)?.end ?? 0;
  return target < 0 ? [] : [...ended, { text: '', start: end, end }];
}

/** USING, ON and each WHEN; undefined if they do not stand as expected. */
function headOf(words: Token[]): [Token, Token, ...Token[]] | undefined {
  if (words[0]?.text !== 'merge' || words[1]?.text !== 'into') return undefined;
  const using = words.find(({ text }) => text === 'using');
  const on = words.find(({ text, start }) => text === 'on' && using !== undefined && start > using.start);
  const whens = words.filter(({ text, start }) => text === 'when' && on !== undefined && start > on.start);
  return using && on && whens.length > 0 ? [using, on, ...whens] : undefined;
}

/** What stands between two words; MERGE INTO are two. */
function rangeBetween(from: Token, to: Token, { tokens }: Source): Range {
  const at = tokenAt(tokens, from.start) + (from.text === 'merge' ? 2 : 1);
  return [tokens[at]?.start ?? to.start, tokens[firstTokenFrom(tokens, to.start) - 1]?.end ?? to.start];
}

function readBranch(when: Token, end: Token, words: Token[], source: Source): Branch {
  const own = words.filter(({ start }) => start >= when.start && start < end.start);
  const thenAt = own.findIndex(({ text }) => text === 'then');
  const then = own[thenAt] ?? end;
  const and = own.slice(0, thenAt).find(({ text }) => text === 'and');
  const action = own.slice(thenAt + 1);
  const word = (text: string) => action.find((each) => each.text === text);
  const set = action[0]?.text === 'update' ? word('set') : undefined;
  const list = word('values');
  const values = set
    ? assignedValues(rangeBetween(set, end, source), source)
    : list
      ? listedValues(tokenAt(source.tokens, list.start) + 1, source).map((range) => [range])
      : [];
  const condition = and && rangeBetween(and, then, source);
  return { matched: own[1]?.text === 'matched', condition, values };
}
