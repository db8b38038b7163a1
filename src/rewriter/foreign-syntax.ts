/**
 * Statements that Hologres has but PostgreSQL's grammar does not: instead of a bare syntax error the client is told what is not
 * supported, and what to write instead.
 */
import pg from 'pg';
import { parseStatements, scanTokens } from './parse.js';

interface ForeignForm {
  /** Matched against the statement in lower case, tokens separated by one space, quoted names and strings left out. */
  form: RegExp;
  what: string;
  hint: string;
}

const dynamicTables = 'dynamic tables are not supported';

/** https://www.alibabacloud.com/help/en/hologres/user-guide/create-dynamic-table and its neighbours. */
const forms: ForeignForm[] = [
  {
    form: /^create (or replace )?dynamic table /,
    what: dynamicTables,
    hint: 'Write CREATE MATERIALIZED VIEW name AS query, and REFRESH MATERIALIZED VIEW name when it is to be computed again.',
  },
  {
    form: /^refresh (overwrite )?dynamic table /,
    what: dynamicTables,
    hint: 'Write REFRESH MATERIALIZED VIEW name for a materialized view.',
  },
  {
    form: /^alter dynamic table /,
    what: dynamicTables,
    hint: 'Write ALTER MATERIALIZED VIEW for a materialized view; PostgreSQL refreshes none by itself.',
  },
  {
    form: /^drop dynamic table /,
    what: dynamicTables,
    hint: 'Write DROP MATERIALIZED VIEW for a materialized view.',
  },
  {
    form: /^alter object table /,
    what: 'ALTER OBJECT TABLE is not supported',
    hint: 'An object table is altered as a table: ALTER TABLE. Where its objects lie is the default of its column "file".',
  },
  {
    form: /^create (\w+ )*table .*logical partition by (?!list )/,
    what: 'a table is partitioned logically by LIST alone',
    hint: 'Write LOGICAL PARTITION BY LIST (column), with one or two columns.',
  },
  {
    form: /^truncate .* partition \(/,
    what: 'TRUNCATE of a partition is not supported',
    hint: 'Write DELETE FROM table WHERE column = value: a partition is there while a row of it is.',
  },
  {
    form: /^insert into .* partition \(/,
    what: 'INSERT into a partition is not supported',
    hint: 'Leave PARTITION (…) out: rows make their partitions. Where others are to be skipped, write INSERT … SELECT … WHERE.',
  },
];

const mayBeForeign = /\b(?:dynamic|object)\s+table\b|\blogical\s+partition\b|\bpartition\s*\(/i;

/**
 * If PostgreSQL cannot parse a text and one of its statements has such a form, the text becomes a call that raises 0A000. As with a
 * syntax error, none of its statements runs. Every other text is left alone.
 */
export function refuseForeignSyntax(text: string): string {
  if (!mayBeForeign.test(text) || parseStatements(text)) return text;
  for (const statement of plainStatements(text)) {
    const found = forms.find(({ form }) => form.test(statement));
    if (found) return refusal(found.what, found.hint);
  }
  return text;
}

/** The statement that raises 0A000. */
export function refusal(what: string, hint: string): string {
  return `SELECT hologen_caller.refuse_statement(${pg.escapeLiteral(what)}, ${pg.escapeLiteral(hint)})`;
}

function plainStatements(text: string): string[] {
  const words = (scanTokens(text) ?? []).map((token) =>
    /^([\w.]+|.)$/.test(token.text) ? token.text.toLowerCase() : '?',
  );
  return words
    .join(' ')
    .split(' ; ')
    .map((statement) => `${statement} `);
}
