/** States and columns of a job are told in src/ledger/states.ts; tables, views and docs say the same. `vitest -u` writes docs/ledger.md anew. */
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobColumns, jobStates } from '../../src/ledger/states.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

const page = fileURLToPath(new URL('../../docs/ledger.md', import.meta.url));
let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
afterAll(() => gateway?.close());

const columnsOf = async (relation: string) =>
  (
    await client.query(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [relation],
    )
  ).rows as { name: string; type: string }[];

const inSql: Record<string, string> = { timestamptz: 'timestamp with time zone' };
const shown = Object.entries(jobColumns).flatMap(([column, { shown }]) => (shown ? [[column, shown]] : []));

test('hologen_internal.job has these columns and no other', async () => {
  const told = Object.entries(jobColumns).map(([name, { type }]) => ({ name, type: inSql[type] ?? type }));
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  expect((await columnsOf('hologen_internal.job')).sort(byName)).toEqual(told.sort(byName));
});

test('hologen.jobs shows those that are to be shown, in their order', async () => {
  expect((await columnsOf('hologen.jobs')).map(({ name }) => name)).toEqual(shown.map(([, name]) => name));
});

test('a job can be in these states and in no other', async () => {
  const { rows } = await client.query(
    `SELECT pg_get_constraintdef(oid) AS rule FROM pg_constraint WHERE conrelid = 'hologen_internal.job'::regclass AND contype = 'c'`,
  );
  const allowed = [...rows[0].rule.matchAll(/'(\w+)'/g)].map(([, state]) => state);
  expect(allowed).toEqual(Object.keys(jobStates));
});

test('docs/ledger.md tells them', async () => {
  const states = Object.entries(jobStates).map(
    ([state, { means, ended }]) => `| \`${state}\` | ${ended ? 'yes' : 'no'} | ${means} |\n`,
  );
  const columns = shown.map(
    ([column = '', name]) => `| \`${name}\` | ${jobColumns[column]?.type} | ${jobColumns[column]?.means} |\n`,
  );
  const text = `# The ledger

Every call that was opened is a row of \`hologen.jobs\`, every time something was sent a row of \`hologen.usage\`. A row is committed before
anything follows from it, outside of the client's transaction. How a call goes from state to state: [The life of a call](life-of-a-call.md).

## States of a job

| state | over | meaning |
|---|---|---|
${states.join('')}
## Columns of hologen.jobs

| column | type | meaning |
|---|---|---|
${columns.join('')}`;
  await expect(text).toMatchFileSnapshot(page);
});
