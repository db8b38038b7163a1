/** Attack: what somebody typed beside a call (keys, passwords) is read by whoever sees the ledger. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

test('keys and passwords in the text of a statement are not in hologen.jobs and hologen.usage', async () => {
  const client = await gateway.client();
  const secrets = ['sk-1234567890abcdef', 'hunter2', "it''s mine", 's3cr3t-token'];
  await client.query(
    `CREATE ROLE somebody LOGIN PASSWORD 'hunter2';
     ALTER ROLE somebody PASSWORD 'it''s mine';
     CALL register_external_model('keyed', 'qwen-plus', 'bailian', '{"api_key": "sk-1234567890abcdef"}', 'chat/completions');
     /* {"token": "s3cr3t-token"} */ SELECT ai_gen('qwen_plus', 'nothing to see')`,
  );
  const { rows } = await client.query(
    `SELECT j.statement, u.statement AS used FROM hologen.jobs j JOIN hologen.usage u USING (job_id) WHERE j.request #>> '{}' = 'nothing to see'`,
  );
  expect(rows).toHaveLength(1);
  for (const secret of secrets) expect(JSON.stringify(rows)).not.toContain(secret);
  expect(rows[0].statement).toContain("PASSWORD '***'");
});
