/** Two gateways on one engine: a model that is paused through one of them waits in both, and is resumed through either. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLikeEmbedded } from '../debian-postgres.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let engine: Awaited<ReturnType<typeof startLikeEmbedded>>;
let first: TestGateway;
let second: TestGateway;
beforeAll(async () => {
  engine = await startLikeEmbedded(Number(process.env.TEST_ENGINE) || 15);
  const settings = { engineUrl: engine.url, secretKey: 'the same for both', sandboxImageMs: '1' };
  first = await startTestGateway(settings);
  second = await startTestGateway(settings);
});
afterAll(async () => {
  await first?.close();
  await second?.close();
  await engine?.close();
});

test('a pause by one gateway holds in the other, and the other one ends it for both', async () => {
  const [here, there] = [await first.client(), await second.client()];
  const clients = [await first.client(), await second.client()];
  await here.query("CALL pause_model('qwen_image_2', 'the bill')");
  const paused = "SELECT DISTINCT paused_why FROM hologen.queues WHERE model_type = 'qwen-image-2.0'";
  // Each gateway answers of itself, and the other one hears of it a moment later.
  for (const client of [here, there])
    await expect.poll(async () => (await client.query(paused)).rows).toEqual([{ paused_why: 'the bill' }]);
  const told: string[] = ['', ''];
  const made = clients.map((client, index) => {
    client.on('notice', ({ message = '' }) => {
      told[index] += message;
    });
    return client.query(`SELECT ai_gen('qwen_image_2', '{"prompt": "of ${index}"}') AS made`);
  });
  for (const index of [0, 1])
    await expect.poll(() => told[index], { timeout: 20_000 }).toMatch(/is paused by \S+ since .*: the bill/);
  expect([...(await first.requests()), ...(await second.requests())]).toEqual([]);

  await there.query("CALL resume_model('qwen_image_2')");
  for (const { rows } of await Promise.all(made)) expect(JSON.parse(rows[0].made).image_urls).toHaveLength(1);
  for (const client of [here, there])
    await expect.poll(async () => (await client.query(paused)).rows).toEqual([{ paused_why: null }]);
  expect([(await first.requests()).length, (await second.requests()).length]).toEqual([1, 1]);
});

test('a gateway whose connection to the others was broken looks up what it may not have heard', async () => {
  const [here, there] = [await first.client(), await second.client()];
  // They are opened again seconds later.
  await here.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hologen gateway'",
  );
  await here.query("CALL pause_model('qwen_image_2', 'unheard')");
  const paused = "SELECT DISTINCT paused_why FROM hologen.queues WHERE model_type = 'qwen-image-2.0'";
  const seen = async () => (await there.query(paused)).rows;
  await expect.poll(seen, { timeout: 15_000 }).toEqual([{ paused_why: 'unheard' }]);
  await here.query("CALL resume_model('qwen_image_2')");
  await expect.poll(seen).toEqual([{ paused_why: null }]);
});
