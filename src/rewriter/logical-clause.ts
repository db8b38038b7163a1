/**
 * LOGICAL PARTITION BY LIST (…) of Hologres' CREATE TABLE, which PostgreSQL's grammar does not know. Such a table is a physical one, and a
 * partition is a value that its rows have: without the clause it is a plain table.
 * https://www.alibabacloud.com/help/en/hologres/developer-reference/create-logical-partition-table
 */
import { nameIn, parseStatements, scanTokens, statementsOf, type Token } from './parse.js';
import { type SplicedText, splice } from './spliced-text.js';

export interface LogicalClause {
  /** Where it stood, in the text without it. */
  at: number;
  /** As the catalogue has them. */
  columns: string[];
}

/** Texts without such a clause, or that PostgreSQL can read as they are, are left alone. */
export function withoutLogicalClauses(before: SplicedText): { plain: SplicedText; clauses: LogicalClause[] } {
  const left = { plain: before, clauses: [] };
  if (!/\blogical\s+partition\b/i.test(before.text) || parseStatements(before.text)) return left;
  const found = statementsOf(scanTokens(before.text) ?? []).flatMap((words) => clauseOf(words) ?? []);
  let removed = 0;
  const clauses = found.map(({ start, end, columns }) => {
    const at = start - removed;
    removed += end - start;
    return { at, columns };
  });
  const edits = found.map(({ start, end }) => ({ start, end, pieces: [] }));
  return { plain: splice(before, edits), clauses };
}

function clauseOf(words: Token[]): { start: number; end: number; columns: string[] } | undefined {
  const lower = words.map(({ text }) => text.toLowerCase());
  const first = lower.findIndex(
    (_, index) => lower.slice(index, index + 5).join(' ') === 'logical partition by list (',
  );
  const last = lower.indexOf(')', first + 5);
  if (lower[0] !== 'create' || first < 0 || last < 0) return undefined;
  const inside = words.slice(first + 5, last);
  // Names and commas in turn.
  if (inside.length % 2 === 0 || !inside.every(({ text }, index) => (text === ',') === (index % 2 === 1)))
    return undefined;
  const columns = inside.filter((_, index) => index % 2 === 0).map(({ text }) => nameIn(text));
  return { start: (words[first] as Token).start, end: (words[last] as Token).end, columns };
}
