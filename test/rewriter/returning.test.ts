/** RETURNING ai_gen(…) through the gateway: the client hears the tags and errors of the statement that it wrote. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bind,
  connectRaw,
  execute,
  type Frame,
  login,
  parse,
  query,
  type RawClient,
  sync,
  types,
} from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
let raw: RawClient;

const call = `ai_gen('qwen_image_2_pro', json_build_object('prompt', p))`;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await client.query('CREATE TABLE foxes (id int, p text, r text)');
  raw = await connectRaw(gateway.url);
  await login(raw, gateway.url);
});
afterAll(() => {
  raw?.close();
  return gateway?.close();
});

function tagsOf(frames: Frame[]): string[] {
  return frames
    .filter(({ type }) => type === 'C')
    .map(({ body }) => body.toString('latin1', 0, body.length - 1));
}

test('the tags of a text with several statements', async () => {
  raw.write(
    query(
      `SELECT 1; INSERT INTO foxes VALUES (1, 'red fox'), (2, 'grey fox') RETURNING id, ${call};
       UPDATE foxes SET p = 'old ' || p RETURNING ${call}, ${call}; SELECT ${call} FROM foxes; DELETE FROM foxes WHERE id = 2 RETURNING *, ${call}`,
    ),
  );
  expect(tagsOf(await raw.until('Z'))).toEqual([
    'SELECT 1',
    'INSERT 0 2',
    'UPDATE 2',
    'SELECT 2',
    'DELETE 1',
  ]);
});

test('rows, tags and calls are those of the statement, also when only some rows are fetched at a time', async () => {
  await gateway.forgetRequests();
  const answers = [];
  for (const item of ['p', call]) {
    raw.write(
      parse(
        '',
        `INSERT INTO foxes SELECT i, 'fox ' || $1 || i FROM generate_series(1, 3) i RETURNING id, ${item}`,
      ),
      bind('', '', ['number ']),
      execute('', 2),
      execute('', 2),
      sync,
    );
    const frames = await raw.until('Z');
    answers.push({ types: types(frames), tags: tagsOf(frames) });
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(await gateway.requests()).toHaveLength(3);
});

test('a driver that counts rows by the tag', async () => {
  const { command, rowCount, rows } = await client.query(
    `INSERT INTO foxes VALUES (5, 'a fox'), (6, 'another') RETURNING id, length(${call}) > 0 AS made`,
  );
  expect({ command, rowCount, rows }).toEqual({
    command: 'INSERT',
    rowCount: 2,
    rows: [
      { id: 5, made: true },
      { id: 6, made: true },
    ],
  });
});

test('an error names the command that the client wrote', async () => {
  await client.query('BEGIN READ ONLY');
  const refused = client.query(`DELETE FROM foxes RETURNING ${call}`);
  await expect(refused).rejects.toThrow('cannot execute DELETE in a read-only transaction');
  await client.query('ROLLBACK');
});

test('UPDATE through the gateway', async () => {
  await client.query("TRUNCATE foxes; INSERT INTO foxes SELECT i, 'fox ' || i FROM generate_series(1, 4) i");
  await gateway.forgetRequests();
  const { command, rowCount } = await client.query(
    `UPDATE foxes SET r = ${call}::json ->> 'requestId' WHERE id < 4`,
  );
  expect({ command, rowCount }).toEqual({ command: 'UPDATE', rowCount: 3 });
  const { rows } = await client.query('SELECT count(DISTINCT r)::int AS made FROM foxes');
  expect(rows).toEqual([{ made: 3 }]);
  expect(await gateway.requests()).toHaveLength(3);
});
