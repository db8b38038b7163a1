/**
 * ALTER TABLE … PARTITION (column = value) … SET (…) and RESET (…), by which Hologres gives partitions of a logically partitioned table
 * properties of their own, become calls of a procedure.
 * https://www.alibabacloud.com/help/en/hologres/developer-reference/alter-logical-partition-table
 */
import pg from 'pg';
import { firstOutside, parsedAs, rangeOf, scanTokens, statementsOf, type Token } from './parse.js';
import type { SplicedText } from './spliced-text.js';
import {
  optionTexts,
  type Relation,
  type Replacement,
  relationName,
  replaceStatements,
  type TextWithProcedures,
} from './table-properties.js';

const mayBeAbout = /\balter\s+table\b[^;]*\bpartition\s*\(/i;

/** Texts without such a statement are left alone. None of them is ever a statement of PostgreSQL. */
export function rewritePartitionProperties(before: SplicedText): TextWithProcedures {
  const tokens = mayBeAbout.test(before.text) ? (scanTokens(before.text) ?? []) : [];
  const replacements = statementsOf(tokens).map((words) => {
    const replacement = alteredPartitions(before.text, words);
    return replacement && { ...rangeOf(words), replacement };
  });
  return replaceStatements(before, replacements);
}

interface Altered {
  relation: Relation;
  missing_ok?: boolean;
}

function alteredPartitions(text: string, words: Token[]): Replacement | undefined {
  const isWord = (index: number, word: string) => words[index]?.text.toLowerCase() === word;
  if (!isWord(0, 'alter') || !isWord(1, 'table')) return undefined;
  const first = firstOutside(words, 0, (word, index) => word === 'partition' && isWord(index + 1, '('));
  const partitions: Record<string, string>[] = [];
  let next = first;
  while (isWord(next, 'partition') && isWord(next + 1, '(')) {
    const behind = firstOutside(words, next + 2, (word) => word === ')');
    const opening = words[next + 1] as Token;
    const values = valuesOf(text.slice(opening.end, words[behind]?.start));
    if (!values) return undefined;
    partitions.push(values);
    next = behind + 1;
  }
  const resets = isWord(next, 'reset');
  if (partitions.length === 0 || !(resets || isWord(next, 'set'))) return undefined;
  const { start, end } = rangeOf(words);
  const plain = `${text.slice(start, words[first]?.start)} ${text.slice(words[next]?.start, end)}`;
  const statement = parsedAs<Altered>('AlterTableStmt', plain);
  if (!statement) return undefined;
  const options = Object.entries(optionTexts(statement));
  const properties = Object.fromEntries(options.map(([key, value]) => [key, resets ? null : value]));
  const values = [relationName(statement.relation), JSON.stringify(partitions), JSON.stringify(properties)];
  const list = values.map((value) => pg.escapeLiteral(value)).join(', ');
  const call = `CALL hologen_caller.set_partition_properties(${list}, ${statement.missing_ok ?? false})`;
  return { pieces: [call], tag: 'ALTER TABLE' };
}

interface Assignment {
  ResTarget: { name: string; val?: { A_Const?: Record<string, Record<string, unknown>> } };
}

/** `ds = '2025-04-01', region = 'eu'`; undefined where a value is not written out. */
function valuesOf(list: string): Record<string, string> | undefined {
  const statement = parsedAs<{ targetList: Assignment[] }>('UpdateStmt', `UPDATE t SET ${list}`);
  const values = statement?.targetList.map(({ ResTarget: { name, val } }) => [
    name,
    constantOf(val?.A_Const),
  ]);
  return values?.every(([, value]) => value !== undefined)
    ? (Object.fromEntries(values) as Record<string, string>)
    : undefined;
}

function constantOf(constant: Record<string, Record<string, unknown>> | undefined): string | undefined {
  const { sval, ival, fval } = constant ?? {};
  // The tree leaves out a zero and an empty text.
  if (ival) return String(ival.ival ?? 0);
  if (sval) return String(sval.sval ?? '');
  return fval && String(fval.fval);
}
