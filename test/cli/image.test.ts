/** `hologen image`: the skill's command line, with the running gateway or one of its own, and an exit code for each kind of failure. */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
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

test('a refusal of the provider has an exit code of its kind, and the advice', async () => {
  let answer = { status: 500, code: '' };
  const keys: (string | undefined)[] = [];
  const provider = createServer((request, response) => {
    keys.push(request.headers.authorization);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: answer.code, message: 'as told', request_id: 'r' }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const { port } = provider.address() as AddressInfo;
  const home = await directory();
  await mkdir(join(home, '.alibabacloud'));
  await writeFile(
    join(home, '.alibabacloud', 'credentials'),
    '[default]\ndashscope_api_key = sk-of-the-file\n',
  );
  const dataDir = await directory();
  const failures: [number, string, number, RegExp][] = [
    [401, 'InvalidApiKey', 3, /Check DASHSCOPE_API_KEY or ~\/\.alibabacloud\/credentials/],
    [403, 'Model.AccessDenied', 3, /access policy/],
    [400, 'InvalidParameter', 4, /common size/],
    [429, 'AllocationQuota.FreeTierOnly', 5, /fewer pictures at once/],
    [500, 'RewriteFailed', 6, /once or twice/],
  ];
  for (const [status, code, exitCode, advice] of failures) {
    answer = { status, code };
    const run = await hologen(
      [
        'image',
        '--data-dir',
        dataDir,
        '--request',
        '{"prompt": "x", "model": "qwen-image-2.0"}',
        '--output',
        join(folder, 'no.png'),
      ],
      { environment: { HOME: home, DASHSCOPE_HTTP_BASE_URL: `http://127.0.0.1:${port}/api/v1` } },
    );
    expect([run.code, run.stderr]).toEqual([exitCode, expect.stringMatching(advice)]);
  }
  expect(new Set(keys)).toEqual(new Set(['Bearer sk-of-the-file']));
  provider.close();
  const none = await hologen(['image', '--data-dir', dataDir, '--request', '{"prompt": "x"}'], {
    environment: { HOME: folder },
  });
  expect([none.code, none.stderr]).toEqual([3, expect.stringContaining('no API key')]);
}, 120_000);

test('a request that is no JSON, or none at all, is wrong usage', async () => {
  for (const args of [['--request', 'a cat'], ['--request', '[]'], []]) {
    const { code, stderr } = await hologen(['image', '--data-dir', gateway.dataDir, ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('hologen image --help')]);
  }
});
