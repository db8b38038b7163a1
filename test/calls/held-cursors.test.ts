/** A cursor WITH HOLD makes its calls when its transaction is committed; the results are its client's when it has fetched them. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

const rows = (word: string) =>
  `SELECT ai_gen('qwen_plus', '${word} ' || i) AS told FROM generate_series(1, 4) i`;
const submits = async () => (await gateway.requests()).length;

/** Runs the statements as a client that leaves then, and tells how many calls the same query makes for the next client. */
async function madeAgain(word: string, statements: string[], leave = (client: pg.Client) => client.end()) {
  await gateway.forgetRequests();
  const client = await gateway.client();
  for (const each of statements) await client.query(each);
  expect(await submits()).toBe(4);
  const { rows: sessions } = await client.query('SELECT pg_backend_pid() AS pid');
  await leave(client);
  const other = await gateway.client();
  const left = () => other.query('SELECT FROM pg_stat_activity WHERE pid = $1', [sessions[0].pid]);
  await expect.poll(async () => (await left()).rowCount).toBe(0);
  await other.query(rows(word));
  await other.end();
  return (await submits()) - 4;
}

const declare = (word: string) => `DECLARE c CURSOR WITH HOLD FOR ${rows(word)}`;

test('a client that leaves before it has fetched anything has nothing: the same query takes it all', async () => {
  expect(await madeAgain('nothing', [declare('nothing')])).toBe(0);
  const transaction = ['BEGIN', declare('committed'), 'COMMIT'];
  expect(await madeAgain('committed', transaction)).toBe(0);
});

test('a client that dies in the midst has them again', async () => {
  const cut = async (client: pg.Client) => {
    const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
    client.on('error', () => {});
    stream.destroy();
  };
  expect(await madeAgain('midst', [declare('midst'), 'FETCH 2 FROM c'], cut)).toBe(0);
});

test.each([
  ['all at once', ['FETCH ALL FROM c']],
  ['in parts', ['FETCH 3 FROM c', 'FETCH 3 FROM c']],
  ['some, and then closed it', ['FETCH 1 FROM c', 'CLOSE c']],
  ['some, and then closed all', ['FETCH 1 FROM c', 'CLOSE ALL']],
])('a client that has fetched %s has had them: the same query makes its own', async (how, fetching) => {
  expect(await madeAgain(how, [declare(how), ...fetching])).toBe(4);
});

test('a cursor that was closed unread has given nothing', async () => {
  expect(await madeAgain('unread', [declare('unread'), 'CLOSE c'])).toBe(0);
});

test('of two cursors neither is taken for read before the rows of both were fetched', async () => {
  const both = [
    declare('one of two').replace('generate_series(1, 4)', 'generate_series(1, 2)'),
    "DECLARE d CURSOR WITH HOLD FOR SELECT ai_gen('qwen_plus', 'one of two ' || i) FROM generate_series(3, 4) i",
  ];
  expect(await madeAgain('one of two', [...both, 'FETCH ALL FROM c'])).toBe(0);
  expect(
    await madeAgain('two of two', [
      ...both.map((each) => each.replace('one of', 'two of')),
      'FETCH ALL FROM c',
      'FETCH ALL FROM d',
    ]),
  ).toBe(4);
});

test('while the client may still fetch them they are nobody else’s', async () => {
  await gateway.forgetRequests();
  const [client, other] = [await gateway.client(), await gateway.client()];
  await client.query(declare('mine'));
  await other.query(rows('mine'));
  expect(await submits()).toBe(8);
  expect((await client.query('FETCH ALL FROM c')).rowCount).toBe(4);
});

test('what was fetched before the COMMIT, which reads the cursor from its begin, is not made again', async () => {
  await gateway.forgetRequests();
  const client = await gateway.client();
  await client.query('BEGIN');
  await client.query(declare('rewound').replace("'rewound ' || i", "'rewound ' || i % 3"));
  const before = (await client.query('FETCH 3 FROM c')).rows;
  await client.query("SELECT ai_gen('qwen_plus', 'rewound 1')");
  await client.query('COMMIT');
  expect(await submits()).toBe(5);
  await client.query('MOVE BACKWARD ALL FROM c');
  const { rows: all } = await client.query('FETCH ALL FROM c');
  expect(all.slice(0, 3)).toEqual(before);
  const { rows: jobs } = await client.query(
    "SELECT count(*)::int AS made, sum(attempts)::int AS sent FROM hologen.jobs WHERE request #>> '{}' LIKE 'rewound %'",
  );
  expect(jobs).toEqual([{ made: 5, sent: 5 }]);
});
