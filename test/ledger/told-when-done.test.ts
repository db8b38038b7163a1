/** Who listens is told when a job has ended, and of no more than its id. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

test('LISTEN hologen_jobs is told of each end, succeeded or not, in no more words than its id and state', async () => {
  const owner = await gateway.client();
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  await owner.query("CREATE ROLE bob LOGIN PASSWORD 'secret'");
  const [listening, amy] = [await gateway.clientOf('amy'), await gateway.clientOf('amy')];
  const bob = await gateway.clientOf('bob');
  const told: Record<string, unknown>[] = [];
  listening.on('notification', ({ payload }) => told.push(JSON.parse(payload ?? '')));
  await listening.query('LISTEN hologen_jobs');
  const { rows } = await amy.query('SELECT ai_submit(\'wan26_t2v\', \'{"prompt": "steam"}\') AS job');
  await refusal(amy.query("SELECT ai_gen('qwen_image', 'a cup [[sandbox:refuse]]')"));
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(2);
  const { rows: jobs } = await amy.query('SELECT job_id, state FROM hologen.jobs ORDER BY state');
  expect(told.sort((a, b) => (String(a.state) < String(b.state) ? -1 : 1))).toEqual(jobs);
  expect(told).toContainEqual({ job_id: rows[0].job, state: 'succeeded' });
  // What another role hears is an id that it finds nothing under.
  expect((await bob.query('SELECT FROM hologen.jobs WHERE job_id = $1', [rows[0].job])).rowCount).toBe(0);
  expect((await refusal(bob.query('SELECT ai_status($1)', [rows[0].job]))).code).toBe('42704');
});
