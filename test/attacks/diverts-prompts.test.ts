/** Attack: a role deploys a model under such a name, or on such a key, that others' prompts or the gateway's money go where it wants. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let mallory: pg.Client;
let alice: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  const login = async (user: string) => {
    await owner.query(`CREATE ROLE ${user} LOGIN PASSWORD 'secret'`);
    return gateway.clientOf(user);
  };
  mallory = await login('mallory');
  alice = await login('alice');
});
afterAll(() => gateway?.close());

const own = `'{"api_key": "sk-mallory"}'`;
const modelOf = async (client: pg.Client, prompt: string) =>
  (
    await client.query(
      "SELECT model_name FROM hologen.jobs WHERE request #>> '{}' = $1 ORDER BY submitted_at DESC",
      [prompt],
    )
  ).rows[0]?.model_name;

test('a model named like a type, with somebody’s own key, does not take the calls of others by that type', async () => {
  await owner.query(
    `CALL register_external_model('our_text', 'qwen-max', 'bailian', '{}', 'chat/completions')`,
  );
  await mallory.query(
    `CALL register_external_model('qwen-max', 'qwen-turbo', 'bailian', ${own}, 'chat/completions')`,
  );
  await alice.query("SELECT ai_gen('qwen-max', 'by type')");
  expect(await modelOf(owner, 'by type')).toBe('our_text');
  // By its name it is still its deployer's own.
  await mallory.query("SELECT ai_gen('qwen-max', 'by name')").catch(() => {});
  expect(await modelOf(owner, 'by name')).toBe('qwen-max');
});

test('a model of a type that only another role has is not found by the type', async () => {
  await mallory.query(
    `CALL register_external_model('hidden', 'qwen-long', 'bailian', ${own}, 'chat/completions')`,
  );
  expect((await refusal(alice.query("SELECT ai_gen('qwen-long', 'hello')"))).code).toBe('42704');
  await mallory.query("SELECT ai_gen('qwen-long', 'mine')").catch(() => {});
  expect(await modelOf(owner, 'mine')).toBe('hidden');
});

test('calls that name no model go to an administrator’s, though another was there first', async () => {
  await owner.query(
    `UPDATE hologen_internal.deployed_models SET deployed_at = '2000-01-01' WHERE model_name IN ('hidden', 'qwen-max')`,
  );
  await alice.query("SELECT ai_gen('no model named')");
  expect(await modelOf(owner, 'no model named')).not.toMatch(/hidden|qwen-max/);
});

test('on the gateway’s own key only administrators deploy: no other price, no other limits for the same account', async () => {
  for (const config of ['{}', '{"price": {"per_picture": 0}}', '{"submits_per_second": 1000000}']) {
    const error = await refusal(
      mallory.query(
        `CALL register_external_model('cheap', 'qwen-image-2.0-pro', 'bailian', $1, 'image-generation')`,
        [config],
      ),
    );
    expect(error).toMatchObject({ code: '42501', hint: expect.stringContaining('key of your own') });
  }
});
