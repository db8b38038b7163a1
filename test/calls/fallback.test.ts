/** A model's config names others that answer in its place, for the reasons it gives; never for a call that may be paid for. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, type Said, startOwnCloud } from './own-cloud.js';

let own: OwnCloud;
let client: pg.Client;
let notices: string[] = [];

const deploy = (name: string, type: string, config: object, task = 'image-generation') =>
  client.query('CALL register_external_model($1, $2, $3, $4, $5)', [
    name,
    type,
    'bailian',
    JSON.stringify(config),
    task,
  ]);

beforeAll(async () => {
  own = await startOwnCloud();
  client = await own.gateway.client();
  client.on('notice', ({ message }) => notices.push(message ?? ''));
  await deploy('second', 'qwen-image-2.0', {});
  await deploy('third', 'qwen-image-edit-plus', {});
  await deploy('talker', 'qwen-turbo', {}, 'chat/completions');
});
beforeEach(() => {
  notices = [];
});
afterAll(() => own?.close());

const failed: Said = { status: 500, body: { code: 'RewriteFailed', message: 'no writer', request_id: 'r' } };
const busy: Said = {
  status: 429,
  body: { code: 'Throttling.RateQuota', message: 'slow down', request_id: 'r' },
};
const refused: Said = {
  status: 400,
  body: { code: 'DataInspectionFailed', message: 'not that', request_id: 'r' },
};
/** The model's type answers so from now on, again and again. */
const say = (type: string, said: Said) => own.speaker.script(type, ...Array<Said>(30).fill(said));

async function make(model: string, prompt: string) {
  const { rows } = await client.query(`SELECT ai_gen($1, json_build_object('prompt', $2::text)) AS made`, [
    model,
    prompt,
  ]);
  return JSON.parse(rows[0].made);
}

test('when a model fails another one answers; result, NOTICE and ledger say which', async () => {
  await deploy('first', 'qwen-image-max', {
    submits_per_second: 100,
    fallback: [
      { model: 'third', on: ['failure'] },
      { model: 'second', on: ['failure'] },
    ],
  });
  say('qwen-image-max', failed);
  // third edits pictures only: it does not take the request and is passed over.
  const made = await make('first', 'a lake');
  expect(made).toMatchObject({ image_urls: [expect.stringMatching(/^http/)], answered_by: 'second' });
  expect(notices).toContainEqual(expect.stringMatching(/second answers in place of first: .*RewriteFailed/));
  const { rows } = await client.query(
    `SELECT model_name, state, price::float FROM hologen.jobs WHERE request ->> 'prompt' = 'a lake' ORDER BY submitted_at`,
  );
  expect(rows).toEqual([
    { model_name: 'first', state: 'failed', price: 0 },
    { model_name: 'second', state: 'succeeded', price: 0.2 },
  ]);
});

test('a busy model is not waited for where another one is written for it', async () => {
  await deploy('busy', 'qwen-image-plus', {
    fallback: [{ model: 'second', on: ['quota'] }],
    submits_per_second: 100,
  });
  say('qwen-image-plus', busy);
  expect((await make('busy', 'a hill')).answered_by).toBe('second');
});

test('a refused key walks to another model only where that is written', async () => {
  const on = (...reasons: string[]) => ({ fallback: [{ model: 'second', on: reasons }] });
  await deploy('unlocked', 'qwen-image', on('authorization'));
  const unpaid: Said = { status: 400, body: { code: 'Arrearage', message: 'pay first', request_id: 'r' } };
  await deploy('owing', 'z-image-turbo', on('failure', 'quota', 'content'));
  say('qwen-image', unpaid);
  say('z-image-turbo', unpaid);
  expect((await refusal(make('owing', 'a street'))).code).toBe('28H01');
  expect((await make('unlocked', 'a street')).answered_by).toBe('second');
});

test('a refusal of content walks to no other model unless that is written', async () => {
  await deploy('strict', 'qwen-image-max-2025-12-30', {
    fallback: [{ model: 'second', on: ['failure', 'quota'] }],
  });
  await deploy('open', 'qwen-image-plus-2026-01-09', { fallback: [{ model: 'second', on: ['content'] }] });
  say('qwen-image-max-2025-12-30', refused);
  say('qwen-image-plus-2026-01-09', refused);
  expect((await refusal(make('strict', 'something'))).code).toBe('22H01');
  expect((await make('open', 'something')).answered_by).toBe('second');
});

test('a refusal of a text’s or a task’s content walks to no other model either, nor to one behind another that refuses it', async () => {
  await deploy('task', 'wan2.6-t2i', {
    fallback: [{ model: 'second', on: ['failure', 'quota', 'authorization'] }],
  });
  await deploy(
    'proper',
    'qwen-flash',
    { fallback: [{ model: 'talker', on: ['failure', 'quota', 'authorization'] }] },
    'chat/completions',
  );
  await deploy('behind', 'qwen-image-plus', {
    submits_per_second: 100,
    fallback: [
      { model: 'task', on: ['failure'] },
      { model: 'second', on: ['failure'] },
    ],
  });
  say('qwen-image-plus', failed);
  const before = ['qwen-image-2.0', 'qwen-turbo'].map((type) => own.speaker.submits(type));
  for (const model of ['task', 'behind'])
    expect((await refusal(make(model, `[[sandbox:refuse]] ${model}`))).code).toBe('22H01');
  expect((await refusal(client.query(`SELECT ai_gen('proper', '[[sandbox:refuse]]')`))).code).toBe('22H01');
  expect(['qwen-image-2.0', 'qwen-turbo'].map((type) => own.speaker.submits(type))).toEqual(before);
});

test('a film that failed is answered by another model for a reason that is written, and stays a value without one', async () => {
  await deploy('other_film', 'wan2.5-t2v-preview', {}, 'video-generation');
  const chain = (...on: string[]) => ({ fallback: [{ model: 'other_film', on }] });
  await deploy('film', 'wan2.6-t2v', chain('failure'), 'video-generation');
  const submits = () => own.speaker.submits('wan2.5-t2v-preview');
  const refusedFilm = await make('film', '[[sandbox:refuse]] a boat');
  expect(refusedFilm.output).toMatchObject({ task_status: 'FAILED', code: 'DataInspectionFailed' });
  expect(submits()).toBe(0);
  const failedFilm = await make('film', '[[sandbox:fail]] a boat');
  expect(submits()).toBe(1);
  expect(failedFilm.output).toMatchObject({ task_status: 'FAILED' });
  expect(failedFilm.answered_by).toBe('other_film');
});

test('a film that failed of its content is asked of nobody else for failures, where in the provider it was refused', async () => {
  const type = 'wan2.6-t2v-us';
  await deploy('third_film', 'wan2.5-t2v-preview', {}, 'video-generation');
  const config = { fallback: [{ model: 'third_film', on: ['failure'] }] };
  await deploy('refused_inside', type, config, 'video-generation');
  const before = own.speaker.submits('wan2.5-t2v-preview');
  const task = { task_id: 'inside', task_status: 'PENDING' };
  const code = 'InternalError.Algo.DataInspectionFailed';
  say(type, { status: 200, body: { request_id: 's', output: task } });
  const failed = { ...task, task_status: 'FAILED', code, message: 'no' };
  say('/api/v1/tasks/inside', { status: 200, body: { request_id: 'r', output: failed } });
  expect((await make('refused_inside', 'a boat')).output).toMatchObject({ task_status: 'FAILED', code });
  expect(own.speaker.submits('wan2.5-t2v-preview')).toBe(before);
});

test('of identical films that are one call, each is answered by the other model when it fails', async () => {
  await deploy('twin_film_2', 'wan2.5-t2v-preview', {}, 'video-generation');
  const config = { fallback: [{ model: 'twin_film_2', on: ['failure', 'content'] }] };
  await deploy('twin_film', 'wan2.6-t2v', config, 'video-generation');
  await client.query("SET ai_gen.reuse = 'on'");
  const { rows } = await client.query(
    `SELECT ai_gen('twin_film', '{"prompt": "[[sandbox:fail]] three of a kind"}') AS made FROM generate_series(1, 3)`,
  );
  await client.query('RESET ai_gen.reuse');
  expect(rows.map(({ made }) => JSON.parse(made).answered_by)).toEqual(Array(3).fill('twin_film_2'));
});

test('a call whose answer was lost is asked of nobody else: it may be paid for', async () => {
  await deploy('lost', 'qwen-image-2.0-pro', { fallback: [{ model: 'second', on: ['failure', 'quota'] }] });
  say('qwen-image-2.0-pro', 'lost');
  const before = own.speaker.submits('qwen-image-2.0');
  expect((await refusal(make('lost', 'a sea'))).code).toBe('08006');
  expect(own.speaker.submits('qwen-image-2.0')).toBe(before);
});

test('a text is the answer itself; which model gave it stands in the NOTICE', async () => {
  await deploy(
    'writer',
    'qwen-plus',
    { fallback: [{ model: 'talker', on: ['failure'] }] },
    'chat/completions',
  );
  say('qwen-plus', failed);
  const { rows } = await client.query(`SELECT ai_gen('writer', 'hello') AS text`);
  expect(rows[0].text).toContain('[sandbox qwen-turbo]');
  expect(notices).toContainEqual(expect.stringContaining('talker answers in place of writer'));
});

test.each([
  [{ fallback: 'second' }, /an array of/],
  [{ fallback: [{ model: 'second' }] }, /an array of reasons/],
  [{ fallback: [{ model: 'second', on: ['monday'] }] }, /one of quota, failure, authorization, content/],
  [{ fallback: [{ on: ['quota'] }] }, /config.fallback.model/],
  [{ fallback: [{ model: 'talker', on: ['quota'] }] }, /a model of task image-generation, not "talker"/],
  [{ fallback: [{ model: 'never', on: ['quota'] }] }, /another model than the one that is deployed/],
])('%j is refused when it is deployed', async (config, said) => {
  const { code, message } = await refusal(deploy('never', 'qwen-image-2.0', config));
  expect([code, message]).toEqual(['22023', expect.stringMatching(said)]);
});

test('a model that somebody else has deployed under a name that the config speaks of is passed over', async () => {
  await client.query("CREATE ROLE mallory LOGIN PASSWORD 'secret'");
  const mallory = await own.gateway.clientOf('mallory');
  await mallory.query(
    `CALL register_external_model('spare', 'qwen-image-plus', 'bailian', '{"api_key": "sk-mallory"}', 'image-generation')`,
  );
  await deploy('main', 'qwen-image-max', {
    submits_per_second: 100,
    fallback: [
      { model: 'spare', on: ['failure'] },
      { model: 'second', on: ['failure'] },
    ],
  });
  say('qwen-image-max', failed);
  expect(await make('main', 'nobody else’s')).toMatchObject({ answered_by: 'second' });
});

test('what another model has made and nobody got is taken by the same statement, which asks neither again', async () => {
  await deploy('weary', 'qwen-image-max', {
    submits_per_second: 100,
    fallback: [{ model: 'second', on: ['failure'] }],
  });
  say('qwen-image-max', failed);
  const wish = `SELECT ai_gen('weary', '{"prompt": "a heath"}') AS made`;
  await client.query(`BEGIN; CREATE TEMP TABLE heath AS ${wish}; ROLLBACK`);
  // It would answer now.
  own.speaker.script('qwen-image-max');
  const asked = own.speaker.seen().length;
  const { rows } = await client.query(wish);
  expect(JSON.parse(rows[0].made)).toMatchObject({ answered_by: 'second' });
  expect(own.speaker.seen().length).toBe(asked);
  const claimed = async () => (await jobsOf('a heath')).map((job) => job.claimed);
  await expect.poll(claimed).toEqual([false, true]);
  // It is the client's now.
  await client.query(wish);
  expect((await jobsOf('a heath')).map(({ model }) => model)).toEqual(['weary', 'second', 'weary']);
});

test('a failure that another model has answered is not retried: its handle is that of the answer', async () => {
  await deploy('worn', 'qwen-image-max', {
    submits_per_second: 100,
    fallback: [{ model: 'second', on: ['failure'] }],
  });
  say('qwen-image-max', failed);
  await make('worn', 'a moor');
  own.speaker.script('qwen-image-max');
  const [first, answer] = await jobsOf('a moor');
  const retried = 'SELECT retry_job(job_id) AS handle FROM hologen.jobs WHERE job_id = $1';
  expect((await client.query(retried, [first?.job_id])).rows).toEqual([{ handle: answer?.job_id }]);
  const made = await client.query('SELECT ai_wait($1) AS made', [answer?.job_id]);
  expect(made.rows[0].made).toContain('image_urls');
  expect(await jobsOf('a moor')).toHaveLength(2);
});

async function jobsOf(prompt: string): Promise<{ job_id: string; model: string; claimed: boolean }[]> {
  const { rows } = await client.query(
    `SELECT job_id, model_name AS model, claimed_at IS NOT NULL AS claimed FROM hologen.jobs WHERE request ->> 'prompt' = $1
     ORDER BY submitted_at`,
    [prompt],
  );
  return rows;
}

test('where a block has caught that its wait was cancelled, no other model is asked when the first fails at last', async () => {
  await deploy('caught_other', 'wan2.5-t2v-preview', {}, 'video-generation');
  const config = { fallback: [{ model: 'caught_other', on: ['failure'] }] };
  await deploy('caught', 'wan2.6-t2v', config, 'video-generation');
  const before = own.speaker.submits('wan2.5-t2v-preview');
  await client.query("SET ai_gen.timeout = '500ms'");
  await client.query(`DO $$ BEGIN
    BEGIN PERFORM ai_gen('caught', '{"prompt": "[[sandbox:fail]] [[sandbox:slow=1500]] a boat that is given up"}');
    EXCEPTION WHEN query_canceled THEN RAISE NOTICE 'caught'; END;
    PERFORM pg_sleep(4); END $$`);
  await client.query('RESET ai_gen.timeout');
  expect(notices).toContain('caught');
  const { rows } = await client.query(
    "SELECT model_name, state FROM hologen.jobs WHERE model_name LIKE 'caught%' ORDER BY submitted_at",
  );
  expect(rows).toEqual([{ model_name: 'caught', state: 'failed' }]);
  expect(own.speaker.submits('wan2.5-t2v-preview')).toBe(before);
});

test('a call in the place of another is none that the statement asked for: max_calls does not count it', async () => {
  await deploy('counted', 'qwen-image-max', {
    submits_per_second: 100,
    fallback: [{ model: 'second', on: ['failure'] }],
  });
  say('qwen-image-max', failed);
  await client.query('BEGIN; SET LOCAL ai_gen.max_calls = 2; SET LOCAL ai_gen.at_once = off');
  const { rows } = await client.query(
    `SELECT ai_gen('counted', json_build_object('prompt', 'counted ' || i)::text)::json ->> 'answered_by' AS by FROM generate_series(1, 2) i`,
  );
  await client.query('COMMIT');
  expect(rows).toEqual([{ by: 'second' }, { by: 'second' }]);
});
