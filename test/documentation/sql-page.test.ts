/** docs/sql.md names every function, procedure, view and setting that a client can use, and nothing that is not there. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSessionSettings } from '../../src/calls/session-settings.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/sql.md', import.meta.url)), 'utf8');

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

test('every function and procedure that is found by its bare name is described', async () => {
  const client = await gateway.client();
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc p
     WHERE pronamespace = 'pg_catalog'::regnamespace
       AND EXISTS (SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.pronamespace = 'hologen'::regnamespace)
     ORDER BY 1`,
  );
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.map((row) => row.name).filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});

test('the schema hologen holds no function but those that are described: their parts are elsewhere', async () => {
  const client = await gateway.client();
  const { rows } = await client.query<{ name: string }>(
    "SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'hologen'::regnamespace ORDER BY 1",
  );
  expect(rows.length).toBeGreaterThan(40);
  expect(
    rows.map((row) => row.name).filter((name) => !new RegExp(`\`(hologen\\.)?${name}\\(`).test(page)),
  ).toEqual([]);
});

test('every view is described with all its columns', async () => {
  const client = await gateway.client();
  const { rows } = await client.query<{ view: string; columns: string[] }>(
    `SELECT c.relname AS view, array_agg(a.attname::text ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
     WHERE c.relnamespace = 'hologen'::regnamespace AND c.relkind = 'v' GROUP BY 1 ORDER BY 1`,
  );
  for (const { view, columns } of rows) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`hologen.${view}\``)) ?? '';
    expect({ view, missing: columns.filter((column) => !new RegExp(`\\b${column}\\b`).test(row)) }).toEqual({
      view,
      missing: [],
    });
  }
});

test('every setting of a session is described with its default', () => {
  const names = Object.keys(readSessionSettings({})).map((name) =>
    name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  expect(names.filter((name) => !page.includes(`| \`ai_gen.${name}\``))).toEqual([]);
});

test.each(['sql.md', 'colleague.md', 'agents.md'])('every example of docs/%s runs', async (name) => {
  const client = await gateway.client();
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  for (const [, sql = ''] of text.matchAll(/^```sql\n([\s\S]*?)^```/gm)) await client.query(sql);
});
