/** PREPARE TRANSACTION is no commit: who rolls it back, in whatever session, has not paid for nothing. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let engine: DebianPostgres;
let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  engine = await startDebianPostgres([], ['max_prepared_transactions = 5']);
  gateway = await startTestGateway({ engineUrl: engine.url });
  client = await gateway.client();
  await client.query('CREATE TABLE kept (made text)');
});
afterAll(async () => {
  await gateway?.close();
  await engine?.close();
});

const picture = (prompt: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}"}') AS made`;
async function prepare(prompt: string) {
  await client.query('BEGIN');
  const { rows } = await client.query(`INSERT INTO kept ${picture(prompt)} RETURNING made`);
  await client.query(`PREPARE TRANSACTION '${prompt}'`);
  return rows;
}
const sent = async (prompt: string) => JSON.stringify(await gateway.requests()).split(prompt).length - 1;

test('what was made in a transaction that is prepared and rolled back is there for the next identical call', async () => {
  const made = await prepare('rolled back');
  const other = await gateway.client();
  await other.query("ROLLBACK PREPARED 'rolled back'");
  expect((await other.query(picture('rolled back'))).rows).toEqual(made);
  expect(await sent('rolled back')).toBe(1);
});

test('an ai_submit in it is made', async () => {
  await client.query('BEGIN');
  const { rows } = await client.query(picture('submitted').replace('ai_gen', 'ai_submit'));
  await client.query("PREPARE TRANSACTION 'submitted'");
  await client.query("COMMIT PREPARED 'submitted'");
  const { rows: made } = await client.query('SELECT ai_wait($1) AS made', [rows[0].made]);
  expect(JSON.parse(made[0].made).image_urls).toHaveLength(1);
});

test('an ai_submit in one that is rolled back is not sent', async () => {
  await client.query('BEGIN');
  const { rows } = await client.query(picture('undone').replace('ai_gen', 'ai_submit'));
  await client.query("PREPARE TRANSACTION 'undone'");
  await client.query("ROLLBACK PREPARED 'undone'");
  const state = async () => (await client.query('SELECT ai_status($1) AS state', [rows[0].made])).rows;
  await expect.poll(state, { timeout: 10_000 }).toEqual([{ state: expect.stringContaining('cancelled') }]);
  expect(await sent('undone')).toBe(0);
});

test('the next transaction of its session is a commit again', async () => {
  await prepare('before');
  await client.query("COMMIT PREPARED 'before'");
  const { rows } = await client.query(`INSERT INTO kept ${picture('after')} RETURNING made`);
  expect((await client.query(picture('after'))).rows).not.toEqual(rows);
  expect(await sent('after')).toBe(2);
});
