/** A task whose look-ups fail is told to whoever watches: how many, and for how long. */
import { expect, test } from 'vitest';
import { type Said, startOwnCloud } from '../calls/own-cloud.js';
import { deploy } from '../calls/statements.js';
import { readMetrics } from './read-metrics.js';

test('a film whose look-ups are refused is held up in the metrics, and no more when they are answered', async () => {
  const cloud = await startOwnCloud({}, { metricsPort: '0', lookMs: '100' });
  try {
    const type = 'wan2.6-t2v';
    const client = await cloud.gateway.client();
    const model = await deploy(client, type, 'video-generation');
    const task = { task_id: 'held', task_status: 'PENDING' };
    const refused: Said = { status: 403, body: { code: 'AccessDenied', message: 'no', request_id: 'r' } };
    cloud.speaker.script(type, { status: 200, body: { request_id: 's', output: task } });
    cloud.speaker.script('/api/v1/tasks/held', ...Array<Said>(1000).fill(refused));
    await client.query("SELECT ai_submit($1, 'waves', NULL)", [model]);
    const metrics = () => readMetrics(cloud.gateway.metrics);
    const heldUp = async () => (await metrics()).value('hologen_held_up_calls', { model });
    await expect.poll(heldUp, { timeout: 20_000 }).toBe(1);
    await expect.poll(async () => (await metrics()).value('hologen_held_up_seconds')).toBeGreaterThan(0);
    const output = { ...task, task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
    cloud.speaker.script('/api/v1/tasks/held', { status: 200, body: { request_id: 'r', output, usage: {} } });
    await expect.poll(heldUp, { timeout: 30_000 }).toBe(0);
    expect((await metrics()).value('hologen_held_up_seconds')).toBe(0);
  } finally {
    await cloud.close();
  }
});

test('where a statement waits for it, hologen.progress says since when and why, and no more when it goes on', async () => {
  const cloud = await startOwnCloud({}, { lookMs: '100' });
  try {
    const type = 'wan2.6-t2v';
    const [client, watcher] = await Promise.all([cloud.gateway.client(), cloud.gateway.client()]);
    const model = await deploy(client, type, 'video-generation');
    const task = { task_id: 'slow', task_status: 'PENDING' };
    const failing: Said = { status: 500, body: { code: 'InternalError', message: 'oh', request_id: 'r' } };
    cloud.speaker.script(type, { status: 200, body: { request_id: 's', output: task } });
    cloud.speaker.script('/api/v1/tasks/slow', ...Array<Said>(1000).fill(failing));
    const made = client.query("SELECT ai_gen($1, 'waves', NULL) AS made", [model]);
    const progress = async () =>
      (
        await watcher.query(
          'SELECT held_up::int, held_up_since <= now() AS since, held_up_why FROM hologen.progress',
        )
      ).rows;
    await expect
      .poll(progress, { timeout: 20_000 })
      .toEqual([{ held_up: 1, since: true, held_up_why: expect.stringContaining('InternalError') }]);
    const output = { ...task, task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
    cloud.speaker.script('/api/v1/tasks/slow', { status: 200, body: { request_id: 'r', output, usage: {} } });
    expect((await made).rows[0].made).toContain('result.example');
    expect(await progress()).toEqual([]);
  } finally {
    await cloud.close();
  }
});
