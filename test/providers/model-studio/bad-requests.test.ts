/** Requests that cannot work are refused before anything is sent, with the field, the value, what is allowed and how to mend it. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aiGen, anyDirectory, deploy, putObject, rights } from '../../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../../gateway.js';
import { imageEdit, multiImageFusion, textToImage } from './refusals/pictures.js';
import { badObjects, golden, missingObject, type RefusalRow } from './refusals/row.js';
import { embedding, text } from './refusals/texts.js';
import { firstAndLastFrame, firstFrame, referenceVideo, textToVideo } from './refusals/videos.js';

const tables = [
  ...[textToImage, imageEdit, multiImageFusion],
  ...[textToVideo, firstFrame, firstAndLastFrame, referenceVideo],
  ...[text, embedding],
];

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '0', sandboxVideoMs: '0' });
  client = await gateway.client();
  await deploy(client, 'qwen-image-edit', 'image-generation');
  for (const [path, bytes] of Object.entries(badObjects)) {
    await putObject(gateway.dataDir, path, Buffer.alloc(bytes));
  }
});
afterAll(() => gateway?.close());

async function countJobs(): Promise<number> {
  return (await client.query('SELECT count(*)::int AS jobs FROM hologen.jobs')).rows[0].jobs;
}

/** Nothing reached the provider and no job was noted while `run` was refused. */
async function refusedUnsent(run: () => Promise<unknown>): Promise<pg.DatabaseError> {
  const jobs = await countJobs();
  await gateway.forgetRequests();
  const error = await refusal(run());
  expect(await gateway.requests('all')).toEqual([]);
  expect(await countJobs()).toBe(jobs);
  return error;
}

function expectText(found: string | undefined, wanted: string | RegExp): void {
  if (typeof wanted === 'string') expect(found).toBe(wanted);
  else expect(found).toMatch(wanted);
}

function nameOf([changes, , , more]: RefusalRow): string {
  const what = typeof changes === 'object' && changes ? JSON.stringify(changes, undefinedAsText) : changes;
  const where = more?.file === null ? ' without a FILE' : more?.file ? ` with ${more.file}` : '';
  return `${what}${more?.model ? ` for ${more.model}` : ''}${where}`.replaceAll('%', '%%');
}

const undefinedAsText = (_key: string, value: unknown) => (value === undefined ? 'left out' : value);

describe.each(tables.map((table) => [table.scenario, table] as const))('%s', (_scenario, table) => {
  test.each(table.rows.map((row) => [nameOf(row), row] as const))('refuses %s', async (_name, row) => {
    const [changes, message, hint, more = {}] = row;
    const request = typeof changes === 'object' && changes ? { ...table.good, ...changes } : changes;
    const file = more.file === undefined ? anyDirectory : more.file;
    const error = await refusedUnsent(() => aiGen(client, more.model ?? table.model, request, file));
    expectText(error.message, message);
    expectText(error.hint, hint);
    expect(error.code).toBe(more.sqlstate ?? '22023');
  });

  test('takes the good request afterwards, in the same session', async () => {
    await gateway.forgetRequests();
    expect(await aiGen(client, table.model, table.good)).not.toBe('');
    expect(await gateway.requests()).toHaveLength(1);
  });
});

const endpointHint =
  "Write the endpoint of the bucket's region, for example oss-cn-hangzhou-internal.aliyuncs.com or oss-cn-hangzhou.aliyuncs.com.";
const arnHint =
  'Write acs:ram::<account id>:role/<role name>, as the RAM console shows it on the page of the role.';
const [endpoint, role] = rights as [string, string];
const badFiles: [
  path: string,
  endpoint: string,
  role: string,
  message: string | RegExp,
  hint: string | RegExp,
  code?: string,
][] = [
  ...['http://169.254.169.254', 'http://oss-cn-hangzhou.aliyuncs.com'].map(
    (bad): (typeof badFiles)[number] => [
      golden,
      bad,
      role,
      `oss_endpoint is not an OSS endpoint: "${bad}"`,
      `Plain http is not used. ${endpointHint}`,
    ],
  ),
  ...[
    '169.254.169.254',
    'example.com',
    'localhost:9000',
    'user@oss-cn-hangzhou.aliyuncs.com',
    'https://user:password@oss-cn-hangzhou.aliyuncs.com',
    'oss-cn-hangzhou.aliyuncs.com.example.com',
    'oss-cn-hangzhou.aliyuncs.com/other',
    'oss-cn-hangzhou.aliyuncs.com#.example.com',
  ].map((bad): (typeof badFiles)[number] => [
    golden,
    bad,
    role,
    `oss_endpoint is not an OSS endpoint: "${bad}"`,
    endpointHint,
  ]),
  [
    golden,
    'bucket.oss-cn-hangzhou.aliyuncs.com',
    role,
    'oss_endpoint is not an OSS endpoint: "bucket.oss-cn-hangzhou.aliyuncs.com"',
    `Leave the bucket out of the endpoint; it belongs into the path. ${endpointHint}`,
  ],
  ...['hologen', 'acs:ram::123:user/x', 'acs:ram::123:role/a b', 'arn:aws:iam::123:role/x'].map(
    (bad): (typeof badFiles)[number] => [
      golden,
      endpoint,
      bad,
      `role_arn is not the ARN of a RAM role: "${bad}"`,
      arnHint,
    ],
  ),
  [
    'bucket/a.png',
    endpoint,
    role,
    'oss_path is not an OSS path: "bucket/a.png"; it must start with oss:// and a bucket',
    'Write oss://<bucket>/<path>, for example oss://my-bucket/pictures/ or oss://my-bucket/pictures/cat.png.',
  ],
  [
    'oss://bucket/path/none.png',
    endpoint,
    role,
    missingObject('oss://bucket/path/none.png'),
    "Check the path, the endpoint of the bucket's region, and that the role has oss:GetObject on it.",
    '58P01',
  ],
  ['', endpoint, role, 'oss_path must be a text that is not empty, not ""', /^Give oss_path a value/],
];

describe('to_file', () => {
  test.each(badFiles)(
    'refuses (%s, %s, %s)',
    async (path, badEndpoint, badRole, message, hint, code = '22023') => {
      const error = await refusedUnsent(() =>
        client.query('SELECT ai_gen($1, $2, to_file($3, $4, $5))', [
          'qwen_image_2_pro',
          '{"prompt": "a castle"}',
          path,
          badEndpoint,
          badRole,
        ]),
      );
      expectText(error.message, message);
      expectText(error.hint, hint);
      expect(error.code).toBe(code);
    },
  );
});

const badModels: [model: (string | null)[], code: string, message: string, hint: string | RegExp][] = [
  ...[
    '{"api_key": "very-secret"}',
    '{"api_key": "sk-sp-very-secret"}',
    '{"api_key": "sk-…"}',
    '{"api_key": 5}',
  ].map((config): (typeof badModels)[number] => [
    ['fresh', 'qwen-image-2.0', 'bailian', config, 'image-generation'],
    '22023',
    'api_key must be a Model Studio key, which begins with sk- and is of printable ASCII (keys that begin with sk-sp- belong to the Coding Plan)',
    'Leave it out to use the gateway’s default key.',
  ]),
  [
    ['fresh', 'qwen-image-2.0', 'bailian', '"sk-very-secret"', 'image-generation'],
    '22023',
    'config must be a JSON object',
    'Write \'{"api_key": "sk-…"}\'.',
  ],
  [
    ['fresh', 'qwen-image-2.0', 'openai', '{}', 'image-generation'],
    '22023',
    'model_provider must be one of bailian, dashscope, model-studio, not "openai"',
    /bailian/,
  ],
  [
    ['fresh', 'qwen-image-2.0', 'bailian', '{}', 'pictures'],
    '22023',
    'task must be one of image-generation, video-generation, chat/completions, embedding, speech-to-text, translation, rerank, not "pictures"',
    /image-generation/,
  ],
  [
    ['fresh', 'wan2.6-t2v', 'bailian', '{}', 'image-generation'],
    '22023',
    'task must be \'video-generation\' for model type wan2.6-t2v, not "image-generation"',
    "CALL register_external_model(…, 'video-generation').",
  ],
  [
    ['a name', 'qwen-image-2.0', 'bailian', '{}', 'image-generation'],
    '22023',
    'model_name must be of letters, digits, underscores, hyphens and dots, at most 128, not "a name"',
    'For example wan26_t2v or happyhorse-1.0-t2v.',
  ],
  [
    ['qwen_plus', 'qwen-plus', 'bailian', '{}', 'chat/completions'],
    '42710',
    'external model "qwen_plus" already exists',
    "Choose another name, or first CALL delete_external_model('qwen_plus').",
  ],
];

describe('register_external_model', () => {
  test.each(badModels)('refuses %j', async (model, code, message, hint) => {
    const error = await refusedUnsent(() =>
      client.query('CALL register_external_model($1, $2, $3, $4, $5)', model),
    );
    expectText(error.message, message);
    expectText(error.hint, hint);
    expect(error.code).toBe(code);
    // A key belongs into no message: messages reach logs and screens.
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('very-secret');
  });

  test('refuses a type that hologen cannot call, with the nearest that it can', async () => {
    const deploy = (config: object, type = 'wan2.8-t2v') =>
      client.query("CALL register_external_model('tomorrow', $1, 'bailian', $2, 'video-generation')", [
        type,
        config,
      ]);
    const unknown = await refusedUnsent(() => deploy({}));
    expect(unknown.code).toBe('0A000');
    expect(unknown.message).toBe('model type "wan2.8-t2v" cannot be called for task "video-generation"');
    expect(unknown.hint).toMatch(/wan2\.7-t2v.*"like": "wan/);
    const wrong = await refusedUnsent(() => deploy({ like: 'sora' }));
    expect(wrong.message).toMatch(/^config\.like must be a known model type of task video-generation/);
    const unpriced = await refusedUnsent(() => deploy({ like: 'wan2.7-t2v', resolutions: ['4K'] }));
    expect(unpriced.message).toMatch(/^config\.price must be given/);
  });

  test('refuses ranges of its own for a known type that is deployed as it is', async () => {
    const alone = await refusedUnsent(() =>
      client.query(
        `CALL register_external_model('longer', 'wan2.7-t2v', 'bailian', '{"duration": [4, 20]}', 'video-generation')`,
      ),
    );
    expect(alone.message).toBe('config.duration must be left out where config has no like, not [4,20]');
    expect(alone.hint).toContain('"like": "wan2.7-t2v"');
    await client.query(
      `CALL register_external_model('longer', 'wan2.7-t2v', 'bailian', '{"like": "wan2.7-t2v", "duration": [4, 20]}', 'video-generation')`,
    );
  });

  test('deploys a type of tomorrow with the form of a known one and ranges of its own', async () => {
    const config = {
      like: 'wan2.7-t2v',
      duration: [4, 20],
      resolutions: ['1080P', '4K'],
      price: { per_second: { '1080P': 1, '4K': 2.5 } },
    };
    await client.query(
      "CALL register_external_model('tomorrow', 'wan2.8-t2v', 'bailian', $1, 'video-generation')",
      [config],
    );
    const short = await refusedUnsent(() =>
      aiGen(client, 'tomorrow', { prompt: 'x', parameters: { duration: 3 } }),
    );
    expect(short.message).toBe('parameters.duration must be a whole number from 4 to 20, not 3');
    const { rows } = await client.query('SELECT seconds, price FROM ai_estimate($1)', [
      `SELECT ai_gen('tomorrow', '{"prompt": "x", "parameters": {"duration": 20, "resolution": "4K"}}')`,
    ]);
    expect(rows.map(({ seconds, price }) => [Number(seconds), Number(price)])).toEqual([[20, 50]]);
    const { rows: supported } = await client.query(
      "SELECT like_type, ratios, duration, price, fields, source FROM hologen.supported_models WHERE model_type = 'wan2.8-t2v'",
    );
    expect(supported).toEqual([
      {
        like_type: 'wan2.7-t2v',
        ratios: '16:9, 9:16, 1:1, 4:3, 3:4',
        duration: '4-20 s',
        price: 'CNY a second: 1 at 1080P, 2.5 at 4K',
        fields: expect.stringContaining(
          'audio_url, negative_prompt; parameters: resolution, ratio, duration',
        ),
        source: expect.stringMatching(/^https:.*text-to-video-api-reference$/),
      },
    ]);
  });
});

describe('many rows', () => {
  const statement = `WITH s AS MATERIALIZED (
      SELECT hologen_caller.submit_call('qwen_image_2_pro', request, to_file($2, $3, $4)) AS handle FROM unnest($1::text[]) AS request)
    SELECT hologen_caller.wait_call(handle) FROM s WHERE (SELECT count(*) FROM s) IS NOT NULL`;
  const good = JSON.stringify({ prompt: 'a castle' });

  test.each([
    ['a bad field', { prompt: 'a castle', parameters: { n: 0 } }, '22023'],
    ['no such object', { prompt: 'night', reference_urls: ['oss://bucket/path/none.png'] }, '58P01'],
    ['no such bucket to save in', { prompt: 'a castle', output_dir: 'oss://no-such-bucket/' }, '58P01'],
  ])('are refused as a whole when one of them has %s', async (_what, bad, code) => {
    const requests = [good, good, JSON.stringify(bad), good];
    const error = await refusedUnsent(() => client.query(statement, [requests, anyDirectory, ...rights]));
    expect(error.code).toBe(code);
  });

  test('that are all good are all sent', async () => {
    await gateway.forgetRequests();
    const { rowCount } = await client.query(statement, [[good, good, good], anyDirectory, ...rights]);
    expect(rowCount).toBe(3);
    expect(await gateway.requests()).toHaveLength(3);
  });
});
