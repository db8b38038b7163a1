/** Requests that only ask about tasks: within the account's limit, in turn, and again when one is refused. */
import { expect, test } from 'vitest';
import type { ModelStudioOptions } from '../../../sandbox/model-studio/server.js';
import { createSchedule } from '../../../src/pace/schedule.js';
import { createClient } from '../../../src/providers/model-studio/client.js';
import { createLookupTurns } from '../../../src/providers/model-studio/lookups.js';
import { paths, startStudio } from '../../sandbox/model-studio/studio-client.js';

const never = new AbortController().signal;
const key = 'sk-test';
const model = 'wan2.6-t2v';
/** Lookups are limited as documented, submits are not. */
const lookupLimit = { rateLimits: { [model]: { submits: Number.POSITIVE_INFINITY } } };

async function start({ paced = true, ...options }: Partial<ModelStudioOptions> & { paced?: boolean }) {
  const client = await startStudio({ ...lookupLimit, ...options });
  const studio = createClient({
    baseUrl: `${client.studio.url}/api/v1`,
    timeouts: { connectMs: 5_000, generateMs: 30_000, lookupMs: 30_000, downloadIdleMs: 30_000 },
    lookupTurn: createLookupTurns(createSchedule(paced)),
  });
  async function submit(): Promise<string> {
    const input = { prompt: 'waves' };
    const { body } = await client.submitTask(paths.video, { model, input, parameters: { duration: 2 } });
    return body.output.task_id;
  }
  const asked = () => client.studio.requests().filter(({ path }) => path.startsWith('/api/v1/tasks/'));
  return {
    ...{ client, studio, submit, asked },
    async [Symbol.asyncDispose]() {
      await studio.close();
      await client[Symbol.asyncDispose]();
    },
  };
}

test('many looks at once keep to twenty a second, and each is answered', async () => {
  await using cloud = await start({});
  const id = await cloud.submit();
  const startedAt = performance.now();
  const looks = Array.from({ length: 60 }, () => cloud.studio.task(id, key, never));
  for (const { body } of await Promise.all(looks)) expect(body.output).toMatchObject({ task_id: id });
  expect(performance.now() - startedAt).toBeGreaterThan((59 * 1000) / 20);
});

test('looks that are refused for being too many are sent again until they are answered', async () => {
  await using cloud = await start({ paced: false });
  const id = await cloud.submit();
  const looks = Array.from({ length: 30 }, () => cloud.studio.task(id, key, never));
  for (const { body } of await Promise.all(looks)) expect(body.output).toMatchObject({ task_id: id });
  expect(cloud.asked().filter(({ status }) => status === 429).length).toBeGreaterThan(0);
});

test('each page of the task list takes a turn of its own', async () => {
  await using cloud = await start({});
  const ids: string[] = [];
  for (let count = 0; count < 250; count++) ids.push(await cloud.submit());
  const startedAt = performance.now();
  const hourMs = 3_600_000;
  const span = [new Date(Date.now() - hourMs), new Date(Date.now() + hourMs)] as const;
  const listed = await cloud.studio.listTasks(model, ...span, key, never);
  expect(listed.map(({ taskId }) => taskId).sort()).toEqual(ids.sort());
  expect(cloud.asked().length).toBeGreaterThanOrEqual(3);
  expect(performance.now() - startedAt).toBeGreaterThan((2 * 1000) / 20);
});

test('a cancel does not wait behind all looks, and a look that nobody wants any more is not sent', async () => {
  await using cloud = await start({ pendingMs: 3_600_000 });
  const [watched, unwanted] = [await cloud.submit(), await cloud.submit()];
  const stop = new AbortController();
  const looks = Array.from({ length: 60 }, () =>
    cloud.studio.task(watched, key, stop.signal).catch(() => 'left'),
  );
  expect(await cloud.studio.cancelTask(unwanted, key, never)).toBe(true);
  const before = cloud.asked().length;
  expect(before).toBeLessThan(45);
  stop.abort();
  expect(await Promise.all(looks)).toContain('left');
  await cloud.studio.task(unwanted, key, never);
  expect(cloud.asked().length).toBeLessThanOrEqual(before + 1);
});

test('a cancel that the provider did not hear is repeated, a task that runs is left alone', async () => {
  await using cloud = await start({ pendingMs: 3_600_000 });
  const id = await cloud.submit();
  const cancel = `/api/v1/tasks/${id}/cancel`;
  cloud.client.studio.faults.add({ action: { kind: 'reset' }, path: cancel });
  const busy = { kind: 'answer', status: 500, code: 'InternalError' } as const;
  cloud.client.studio.faults.add({ action: busy, path: cancel });
  expect(await cloud.studio.cancelTask(id, key, never)).toBe(true);
  expect(await cloud.studio.cancelTask(id, key, never)).toBe(false);
  expect(cloud.asked().map(({ status }) => status)).toEqual([0, 500, 200, 400]);
});
