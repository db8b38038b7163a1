/** Attack: what somebody typed beside a call (keys, passwords) is read by whoever sees the ledger. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

test('keys and passwords in the text of a statement are not in hologen.jobs and hologen.usage', async () => {
  const client = await gateway.client();
  const secrets = ['sk-1234567890abcdef', 's3cr3t-token', "it''s mine"];
  await client.query(
    `/* {"token": "s3cr3t-token"}, PASSWORD 'it''s mine' */ SELECT ai_gen('qwen_plus', 'nothing to see'), 'sk-1234567890abcdef'`,
  );
  const { rows } = await client.query(
    `SELECT j.statement, u.statement AS used FROM hologen.jobs j JOIN hologen.usage u USING (job_id) WHERE j.request #>> '{}' = 'nothing to see'`,
  );
  expect(rows).toHaveLength(1);
  for (const secret of secrets) expect(JSON.stringify(rows)).not.toContain(secret);
  expect(rows[0].statement).toContain("PASSWORD '***'");
});

const kept = async (client: pg.Client, prompt: string) => {
  const { rows } = await client.query(
    `SELECT DISTINCT j.statement, u.statement AS used FROM hologen.jobs j JOIN hologen.usage u USING (job_id) WHERE j.request #>> '{}' = $1`,
    [prompt],
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].used).toBe(rows[0].statement);
  return rows[0].statement as string;
};

test.each([
  [
    'the one that calls, in the client’s own words',
    "SELECT ai_gen('qwen_plus', 'own') FROM generate_series(1, 2)",
    'own',
  ],
  ['the block that calls', "DO $$ BEGIN PERFORM ai_gen('qwen_plus', 'block'); END; $$", 'block'],
])('of several statements in one text only %s is kept', async (_what, calling, prompt) => {
  const client = await gateway.client();
  await client.query('CREATE TABLE IF NOT EXISTS vault (content text)');
  await client.query(
    `CREATE ROLE "r ${prompt}" PASSWORD 's3'; SET my.pin = '1234;5678'; CALL set_budget(NULL, 'qwen_plus', 1000);
     CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 4711 END; END;
     ${calling};
     SELECT 2; SELECT 'secret'::text AS "from here"; COMMENT ON TABLE vault IS 'hidden'`,
  );
  expect(await kept(client, prompt)).toBe(calling);
});

test('what may call unseen, by a trigger or a view, is kept beside it', async () => {
  const client = await gateway.client();
  const calling = `SELECT ai_gen('qwen_plus', 'beside')`;
  await client.query(`SET my.pin = '77'; INSERT INTO vault VALUES ('x'); ${calling}; SELECT * FROM vault`);
  expect(await kept(client, 'beside')).toBe(
    `INSERT INTO vault VALUES ('x'); ${calling}; SELECT * FROM vault`,
  );
});

test('a text that is cut within a secret does not show it', async () => {
  const client = await gateway.client();
  const long = `SELECT ai_gen('qwen_plus', 'cut'); ALTER ROLE r PASSWORD '${'hush'.repeat(4000)}'`;
  await refusal(client.query(`SET my.pin = '88'; ${long}`));
  expect(await kept(client, 'cut')).toBe("SELECT ai_gen('qwen_plus', 'cut')");
  const late = `SET my.pin = $tag$${'hush'.repeat(4000)}$tag$; SELECT ai_gen('qwen_plus', 'late')`;
  await client.query(late);
  expect(await kept(client, 'late')).toBe('…');
});
