/** Writes a query's parameters out: the engine's functions see the text of what runs, and not what was bound to it. */
import { scanTokens } from '../parse.js';
import { splice, unedited } from '../spliced-text.js';

/** `values`: as text, null for NULL. */
export function withValues(query: string, types: string[], values: (string | null)[]): string {
  return withExpressions(
    query,
    types,
    values.map((value) => literal(value)),
  );
}

/** `values`: as SQL. */
export function withExpressions(query: string, types: string[], values: string[]): string {
  const edits = (scanTokens(query) ?? []).flatMap(({ text, start, end }) => {
    const [, number] = /^\$(\d+)$/.exec(text) ?? [];
    if (number === undefined) return [];
    const type = types[Number(number) - 1] ?? 'text';
    return [{ start, end, pieces: [`((${values[Number(number) - 1] ?? 'NULL'})::${type})`] }];
  });
  return splice(unedited(query), edits).text;
}

/** Reads the same whatever standard_conforming_strings says. */
function literal(value: string | null): string {
  return value === null ? 'NULL' : ` E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
