/** EXPLAIN (ai): what a statement's calls would be, in front of its plan. PostgreSQL's grammar takes the option, and the engine would refuse it. */
import pg from 'pg';
import type { Body } from './nodes.js';
import { firstTokenFrom, type ParsedStatement, parseStatements, scanTokens } from './parse.js';
import type { SplicedText } from './spliced-text.js';
import { type Replacement, replaceStatements, type TextWithProcedures } from './table-properties.js';

const mayBeAsked = /\bexplain\b[^;]{0,200}\bai\b/is;

/** Texts without such a statement are left alone. */
export function rewriteExplain(before: SplicedText): TextWithProcedures {
  const statements = mayBeAsked.test(before.text) ? (parseStatements(before.text) ?? []) : [];
  return replaceStatements(
    before,
    statements.map((statement) => {
      const replacement = explained(statement, before.text);
      return replacement && { start: statement.start, end: statement.end, replacement };
    }),
  );
}

interface Explain extends Body {
  options?: { DefElem: { defname: string; arg?: unknown } }[];
}

/** Of several options the engine says which it does not know. */
function explained({ kind, node, start, end }: ParsedStatement, text: string): Replacement | undefined {
  const options = kind === 'ExplainStmt' ? ((node as Explain).options ?? []) : [];
  const [only, more] = options.map(({ DefElem }) => DefElem);
  if (only?.defname !== 'ai' || only.arg || more) return undefined;
  const tokens = scanTokens(text) ?? [];
  // EXPLAIN ( ai ) and then the statement.
  const statement = tokens[firstTokenFrom(tokens, start) + 4];
  if (!statement) return undefined;
  const asked = pg.escapeLiteral(text.slice(statement.start, end));
  return {
    pieces: [` SELECT line AS "QUERY PLAN" FROM hologen_caller.explained(${asked}) AS line`],
    tag: 'EXPLAIN',
  };
}
