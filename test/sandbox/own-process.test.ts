/** The sandbox as a process of its own: a gateway with an account, which knows of no sandbox, makes and saves a picture there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packagePath } from '../../src/package-root.js';
import { aiGen, deploy } from '../calls/statements.js';
import { startTestGateway } from '../gateway.js';

const program = packagePath('dist', 'sandbox', 'main.js');
let directory: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hologen-sandbox-'));
});
afterAll(async () => {
  child?.kill('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

test('a gateway with an account uses it like the cloud', async () => {
  child = spawn(process.execPath, [program, '--directory', directory, '--image-ms', '10'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  const { modelStudio, oss, sts, apiKey, accessKeyId, accessKeySecret } = JSON.parse(line);
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = accessKeyId;
  process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = accessKeySecret;
  await using gateway = await startTestGateway(
    {
      ...{ sandbox: 'off', apiKey, providerUrl: `${modelStudio}/api/v1`, ossEndpoint: oss, stsEndpoint: sts },
      ...{ allowedRoles: '*', rates: 'off', lookMs: '50' },
    },
    { modelStudio, oss, sts },
  );
  const client = await gateway.client();
  const model = await deploy(client, 'qwen-image-2.0', 'image-generation');
  const request = { prompt: 'a lighthouse', output_dir: 'oss://demo/own-process/' };
  const { image_oss_paths } = JSON.parse(await aiGen(client, model, request, 'oss://demo/'));
  const [path] = image_oss_paths as [string];
  const file = await readFile(join(directory, 'oss', path.replace('oss://', '')));
  expect(file.subarray(1, 4).toString()).toBe('PNG');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
});

test.each([
  [[], /--directory is missing/],
  [['--directory', '/tmp/x', '--image-ms', 'soon'], /--image-ms must be a whole number, not "soon"/],
  [['--speed', '9'], /--speed/],
])('it refuses %j with a sentence and exit code 2', async (flags, sentence) => {
  const refused = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: Buffer[] = [];
  refused.stderr?.on('data', (chunk) => said.push(chunk));
  expect((await once(refused, 'close'))[0]).toBe(2);
  expect(Buffer.concat(said).toString()).toMatch(sentence);
});
