/** Attack: somebody gets the name that a dropped role had, and with it what was hers: calls, results, models, grants. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
});
afterAll(() => gateway?.close());
beforeEach(() => gateway.forgetRequests());

const output = `oss://demo/hers/`;
const saved = `SELECT ai_gen('qwen_image_2', '{"prompt": "saved", "output_dir": "${output}"}',
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json #>> '{image_oss_paths,0}' AS path`;
const unclaimed = 'SELECT ai_gen(\'qwen_image_2\', \'{"prompt": "unclaimed"}\') AS made';
const submits = async () => (await gateway.requests()).length;
const value = async (client: pg.Client, text: string, values: unknown[] = []) =>
  Object.values((await client.query(text, values)).rows[0] ?? {})[0];

async function login(role: string): Promise<pg.Client> {
  await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  return gateway.clientOf(role);
}

interface Hers {
  path: string;
  handle: string;
  made: string;
}

/** One of each kind of what a role can have. */
async function leaves(role: string): Promise<Hers> {
  const her = await login(role);
  const path = (await her.query(saved)).rows[0].path;
  const handle = (await her.query("SELECT ai_submit('qwen_plus', 'her letter') AS handle")).rows[0].handle;
  await her.query('SELECT ai_wait($1)', [handle]);
  await her.query('CREATE TEMP TABLE made (made text)');
  await her.query('BEGIN');
  const { made } = (await her.query(`INSERT INTO made ${unclaimed} RETURNING made`)).rows[0];
  await her.query('ROLLBACK');
  await her.query(
    `CALL register_external_model('model_of_${role}', 'qwen-turbo', 'bailian', '{"api_key": "sk-hers"}', 'chat/completions')`,
  );
  await her.end();
  return { path, handle, made };
}

const views = ['jobs', 'usage', 'callers', 'daily_usage'];
async function seenBy(client: pg.Client): Promise<unknown[]> {
  const counts = views.map((view) => `(SELECT count(*)::int FROM hologen.${view})`);
  return (await value(client, `SELECT ARRAY[${counts.join()}]`)) as unknown[];
}

test('who gets a dropped role’s name gets nothing that was hers; the owner sees it, and hands it over', async () => {
  const hers = await leaves('maria');
  await owner.query('DROP ROLE maria');
  const before = await value(owner, "SELECT count(*)::int FROM hologen.jobs WHERE role_name = 'maria'");
  const other = await login('maria');
  expect(await seenBy(other)).toEqual([0, 0, 0, 0]);
  expect((await refusal(other.query('SELECT file_url($1)', [hers.path]))).code).toBe('42704');
  for (const ask of ['ai_wait', 'ai_status', 'ai_cancel'])
    expect((await refusal(other.query(`SELECT ${ask}($1)`, [hers.handle]))).code).toBe('42704');
  expect((await refusal(other.query("SELECT ai_gen('qwen-turbo', 'on her key')"))).code).toBe('42704');
  expect((await refusal(other.query("CALL delete_external_model('model_of_maria')"))).code).toBe('42501');
  await gateway.forgetRequests();
  expect(await value(other, unclaimed)).not.toBe(hers.made);
  expect(await submits()).toBe(1);
  expect(
    await value(
      owner,
      "SELECT count(*)::int FROM hologen.jobs WHERE role_name = 'maria' AND result IS NOT NULL",
    ),
  ).toBe(Number(before) + 1);

  expect(await refusal(other.query("CALL hologen.hand_over('maria', 'maria')"))).toMatchObject({
    code: '42501',
    message: 'permission denied: handing over is for the owner of hologen',
  });
  await owner.query("CALL hologen.hand_over('maria', 'maria')");
  expect(await value(other, 'SELECT count(*)::int FROM hologen.jobs')).toBe(Number(before) + 1);
  expect(await value(other, 'SELECT ai_status($1)', [hers.handle])).toBe('succeeded');
  expect(await value(other, unclaimed)).toBe(hers.made);
  await other.query("CALL delete_external_model('model_of_maria')");
});

test('grants of a model are not a recreated role’s, and what was spent under the name stays spent', async () => {
  await owner.query(
    `CALL register_external_model('restricted', 'qwen-max', 'bailian', '{}', 'chat/completions')`,
  );
  const first = await login('granted');
  await owner.query("CALL grant_model('restricted', 'granted'); CALL set_budget('granted', NULL, 2)");
  await first.query("SELECT ai_gen('restricted', 'one'), ai_gen('restricted', 'two')");
  await first.end();
  await owner.query('DROP ROLE granted');
  const second = await login('granted');
  expect((await refusal(second.query("SELECT ai_gen('restricted', 'three')"))).code).toBe('42501');
  // A budget is a name's: to drop a role and make it again is no way round it.
  expect((await second.query('SELECT calls, calls_used FROM hologen.budgets')).rows).toEqual([
    { calls: '2', calls_used: '2' },
  ]);
  expect((await refusal(second.query("SELECT ai_gen('qwen_plus', 'six')"))).code).toBe('53400');
});

test('a renamed role has its calls again when the owner says so, and nobody else by its old name', async () => {
  const hers = await leaves('anna');
  await owner.query('ALTER ROLE anna RENAME TO anne');
  await owner.query("ALTER ROLE anne PASSWORD 'secret'");
  const impostor = await login('anna');
  expect(await seenBy(impostor)).toEqual([0, 0, 0, 0]);
  await impostor.query("SELECT ai_gen('qwen_plus', 'her own')");
  const keeper = await login('keeper');
  await owner.query('GRANT hologen TO keeper');
  await keeper.query("CALL hologen.hand_over('anna', 'anne')");
  const anne = await gateway.clientOf('anne');
  expect(await value(anne, unclaimed)).toBe(hers.made);
  expect(await seenBy(anne)).toEqual([3, 4, 2, 2]);
  // What a role that is there has made stays with it.
  expect(await seenBy(impostor)).toEqual([1, 1, 1, 1]);
});
