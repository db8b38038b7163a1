/** hologen.sessions: who is connected, what their calls do and cost; one's own, all for administrators. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

test('an administrator sees each session with its calls and their cost, others see their own', async () => {
  const owner = await gateway.client();
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  const [amy, other] = [await gateway.clientOf('amy'), await gateway.clientOf('amy')];
  await amy.query("SET application_name = 'batch'; SELECT ai_gen('qwen_image_2', 'first')");
  await owner.query("CALL pause_model('qwen_image_2')");
  const waits = amy.query("SELECT ai_gen('qwen_image_2', 'a picture ' || i) FROM generate_series(1, 2) i");
  const seen = "SELECT * FROM hologen.sessions WHERE role_name = 'amy' ORDER BY queued DESC";
  // A call waits before its job is in the ledger: of three pictures at 0.20.
  const busiest = async () => (await owner.query(seen)).rows[0];
  await expect.poll(async () => (await busiest()).spent).toBe('0.6');
  const [busy, idle] = (await owner.query(seen)).rows;
  expect(busy).toMatchObject({ application_name: 'batch', running: '0', state: 'active' });
  expect(busy.statement).toContain('a picture');
  expect(busy.queued).toBe('2');
  expect(idle).toMatchObject({ queued: '0', statement: null, spent: '0' });
  const { rows: own } = await other.query('SELECT DISTINCT role_name FROM hologen.sessions');
  expect(own).toEqual([{ role_name: 'amy' }]);
  await owner.query("CALL resume_model('qwen_image_2')");
  await waits;
  await amy.end();
  await expect.poll(async () => (await owner.query(seen)).rowCount).toBe(1);
});
