/** Pictures and films that are made and cannot be fetched or saved at first: the same statement only copies them, and they are paid once. */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, startOwnCloud } from './own-cloud.js';
import { aiGen, deploy, newestJob } from './statements.js';

const picture = {
  ...{ type: 'qwen-image-2.0', model: 'test_qwen_image_2_0', task: 'image-generation' },
  ...{ ending: 'png', price: 0.2 },
};
const film = {
  ...{ type: 'wan2.6-t2v', model: 'test_wan2_6_t2v', task: 'video-generation' },
  ...{ ending: 'mp4', price: 1.2 },
};

let cloud: OwnCloud;
let client: pg.Client;
beforeAll(async () => {
  cloud = await startOwnCloud({ videoMs: 50 }, { lookMs: '100' });
  client = await cloud.gateway.client();
  for (const { type, task } of [picture, film]) await deploy(client, type, task);
});
afterEach(() => {
  cloud.store.faults.clear();
  cloud.studio.faults.clear();
});
afterAll(() => cloud?.close());

const breaks = {
  'whose download is refused once': () =>
    cloud.studio.faults.add({ action: { kind: 'answer', status: 403, code: 'no' }, path: '/results/' }),
  'that the store refuses': () =>
    cloud.store.faults.add({
      ...{ answer: 'forbidden', times: 1_000 },
      when: ({ operation, key }) => operation === 'PutObject' && /\.(png|mp4)$/.test(key),
    }),
} as const;

test.each(
  [picture, film].flatMap((kind) =>
    (Object.keys(breaks) as (keyof typeof breaks)[]).map((how) => ({ ...kind, how })),
  ),
)('$type $how is only copied by the next run', async ({ type, model, ending, price, how }) => {
  const before = cloud.speaker.submits(type);
  const parameters = ending === 'mp4' ? { size: '1280*720', duration: 2 } : {};
  const request = { prompt: `a lake, ${how}`, parameters, output_dir: 'oss://bucket/broken/' };
  breaks[how]();
  const error = await refusal(aiGen(client, model, request));
  expect(error.hint).toMatch(/made and paid for/);
  expect(await newestJob(client, type)).toMatchObject({ state: 'saving' });
  cloud.store.faults.clear();
  const result = await aiGen(client, model, request);
  const [path = ''] = new RegExp(`broken/[^"]+\\.${ending}`).exec(result) ?? [];
  const saved = await cloud.store.read('bucket', path);
  const job = await newestJob(client, type);
  expect(job).toMatchObject({ state: 'succeeded', hold_up: null });
  const { rows } = await client.query('SELECT price::float FROM hologen.jobs WHERE job_id = $1', [
    job.job_id,
  ]);
  expect(rows).toEqual([{ price }]);
  expect(saved?.equals(Buffer.from(await (await fetch(job.outputs[0].url)).arrayBuffer()))).toBe(true);
  expect(cloud.speaker.submits(type)).toBe(before + 1);
});

test('a picture in whose answer NUL and half an emoji stand is saved, and its row can be read', async () => {
  const type = 'qwen-image-2.0-pro';
  const model = await deploy(client, type, 'image-generation');
  const request = (prompt: string) => ({ prompt, output_dir: 'oss://bucket/broken/' });
  const real = JSON.parse(await aiGen(client, model, request('real')));
  const content = [{ image: real.image_urls[0] }, { text: 'half \ud83d and \0' }];
  const output = { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] };
  const usage = { image_count: 1, note: '\0\ud83d', 'n\0': 1 };
  cloud.speaker.script(type, { status: 200, body: { output, usage, request_id: 'odd\0' } });
  const { rows } = await client.query(
    "SELECT ai_gen($1, $2, to_file('oss://bucket/', $3, $4))::jsonb #>> '{image_oss_paths,0}' AS path",
    [
      model,
      JSON.stringify(request('odd')),
      'oss-cn-hangzhou-internal.aliyuncs.com',
      'acs:ram::1234567890123456:role/hologen',
    ],
  );
  expect(await cloud.store.read('bucket', rows[0].path.replace('oss://bucket/', ''))).toBeTruthy();
  expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded' });
});

test('a film whose address tells nothing of its form is saved as one', async () => {
  const output = {
    ...{ task_id: 'formless', task_status: 'SUCCEEDED' },
    video_url: `${cloud.speaker.url}/formless`,
  };
  cloud.speaker.script(film.type, { status: 200, body: { output: { ...output, task_status: 'PENDING' } } });
  cloud.speaker.script('/api/v1/tasks/formless', {
    status: 200,
    body: { output, usage: { duration: 2, SR: 720, video_count: 1 }, request_id: 'r-formless' },
  });
  cloud.speaker.script('/formless', { status: 200, body: Buffer.from('a film') });
  const request = {
    ...{ prompt: 'formless', output_dir: 'oss://bucket/broken/' },
    parameters: { size: '1280*720', duration: 2 },
  };
  const [path = ''] = /broken\/[^"]+\.mp4/.exec(await aiGen(client, film.model, request)) ?? [];
  expect(`${await cloud.store.read('bucket', path)}`).toBe('a film');
});
