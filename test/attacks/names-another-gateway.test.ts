/** Two gateways on one engine: what a session was opened to spend holds, whichever of them it says that it came through. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startLikeEmbedded } from '../debian-postgres.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let engine: Awaited<ReturnType<typeof startLikeEmbedded>>;
let first: TestGateway;
let second: TestGateway;
let names: string[];
beforeAll(async () => {
  engine = await startLikeEmbedded(Number(process.env.TEST_ENGINE) || 15);
  const settings = { engineUrl: engine.url, secretKey: 'the same for both', sandboxImageMs: '1' };
  first = await startTestGateway(settings);
  second = await startTestGateway(settings);
  const owner = await first.client();
  await owner.query("CREATE ROLE mallory LOGIN PASSWORD 'secret'");
  names = (await owner.query('SELECT gateway_id FROM hologen_internal.gateway')).rows.map(
    (row) => row.gateway_id,
  );
  expect(names).toHaveLength(2);
});
beforeEach(() => Promise.all([first.forgetRequests(), second.forgetRequests()]));
afterAll(async () => {
  await first?.close();
  await second?.close();
  await engine?.close();
});

const sent = async () => (await first.requests()).length + (await second.requests()).length;
const cappedClient = (gateway: TestGateway): Promise<pg.Client> => {
  const url = Object.assign(new URL(gateway.url), { username: 'mallory', password: 'secret' });
  return gateway.client({ connectionString: url.href, options: '-c ai_gen.spend_at_most=0' });
};

test.each([0, 1])(
  'a session that names a gateway in a setting spends no more than it was opened to',
  async (index) => {
    for (const gateway of [first, second]) {
      const client = await cappedClient(gateway);
      await client.query('SET ai_gen.spend_at_most = 100');
      for (const name of [names[index], 'none', '']) {
        await client.query("SELECT set_config('hologen.gateway', $1, false)", [name]);
        for (const statement of [
          `SELECT ai_gen('qwen_image_2', '{"prompt": "free"}')`,
          `SELECT ai_submit('qwen_image_2', '{"prompt": "free"}')`,
          `DO $$ BEGIN PERFORM set_config('hologen.gateway', '${name}', true); PERFORM ai_gen('qwen_image_2', '{"prompt": "free"}'); END $$`,
          `BEGIN; SET LOCAL hologen.gateway = '${name}'; SELECT ai_gen('qwen_image_2', '{"prompt": "free"}'); COMMIT`,
        ]) {
          expect(await refusal(client.query(statement)), statement).toMatchObject({ code: '53400' });
          await client.query('ROLLBACK');
        }
      }
      await client.query(`ALTER ROLE mallory SET hologen.gateway = '${names[index]}'`).catch(() => {});
      const again = await cappedClient(gateway);
      await again.query('SET ai_gen.spend_at_most = 100');
      expect((await refusal(again.query(`SELECT ai_gen('qwen_image_2', 'free')`))).code).toBe('53400');
    }
    expect(await sent()).toBe(0);
  },
);
