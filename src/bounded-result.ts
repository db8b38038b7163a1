/** Runs one statement for a person or an agent to look at: as many of its rows as can be shown, whatever it returns. */
import pg from 'pg';

export interface BoundedResult {
  columns: string[];
  /** The first ones, each value as PostgreSQL writes it; long ones are cut. */
  rows: (string | null)[][];
  /** Of all. */
  rowCount: number;
  command: string | null;
}

const mostRows = 200;
const mostCharacters = 4_000_000;
const longestValue = 20_000;
/** Values stay as PostgreSQL writes them. */
const asText = { getTypeParser: () => (value: unknown) => value };

/** The extended protocol takes exactly one statement, so what was estimated is what runs. */
export async function runStatement(client: pg.Client, statement: string): Promise<BoundedResult> {
  const query = client.query(
    new pg.Query({ text: statement, queryMode: 'extended', rowMode: 'array', types: asText } as never),
  );
  const kept: BoundedResult = { columns: [], rows: [], rowCount: 0, command: null };
  let keptCharacters = 0;
  await new Promise<void>((resolve, reject) => {
    // With a listener for rows the library keeps none itself: a million of them take no memory.
    query.on('row', (row: unknown) => {
      kept.rowCount += 1;
      if (kept.rows.length >= mostRows || keptCharacters >= mostCharacters) return;
      const values = (row as unknown[]).map(cut);
      kept.rows.push(values);
      for (const value of values) keptCharacters += value?.length ?? 0;
    });
    query.on('end', (result) => {
      kept.columns = result.fields.map((field) => field.name);
      kept.command = result.rowCount === null ? result.command : `${result.command} ${result.rowCount}`;
      resolve();
    });
    query.on('error', reject);
  });
  return kept;
}

function cut(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = String(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
