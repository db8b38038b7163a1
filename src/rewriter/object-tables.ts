/**
 * Hologres' statements about object tables, which PostgreSQL's grammar does not know: CREATE, REFRESH and DROP OBJECT TABLE become calls of
 * procedures. The table itself is a plain one; where its objects lie is the default of its column `file`.
 */
import pg from 'pg';
import { refusal } from './foreign-syntax.js';
import { parsedAs, rangeOf, scanTokens, statementsOf, type Token } from './parse.js';
import { type Edit, type SplicedText, splice } from './spliced-text.js';
import {
  optionTexts,
  type Relation,
  type Replacement,
  relationName,
  replaceStatements,
  type TextWithProcedures,
} from './table-properties.js';

/** Comments may stand between the words. */
const mayBeAbout = /\bobject(?:\s+table\b|\s*(?:--|\/\*))/i;

/** https://www.alibabacloud.com/help/en/hologres/user-guide/manage-object-table-and-unstructured-data */
const places = ['path', 'oss_endpoint', 'role_arn'] as const;

/** What a statement is made into; undefined: the engine is left to say what is wrong with it. */
type Form = (before: SplicedText, words: Token[]) => Replacement | undefined;

const forms: Record<string, Form> = { create: createTable, refresh: refreshTable, drop: dropTables };

/** Texts without such a statement are left alone. None of them is ever a statement of PostgreSQL. */
export function rewriteObjectTables(before: SplicedText): TextWithProcedures {
  const tokens = mayBeAbout.test(before.text) ? (scanTokens(before.text) ?? []) : [];
  const replacements = statementsOf(tokens).map((words) => {
    const [first, ...next] = words.slice(0, 3).map(({ text }) => text.toLowerCase());
    const form = next.join(' ') === 'object table' ? forms[first as string] : undefined;
    const replacement = form?.(before, words);
    return replacement && { ...rangeOf(words), replacement };
  });
  return replaceStatements(before, replacements);
}

function createTable(before: SplicedText, words: Token[]): Replacement | undefined {
  const { text } = before;
  const [, object, table] = words as [Token, Token, Token];
  const { start, end } = rangeOf(words);
  const options = words.find((word) => word.text.toLowerCase() === 'with');
  const nameEnd = options?.start ?? end;
  if (words.some((word) => word.text === '(' && word.start < nameEnd)) return hasColumns;
  const statement = parsedAs<{ relation: Relation }>(
    'CreateStmt',
    `CREATE TABLE${text.slice(table.end, nameEnd)} () ${text.slice(nameEnd, end)}`,
  );
  // The engine says where the mistake is, for all else is as it knows it.
  if (!statement) {
    return { pieces: [[start, object.start], [object.end, nameEnd], ' () ', [nameEnd, end]] };
  }
  if (options && words.at(-1)?.text !== ')') return undefined;
  const given = optionTexts(statement);
  const place = Object.fromEntries(places.map((field) => [field, given[field]]));
  const properties = Object.fromEntries(
    Object.entries(given).filter(([field]) => !Object.hasOwn(place, field)),
  );
  const definition = splice(before, [
    { start: 0, end: start, pieces: [] },
    { start: object.start, end: object.end, pieces: [] },
    { start: nameEnd, end: text.length, pieces: [columnsOf(place)] },
  ]);
  const values = [
    definition.text,
    relationName(statement.relation),
    JSON.stringify(place),
    JSON.stringify(properties),
  ];
  const call = `CALL hologen_caller.create_object_table(${values.map((value) => pg.escapeLiteral(value)).join(', ')})`;
  return { pieces: [call], tag: 'CREATE OBJECT TABLE', definition };
}

const hasColumns: Replacement = {
  pieces: [
    refusal(
      'an object table has columns of its own: object_uri, etag, file and metadata',
      'Leave the list of columns out, and add others by ALTER TABLE … ADD COLUMN.',
    ),
  ],
};

/** The columns that Hologres gives every object table. What is missing in `place` the procedure refuses. */
function columnsOf(place: Record<string, string | undefined>): string {
  const fields = places.map((field) => pg.escapeLiteral(place[field] ?? ''));
  return (
    '(object_uri text PRIMARY KEY, etag text, ' +
    `file hologen.file DEFAULT ROW(${fields.join(', ')})::hologen.file, metadata jsonb)`
  );
}

function refreshTable({ text }: SplicedText, words: Token[]): Replacement | undefined {
  const behind = text.slice((words[2] as Token).end, rangeOf(words).end);
  const statement = parsedAs<{ relation: Relation; concurrent?: boolean; skipData?: boolean }>(
    'RefreshMatViewStmt',
    `REFRESH MATERIALIZED VIEW${behind}`,
  );
  if (!statement || statement.concurrent || statement.skipData) return undefined;
  const name = pg.escapeLiteral(relationName(statement.relation));
  return { pieces: [`CALL hologen.refresh_object_table(${name})`], tag: 'REFRESH OBJECT TABLE' };
}

function dropTables(before: SplicedText, words: Token[]): Replacement | undefined {
  const { start, end } = rangeOf(words);
  const object = words[1] as Token;
  const around: Edit[] = [
    { start: 0, end: start, pieces: [] },
    { start: object.start, end: object.end, pieces: [] },
    { start: end, end: before.text.length, pieces: [] },
  ];
  const definition = splice(before, around);
  const statement = parsedAs<{ objects: { List: { items: { String: { sval: string } }[] } }[] }>(
    'DropStmt',
    definition.text,
  );
  if (!statement) return undefined;
  const names = statement.objects.map(({ List }) =>
    List.items.map(({ String: { sval } }) => pg.escapeIdentifier(sval)).join('.'),
  );
  const list = names.map((name) => pg.escapeLiteral(name)).join(', ');
  const call = `CALL hologen_caller.drop_object_tables(${pg.escapeLiteral(definition.text)}, ARRAY[${list}])`;
  return { pieces: [call], tag: 'DROP OBJECT TABLE', definition };
}
