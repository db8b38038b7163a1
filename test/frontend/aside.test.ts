/** The gateway asks the engine something in a client's session before a RETURNING with calls: the client sees nothing of it, and loses nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import {
  bind,
  describe as describeFrame,
  execute,
  type Frame,
  fields,
  parse,
  query,
  type RawClient,
  rows,
  session,
  sync,
  tags,
  types,
} from './raw-client.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const client = await gateway.client();
  await client.query(`
    CREATE TABLE plain (id int, made text);
    CREATE TABLE ruled (id int);
    CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO plain VALUES (NEW.id)`);
});
afterAll(() => gateway?.close());

const insert = (table: string) =>
  `INSERT INTO ${table} SELECT generate_series(1, 3) RETURNING ai_gen('qwen_plus', id::text) IS NOT NULL AS made`;

async function ask(client: RawClient, text: string): Promise<Frame[]> {
  client.write(query(text));
  return (await client.until('Z')).filter(({ type }) => type !== 'N');
}

test.each(['plain', 'ruled'])(
  'the answer to a query on a table that is %s is the client’s own alone',
  async (table) => {
    const client = await session(gateway.url);
    const answer = await ask(client, insert(table));
    expect(types(answer)).toBe('T D D D C Z');
    expect(rows(answer)).toEqual([['t'], ['t'], ['t']]);
    expect(tags(answer)).toEqual(['INSERT 0 3']);
    expect(rows(await ask(client, 'SELECT count(*) FROM pg_prepared_statements'))).toEqual([['0']]);
    client.close();
  },
);

test.each(['plain', 'ruled'])('in the extended protocol, too: table %s', async (table) => {
  const client = await session(gateway.url);
  client.write(parse('', 'SELECT 7'), sync);
  expect(types(await client.until('Z'))).toBe('1 Z');
  client.write(parse('own', insert(table)), describeFrame('S', 'own'), sync);
  expect(types(await client.until('Z'))).toBe('1 t T Z');
  // Its unnamed statement is still there.
  client.write(bind('', ''), execute(''), bind('', 'own'), execute(''), sync);
  const answer = (await client.until('Z')).filter(({ type }) => type !== 'N');
  expect(types(answer)).toBe('2 D C 2 D D D C Z');
  expect(rows(answer)).toEqual([['7'], ['t'], ['t'], ['t']]);
  client.close();
});

test('behind other messages of a pipe nothing can be asked, and the statement runs as it was written', async () => {
  const client = await session(gateway.url);
  client.write(parse('', 'BEGIN'), bind('', ''), execute(''));
  client.write(parse('', insert('ruled')), bind('', ''), execute(''), sync);
  const answer = (await client.until('Z')).filter(({ type }) => type !== 'N');
  expect(types(answer)).toBe('1 2 C 1 2 D D D C Z');
  client.close();
});

test('a transaction that has failed says so, and one that made the rule itself goes on', async () => {
  const client = await session(gateway.url);
  await ask(client, 'BEGIN');
  await ask(client, 'CREATE TABLE new (id int); CREATE RULE own AS ON INSERT TO new DO ALSO NOTIFY heard');
  expect(types(await ask(client, insert('new')))).toBe('T D D D C Z');
  await ask(client, 'SELECT 1 / 0');
  const failed = await ask(client, insert('plain'));
  expect(types(failed)).toBe('E Z');
  expect(fields(failed[0] as Frame)).toMatchObject({ C: '25P02' });
  client.close();
});

test('what the engine has to tell meanwhile reaches the client', async () => {
  const client = await session(gateway.url);
  const other = await gateway.client();
  await ask(client, 'LISTEN heard');
  await other.query("NOTIFY heard, 'news'");
  client.write(query(insert('plain')));
  const answer = await client.until('Z');
  expect(answer.some(({ type }) => type === 'A')).toBe(true);
  expect(rows(answer)).toHaveLength(3);
  client.close();
});
