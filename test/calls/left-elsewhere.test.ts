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

/** The number of a session that is no more. */
async function goneSession(): Promise<number> {
  const gone = await gateway.client();
  const { rows } = await gone.query('SELECT pg_backend_pid() AS pid');
  await gone.end();
  await expect
    .poll(
      async () => (await other.query('SELECT FROM pg_stat_activity WHERE pid = $1', [rows[0].pid])).rowCount,
    )
    .toBe(0);
  return rows[0].pid;
}

test('where the session is gone its call is waited for, though its gateway has not said so yet', async () => {
  await expectAwaited('left by a session', await goneSession());
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

const sent = async () => (await gateway.requests()).map(({ body }) => JSON.stringify(body));
const waitingCalls = async () =>
  Number((await other.query('SELECT sum(calls) AS calls FROM hologen.progress')).rows[0].calls);
const endedElsewhere = (job: string, end: string) =>
  other.query(`UPDATE hologen_internal.job SET ${end} WHERE job_id = $1`, [job]);

test('who waits for what another gateway makes holds up nobody who asks for the same, nor their other calls', async () => {
  const job = await madeElsewhere('awaited by one', await goneSession());
  const first = asked('awaited by one');
  const later = await gateway.client();
  const both = later.query(
    "SELECT ai_gen('qwen_plus', p) AS made FROM unnest(ARRAY['awaited by one', 'something else']) AS p",
  );
  await expect
    .poll(async () => (await sent()).toSorted())
    .toEqual([expect.stringContaining('awaited by one'), expect.stringContaining('something else')]);
  await endedElsewhere(job, "state = 'succeeded', result = 'made elsewhere'");
  const made = [await first, ...(await both).rows.map((row) => row.made)];
  expect(made.filter((each) => each === 'made elsewhere').length).toBe(1);
  expect((await sent()).length).toBe(2);
});

test('of rows that ask for the same one waits for what another gateway makes, and the others are made meanwhile', async () => {
  const job = await madeElsewhere('asked by three rows', await goneSession());
  const asking = client.query(
    "SELECT ai_gen('qwen_plus', 'asked by three rows') AS made FROM generate_series(1, 3) AS n WHERE n > 0",
  );
  await expect.poll(async () => (await sent()).length).toBe(2);
  await endedElsewhere(job, "state = 'succeeded', result = 'made elsewhere'");
  const made = (await asking).rows.map((row) => row.made);
  expect(made.filter((each) => each === 'made elsewhere').length).toBe(1);
  expect((await sent()).length).toBe(2);
});

test('what another gateway makes and gives up is nobody’s any more: who waited for it has a call of their own', async () => {
  const job = await madeElsewhere('given up elsewhere', await goneSession());
  const asking = asked('given up elsewhere');
  await expect.poll(waitingCalls).toBe(1);
  await endedElsewhere(job, "state = 'cancelled'");
  expect(await asking).toContain('given up elsewhere');
  expect((await sent()).length).toBe(1);
});

test('who stops waiting for what another gateway makes leaves it to the next who asks for the same', async () => {
  const job = await madeElsewhere('left to the next', await goneSession());
  await client.query("SET ai_gen.timeout = '1s'");
  await refusal(asked('left to the next'));
  await client.query('RESET ai_gen.timeout');
  const next = asked('left to the next');
  await expect.poll(waitingCalls).toBe(1);
  await endedElsewhere(job, "state = 'succeeded', result = 'made elsewhere'");
  expect(await next).toBe('made elsewhere');
  expect(await sent()).toEqual([]);
});
