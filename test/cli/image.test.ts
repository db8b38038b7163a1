/** `hologen image`: the skill's command line, with the running gateway or one of its own, and an exit code for each kind of failure. */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from './spawned-gateway.js';

let gateway: SpawnedGateway;
let folder: string;
const directories: string[] = [];

async function directory(): Promise<string> {
  const made = await makeDirectory();
  directories.push(made);
  return made;
}

beforeAll(async () => {
  folder = await directory();
  gateway = await serve(await directory(), ['--sandbox', '--sandbox-image-ms', '20']);
});
afterAll(async () => {
  await stopGateways();
  for (const each of [...directories, gateway?.dataDir])
    if (each) await rm(each, { recursive: true, force: true });
});

const pngSize = async (file: string) => {
  const bytes = await readFile(file);
  return [bytes.toString('latin1', 1, 4), bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
};

test('the running gateway makes the picture, which lands in the file, and the response is JSON on stdout', async () => {
  const output = join(folder, 'deep', 'headphones.png');
  const request = {
    prompt: 'a studio product photo of headphones',
    size: '512*768',
    seed: 9,
    model: 'qwen_image_2',
  };
  const args = [
    'image',
    '--data-dir',
    gateway.dataDir,
    '--request',
    JSON.stringify(request),
    '--output',
    output,
  ];
  const { code, stdout, stderr } = await hologen([...args, '--print-response']);
  expect([code, stderr]).toEqual([0, expect.stringContaining(`saved ${output}`)]);
  expect(JSON.parse(stdout)).toEqual({
    image_url: expect.stringMatching(/^http/),
    width: 512,
    height: 768,
    seed: 9,
  });
  expect(await pngSize(output)).toEqual(['PNG', 512, 768]);
  const again = await hologen([...args, '--print-response']);
  expect(again.stdout).toBe(stdout);
  const client = await gateway.client();
  const { rows } = await client.query(
    `SELECT count(*)::int AS jobs FROM hologen.jobs WHERE model_name = 'qwen_image_2'`,
  );
  expect(rows).toEqual([{ jobs: 1 }]);
  await client.end();
});

test('a request in a file, a reference that is a file here, and OUTPUT_DIR with the usual folder', async () => {
  const reference = join(folder, 'deep', 'headphones.png');
  const file = join(folder, 'request.json');
  await writeFile(
    file,
    JSON.stringify({ prompt: 'on a desk', reference_image: reference, model: 'qwen_image_2' }),
  );
  const { code, stdout, stderr } = await hologen(['image', '--data-dir', gateway.dataDir, '--file', file], {
    environment: { OUTPUT_DIR: join(folder, 'out') },
  });
  expect([code, stdout, stderr]).toEqual([0, '', expect.stringContaining('saved ')]);
  expect(await pngSize(join(folder, 'out', 'ai-image-qwen-image', 'images', 'output.png'))).toEqual([
    'PNG',
    1024,
    1024,
  ]);
});

test('what the owner has set for SQL is not for the picture: it is made, or its failure told', async () => {
  const client = await gateway.client();
  await client.query("ALTER ROLE CURRENT_USER SET ai_gen.on_error = 'skip'");
  const ask = (prompt: string) => {
    const request = JSON.stringify({ prompt, model: 'qwen_image_2' });
    const output = join(folder, 'made-or-failed.png');
    return hologen(['image', '--data-dir', gateway.dataDir, '--request', request, '--output', output]);
  };
  try {
    const failed = await ask('[[sandbox:refuse]]');
    expect([failed.code, failed.stderr]).toEqual([4, expect.stringContaining('refused the call')]);
    await client.query('ALTER ROLE CURRENT_USER SET ai_gen.dry_run = on');
    const braked = await ask('a real picture');
    expect([braked.code, braked.stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining('ai_gen.dry_run is on'),
    ]);
    expect(braked.code).not.toBe(0);
  } finally {
    await client.query(
      'ALTER ROLE CURRENT_USER RESET ai_gen.on_error; ALTER ROLE CURRENT_USER RESET ai_gen.dry_run',
    );
    await client.end();
  }
});

test('without a running gateway one is started for the picture, and is gone afterwards', async () => {
  const dataDir = await directory();
  const output = join(folder, 'alone.png');
  const run = await hologen([
    'image',
    '--sandbox',
    '--data-dir',
    dataDir,
    '--request',
    '{"prompt": "alone"}',
    '--output',
    output,
  ]);
  expect([run.code, run.stdout]).toEqual([0, '']);
  expect(await pngSize(output)).toEqual(['PNG', 1024, 1024]);
  expect((await hologen(['url', '--data-dir', dataDir])).code).toBe(1);
});

/** What stands in for the provider says; a text is no JSON. */
type Said = [status: number, body: object | string, headers?: Record<string, string>];

/** A provider that answers what it is told to, each request with the next answer and the last one for ever; a GET has a picture. */
async function startProvider() {
  const state: { said: Said[]; keys: (string | undefined)[]; submits: number } = {
    ...{ said: [], keys: [], submits: 0 },
  };
  const picture = createCanvas(1024, 1024).toBuffer('image/png');
  const server = createServer((request, response) => {
    if (request.method === 'GET') return response.writeHead(200).end(picture);
    state.submits += 1;
    state.keys.push(request.headers.authorization);
    const [status, body, headers] = (state.said.length > 1 ? state.said.shift() : state.said[0]) as Said;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    return response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const dataDir = await directory();
  const url = `http://127.0.0.1:${port}`;
  return {
    ...{ state, url },
    /** `hologen image` with a gateway of its own that knows this provider. */
    async ask(output: string, environment: NodeJS.ProcessEnv, ...said: Said[]) {
      Object.assign(state, { said, submits: 0 });
      const request = '{"prompt": "x", "model": "qwen-image-2.0"}';
      return hologen(['image', '--data-dir', dataDir, '--request', request, '--output', output], {
        environment: { DASHSCOPE_HTTP_BASE_URL: `${url}/api/v1`, ...environment },
      });
    },
    [Symbol.dispose]: () => server.close(),
  };
}

const refused = (status: number, code: string): Said => [
  status,
  { code, message: 'as told', request_id: 'r' },
];

test('a refusal of the provider has an exit code of its kind, and the advice', async () => {
  using provider = await startProvider();
  const home = await directory();
  await mkdir(join(home, '.alibabacloud'));
  await writeFile(
    join(home, '.alibabacloud', 'credentials'),
    '[default]\ndashscope_api_key = sk-of-the-file\n',
  );
  const html = '<html><body>Bad gateway</body></html>';
  const failures: [Said, number, RegExp][] = [
    [refused(401, 'InvalidApiKey'), 3, /Check DASHSCOPE_API_KEY or ~\/\.alibabacloud\/credentials/],
    [refused(403, 'Model.AccessDenied'), 3, /access policy/],
    [refused(400, 'InvalidParameter'), 4, /common size/],
    [refused(429, 'AllocationQuota.FreeTierOnly'), 5, /fewer pictures at once/],
    [refused(500, 'RewriteFailed'), 6, /once or twice/],
    [[502, html], 6, /once or twice/],
    [refused(503, 'ModelServingError'), 6, /once or twice/],
    [[504, ''], 6, /once or twice/],
  ];
  for (const [said, exitCode, advice] of failures) {
    const run = await provider.ask(join(folder, 'no.png'), { HOME: home }, said);
    expect([said, run.code, run.stderr]).toEqual([said, exitCode, expect.stringMatching(advice)]);
  }
  expect(new Set(provider.state.keys)).toEqual(new Set(['Bearer sk-of-the-file']));
  const none = await hologen(['image', '--data-dir', await directory(), '--request', '{"prompt": "x"}'], {
    environment: { HOME: folder },
  });
  expect([none.code, none.stderr]).toEqual([3, expect.stringContaining('no API key')]);
}, 240_000);

test('the settings file of the data directory holds for the gateway of a picture: in its sandbox nothing is spent, and it takes no port', async () => {
  using provider = await startProvider();
  provider.state.said = [refused(400, 'InvalidParameter')];
  const dataDir = await directory();
  const { port } = new URL(provider.url);
  await writeFile(
    join(dataDir, 'settings.env'),
    // Ports of the gateway that stays: somebody else is there.
    `HOLOGEN_SANDBOX=on\nHOLOGEN_METRICS_PORT=${port}\nHOLOGEN_OPENAI_PORT=${port}\n`,
  );
  const output = join(folder, 'by-the-file.png');
  const request = '{"prompt": "x", "model": "qwen_image_2"}';
  const { code, stderr } = await hologen(
    ['image', '--data-dir', dataDir, '--request', request, '--output', output],
    { environment: { DASHSCOPE_API_KEY: 'sk-test', DASHSCOPE_HTTP_BASE_URL: `${provider.url}/api/v1` } },
  );
  expect([code, stderr]).toEqual([0, expect.stringContaining(`saved ${output}`)]);
  expect(provider.state.submits).toBe(0);
}, 60_000);

test('while the provider is busy it is waited for, which is told every five seconds', async () => {
  using provider = await startProvider();
  const output = join(folder, 'patient.png');
  const busy: Said = [
    ...refused(429, 'Throttling.RateQuota').slice(0, 2),
    { 'retry-after': '4' },
  ] as unknown as Said;
  const content = [{ image: `${provider.url}/made.png` }];
  const made = {
    output: { choices: [{ message: { content } }] },
    usage: { image_count: 1 },
    request_id: 'r',
  };
  const { code, stderr } = await provider.ask(output, { DASHSCOPE_API_KEY: 'sk-test' }, busy, busy, [
    200,
    made,
  ]);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^waiting for the picture, 5 s$/m)]);
  expect(stderr).toContain(`saved ${output}`);
  expect(provider.state.submits).toBe(3);
  expect(await pngSize(output)).toEqual(['PNG', 1024, 1024]);
}, 60_000);

test('an answer that has no picture and was billed all the same is not asked for again', async () => {
  using provider = await startProvider();
  const billed = { output: { choices: [] }, usage: { image_count: 1 }, request_id: 'r' };
  const { code, stderr } = await provider.ask(join(folder, 'no.png'), { DASHSCOPE_API_KEY: 'sk-test' }, [
    200,
    billed,
  ]);
  expect([code, stderr]).toEqual([6, expect.stringContaining('without a picture')]);
  expect(provider.state.submits).toBe(1);
  const free = { output: { choices: [] }, usage: {}, request_id: 'r' };
  await provider.ask(join(folder, 'no.png'), { DASHSCOPE_API_KEY: 'sk-test' }, [200, free]);
  // Once more, in simpler words.
  expect(provider.state.submits).toBe(2);
}, 60_000);

test('a request that is no JSON, or none at all, is wrong usage', async () => {
  for (const args of [['--request', 'a cat'], ['--request', '[]'], []]) {
    const { code, stderr } = await hologen(['image', '--data-dir', gateway.dataDir, ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('hologen image --help')]);
  }
});

test('a reference that is a file which cannot be read is wrong usage, and no picture without it is paid for', async () => {
  const request = JSON.stringify({ prompt: 'x', reference_image: join(folder, 'none.png') });
  const { code, stderr } = await hologen(['image', '--data-dir', gateway.dataDir, '--request', request]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('reference_image cannot be read: ENOENT')]);
});
