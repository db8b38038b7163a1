/** A film whose picture the provider cannot read: the submit is refused, or its task is taken and fails. Nothing is billed, the ledger says why, and who asks again signs anew. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPicture } from '../../sandbox/media/pictures.js';
import { refusal } from '../gateway.js';
import { type OwnCloud, startOwnCloud } from './own-cloud.js';
import { rights } from './statements.js';

const type = 'wan2.6-i2v';
let cloud: OwnCloud;
let client: pg.Client;

beforeAll(async () => {
  cloud = await startOwnCloud();
  client = await cloud.gateway.client();
  await client.query("CALL register_external_model('film', $1, 'bailian', '{}', 'video-generation')", [type]);
  const look = { width: 512, height: 512, title: 'in', prompt: 'a lake', references: [], seed: 1 };
  await cloud.store.put('bucket', 'in/a.png', await drawPicture(look));
});
afterAll(() => cloud?.close());

const film = async (prompt: string, img_url = 'oss://bucket/in/a.png') => {
  const request = JSON.stringify({ prompt, img_url, parameters: { duration: 2 } });
  const { rows } = await client.query("SELECT ai_gen('film', $1, to_file('oss://bucket/', $2, $3)) AS made", [
    request,
    ...rights,
  ]);
  return JSON.parse(rows[0].made).output;
};
const job = async (prompt: string) =>
  (
    await client.query(
      "SELECT state, error, price, (SELECT array_agg(u.error ->> 'code') FROM hologen.usage u WHERE u.job_id = j.job_id) AS attempts FROM hologen.jobs j WHERE request ->> 'prompt' = $1 ORDER BY submitted_at",
      [prompt],
    )
  ).rows;
const signatures = () =>
  cloud.speaker.bodies(type).map(({ input }) => new URL(input.img_url).searchParams.get('x-oss-signature'));
/** Signatures count in seconds. */
const nextSecond = () => client.query('SELECT pg_sleep(1.1)');

test('a task that fails because its signed address has expired says so in its value, its row and its attempt; the next call signs anew and is made', async () => {
  const before = signatures().length;
  cloud.store.faults.add({
    answer: { status: 403, code: 'AccessDenied', message: 'Request has expired.' },
    when: ({ operation }) => operation === 'GetObject',
  });
  const code = 'BadRequest.InputDownloadFailed';
  expect(await film('expired')).toMatchObject({ task_status: 'FAILED', code });
  await nextSecond();
  expect(await film('expired')).toMatchObject({ task_status: 'SUCCEEDED' });
  const [failed, made] = await job('expired');
  expect(failed).toMatchObject({
    state: 'failed',
    attempts: [code],
    error: { sqlstate: '58P01', code, message: expect.stringContaining('img_url answered HTTP 403') },
  });
  expect(Number(failed.price)).toBe(0);
  expect(made).toMatchObject({ state: 'succeeded', error: null });
  const [first, second] = signatures().slice(before);
  expect(second).not.toBe(first);
});

test('what ai_submit came to is told so as well, and retry_job asks for it again', async () => {
  cloud.store.faults.add({ answer: 'unavailable', when: ({ operation }) => operation === 'GetObject' });
  const request = JSON.stringify({
    prompt: 'later',
    img_url: 'oss://bucket/in/a.png',
    parameters: { duration: 2 },
  });
  const { rows } = await client.query(
    "SELECT ai_submit('film', $1, to_file('oss://bucket/', $2, $3)) AS handle",
    [request, ...rights],
  );
  const { handle } = rows[0];
  const waited = await client.query('SELECT ai_wait($1) AS made', [handle]);
  expect(JSON.parse(waited.rows[0].made).output).toMatchObject({ task_status: 'FAILED' });
  expect((await job('later'))[0].error.code).toBe('BadRequest.InputDownloadFailed');
  const retried = await client.query('SELECT ai_wait(retry_job($1)) AS made', [handle]);
  expect(JSON.parse(retried.rows[0].made).output).toMatchObject({ task_status: 'SUCCEEDED' });
});

test.each([
  ['InvalidParameter', 'url error, please check url!', '22023', 1],
  ['InvalidURL', 'The request URL is invalid.', '58P01', 1],
  ['InvalidURL.ConnectionRefused', 'Connection refused by the host.', '58P01', 1],
  ['BadRequest.InputDownloadFailed', 'Failed to download the input file.', '58P01', 1],
  ['InvalidParameter.DataInspection', 'Unable to download the media resource.', '58P01', 2],
  ['InvalidURL.Timeout', 'Download the media resource timed out.', '58P01', 2],
])(
  'a submit refused for its address (%s: %s) ends as SQLSTATE %s after %i attempts',
  async (code, message, sqlstate, attempts) => {
    const prompt = `refused ${code}`;
    const before = signatures().length;
    const body = { code, message, request_id: 'r' };
    cloud.speaker.script(type, { status: 400, body }, ...(attempts === 2 ? [{ status: 400, body }] : []));
    const error = await refusal(film(prompt));
    expect(error).toMatchObject({ code: sqlstate, message: expect.stringContaining(`${code}: ${message}`) });
    expect(signatures()).toHaveLength(before + attempts);
    expect(await job(prompt)).toMatchObject([{ state: 'failed', price: '0', error: { code } }]);
    await nextSecond();
    expect(await film(prompt)).toMatchObject({ task_status: 'SUCCEEDED' });
    expect(new Set(signatures().slice(before + attempts - 1)).size).toBe(2);
  },
);

const archived = async (storageClass: string, restore?: string) =>
  cloud.store.put(
    'bucket',
    'in/cold.png',
    (await cloud.store.read('bucket', 'in/a.png')) as Buffer,
    undefined,
    {
      'x-oss-storage-class': storageClass,
      ...(restore && { 'x-oss-restore': restore }),
    },
  );

test('an archived picture is refused before anything is sent, until it is restored', async () => {
  const before = signatures().length;
  const cold = 'oss://bucket/in/cold.png';
  for (const [storageClass, restore] of [
    ['ColdArchive', undefined],
    ['DeepColdArchive', undefined],
    ['ColdArchive', 'ongoing-request="true"'],
  ] as const) {
    await archived(storageClass, restore);
    expect(await refusal(film('cold', cold))).toMatchObject({
      code: '22023',
      message: `img_url is archived: ${cold} cannot be read`,
      hint: expect.stringMatching(/^Restore it first/),
    });
  }
  expect(signatures()).toHaveLength(before);
  for (const [storageClass, restore] of [
    ['ColdArchive', 'ongoing-request="false", expiry-date="Sun, 16 Apr 2034 08:12:33 GMT"'],
    ['Archive', undefined],
    ['IA', undefined],
  ] as const) {
    await archived(storageClass, restore);
    expect(await film(`${storageClass} ${restore}`, cold)).toMatchObject({ task_status: 'SUCCEEDED' });
  }
});
