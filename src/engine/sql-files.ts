/** The SQL files as they are installed: steps that run once, and code that is installed again when its text has changed. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packagePath } from '../package-root.js';
import { generatedSql } from '../rewriter/ai-function-sql.js';

export interface SqlFile {
  /** e.g. `tables/home/0001-tables.sql` */
  name: string;
  text: string;
  /** Of the text, what is generated included. */
  hash: string;
}

/** What a database gets: `everywhere` all of them, `home` the gateway's own besides. */
export type Part = 'everywhere' | 'home';

export interface SqlFiles {
  /** In order; each runs once in a database. */
  tables: SqlFile[];
  /** In order; each may run again at any time, over what it made before. */
  code: SqlFile[];
}

export async function readSqlFiles(parts: readonly Part[], root = packagePath('sql')): Promise<SqlFiles> {
  const read = async (kind: 'tables' | 'code') =>
    (await Promise.all(parts.map((part) => readFolder(root, `${kind}/${part}`)))).flat();
  return { tables: await read('tables'), code: await read('code') };
}

async function readFolder(root: string, folder: string): Promise<SqlFile[]> {
  const names = (await readdir(join(root, folder))).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(names.map((name) => readSqlFile(root, `${folder}/${name}`)));
}

async function readSqlFile(root: string, name: string): Promise<SqlFile> {
  let text = await readFile(join(root, name), 'utf8');
  for (const [place, sql] of Object.entries(generatedSql())) text = text.replaceAll(place, () => sql);
  return { name, text, hash: createHash('sha256').update(text).digest('hex') };
}
