/** The statements of Alibaba's own command-line client (hologres-cli), sent as it sends them, its answers read as it reads them. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordVideo } from '../../sandbox/media/videos.js';
import { putObject } from '../calls/statements.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

interface Command {
  statement?: string;
  parameters?: unknown[];
  call?: string;
  arguments?: string[];
  write?: boolean;
  newest?: boolean;
  times?: number;
}

interface Line {
  text: string;
  types?: number[];
  rows?: Record<string, unknown>[];
  error?: string;
  sqlstate?: string;
  state: string;
}

const program = fileURLToPath(new URL('hologres_cli.py', import.meta.url));
const textType = 25;
/** A volume of the client's configuration. */
const volume = {
  root: 'oss://demo/cli/',
  endpoint: 'oss-cn-hangzhou-internal.aliyuncs.com',
  roleArn: 'acs:ram::1234567890123456:role/hologres-ai',
};
const golden = 'oss://bucket/path/golden_man.png';
const stone = 'oss://bucket/path/stone_man.png';
const film = 'oss://bucket/path/film.mp4';
const models = 'SELECT model_name, model_type, model_provider, task FROM list_external_models()';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '1', sandboxVideoMs: '1' });
  const look = { width: 320, height: 320, title: 'film', prompt: 'film', references: [], seed: 1 };
  await putObject(gateway.dataDir, film, await recordVideo({ ...look, durationSeconds: 3 }));
});
afterAll(() => gateway?.close());

async function hologres(...commands: Command[]): Promise<Line[]> {
  const { stdout } = await runProgram('/usr/bin/python3', [program, gateway.url, JSON.stringify(commands)], {
    PYTHONDONTWRITEBYTECODE: '1',
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function one(command: Command): Promise<Line> {
  const [line] = await hologres(command);
  if (!line) throw new Error('the client printed nothing');
  return line;
}

/** What the client passes to json.loads: it must be a text. */
function resultOf(line: Line): string {
  expect(line).toMatchObject({ types: [textType], state: 'IDLE' });
  expect(Object.keys(line.rows?.[0] ?? {})).toEqual(['ai_gen']);
  return String(line.rows?.[0]?.ai_gen);
}

/** `ai image-gen`, `ai t2v`, `ai i2v`, `ai r2v`: the role is part of the text, everything else is bound. */
function media(model: string | undefined, request: Record<string, unknown>): Command {
  const file = `to_file(%s, %s, '${volume.roleArn}')`;
  const place = [JSON.stringify(request), volume.root, volume.endpoint];
  return model === undefined
    ? { statement: `SELECT ai_gen(%s, ${file})`, parameters: place }
    : { statement: `SELECT ai_gen(%s, %s, ${file})`, parameters: [model, ...place] };
}

test('status reads version, database, user and address', async () => {
  const lines = await hologres(
    { statement: 'SELECT hg_version()' },
    { statement: 'SELECT current_database()' },
    { statement: 'SELECT current_user' },
    { statement: 'SELECT inet_server_addr(), inet_server_port()' },
  );
  const values = lines.map(({ rows }) => rows?.[0]);
  expect(values[0]?.hg_version).toMatch(/^Hologres \d+\.\d+\.\d+ ?\(/);
  expect(values.slice(1, 3)).toEqual([{ current_database: 'hologen' }, { current_user: 'hologen' }]);
  expect(Object.keys(values[3] ?? {})).toEqual(['inet_server_addr', 'inet_server_port']);
});

test('guc shows, sets for the database and resets a setting; new sessions have it', async () => {
  const show = { statement: 'SHOW "optimizer_join_order"' };
  const lines = await hologres(
    show,
    { statement: `ALTER DATABASE "hologen" SET "optimizer_join_order" = 'query'`, write: true },
    show,
    { statement: 'ALTER DATABASE "hologen" RESET "optimizer_join_order"', write: true },
    show,
    { statement: 'SHOW "hg_computing_resource"' },
    { statement: 'SHOW "timezone"' },
    { statement: 'SHOW "no_such_setting"' },
  );
  const [before, , during, , after, own, plain, unknown] = lines;
  expect(before?.rows).toEqual(after?.rows);
  expect(during?.rows).toEqual([{ optimizer_join_order: 'query' }]);
  expect(own?.rows).toEqual([{ hg_computing_resource: 'serverless' }]);
  expect(Object.keys(plain?.rows?.[0] ?? {})).toEqual(['TimeZone']);
  expect(unknown?.sqlstate).toBe('42704');
});

test('sql run is read-only, and --write writes', async () => {
  const lines = await hologres(
    { statement: 'CREATE TABLE notes (id int)' },
    { statement: 'CREATE TABLE notes (id int)', write: true },
    { statement: 'INSERT INTO notes SELECT generate_series(1, 3)', write: true, newest: true },
    { statement: 'SELECT id FROM notes ORDER BY id LIMIT 101' },
  );
  expect(lines[0]).toMatchObject({ sqlstate: '25006', state: 'IDLE' });
  expect(lines[1]?.error).toBeUndefined();
  expect(lines[3]?.rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

test('model list finds the models with LIMIT, with a semicolon, and in four text columns', async () => {
  const lines = await hologres(
    { statement: models },
    { statement: `${models} LIMIT 101` },
    { statement: `${models};` },
    { statement: 'SELECT * FROM list_external_models()', newest: true },
  );
  expect(lines[0]?.types).toEqual([textType, textType, textType, textType]);
  expect(lines[0]?.rows).toContainEqual({
    model_name: 'wan26_t2v',
    model_type: 'wan2.6-t2v',
    model_provider: 'bailian',
    task: 'video-generation',
  });
  expect(lines[1]?.rows).toEqual(lines[0]?.rows);
  expect(lines[2]?.rows).toEqual(lines[0]?.rows);
  const columns = Object.keys(lines[3]?.rows?.[0] ?? {}).slice(0, 4);
  expect(columns).toEqual(['model_name', 'model_type', 'model_provider', 'task']);
});

const modelServer = 'http://model-server-cn-hangzhou.api.aliyun-inc.com:8000/providers/bailian?url=';
const pictures =
  'https://vpc-cn-hangzhou-prd.dashscope.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation';
const secret = 'sk-0123456789abcdef';

function create(name: string, config = '{}', key = secret): Command {
  const place = ['qwen-image-2.0-pro', 'bailian', modelServer + pictures, key, 'image-generation'];
  return { call: 'add_external_model', arguments: [name, ...place, config], write: true };
}

test('model create deploys a name with dots, which then draws and can be deleted once', async () => {
  await gateway.forgetRequests();
  const name = 'my.image-1_0';
  const remove = { statement: `CALL delete_external_model('${name}')`, write: true };
  const lines = await hologres(
    create(name, '{"note": "a\\\\b \\"quoted\\""}'),
    create(name),
    { statement: models },
    media(name, { prompt: 'a lake', output_dir: 'oss://demo/cli/' }),
    remove,
    remove,
  );
  const [created, again, listed, drawn, removed, unknown] = lines;
  expect(created?.text).toContain(` E'{`);
  expect(created).toMatchObject({ types: [], rows: [], state: 'IDLE' });
  expect(again).toMatchObject({ sqlstate: '42710', state: 'IDLE' });
  expect(again?.error).toContain(name);
  expect(listed?.rows).toContainEqual({
    model_name: name,
    model_type: 'qwen-image-2.0-pro',
    model_provider: 'bailian',
    task: 'image-generation',
  });
  expect(JSON.parse(resultOf(drawn as Line)).image_oss_paths).toHaveLength(1);
  expect(removed?.error).toBeUndefined();
  expect(unknown?.sqlstate).toBe('42704');
  expect(unknown?.error).toContain(`"${name}"`);
  const sent = await gateway.requests();
  expect(sent.map(({ path }) => path)).toEqual(['/api/v1/services/aigc/multimodal-generation/generation']);
});

test('no error of model create repeats the key', async () => {
  const lines = await hologres(
    create('qwen_image'),
    create('bad name!'),
    create('bad_task', '[]'),
    create('bad_key', '{}', 'not-a-key-0123456789abcdef'),
    { ...create('read_only'), write: false },
  );
  expect(lines.map(({ sqlstate }) => sqlstate)).toEqual(['42710', '22023', '22023', '22023', '25006']);
  for (const { error } of lines) expect(error).not.toContain('0123456789abcdef');
});

test('register_external_model, as the skills write it, gives the model a key of its own', async () => {
  const config = '{"api_key": "sk-0123456789abcdef"}';
  const [made, listed, drawn] = await hologres(
    {
      statement: `CALL register_external_model('qwen-image-2_0-pro', 'qwen-image-2.0-pro', 'bailian', '${config}', 'image-generation')`,
      write: true,
    },
    { statement: 'SELECT * FROM list_external_models()' },
    media('qwen-image-2_0-pro', { prompt: 'a lake', output_dir: 'oss://demo/cli/' }),
  );
  expect(made).toMatchObject({ rows: [], state: 'IDLE' });
  expect(JSON.stringify(listed?.rows)).not.toContain('0123456789abcdef');
  expect(JSON.parse(resultOf(drawn as Line)).usage).toMatchObject({ image_count: 1 });
});

test('ai gen answers with a plain text, with and without a model', async () => {
  await gateway.forgetRequests();
  const lines = await hologres(
    { statement: 'SELECT ai_gen(%s)', parameters: ['介绍下 hologres'] },
    { statement: 'SELECT ai_gen(%s, %s)', parameters: ['qwen_plus', "it's 100 %, really"], newest: true },
    { statement: 'SELECT ai_gen(%s)', parameters: ['the same, prepared from the sixth time on'], times: 8 },
  );
  expect(lines.map(resultOf).map((text) => text.includes('介绍下') || text.includes('100 %'))).toEqual([
    true,
    true,
    false,
  ]);
  expect(await gateway.requests()).toHaveLength(10);
});

test('an unknown model is an error the client can show, and the session goes on', async () => {
  const line = await one({ statement: 'SELECT ai_gen(%s, %s)', parameters: ['no.such', 'hello'] });
  expect(line).toMatchObject({ sqlstate: '42704', state: 'IDLE' });
  expect(line.error?.split('\n')[0]).toBe('external model "no.such" does not exist');
});

test('ai image-gen without a model saves into the volume', async () => {
  await gateway.forgetRequests();
  const [plain, edited] = await hologres(
    media(undefined, {
      prompt: '一只猫',
      negative_prompt: 'blurred',
      parameters: { size: '1280*720', n: 2, prompt_extend: false, watermark: false, seed: 7 },
      output_dir: 'oss://demo/cli/pictures/cats',
    }),
    media(undefined, {
      prompt: 'one beside the other',
      reference_urls: [golden, stone],
      parameters: { n: 1 },
      output_dir: 'oss://demo/cli/',
    }),
  );
  const result = JSON.parse(resultOf(plain as Line));
  expect(Object.keys(result)).toEqual(['requestId', 'usage', 'image_urls', 'image_oss_paths']);
  expect(result.image_oss_paths).toEqual(
    [1, 2].map((n) => `oss://demo/cli/pictures/cats/${result.requestId}-${n}.png`),
  );
  expect(result.usage).toEqual({ height: 720, width: 1280, image_count: 2 });
  expect(JSON.parse(resultOf(edited as Line)).image_oss_paths[0]).toMatch(/^oss:\/\/demo\/cli\/[^/]+\.png$/);
  const [first] = await gateway.requests();
  expect(first?.body).toMatchObject({
    model: 'qwen-image-2.0-pro',
    parameters: {
      size: '1280*720',
      n: 2,
      prompt_extend: false,
      watermark: false,
      seed: 7,
      negative_prompt: 'blurred',
    },
  });
});

test.each([
  [
    't2v',
    'happyhorse-1.0-t2v',
    {
      prompt: '日落',
      parameters: { resolution: '720P', ratio: '9:16', duration: 3, watermark: false, seed: 1 },
    },
  ],
  ['t2v with a model', 'wan26_t2v', { prompt: '日落' }],
  [
    'i2v',
    'happyhorse-1.0-i2v',
    { prompt: 'he walks', img_url: golden, parameters: { resolution: '1080P', duration: 5 } },
  ],
  [
    'r2v',
    'happyhorse-1.0-r2v',
    {
      prompt: `${golden} meets ${stone}`,
      reference_urls: [golden, stone],
      parameters: { resolution: '720P', ratio: '16:9', duration: 15 },
    },
  ],
  [
    'video-edit',
    'happyhorse-1.0-video-edit',
    {
      prompt: `dress him as ${golden}`,
      video: film,
      reference_urls: [golden],
      parameters: { resolution: '720P', audio_setting: 'origin', watermark: false },
    },
  ],
])('ai %s saves a video into the volume', async (_command, model, request) => {
  const line = await one(media(model, { ...request, output_dir: 'oss://demo/cli/videos' }));
  const result = JSON.parse(resultOf(line));
  expect(Object.keys(result)).toEqual(['request_id', 'output', 'usage']);
  expect(result.output.task_status).toBe('SUCCEEDED');
  expect(result.output.video_oss_path).toMatch(/^oss:\/\/demo\/cli\/videos\/[^/]+\.mp4$/);
  expect(result.usage.video_count).toBe(1);
});

test('a failed video is a value with code and message, as the client reads it', async () => {
  const line = await one(
    media('happyhorse-1.0-t2v', { prompt: 'x [[sandbox:fail]]', output_dir: 'oss://demo/cli/' }),
  );
  const { output } = JSON.parse(resultOf(line));
  expect(output).toMatchObject({
    task_status: 'FAILED',
    code: expect.any(String),
    message: expect.any(String),
  });
  expect(output.video_oss_path).toBeUndefined();
});
