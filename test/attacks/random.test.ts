/** Attack: an ordinary login sends whatever can be put together. ATTACK_SEED repeats a run, ATTACK_STATEMENTS makes it long. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { createRandom } from '../rewriter/random.js';
import { createAttacker, type Known, readSurface } from './random-statements.js';

const seed = Number(process.env.ATTACK_SEED ?? Date.now() % 1_000_000_000);
const statements = Number(process.env.ATTACK_STATEMENTS ?? 400);
const mostCalls = 5;
const picture = (prompt: string) =>
  `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}", "output_dir": "oss://demo/canary/"}',
     to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/x'))::json -> 'image_oss_paths' ->> 0 AS path`;

let gateway: TestGateway;
let owner: pg.Client;
/** What nobody but its owner may ever read. */
let secrets: string[];
let known: Known;

beforeAll(async () => {
  gateway = await startTestGateway({ logLevel: 'silent' });
  owner = await gateway.client();
  for (const role of ['alice', 'mallory', 'vic'])
    await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await owner.query('ALTER ROLE mallory SET statement_timeout = 2000');
  await owner.query(
    'GRANT hologen_viewer TO vic; GRANT CREATE ON SCHEMA public TO mallory; CREATE TABLE public.own (n int)',
  );
  await owner.query('INSERT INTO public.own VALUES (1); ALTER TABLE public.own OWNER TO mallory');
  await owner.query(
    `CALL register_external_model('restricted', 'qwen-max', 'bailian', '{"api_key": "sk-canary-key"}', 'chat/completions')`,
  );
  await owner.query("CALL grant_model('restricted', 'alice'); CALL set_budget('alice', calls => 7)");
  await owner.query(`CALL set_budget('mallory', calls => ${mostCalls})`);
  const alice = await gateway.clientOf('alice');
  await alice.query("SET ai_gen.tag = 'canary tag'");
  const paths = [
    await owner.query(picture('canary of the owner')),
    await alice.query(picture('canary of alice')),
  ];
  const { rows: handles } = await owner.query('SELECT job_id FROM hologen.jobs');
  known = { handles: handles.map(({ job_id }) => job_id), paths: paths.map(({ rows }) => rows[0].path) };
  const { rows } =
    await owner.query(`SELECT secret AS text FROM hologen_internal.proof_secret UNION SELECT secret FROM hologen_internal.gateway
    UNION SELECT connection_string FROM hologen_internal.gateway UNION SELECT api_key FROM hologen_internal.deployed_models WHERE api_key IS NOT NULL`);
  secrets = ['canary of', 'canary tag', 'sk-canary', ...rows.map(({ text }) => text)];
});
afterAll(() => gateway?.close());

/** Everything that is not mallory's and that no statement of hers may change. */
async function kept(): Promise<unknown> {
  const { rows } = await owner.query(`SELECT
    (SELECT json_agg(b ORDER BY budget_id) FROM hologen_internal.budget b) AS budgets,
    (SELECT json_agg(g ORDER BY g::text) FROM hologen_internal.model_grant g) AS grants,
    (SELECT json_agg(d ORDER BY model_name) FROM hologen_internal.deployed_models d WHERE deployed_by <> 'mallory') AS models,
    (SELECT json_agg(j ORDER BY job_id) FROM hologen_internal.job j WHERE role_name <> 'mallory') AS jobs,
    (SELECT json_agg(m ORDER BY m::text) FROM pg_auth_members m) AS members,
    (SELECT json_agg(r ORDER BY oid) FROM pg_authid r WHERE rolname <> 'mallory') AS roles,
    (SELECT json_agg(json_build_array(oid::regclass, relowner, relacl) ORDER BY oid) FROM pg_class WHERE relnamespace::regnamespace::text ~ '^holog') AS relations,
    (SELECT json_agg(json_build_array(oid::regprocedure, proowner, proacl, md5(prosrc)) ORDER BY oid) FROM pg_proc WHERE pronamespace::regnamespace::text ~ '^holog') AS routines,
    (SELECT json_agg(t ORDER BY t::text) FROM (SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal) t) AS triggers`);
  return rows[0];
}

test(`seed ${seed}: ${statements} statements of an ordinary login change, learn and spend nothing that is not its own`, async () => {
  let mallory: pg.Client | undefined;
  const before = await kept();
  const attack = createAttacker(createRandom(seed), await readSurface(owner), known);
  let heard = '';
  for (let number = 1; number <= statements; number++) {
    const statement = attack();
    mallory ??= await connect((message) => {
      heard += message;
    });
    heard = '';
    const said = await mallory.query(statement).then(
      (result) => JSON.stringify([result].flat().map(({ rows }) => rows)),
      (error: pg.DatabaseError) => {
        if (!error.code || error.code === '57P01') mallory = undefined;
        return JSON.stringify({ ...error, message: error.message });
      },
    );
    // Half a text may have been done, and its transaction be open.
    await mallory?.query('ROLLBACK').catch(() => {});
    const leaked = secrets.filter((secret) => (said + heard).includes(secret) && !statement.includes(secret));
    const where = `seed ${seed}, statement ${number}: ${statement}`;
    expect({ leaked, said: leaked.length > 0 ? said + heard : '', where }).toEqual({
      leaked: [],
      said: '',
      where,
    });
    expect(said, where).not.toContain('"XX000"');
    if (number % 50 === 0 || number === statements) expect(await kept(), where).toEqual(before);
  }
  const { rows } = await owner.query(
    "SELECT count(*)::int AS calls FROM hologen_internal.job WHERE role_name = 'mallory' AND state NOT IN ('failed', 'cancelled')",
  );
  expect(rows[0].calls).toBeLessThanOrEqual(mostCalls);
  expect(
    (await refusal((await gateway.clientOf('mallory')).query(`SELECT ai_gen('restricted', 'x')`))).code,
  ).toBe('42501');
  await owner.query("SELECT ai_gen('qwen_plus', 'still there')");
});

async function connect(hear: (message: string) => void): Promise<pg.Client> {
  const client = await gateway.clientOf('mallory');
  client.on('notice', (notice) => hear(JSON.stringify({ ...notice, message: notice.message })));
  return client;
}
