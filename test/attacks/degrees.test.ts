/** Degrees: what administrators, makers and viewers may do, and that nobody else may, by whatever door. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SettingTexts } from '../../src/settings/table.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
const who: Record<string, pg.Client> = {};
const file = "to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')";
const saved = `SELECT ai_gen('qwen_image_2', '{"prompt": "kept", "output_dir": "oss://demo/degrees/"}', ${file})::json -> 'image_oss_paths' ->> 0 AS path`;
let path: string;
let job: string;

async function start(settings: Partial<SettingTexts> = {}) {
  gateway = await startTestGateway(settings);
  owner = await gateway.client();
  for (const [role, degree] of [
    ['ada', 'hologen_admin'],
    ['max', 'hologen_maker'],
    ['vic', 'hologen_viewer'],
    ['eve', undefined],
  ] as const) {
    await owner.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'secret'${degree ? `; GRANT ${degree} TO ${role}` : ''}`,
    );
    who[role] = await gateway.clientOf(role);
  }
  path = (await owner.query(saved)).rows[0].path;
  job = (await owner.query('SELECT job_id FROM hologen.jobs')).rows[0].job_id;
}

const outcome = async (role: string, statement: string) =>
  (who[role] as pg.Client).query(statement).then(
    ({ rows }) => rows.length,
    (error) => error.code as string,
  );

const call = "SELECT ai_gen('qwen_plus', 'hello')";
const attempts: Record<string, string> = {
  call,
  'a call that runs as written': "SELECT CASE WHEN random() < 2 THEN ai_gen('qwen_plus', 'hello') END",
  'a raw question after a look': `SELECT hologen_caller.ask('{"ask": "submit_looked", "of": {"model": "qwen_plus", "request": "hello", "settings": {}, "statement": ""}, "noted": [{"model": "qwen_plus", "request": "hello"}], "place": {}}')`,
  'a raw question as written': `SELECT hologen_caller.ask('{"ask": "submit_written", "of": {"model": "qwen_plus", "request": "hello", "settings": {}, "statement": ""}}')`,
  'a call of ai_submit': "SELECT ai_submit('qwen_plus', 'hello')",
  'a priced call': `SELECT * FROM ai_estimate($$${call}$$)`,
  'a raw question': `SELECT hologen_caller.ask('{"ask": "submit", "model": "qwen_plus", "request": "hello", "settings": {}, "statement": ""}')`,
  'an address of any file': `SELECT file_url(to_file('{saved}', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))`,
  'a list of a directory, by a raw question': `SELECT hologen_caller.ask('{"ask": "list_objects", "file": {"oss_path": "oss://demo/", "oss_endpoint": "oss-cn-hangzhou-internal.aliyuncs.com", "role_arn": "acs:ram::186xxx:role/xxx"}}')`,
  'a deployment on a key of its own': `CALL register_external_model('own_' || current_user, 'qwen-plus', 'bailian', '{"api_key": "sk-own"}', 'chat/completions')`,
  'a deployment on the gateway’s key': `CALL register_external_model('free_' || current_user, 'qwen-plus', 'bailian', '{}', 'chat/completions')`,
  'a budget': "CALL set_budget('eve', calls_per_day => 1000)",
  'a budget, by a raw question': `SELECT hologen_caller.ask('{"ask": "set_budget", "role_name": "eve", "calls": 1000}')`,
  'a grant': "CALL grant_model('qwen_image_2_pro', current_user)",
  'a grant of a degree': 'GRANT hologen_maker TO eve',
  'a grant of administration': 'GRANT hologen_admin TO eve',
  'others’ jobs': "SELECT FROM hologen.jobs WHERE role_name = 'hologen'",
  'others’ money': "SELECT FROM hologen.usage WHERE role_name = 'hologen'",
  'a call of a stage, by a raw question': `SELECT hologen_caller.ask('{"ask": "submit_calls", "calls": [{"model": "qwen_plus", "request": "hello", "handle": "h"}], "settings": {}, "statement": ""}')`,
  'sharing others’ job': "SELECT share_job('{job}')",
  'sharing others’ job, by a raw question': `SELECT hologen_caller.ask('{"ask": "share_job", "job": "{job}", "shared": true}')`,
  'a pause': "CALL pause_model('qwen_image_2_pro')",
  'a pause, by a raw question': `SELECT hologen_caller.ask('{"ask": "pause_model", "model_name": "qwen_image_2_pro"}')`,
  'a webhook': "CALL set_webhook('w', 'http://127.0.0.1:9/')",
  'a webhook, by a raw question': `SELECT hologen_caller.ask('{"ask": "set_webhook", "webhook_name": "w", "url": "http://127.0.0.1:9/"}')`,
  'the end of a webhook': "CALL remove_webhook('w')",
  'what webhooks were told': 'SELECT FROM hologen.webhook_messages',
  'a resumption': "CALL resume_model('qwen_image_2_pro')",
  'a retry of others’ job': "SELECT retry_job('{job}')",
  'a retry, by a raw question': `SELECT hologen_caller.ask('{"ask": "retry_job", "job": "{job}"}')`,
  people: 'SELECT FROM hologen.people LIMIT 1',
  'the tables': 'SELECT FROM hologen_internal.job',
};
const denied = '42501';
const not = (statement: keyof typeof attempts) => [statement, denied] as const;

/** What is not told here is allowed: it gives a number of rows. */
const expected: Record<string, Record<string, unknown>> = {
  ada: {
    ...Object.fromEntries([not('a grant of administration'), not('the tables')]),
    // It has not failed.
    ...{ 'a retry of others’ job': '42704', 'a retry, by a raw question': '42704' },
  },
  max: {
    ...Object.fromEntries(
      [
        'a deployment on the gateway’s key',
        'a budget',
        'a budget, by a raw question',
        'a grant',
        'a pause',
        'a pause, by a raw question',
        'a resumption',
        'a webhook',
        'a webhook, by a raw question',
        'the end of a webhook',
        'the tables',
      ].map(not),
    ),
    ...Object.fromEntries(['a grant of a degree', 'a grant of administration'].map(not)),
    ...{ 'others’ jobs': 0, 'others’ money': 0, people: 0, 'what webhooks were told': 0 },
    ...{ 'sharing others’ job': '42704', 'sharing others’ job, by a raw question': '42704' },
    ...{ 'a retry of others’ job': '42704', 'a retry, by a raw question': '42704' },
  },
};
expected.vic = {
  ...expected.max,
  ...Object.fromEntries(
    [
      'call',
      'a call that runs as written',
      'a raw question after a look',
      'a raw question as written',
      'a call of ai_submit',
      'a priced call',
      'a raw question',
      'a call of a stage, by a raw question',
      'an address of any file',
      'a list of a directory, by a raw question',
      'a deployment on a key of its own',
      'sharing others’ job',
      'sharing others’ job, by a raw question',
      'a retry of others’ job',
      'a retry, by a raw question',
    ].map(not),
  ),
};
expected.eve = expected.max as Record<string, unknown>;

describe('with the default', () => {
  beforeAll(() => start());
  afterAll(() => gateway?.close());

  test.each(['ada', 'max', 'vic', 'eve'])(
    '%s may do what the degree allows, and nothing else',
    async (role) => {
      await owner.query('SELECT share_job($1, false)', [job]);
      const seen: Record<string, unknown> = {};
      for (const [what, statement] of Object.entries(attempts)) {
        const got = await outcome(role, statement.replace('{saved}', path).replace('{job}', job));
        const wanted = expected[role]?.[what];
        seen[what] = wanted === undefined && typeof got === 'number' ? undefined : got;
      }
      expect(seen).toEqual(expected[role]);
      if (role === 'ada') await who.ada?.query('REVOKE hologen_maker FROM eve');
    },
  );

  test('a viewer sees, finds and signs what was shared, without its price and statement, and nothing else', async () => {
    await who.max?.query("SELECT ai_gen('qwen_plus', 'kept for myself')");
    await owner.query('SELECT share_job($1)', [job]);
    const seen = await who.vic?.query(
      'SELECT job_id, shared, statement, price, estimated_price FROM hologen.jobs',
    );
    expect(seen?.rows).toEqual([
      { job_id: job, shared: true, statement: null, price: null, estimated_price: null },
    ]);
    expect((await who.vic?.query('SELECT prompt FROM hologen.prompts'))?.rows).toEqual([{ prompt: 'kept' }]);
    expect((await who.vic?.query('SELECT * FROM hologen.callers'))?.rows).toEqual([
      { role_name: 'hologen', model_name: 'qwen_image_2' },
    ]);
    const verdict = `CALL hologen.review('${job}', 'picked')`;
    expect([await outcome('vic', verdict), await outcome('max', verdict)]).toEqual([0, '42704']);
    expect(await outcome('vic', 'SELECT FROM hologen.reviews')).toBe(1);
    expect(await outcome('max', 'SELECT FROM hologen.reviews')).toBe(0);
    const address = `SELECT file_url('${path}') AS url`;
    expect(await outcome('vic', address)).toBe(1);
    expect(await outcome('ada', address)).toBe(1);
    expect(await outcome('max', address)).toBe('42704');
    expect(await outcome('max', 'SELECT FROM hologen.jobs WHERE shared')).toBe(0);
    await owner.query('SELECT share_job($1, false)', [job]);
    for (const view of ['jobs', 'prompts', 'callers'])
      expect(await outcome('vic', `SELECT FROM hologen.${view}`)).toBe(0);
    expect(await outcome('vic', verdict)).toBe('42704');
    expect(await outcome('vic', address)).toBe('42704');
  });

  test('a maker shares its own, many at once, and not in a read-only transaction', async () => {
    const max = who.max as pg.Client;
    await max.query(
      "SET ai_gen.tag = 'summer'; SELECT ai_gen('qwen_plus', 'one'); SELECT ai_gen('qwen_plus', 'two')",
    );
    await max.query('RESET ai_gen.tag; BEGIN READ ONLY');
    expect(await outcome('max', "SELECT share_job(job_id) FROM hologen.jobs WHERE tag = 'summer'")).toBe(
      '25006',
    );
    await max.query('ROLLBACK');
    expect(await outcome('max', "SELECT share_job(job_id) FROM hologen.jobs WHERE tag = 'summer'")).toBe(2);
    const { rows } = (await who.vic?.query('SELECT prompt FROM hologen.prompts ORDER BY 1')) ?? {};
    expect(rows).toEqual([{ prompt: 'one' }, { prompt: 'two' }]);
    expect(await outcome('max', 'SELECT share_job(job_id, false) FROM hologen.jobs WHERE shared')).toBe(2);
    expect(await outcome('vic', 'SELECT FROM hologen.jobs')).toBe(0);
  });

  test('an administrator makes and unmakes makers and viewers, and sees what people spent', async () => {
    await who.ada?.query('GRANT hologen_viewer TO eve');
    expect(await outcome('eve', call)).toBe(denied);
    await who.ada?.query('REVOKE hologen_viewer FROM eve');
    expect(await outcome('eve', call)).toBe(1);
    const { rows } = (await who.ada?.query('SELECT role_name, degree FROM hologen.people ORDER BY 1')) ?? {};
    expect(rows).toEqual([
      { role_name: 'ada', degree: 'admin' },
      { role_name: 'eve', degree: null },
      { role_name: 'hologen', degree: 'owner' },
      { role_name: 'max', degree: 'maker' },
      { role_name: 'vic', degree: 'viewer' },
    ]);
  });
});

describe('where viewers see all', () => {
  beforeAll(() => start({ viewersSee: 'all' }));
  afterAll(() => gateway?.close());

  test('a viewer sees and signs what was saved by anybody, and no money', async () => {
    expect(await outcome('vic', attempts['others’ jobs'] ?? '')).toBe(1);
    expect(await outcome('vic', 'SELECT FROM hologen.jobs WHERE price IS NOT NULL')).toBe(0);
    expect(await outcome('vic', `SELECT file_url('${path}')`)).toBe(1);
    expect(await outcome('max', `SELECT file_url('${path}')`)).toBe('42704');
    expect(await outcome('max', attempts['others’ jobs'] ?? '')).toBe(0);
  });
});

describe.each([
  ['viewer', 1],
  ['none', 0],
] as const)('where a role without a degree is %s', (degree, seesShared) => {
  beforeAll(() => start({ defaultDegree: degree }));
  afterAll(() => gateway?.close());

  test('it makes no calls, and sees what that degree shows', async () => {
    expect(await outcome('eve', attempts['others’ jobs'] ?? '')).toBe(0);
    await owner.query('SELECT share_job($1)', [job]);
    expect(await outcome('eve', call)).toBe(denied);
    expect(await outcome('max', call)).toBe(1);
    expect(await outcome('eve', attempts['others’ jobs'] ?? '')).toBe(seesShared);
    expect(await outcome('max', attempts['others’ jobs'] ?? '')).toBe(0);
  });
});
