/** Databases made through the gateway while it serves have ai_gen from their first session on, whatever they are a copy of. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

let gateway: TestGateway;
let owner: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
});
afterAll(() => gateway?.close());

const addressOf = (database: string) => gateway.url.replace(/\/hologen$/, `/${encodeURIComponent(database)}`);

/** What ai_gen says in the first statement of a new session. */
async function said(database: string): Promise<string> {
  const client = await gateway.client({ connectionString: addressOf(database) });
  const { rows } = await client.query("SELECT ai_gen('qwen_plus', 'hello') AS text");
  await client.end();
  return rows[0].text;
}

test.each([
  ['CREATE DATABASE "empty ü" TEMPLATE template0', 'empty ü'],
  ['CREATE DATABASE copy', 'copy'],
])('%s', async (statement, name) => {
  await owner.query(statement);
  expect(await said(name)).toContain('hello');
});

test('one that is dropped and made again is a new one', async () => {
  for (let round = 1; round <= 2; round += 1) {
    await owner.query('CREATE DATABASE again TEMPLATE template0');
    expect(await said('again')).toContain('hello');
    await owner.query('DROP DATABASE again');
  }
});

test('createdb makes one too, and what is sent behind the statement does not hide it', async () => {
  await runProgram('createdb', ['-T', 'template0', '--maintenance-db', gateway.url, 'from_createdb']);
  expect(await said('from_createdb')).toContain('hello');
  await runProgram('psql', [
    ...['-X', gateway.url, '-c', 'CREATE DATABASE from_psql TEMPLATE template0', '-c', 'SELECT 1'],
  ]);
  expect(await said('from_psql')).toContain('hello');
});

test('one that cannot have it can be used all the same', async () => {
  await owner.query(
    "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0",
  );
  const client = await gateway.client({ connectionString: addressOf('latin') });
  expect((await client.query('SHOW server_encoding')).rows).toEqual([{ server_encoding: 'LATIN1' }]);
});
