/** What another gateway is making: taken over where the session that asked for it is gone, made anew where it is still there. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
let other: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  other = await gateway.client();
  // Its session stands for a gateway that lives.
  await other.query(`INSERT INTO hologen_internal.living_gateway
    SELECT 'other', pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`);
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

/** The other gateway is making the same call, for the session of this process. Returns its job. */
async function madeElsewhere(prompt: string, engineProcessId: number, ago = '0'): Promise<string> {
  await client.query("SELECT ai_gen('qwen_plus', $1)", [prompt]);
  await gateway.forgetRequests();
  const { rows } = await client.query(
    `WITH made AS (UPDATE hologen_internal.job SET claimed_at = clock_timestamp() WHERE request #>> '{}' = $1 RETURNING *)
     INSERT INTO hologen_internal.job (job_id, state, gateway_id, statement_id, role_name, role_oid, database_name, application_name, engine_process_id,
       statement_at, model_name, model_type, scenario, request, request_key, detached, released, currency, groups, submitted_at)
     SELECT gen_random_uuid(), 'running', 'other', statement_id, role_name, role_oid, database_name, application_name, $2, clock_timestamp() - $3::interval,
       model_name, model_type, scenario, request, request_key, false, true, currency, groups, clock_timestamp() FROM made RETURNING job_id`,
    [prompt, engineProcessId, ago],
  );
  return rows[0].job_id;
}

const asked = async (prompt: string): Promise<string> =>
  (await client.query("SELECT ai_gen('qwen_plus', $1) AS made", [prompt])).rows[0].made;

/** Whoever asks for the same waits for that job, and has what it gives. */
async function expectAwaited(prompt: string, engineProcessId: number, ago?: string): Promise<void> {
  const job = await madeElsewhere(prompt, engineProcessId, ago);
  await client.query("SET ai_gen.timeout = '2s'");
  await refusal(asked(prompt));
  await client.query('RESET ai_gen.timeout');
  await other.query(
    "UPDATE hologen_internal.job SET state = 'succeeded', result = 'made elsewhere' WHERE job_id = $1",
    [job],
  );
  expect(await asked(prompt)).toBe('made elsewhere');
  expect(await gateway.requests()).toEqual([]);
}

test('where the session is gone its call is waited for, though its gateway has not said so yet', async () => {
  const gone = await gateway.client();
  const { rows } = await gone.query('SELECT pg_backend_pid() AS pid');
  await gone.end();
  await expect
    .poll(
      async () => (await other.query('SELECT FROM pg_stat_activity WHERE pid = $1', [rows[0].pid])).rowCount,
    )
    .toBe(0);
  await expectAwaited('left by a session', rows[0].pid);
});

test('where a process has taken the number of one that is gone, the call is nobody’s too', async () => {
  const young = await gateway.client();
  const { rows } = await young.query('SELECT pg_backend_pid() AS pid');
  await expectAwaited('left long ago', rows[0].pid, '1 hour');
});

test('where the session is still there it has its call for itself, and another one is made', async () => {
  const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
  await madeElsewhere('wanted by two', rows[0].pid);
  expect(await asked('wanted by two')).toContain('wanted by two');
  expect((await gateway.requests()).length).toBe(1);
});
