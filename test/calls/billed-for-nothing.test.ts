/** Answers that are billed and have no result in them: the price is in the ledger, and nobody pays for the same once more unasked. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, type Said, startOwnCloud } from './own-cloud.js';
import { aiGen, deploy } from './statements.js';

let cloud: OwnCloud;
beforeAll(async () => {
  cloud = await startOwnCloud({}, { lookMs: '100' });
});
afterAll(() => cloud?.close());

const jobsOf = async (type: string) => {
  const client = await cloud.gateway.client();
  const { rows } = await client.query(
    'SELECT state, price::float, units FROM hologen.jobs WHERE model_type = $1 ORDER BY submitted_at',
    [type],
  );
  return rows;
};

test('image_generate twice at once: what one is billed for the other does not ask again in simpler words', async () => {
  const client = await cloud.gateway.client();
  const type = 'qwen-image-2.0-2003-02-01';
  const model = await deploy(client, type, 'image-generation');
  const output = { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: [] } }] };
  const empty: Said = { status: 200, body: { output, usage: { image_count: 1 }, request_id: 'r-empty' } };
  cloud.speaker.script(type, empty);
  await client.query('SET ai_gen.on_error = skip');
  const request = JSON.stringify({ prompt: 'A fox. Much too long.', size: '1024*1024', model });
  const { rows } = await client.query('SELECT image_generate($1) AS made FROM generate_series(1, 2)', [
    request,
  ]);
  expect(rows).toEqual([{ made: null }, { made: null }]);
  expect(cloud.speaker.submits(type)).toBe(1);
});

test('speech that was heard, whose answer does not say what, has its price', async () => {
  const client = await cloud.gateway.client();
  const type = 'fun-asr-2003-02-01';
  const model = await deploy(client, type, 'speech-to-text');
  await cloud.store.put('bucket', 'path/said.wav', Buffer.from('not looked at'));
  cloud.speaker.script(type, {
    status: 200,
    body: { request_id: 'r-1', output: { task_id: 'heard', task_status: 'PENDING' } },
  });
  cloud.speaker.script('/api/v1/tasks/heard', {
    status: 200,
    body: {
      request_id: 'r-2',
      output: { task_id: 'heard', task_status: 'SUCCEEDED', results: [{ subtask_status: 'SUCCEEDED' }] },
      usage: { duration: 60 },
    },
  });
  const error = await refusal(aiGen(client, model, '{}', 'oss://bucket/path/said.wav'));
  expect(error.message).toContain('no transcript and no reason');
  expect(await jobsOf(type)).toEqual([
    { state: 'failed', price: expect.any(Number), units: { seconds: 60 } },
  ]);
  expect((await jobsOf(type))[0].price).toBeGreaterThan(0);
});

test('a task of qwen-image-3.0 that is billed and names no picture has its price', async () => {
  const client = await cloud.gateway.client();
  const type = 'qwen-image-3.0-2003-02-01';
  const model = await deploy(client, type, 'image-generation');
  const task = { task_id: 'nothing', task_status: 'PENDING' };
  cloud.speaker.script(type, { status: 200, body: { request_id: 'r-1', output: task } });
  const usage = { output_image_count: 2, output_image_type: 'qima_output_1k', input_image_count: 0 };
  cloud.speaker.script('/api/v1/tasks/nothing', {
    status: 200,
    body: { request_id: 'r-2', output: { ...task, task_status: 'SUCCEEDED', choices: [] }, usage },
  });
  await refusal(aiGen(client, model, { prompt: 'a fox', output_dir: 'oss://bucket/' }));
  expect(await jobsOf(type)).toEqual([{ state: 'failed', price: 0.36, units: expect.anything() }]);
});
