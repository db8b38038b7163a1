/** retry_job: a failure is asked for again once, by its role or an administrator, and never what may have been taken. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let amy: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'; CREATE ROLE bob LOGIN PASSWORD 'secret'");
  amy = await gateway.clientOf('amy');
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const submits = async () => (await gateway.requests()).length;

/** Asks for a picture that the provider refuses, and gives its job. */
async function failure(prompt: string): Promise<string> {
  await amy.query("SET ai_gen.tag = 'summer'");
  await refusal(amy.query(`SELECT ai_gen('qwen_image', '{"prompt": "${prompt} [[sandbox:refuse]]"}')`));
  await amy.query('RESET ai_gen.tag');
  const { rows } = await owner.query("SELECT job_id FROM hologen.jobs WHERE request ->> 'prompt' LIKE $1", [
    `${prompt} %`,
  ]);
  return rows[0].job_id;
}

const retry = (client: pg.Client, job: string) => client.query('SELECT retry_job($1) AS handle', [job]);

test('failures are chosen by a WHERE, sent again once with their tag, and not a second time', async () => {
  await failure('one');
  await failure('two');
  await gateway.forgetRequests();
  const chosen =
    "SELECT retry_job(job_id) AS handle FROM hologen.jobs WHERE state = 'failed' AND tag = 'summer'";
  const { rows } = await amy.query(chosen);
  expect(rows).toHaveLength(2);
  for (const { handle } of rows)
    expect((await refusal(amy.query('SELECT ai_wait($1)', [handle]))).code).toBe('22H01');
  expect(await submits()).toBe(2);
  const { rows: tags } = await amy.query('SELECT tag FROM hologen.jobs WHERE job_id = ANY ($1)', [
    rows.map(({ handle }) => handle),
  ]);
  expect(tags).toEqual([{ tag: 'summer' }, { tag: 'summer' }]);
  // Those that failed first were retried; what came of that may be.
  const again = await refusal(amy.query(chosen));
  expect([again.code, await submits()]).toEqual(['42704', 2]);
});

test('of two that retry a job at the same time one does, and a retry that is rolled back does not count', async () => {
  const job = await failure('raced');
  await gateway.forgetRequests();
  await amy.query('BEGIN');
  await retry(amy, job);
  expect((await refusal(retry(owner, job))).code).toBe('42704');
  await amy.query('ROLLBACK');
  await expect
    .poll(() =>
      retry(owner, job).then(
        () => 'made',
        (error) => error.code,
      ),
    )
    .toBe('made');
  await expect.poll(submits).toBe(1);
});

test('what succeeded, was made and not saved, is unanswered, or cost what nobody can tell is not asked for again', async () => {
  await amy.query("SELECT ai_gen('qwen_plus', 'fine')");
  const { rows } = await amy.query("SELECT job_id FROM hologen.jobs WHERE model_name = 'qwen_plus'");
  expect((await refusal(retry(amy, rows[0].job_id))).code).toBe('42704');
  const [unanswered, unsaved] = [await failure('unanswered'), await failure('unsaved')];
  const billed = await failure('billed');
  // As where a model without a price gives tokens and no answer.
  await owner.query('UPDATE hologen_internal.job SET price = NULL WHERE job_id = $1', [billed]);
  await owner.query("UPDATE hologen_internal.job SET state = 'unanswered' WHERE job_id = $1", [unanswered]);
  await owner.query('UPDATE hologen_internal.job SET generated_at = now() WHERE job_id = $1', [unsaved]);
  await gateway.forgetRequests();
  for (const job of [unanswered, unsaved, billed])
    expect((await refusal(retry(amy, job))).code).toBe('42704');
  expect(await submits()).toBe(0);
});

test("others' failures are an administrator's to retry, under its own budgets", async () => {
  const job = await failure('others');
  await gateway.forgetRequests();
  const bob = await gateway.clientOf('bob');
  expect((await refusal(retry(bob, job))).code).toBe('42704');
  await owner.query("CALL set_budget('hologen', 'qwen_image', calls => 0)");
  expect((await refusal(retry(owner, job))).code).toBe('53400');
  expect(await submits()).toBe(0);
  await owner.query("CALL remove_budget('hologen', 'qwen_image')");
  // What the budget refused was not retried.
  expect((await retry(owner, job)).rows[0].handle).toMatch(/^[0-9a-f-]{36}$/);
  await amy.query('BEGIN READ ONLY');
  expect((await refusal(retry(amy, job))).code).toBe('25006');
  await amy.query('ROLLBACK');
});

test('what a later statement has made is its retry: nothing is sent', async () => {
  const asked = () => amy.query(`SELECT ai_gen('qwen_image', '{"prompt": "given up, and run again"}')`);
  await owner.query("CALL pause_model('qwen_image')");
  await amy.query("SET ai_gen.timeout = '100ms'");
  await refusal(asked());
  await amy.query('RESET ai_gen.timeout');
  await owner.query("CALL resume_model('qwen_image')");
  await asked();
  const { rows: jobs } = await owner.query(
    "SELECT job_id, state FROM hologen.jobs WHERE request ->> 'prompt' LIKE 'given up%' ORDER BY submitted_at",
  );
  expect(jobs.map(({ state }) => state)).toEqual(['cancelled', 'succeeded']);
  await gateway.forgetRequests();
  const { rows } = await retry(amy, jobs[0].job_id);
  expect([rows[0].handle, await submits()]).toEqual([jobs[1].job_id, 0]);
  expect((await amy.query('SELECT ai_wait($1) AS made', [rows[0].handle])).rows[0].made).toContain(
    'image_urls',
  );
});
