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
