/** Two gateways on one engine: one is drained and stopped, the other one takes the calls meanwhile, and nobody loses what is under way. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLikeEmbedded } from '../debian-postgres.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let engine: Awaited<ReturnType<typeof startLikeEmbedded>>;
let first: TestGateway;
let second: TestGateway;
beforeAll(async () => {
  engine = await startLikeEmbedded(Number(process.env.TEST_ENGINE) || 15);
  const settings = { engineUrl: engine.url, secretKey: 'the same for both', sandboxImageMs: '1000' };
  first = await startTestGateway(settings);
  second = await startTestGateway(settings);
});
afterAll(async () => {
  await first?.close();
  await second?.close();
  await engine?.close();
});

test('the drained one ends what it has, the other one takes new calls, and a restarted one takes them again', async () => {
  const [owner, client, other] = [await first.client(), await first.client(), await second.client()];
  const made = client.query('SELECT ai_gen(\'qwen_image_2\', \'{"prompt": "under way"}\') AS made');
  await expect.poll(async () => (await first.requests()).length).toBe(1);
  await owner.query('CALL drain_gateway()');
  const seen =
    'SELECT serves_me, drained_by IS NOT NULL AS drained, open_calls, waiting_statements FROM hologen.gateways ORDER BY drained';
  expect((await other.query(seen)).rows).toEqual([
    { serves_me: true, drained: false, open_calls: '0', waiting_statements: '0' },
    { serves_me: false, drained: true, open_calls: '1', waiting_statements: null },
  ]);
  expect((await refusal(owner.query("SELECT ai_gen('qwen_plus', 'hello')"))).code).toBe('57P03');
  expect((await other.query("SELECT ai_gen('qwen_plus', 'hello') AS said")).rows[0].said).toContain('hello');
  expect(JSON.parse((await made).rows[0].made).image_urls).toHaveLength(1);
  await expect
    .poll(async () => (await other.query(seen)).rows[1])
    .toMatchObject({ drained: true, open_calls: '0' });
  await first.close();
  expect((await other.query(seen)).rows).toMatchObject([{ serves_me: true, drained: false }]);

  first = await startTestGateway({ engineUrl: engine.url, secretKey: 'the same for both' });
  const again = await first.client();
  expect((await again.query("SELECT ai_gen('qwen_plus', 'hello') AS said")).rows[0].said).toContain('hello');
});
