/** Transactions that a client sends behind one another, without waiting for their answers: each is committed or undone for itself. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { query, type RawClient, session } from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const picture = (prompt: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}"}') AS made`;
const refused = `${picture('refused [[sandbox:refuse]]')}`;
const sent = async (prompt: string) =>
  (await gateway.requests()).filter(({ body }) => JSON.stringify(body).includes(prompt)).length;

/** Sends all at once, and gives which of them failed. */
async function ask(client: RawClient, ...texts: string[]): Promise<boolean[]> {
  client.write(...texts.map(query));
  const failed: boolean[] = [];
  for (const _ of texts) failed.push((await client.until('Z')).some(({ type }) => type === 'E'));
  return failed;
}

test.each([
  ['before', (prompt: string) => [picture(prompt), refused], [false, true]],
  ['behind', (prompt: string) => [refused, picture(prompt)], [true, false]],
  ['between', (prompt: string) => [refused, picture(prompt), refused], [true, false, true]],
])('what was delivered %s one that fails is not given to anybody again', async (where, texts, failed) => {
  const client = await session(gateway.url);
  expect(await ask(client, ...texts(`delivered ${where}`))).toEqual(failed);
  client.close();
  const other = await gateway.client();
  await other.query(picture(`delivered ${where}`));
  expect(await sent(`delivered ${where}`)).toBe(2);
});

test('what one that fails has made waits for the next identical call', async () => {
  const client = await session(gateway.url);
  const both = `SELECT ai_gen('qwen_image_2', json_build_object('prompt', p)::text) FROM (VALUES ('kept'), ('bad [[sandbox:refuse]]')) AS t (p)`;
  expect(await ask(client, both, picture('another'))).toEqual([true, false]);
  client.close();
  const other = await gateway.client();
  await other.query(picture('kept'));
  expect(await sent('kept')).toBe(1);
});

test('what was delivered beside a failure that is skipped is the client’s, too', async () => {
  const client = await session(gateway.url);
  await ask(client, 'SET ai_gen.on_error = skip');
  const both = `SELECT ai_gen('qwen_image_2', json_build_object('prompt', p)::text) FROM (VALUES ('beside'), ('bad [[sandbox:refuse]]')) AS t (p)`;
  expect(await ask(client, both, 'SELECT 1 / 0')).toEqual([false, true]);
  client.close();
  const other = await gateway.client();
  await other.query(picture('beside'));
  expect(await sent('beside')).toBe(2);
});
