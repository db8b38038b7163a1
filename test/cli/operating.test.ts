/** What operates a gateway from the command line: it tells what it does, and ends with the right exit code. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from './spawned-gateway.js';

let directory: string;
let gateway: SpawnedGateway;
beforeAll(async () => {
  directory = await makeDirectory();
  gateway = await serve(directory, ['--sandbox', '--sandbox-image-ms', '1500']);
});
afterAll(async () => {
  await stopGateways();
  await rm(directory, { recursive: true, force: true });
});

const operate = (...args: string[]) => hologen([...args, '--data-dir', directory]);
const picture = 'SELECT ai_gen(\'qwen_image_2\', \'{"prompt": "made", "parameters": {"n": 1}}\') AS made';

test('pause and resume: a model waits with the reason that was given', async () => {
  const client = await gateway.client();
  expect(await operate('pause', 'qwen_image_2', 'the', 'bill')).toEqual({
    code: 0,
    stdout: 'paused qwen_image_2; hologen resume qwen_image_2 lets it go on\n',
    stderr: '',
  });
  const { rows } = await client.query(
    'SELECT paused_by, paused_why FROM hologen.queues WHERE paused_by IS NOT NULL',
  );
  expect(rows).toEqual([{ paused_by: 'hologen', paused_why: 'the bill' }]);
  expect(await operate('resume', 'qwen_image_2')).toMatchObject({
    code: 0,
    stdout: 'resumed qwen_image_2\n',
  });
  const again = await operate('resume', 'qwen_image_2');
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(/^hologen resume: .*is not paused\n/),
  ]);
  await client.end();
});

test('drain waits until what is under way is over, or as long as it is told; undrain takes it back', async () => {
  const [client, other] = [await gateway.client(), await gateway.client()];
  const made = client.query(picture);
  await expect
    .poll(async () => (await other.query('SELECT open_calls FROM hologen.gateways')).rows[0].open_calls)
    .toBe('1');
  const early = await operate('drain', '--at-most', '0');
  expect(early).toMatchObject({ code: 1, stdout: 'draining: 1 statements wait, 1 calls are open\n' });
  expect((await refusal(other.query("SELECT ai_gen('qwen_plus', 'hello')"))).code).toBe('57P03');
  const drained = await operate('drain');
  expect([drained.code, drained.stdout]).toEqual([
    0,
    expect.stringMatching(/drained: nothing is left, and the gateway can be stopped\n$/),
  ]);
  expect(JSON.parse((await made).rows[0].made).image_urls).toHaveLength(1);
  expect(await operate('undrain')).toMatchObject({ code: 0, stdout: 'calls are taken again\n' });
  expect((await other.query("SELECT ai_gen('qwen_plus', 'hello') AS said")).rows[0].said).toContain('hello');
  await client.end();
  await other.end();
});

test('retry asks again for the failures of a tag, once each, and says why not', async () => {
  const client = await gateway.client();
  await client.query("SET ai_gen.tag = 'summer'");
  const prompt = 'rain [[sandbox:refuse]]';
  await refusal(client.query("SELECT ai_gen('qwen_plus', $1)", [prompt]));
  const { rows } = await client.query("SELECT job_id FROM hologen.jobs WHERE state = 'failed'");
  expect(rows).toHaveLength(1);
  const job = rows[0].job_id;
  const retried = await operate('retry', '--tag', 'summer');
  expect(retried).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^${job} [0-9a-f-]{36}\n$`)),
  });
  const again = await operate('retry', job);
  expect([again.code, again.stdout]).toEqual([1, expect.stringContaining(`${job} there is no job ${job}`)]);
  await client.end();
});

test('a role of --url that is no administrator is refused, with the hint', async () => {
  const client = await gateway.client();
  await client.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  await client.end();
  const url = new URL(gateway.url);
  Object.assign(url, { username: 'amy', password: 'secret' });
  const refused = await hologen(['drain', '--url', url.href]);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/^hologen drain: permission denied/),
  ]);
});
