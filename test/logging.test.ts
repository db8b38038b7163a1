/** What the logs of a run tell, and what they never tell: keys, passwords, secrets, and above debug level no prompt. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDirectory, type SpawnedGateway, serve, stopGateways } from './cli/spawned-gateway.js';
import { refusal } from './gateway.js';

/** Marks that must not be found again. */
const key = 'sk-marked0123456789abcdef';
const prompt = 'MarkedPrompt';
const identity = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAImarked',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'MarkedIdentitySecret',
  DASHSCOPE_API_KEY: 'sk-markeddefault0123456789',
  HOLOGEN_SECRET_KEY: 'MarkedPassphrase',
};
const place = `to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/test')`;

interface LogLine {
  level: number;
  msg: string;
  calls?: number;
  delivered?: number;
  jobs?: string[];
  providerRequests?: string[];
  models?: string[];
  role?: string;
  ms?: number;
}

let gateway: SpawnedGateway;
let directory: string;
let jobs: { job_id: string; provider_request_id: string | null; state: string }[];
let ownerPassword: string;
let secrets: string[];
let engineLog: string;

function picture(model: string, text: string, more = ''): string {
  return `SELECT ai_gen('${model}', '{"prompt":"${prompt} ${text}","output_dir":"oss://demo/"${more}}', ${place})`;
}

function deploy(name: string, config: string): string {
  return `CALL register_external_model('${name}', 'qwen-image-2.0-pro', 'bailian', '${config}', 'image-generation')`;
}

/** Statements that end in an error, each in another place. */
const failing = [
  picture('qwen_image', 'x', ', "colour": "red"'),
  picture('qwen_image', 'x', ', "parameters": {"n": "many"}'),
  picture('no_such_model', 'x'),
  picture('qwen_image', '[[sandbox:refuse]]'),
  picture('wan26_t2v', 'x').replaceAll('oss://demo/', 'oss://no-such-bucket-here/'),
  `SELECT ai_gen('qwen_image', '{"prompt": "${prompt}", oops', ${place})`,
  `SELECT ai_gen('${prompt} as a model', 'x')`,
  `SELECT '${prompt}'::int`,
  deploy('qwen_image', `{"api_key": "${key}"}`),
  deploy('broken', `{"api_key": "${key}"`),
  deploy('bad name', `{"api_key": "${key}"}`),
  deploy('other', `{"api_key": "marked ${key}"}`),
  deploy('nested', `{"price": {"per_picture": 0.4, "api_key": "${key}"}}`),
  deploy('priced', `{"price": {"per_second": 0.4}}`),
  `CALL add_external_model('qwen_image', 'qwen-image', 'bailian', '', '${key}', 'image-generation', '{}')`,
  `CALL add_external_model('a', 'qwen-image', 'bailian', '${key}')`,
];

beforeAll(async () => {
  directory = await makeDirectory();
  gateway = await serve(directory, ['--sandbox', '--sandbox-image-ms', '1', '--sandbox-video-ms', '1'], {
    environment: { ...identity, HOLOGEN_LOG_LEVEL: 'trace' },
  });
  const client = await gateway.client();
  await client.query(deploy('keyed', `{"api_key": "${key}"}`));
  await client.query(
    `SELECT ai_gen('keyed', r, ${place}) FROM (VALUES ('{"prompt":"${prompt} 1"}'), ('{"prompt":"${prompt} 2"}')) AS t(r)`,
  );
  await client.query('SELECT ai_gen($1, $2)', ['qwen_plus', `${prompt} bound`]);
  await client.query(picture('wan26_t2v', '[[sandbox:fail]]'));
  await client.query(picture('qwen_image', '[[sandbox:throttle=1]]'));
  for (const statement of failing) expect((await refusal(client.query(statement))).code).toMatch(/^\w{5}$/);
  const wrong = new URL(gateway.url);
  ownerPassword = wrong.password;
  wrong.password = 'MarkedWrongPassword';
  expect((await refusal(new pg.Client({ connectionString: wrong.href }).connect())).code).toBe('28P01');
  await client.query(`SET statement_timeout = '150ms'`);
  expect((await refusal(client.query(picture('qwen_image', '[[sandbox:slow=500]]')))).code).toBe('57014');
  await client.query('RESET statement_timeout');
  jobs = (await client.query('SELECT job_id, provider_request_id, state FROM hologen.jobs')).rows;
  const stored = await client.query('SELECT connection_string, secret FROM hologen_internal.gateway');
  secrets = [stored.rows[0].secret, /password=(\S+)/.exec(stored.rows[0].connection_string)?.[1] ?? ''];
  await client.end();
  gateway.kill('SIGTERM');
  await gateway.exit;
  engineLog = await readFile(join(directory, 'engine.log'), 'utf8');
  for (const name of ['callback-secret', 'owner-password'])
    secrets.push((await readFile(join(directory, name), 'utf8')).trim());
});
afterAll(async () => {
  await stopGateways();
  await rm(directory, { recursive: true, force: true });
});

function lines(): LogLine[] {
  return gateway.printed.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine);
}

test('every line of the log is JSON', () => {
  expect(lines().length).toBeGreaterThan(5);
});

test('a statement with calls is one line at info, with role, models, job ids, provider request ids and time', () => {
  const statements = lines().filter(({ msg }) => msg === 'statement');
  const two = statements.filter(({ models }) => models?.includes('keyed'));
  expect(two).toHaveLength(1);
  expect(two[0]).toMatchObject({
    level: 30,
    role: 'hologen',
    calls: 2,
    delivered: 2,
    ms: expect.any(Number),
  });
  for (const [index, id] of (two[0]?.jobs ?? []).entries()) {
    const job = jobs.find(({ job_id }) => job_id === id);
    expect(job?.state).toBe('succeeded');
    expect(two[0]?.providerRequests?.[index]).toBe(job?.provider_request_id);
  }
  const logged = statements.flatMap(({ jobs: ids = [] }) => ids);
  expect(new Set(logged).size).toBe(logged.length);
  expect(logged).toEqual(expect.arrayContaining(jobs.map(({ job_id }) => job_id)));
});

test('no key, password or secret is in any log, at any level', () => {
  const logs = `${gateway.printed.stdout}${gateway.printed.stderr}${engineLog}`;
  const never = [key, ...Object.values(identity), 'MarkedWrongPassword', ownerPassword, ...secrets];
  for (const secret of never) {
    expect(secret.length).toBeGreaterThan(8);
    expect(logs.includes(secret), `a log tells ${secret}`).toBe(false);
  }
});

test('no prompt is in the log above debug level, nor in the log of the engine', () => {
  const loud = lines().filter(({ level }) => level >= 30);
  expect(loud.length).toBeGreaterThan(0);
  for (const line of loud) expect(JSON.stringify(line)).not.toContain(prompt);
  expect(engineLog).not.toContain(prompt);
});

test('the log of the engine still tells when it started and stopped', () => {
  expect(engineLog).toMatch(/ready to accept connections/);
  expect(engineLog).toMatch(/database system is shut down/);
});
