/** What one page of the console tells of a model another one tells, too. */
import { expect, test } from 'vitest';
import type { Models, Now } from '../../src/console/server/answers.js';
import { startTestGateway } from '../gateway.js';
import { signIn } from './visitor.js';

test.each(['documented', 'off'])(
  'Models and Now tell the same limits of each deployed model, with limits that are %s',
  async (sandboxLimits) => {
    await using gateway = await startTestGateway({ sandboxLimits });
    const owner = await gateway.client();
    await owner.query(
      `CALL register_external_model('slow_chat', 'qwen-max', 'bailian', '{"submits_per_second": 0.5}', 'chat/completions')`,
    );
    const visitor = await signIn(gateway);
    const { deployed } = (await visitor.get<Models>('/api/models')).content;
    const { queues } = (await visitor.get<Now>('/api/now')).content;
    const told = deployed.map(({ type, limits }) => [type, limits.submitsPerSecond, limits.concurrentTasks]);
    const queued = queues.map(({ modelType, submitsPerSecond, concurrentTasks }) => [
      modelType,
      submitsPerSecond,
      concurrentTasks,
    ]);
    expect(told.length).toBeGreaterThan(15);
    for (const limits of told) expect(queued).toContainEqual(limits);
  },
);

test('Models tells what the model costs, and not its type', async () => {
  await using gateway = await startTestGateway();
  const owner = await gateway.client();
  await owner.query(
    `CALL register_external_model('ours', 'qwen-image-2.0', 'bailian', '{"price": {"per_picture": 0.18}}', 'image-generation')`,
  );
  const { deployed } = (await (await signIn(gateway)).get<Models>('/api/models')).content;
  const priceOf = (model: string) => deployed.find(({ name }) => name === model)?.price;
  expect([priceOf('ours'), priceOf('qwen_image_2')]).toEqual(['CNY 0.18 a picture', 'CNY 0.2 a picture']);
});
