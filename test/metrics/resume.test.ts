/** A call that an earlier gateway began is counted by the one that brings it to its end. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect, newDirectory, spawnGateway, startOutlivingCloud } from '../calls/crash-run.js';
import { readMetrics } from './read-metrics.js';

test('a video whose gateway was killed is counted once it is there, with its price, by the next one', async () => {
  const cloud = await startOutlivingCloud({ videoMs: 0, pendingMs: 15_000 });
  const environment = { ...cloud.environment, HOLOGEN_METRICS_PORT: '0' };
  const directory = await newDirectory();
  const killed = spawnGateway(directory, environment);
  expect(await killed.ready, killed.printed()).toBe(true);
  const client = await connect(directory);
  await client.query(
    `CALL register_external_model('video', 'wan2.6-t2v', 'bailian', '{}', 'video-generation')`,
  );
  const lost = client.query(`SELECT ai_gen('video', '{"prompt": "waves"}', NULL)`).catch(() => {});
  const taskIds = async () => {
    const looker = await connect(directory);
    const { rows } = await looker.query('SELECT 1 FROM hologen.jobs WHERE task_id IS NOT NULL');
    await looker.end();
    return rows.length;
  };
  await expect.poll(taskIds).toBe(1);
  killed.child.kill('SIGKILL');
  await killed.ended;
  await lost;

  const next = spawnGateway(directory, environment);
  expect(await next.ready, next.printed()).toBe(true);
  const { metrics } = JSON.parse(await readFile(join(directory, 'runtime.json'), 'utf8'));
  const labels = { model: 'video', model_type: 'wan2.6-t2v' };
  await expect
    .poll(async () =>
      (await readMetrics(metrics)).value('hologen_calls_total', { ...labels, outcome: 'succeeded' }),
    )
    .toBe(1);
  const samples = await readMetrics(metrics);
  const looker = await connect(directory);
  const { rows } = await looker.query('SELECT price::float FROM hologen.jobs');
  await looker.end();
  expect(rows[0].price).toBeGreaterThan(0);
  expect(samples.value('hologen_spent_money_total', labels)).toBeCloseTo(rows[0].price);
  expect(samples.value('hologen_statements_total')).toBe(0);
  next.child.kill('SIGTERM');
  await next.ended;
  await cloud.close();
  await rm(directory, { recursive: true, force: true });
});
