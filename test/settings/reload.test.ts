/** The settings file is read again while the gateway runs: what is live holds at once, what is not is told, and a wrong file changes nothing. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../src/settings/read.js';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { refusal } from '../gateway.js';

let directory: string;
let gateway: SpawnedGateway;
const write = (...lines: string[]) => writeFile(join(directory, 'settings.env'), lines.join('\n'));
const reload = () => hologen(['reload', '--data-dir', directory]);

beforeAll(async () => {
  directory = await makeDirectory();
  await write('# Roles that SQL may name.', "HOLOGEN_ALLOWED_ROLES='acs:ram::1:role/one-*'");
  gateway = await serve(directory, ['--sandbox']);
});
afterAll(async () => {
  await stopGateways();
  await rm(directory, { recursive: true, force: true });
});

const picture = (
  role: string,
) => `SELECT ai_gen('qwen_image_2', '{"prompt": "made", "output_dir": "oss://demo/made/"}',
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/${role}')) AS made`;

test('allowed roles hold from then on, for sessions that are open too; what needs a restart is told', async () => {
  const client = await gateway.client();
  await client.query(picture('one-writer'));
  expect((await refusal(client.query(picture('two-writer')))).message).toContain('two-writer');
  await write(
    "HOLOGEN_ALLOWED_ROLES='acs:ram::1:role/two-*'",
    'HOLOGEN_KEEP_JOBS_DAYS=30',
    'HOLOGEN_LOGIN_MS=5000',
  );
  expect(await reload()).toEqual({
    code: 0,
    stdout:
      'changed HOLOGEN_KEEP_JOBS_DAYS\nchanged HOLOGEN_ALLOWED_ROLES\nneeds a restart: HOLOGEN_LOGIN_MS\n',
    stderr: '',
  });
  const { rows } = await client.query(picture('two-writer'));
  expect(JSON.parse(rows[0].made).image_oss_paths).toHaveLength(1);
  expect((await refusal(client.query(picture('one-writer')))).message).toContain('one-writer');
  expect((await client.query('CALL reload_settings()')).rows).toEqual([
    { changed: [], need_restart: ['HOLOGEN_LOGIN_MS'] },
  ]);
  await client.end();
});

test('degrees hold from then on, also in views; SIGHUP does the same, and says so in the log', async () => {
  const client = await gateway.client();
  await client.query("CREATE ROLE bob LOGIN PASSWORD 'secret'");
  await client.query('SET ROLE bob');
  const mayCall = async () => (await client.query('SELECT calls FROM hologen.my_rights')).rows[0].calls;
  expect(await mayCall()).toBe(true);
  await write("HOLOGEN_ALLOWED_ROLES='acs:ram::1:role/two-*'", 'HOLOGEN_DEFAULT_DEGREE=viewer');
  gateway.kill('SIGHUP');
  await expect.poll(mayCall).toBe(false);
  expect((await refusal(client.query("SELECT ai_gen('qwen_plus', 'hello')"))).code).toBe('42501');
  await expect
    .poll(() => gateway.printed.stderr)
    .toMatch(/"changed":\["HOLOGEN_KEEP_JOBS_DAYS","HOLOGEN_DEFAULT_DEGREE"\],"needRestart":\[\]/);
  await client.end();
});

test('a wrong file changes nothing, and the answer names the setting and what is allowed', async () => {
  const client = await gateway.client();
  const wrong: [string, RegExp][] = [
    ['HOLOGEN_DRAIN_MS=soon', /HOLOGEN_DRAIN_MS must be a whole number from 0 to 86400000, not "soon"/],
    ['HOLOGEN_ALOWED_ROLES=*', /settings\.env: HOLOGEN_ALOWED_ROLES is no setting/],
    ['HOLOGEN_DATA_DIR=/elsewhere', /HOLOGEN_DATA_DIR cannot stand here/],
    ['HOLOGEN_URL=postgresql://a:b@h/d', /HOLOGEN_URL cannot stand here, because only hologen mcp/],
    ['HOLOGEN_SPEND_AT_MOST=5', /HOLOGEN_SPEND_AT_MOST cannot stand here, because only hologen mcp/],
    ['HOLOGEN_OSS_DOMAINS=media.example.com', /HOLOGEN_OSS_DOMAINS holds "media\.example\.com"/],
    ['HOLOGEN_ALLOWED_ROLES=one-writer', /HOLOGEN_ALLOWED_ROLES holds "one-writer"/],
    ['DASHSCOPE_HTTP_BASE_URL=dashscope', /DASHSCOPE_HTTP_BASE_URL must be a URL/],
    ['what is this', /"what is this" is no line NAME=value/],
  ];
  for (const [line, said] of wrong) {
    await write("HOLOGEN_ALLOWED_ROLES='*'", line);
    const refused = await refusal(client.query('CALL reload_settings()'));
    expect([refused.code, refused.message, refused.hint]).toEqual([
      '22023',
      expect.stringMatching(said),
      expect.stringContaining('Nothing has changed'),
    ]);
  }
  const { code, stderr } = await reload();
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^hologen reload: .*is no line NAME=value/)]);
  expect((await refusal(client.query(picture('one-writer')))).message).toContain('one-writer');
  await client.end();
});

test('only administrators may, and a file that is named must be there', async () => {
  const client = await gateway.client();
  await client.query('SET ROLE bob');
  expect((await refusal(client.query('CALL reload_settings()'))).code).toBe('42501');
  expect((await refusal(client.query(`SELECT hologen_caller.ask('{"ask": "reload_settings"}')`))).code).toBe(
    '42501',
  );
  await client.end();
  const missing = await hologen(['serve', '--sandbox', '--settings-file', join(directory, 'missing.env')]);
  expect([missing.code, missing.stderr]).toEqual([
    2,
    expect.stringMatching(/missing\.env cannot be read \(ENOENT\)/),
  ]);
});

test('flags win over the environment, and the environment over the file, but where it is empty', async () => {
  const dataDir = await makeDirectory();
  await writeFile(
    join(dataDir, 'settings.env'),
    'HOLOGEN_PORT=1\nHOLOGEN_CONSOLE_PORT=2\nHOLOGEN_LOG_LEVEL=warn\n',
  );
  const { configuration } = readSettings(
    ['--port', '3', '--data-dir', dataDir],
    { HOLOGEN_PORT: '4', HOLOGEN_CONSOLE_PORT: '5', HOLOGEN_LOG_LEVEL: '' },
    ['port', 'consolePort', 'dataDir', 'settingsFile'],
  );
  const { door, console, logLevel } = configuration;
  expect([door.port, console.port, logLevel]).toEqual([3, 5, 'warn']);
  await rm(dataDir, { recursive: true, force: true });
});

test('the provider’s rates are kept to from then on, and no longer when they are off', async () => {
  const client = await gateway.client();
  await client.query("SELECT ai_gen('qwen_plus', 'hello')");
  const allowed = async () =>
    (await client.query("SELECT submits_per_second FROM hologen.queues WHERE model_type = 'qwen-plus'")).rows;
  expect(await allowed()).toEqual([{ submits_per_second: null }]);
  await write('HOLOGEN_RATES=documented');
  expect((await reload()).stdout).toContain('changed HOLOGEN_RATES\n');
  expect(Number((await allowed())[0].submits_per_second)).toBeGreaterThan(0);
  await write('HOLOGEN_RATES=off');
  await reload();
  expect(await allowed()).toEqual([{ submits_per_second: null }]);
  await client.end();
});
