import { beforeAll, expect, test } from 'vitest';
import { refuseForeignSyntax } from '../../src/rewriter/foreign-syntax.js';
import { loadParser } from '../../src/rewriter/parse.js';
import { unedited } from '../../src/rewriter/spliced-text.js';
import { rewriteTableProperties } from '../../src/rewriter/table-properties.js';

beforeAll(loadParser);

test.each([
  [
    'CREATE TABLE t (a int) WITH (orientation = column)',
    'CREATE TABLE t (a int) ',
    { orientation: 'column' },
  ],
  [
    "CREATE TABLE t (é text DEFAULT ') WITH (') WITH(/* ü */ fillfactor=70 -- ,\n , ORIENTATION='row') TABLESPACE x",
    "CREATE TABLE t (é text DEFAULT ') WITH (') WITH (fillfactor=70) TABLESPACE x",
    { orientation: 'row' },
  ],
  [
    `CREATE TABLE t (a int, EXCLUDE (a WITH =) WITH (fillfactor = 50)) WITH (vectors = 'x) , (y', toast.autovacuum_enabled)`,
    'CREATE TABLE t (a int, EXCLUDE (a WITH =) WITH (fillfactor = 50)) WITH (toast.autovacuum_enabled)',
    { vectors: 'x) , (y' },
  ],
  ['CREATE TABLE t (a int) WITH (binlog_ttl = 0)', 'CREATE TABLE t (a int) ', { 'binlog.ttl': '0' }],
])('%s is the plain table and its properties', (text, definition, properties) => {
  const [, plain, table, values] =
    /create_table\('(.*)', '(.*)', '(.*)'\)$/s.exec(rewriteTableProperties(unedited(text)).text) ?? [];
  expect(plain?.replaceAll("''", "'")).toBe(definition);
  expect(table).toBe('"t"');
  expect(JSON.parse(values?.replaceAll("''", "'") ?? '')).toEqual(properties);
});

test.each([
  'CREATE TABLE t (a int) WITH (fillfactor = 70)',
  'ALTER TABLE t SET (fillfactor = 70, orientation = row)',
  'ALTER TABLE t ALTER a SET (n_distinct = 5)',
  'CREATE INDEX ON t (a) WITH (fillfactor = 70)',
  "COPY t TO STDOUT WITH (FORMAT csv, NULL 'orientation')",
  'SELECT a FROM t WITH (orientation = 1)',
  "SELECT 'with (orientation = 1)'",
])('%s stays as it is', (text) => {
  expect(rewriteTableProperties(unedited(text)).text).toBe(text);
  expect(refuseForeignSyntax(text)).toBe(text);
});

test.each([
  'CREATE/* */DYNAMIC\nTABLE -- x',
  'SELECT 1; drop DYNAMIC table "x"',
  'create temp table a.b (c text) logical partition by hash (c)',
  'TRUNCATE TABLE ONLY a."b c" PARTITION (d = \'e\')',
])('%s is refused', (text) => {
  expect(refuseForeignSyntax(text)).toMatch(/^SELECT hologen_caller\.refuse_statement\(/);
});

test.each([
  "CREATE TABLE t (a text DEFAULT 'logical partition by list') FOO",
  'CREATE DYNAMIC',
  'SELECT dynamic table',
  "SELECT 'unfinished dynamic table",
  'ALTER TABLE a ADD COLUMN b int PARTITION (c)',
])('%s is left to PostgreSQL', (text) => {
  expect(refuseForeignSyntax(text)).toBe(text);
});
