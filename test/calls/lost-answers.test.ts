/** A submit whose answer is lost: its task is found by proof, or the call is unanswered; a task of somebody else is never taken. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSchedule } from '../../src/pace/schedule.js';
import type { StudioRequest } from '../../src/providers/model-studio/family.js';
import { openClient } from '../../src/providers/model-studio/open.js';
import { findTask } from '../../src/providers/model-studio/tasks.js';
import { refusal } from '../gateway.js';
import { type OwnCloud, startOwnCloud } from './own-cloud.js';
import { aiGen, deploy, newestJob } from './statements.js';

let cloud: OwnCloud;
beforeAll(async () => {
  cloud = await startOwnCloud({}, { lookMs: '200' });
});
afterAll(() => cloud?.close());

async function start(modelType: string, task = 'video-generation') {
  const client = await cloud.gateway.client();
  return { client, model: await deploy(client, modelType, task) };
}

const unanswered = /may have been taken and billed, so it was not sent again/;

describe.concurrent('a lost answer', () => {
  test('of a film: its task is found by its prompt, though other tasks stand beside it', async () => {
    const type = 'wan2.6-t2v';
    const { client, model } = await start(type);
    await submitByHand(type, 'somebody else’s waves');
    cloud.speaker.script(type, 'lost');
    const result = JSON.parse(await aiGen(client, model, { prompt: 'my own waves' }, null));
    expect(result.output.orig_prompt).toBe('my own waves');
    expect(await newestJob(client, type)).toMatchObject({
      state: 'succeeded',
      task_id: result.output.task_id,
    });
    expect(cloud.speaker.submits(type)).toBe(1);
  });

  test('of a film that never reached the provider: the only task in the list is another application’s, and is not taken', async () => {
    const type = 'wan2.6-t2v-us';
    const { client, model } = await start(type);
    await submitByHand(type, 'somebody else’s waves');
    cloud.speaker.script(type, 'reset');
    const error = await refusal(aiGen(client, model, { prompt: 'my own waves' }, null));
    expect(error.message).toMatch(unanswered);
    expect(await newestJob(client, type)).toMatchObject({ state: 'unanswered', task_id: null });
  });

  test('of two that ask for the same: nobody can say which is whose', async () => {
    const type = 'qwen-image';
    const { client, model } = await start(type, 'image-generation');
    await submitByHand(type, 'a lake', 'text2image/image-synthesis', { size: '1328*1328' });
    cloud.speaker.script(type, 'lost');
    const error = await refusal(aiGen(client, model, { prompt: 'a lake' }, null));
    expect(error.message).toMatch(unanswered);
    expect(await newestJob(client, type)).toMatchObject({ state: 'unanswered', task_id: null });
  });

  test('of a type whose tasks tell no prompt proves nothing', async () => {
    const type = 'wan2.6-t2i';
    const { client, model } = await start(type, 'image-generation');
    cloud.speaker.script(type, 'lost');
    const error = await refusal(aiGen(client, model, { prompt: 'a lake' }, null));
    expect(error.message).toMatch(unanswered);
    expect(await newestJob(client, type)).toMatchObject({ state: 'unanswered', task_id: null });
  });

  test('of a film without a prompt proves nothing: neither its own task nor a stranger’s without one is taken', async () => {
    const type = 'happyhorse-1.1-i2v';
    const { client, model } = await start(type);
    const painter = await deploy(client, 'qwen-image-2.0', 'image-generation');
    const made = await aiGen(client, painter, { prompt: 'a frame', output_dir: 'oss://bucket/frames/' });
    const [frame] = JSON.parse(made).image_oss_paths;
    cloud.speaker.script(type, 'lost');
    // A stranger's, that tells an empty prompt.
    const strange = { task_id: 'strange', request_id: 'submit-strange' };
    cloud.speaker.script(`list ${type}`, { status: 200, body: { total_page: 1, data: [strange] } });
    const film = { task_status: 'SUCCEEDED', orig_prompt: '', video_url: 'https://result.example/v.mp4' };
    cloud.speaker.script('/api/v1/tasks/strange', {
      status: 200,
      body: { request_id: 'r', output: { task_id: 'strange', ...film } },
    });
    const error = await refusal(aiGen(client, model, { img_url: frame }));
    expect(error.message).toMatch(unanswered);
    expect(await newestJob(client, type)).toMatchObject({ state: 'unanswered', task_id: null });
    expect(cloud.speaker.submits(type)).toBe(1);
  });

  test('of films that were asked for in the same words of other pictures: neither takes the other’s, as a task does not tell its picture', async () => {
    const type = 'wan2.6-i2v';
    const { client, model } = await start(type);
    const painter = await deploy(client, 'qwen-image-2.0-pro', 'image-generation');
    const paint = async (prompt: string) =>
      JSON.parse(await aiGen(client, painter, { prompt, output_dir: 'oss://bucket/frames/' }))
        .image_oss_paths[0];
    const frames = [await paint('a boat'), await paint('a swan')];
    // One is made and its answer lost, the other never reaches the provider.
    cloud.speaker.script(type, 'lost', 'reset');
    const film = (img_url: string) => aiGen(client, model, { prompt: 'it drifts away', img_url });
    for (const frame of frames) expect((await refusal(film(frame))).message).toMatch(unanswered);
    const { rows } = await client.query('SELECT state, task_id FROM hologen.jobs WHERE model_type = $1', [
      type,
    ]);
    expect(rows).toEqual(Array(2).fill({ state: 'unanswered', task_id: null }));
    expect(cloud.speaker.submits(type)).toBe(2);
  });

  test('of a film that never reached the provider: others of the same words, but another size or length, are not taken', async () => {
    const type = 'wan2.5-t2v-preview';
    const { client, model } = await start(type);
    await submitByHand(type, 'our waves', undefined, { size: '1920*1080', duration: 5 });
    await submitByHand(type, 'our waves', undefined, { size: '1280*720', duration: 10 });
    cloud.speaker.script(type, 'reset');
    const parameters = { size: '1280*720', duration: 5 };
    const error = await refusal(aiGen(client, model, { prompt: 'our waves', parameters }, null));
    expect(error.message).toMatch(unanswered);
    expect(await newestJob(client, type)).toMatchObject({ state: 'unanswered', task_id: null });
    // Its own is told from them.
    cloud.speaker.script(type, 'lost');
    const { output } = JSON.parse(await aiGen(client, model, { prompt: 'our waves', parameters }, null));
    expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded', task_id: output.task_id });
  });

  test('that came and named no task: it is found by its request id', async () => {
    const type = 'wan2.6-t2v-2001-01-02';
    const { client, model } = await start(type);
    const output = { task_id: 'named', task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
    const body = { request_id: 'r-1', output, usage: { video_count: 1 } };
    const listed = { task_id: 'named', request_id: 'submit-named' };
    cloud.speaker.script(type, {
      status: 200,
      body: { request_id: 'submit-named', output: { task_status: 'PENDING' } },
    });
    cloud.speaker.script(`list ${type}`, { status: 200, body: { total_page: 1, data: [listed] } });
    cloud.speaker.script('/api/v1/tasks/named', { status: 200, body });
    expect(await aiGen(client, model, { prompt: 'waves' }, null)).toContain('result.example');
    expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded', task_id: 'named' });
  });

  test('of a list that cannot be had says nothing: it is asked for again', async () => {
    const type = 'qwen-image-plus';
    const { client, model } = await start(type, 'image-generation');
    const refused = { status: 403, body: { code: 'AccessDenied', message: 'no', request_id: 'r' } };
    cloud.speaker.script(`list ${type}`, refused, 'reset', { status: 200, body: '<html>' });
    cloud.speaker.script(type, 'lost');
    const result = JSON.parse(await aiGen(client, model, { prompt: 'a lake at night' }, null));
    expect(result.image_urls).toHaveLength(1);
    expect(cloud.speaker.submits(type)).toBe(1);
  });
});

/** As another application on the same account does. */
async function submitByHand(
  model: string,
  prompt: string,
  path = 'video-generation/video-synthesis',
  parameters: object = { size: '1280*720' },
): Promise<void> {
  const url = `${cloud.studio.url}/api/v1/services/aigc/${path}`;
  const headers = {
    authorization: 'Bearer sk-other',
    'content-type': 'application/json',
    'x-dashscope-async': 'enable',
  };
  const body = JSON.stringify({ model, input: { prompt }, parameters });
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200);
}

test.each([
  [-90_000, 'behind'],
  [90_000, 'ahead of'],
])('a lost answer is found where the provider’s clock is %i ms away: %s ours', async (aheadMs, where) => {
  const own = await startOwnCloud({}, { lookMs: '200' });
  try {
    own.speaker.setClock(aheadMs);
    const client = await own.gateway.client();
    const model = await deploy(client, 'wan2.6-t2v', 'video-generation');
    own.speaker.script('wan2.6-t2v', 'lost');
    const result = JSON.parse(await aiGen(client, model, { prompt: `a clock ${where} ours` }, null));
    expect(result.output.orig_prompt).toBe(`a clock ${where} ours`);
    expect(own.speaker.submits('wan2.6-t2v')).toBe(1);
  } finally {
    await own.close();
  }
});

test('so it is by a gateway that has just started, long after the call was sent, and is told the time by the first list', async () => {
  const type = 'wan2.6-t2v-us';
  const sentAt = new Date(Date.now() - 20_000);
  await submitByHand(type, 'sent before a start');
  cloud.speaker.setClock(90_000);
  const client = openClient(`${cloud.speaker.url}/api/v1`, createSchedule(false));
  const body = () => ({ input: { prompt: 'sent before a start' }, parameters: {} });
  const request = { body, followed: true } as unknown as StudioRequest;
  const search = { modelType: type, apiKey: 'sk-other', request, sentAt, requestId: undefined };
  const neighbours = { knownTasks: async () => new Set<string>(), gateways: () => 1, pauseMs: () => 0 };
  try {
    const { state } = await findTask(search, client, neighbours);
    expect(state).not.toBe('lost');
  } finally {
    cloud.speaker.setClock(0);
    await client.close();
  }
});
