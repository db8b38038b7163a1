/** What lies in the store already: it is looked for before anything is made again, and a copy that is there is not made a second time. */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, startOwnCloud } from './own-cloud.js';
import { aiGen } from './statements.js';

let own: OwnCloud;
let client: pg.Client;
let model = '';

beforeAll(async () => {
  own = await startOwnCloud();
  client = await own.gateway.client();
  model = 'qwen_image_2';
});
afterEach(() => own.store.faults.clear());
afterAll(() => own?.close());

const requestOf = (prompt: string, name?: string) => ({ prompt, output_dir: 'oss://bucket/made/', name });
const submits = () => own.speaker.submits('qwen-image-2.0');
const forbidden = { status: 403, code: 'AccessDenied', message: 'You have no right to access this object.' };

/** Made and saved for nobody. */
async function leaveUnclaimed(prompt: string): Promise<void> {
  await client.query('BEGIN');
  await client.query('CREATE TEMP TABLE made (made text)');
  const request = JSON.stringify(requestOf(prompt));
  await client.query(
    `INSERT INTO made SELECT ai_gen($1, $2, to_file('oss://bucket/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/a'))`,
    [model, request],
  );
  await client.query('ROLLBACK');
}

async function again(prompt: string): Promise<string> {
  const { rows } = await client.query(
    `SELECT ai_gen($1, $2, to_file('oss://bucket/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/a')) AS made`,
    [model, JSON.stringify(requestOf(prompt))],
  );
  return rows[0].made;
}

test('a result whose file may not be looked at for now is neither made again nor taken for gone', async () => {
  await leaveUnclaimed('a lock');
  const before = submits();
  own.store.faults.add({
    answer: forbidden,
    times: 100,
    when: ({ operation }) => operation === 'HeadObject',
  });
  const { code, message, hint } = await refusal(again('a lock'));
  expect([code, message, hint]).toEqual([
    '58P01',
    expect.stringContaining('may not be read'),
    expect.stringContaining('ai_gen.reuse'),
  ]);
  const { rows } = await client.query(
    `SELECT taken FROM ai_estimate($q$SELECT ai_gen('qwen_image_2', '${JSON.stringify(requestOf('a lock'))}', to_file('oss://bucket/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/a'))$q$)`,
  );
  expect(rows).toEqual([{ taken: '1' }]);
  own.store.faults.clear();
  expect(await again('a lock')).toContain('oss://bucket/made/');
  expect(submits()).toBe(before);
});

test('in a bucket that forbids overwriting, a copy whose answer was lost is found to be there', async () => {
  const puts = ({ operation }: { operation: string }) => operation === 'PutObject';
  own.store.faults.add({ answer: 'lost-answer', times: 1, when: puts });
  const exists = {
    status: 409,
    code: 'FileAlreadyExists',
    message: 'The object you specified already exists.',
  };
  own.store.faults.add({ answer: exists, times: 1000, when: puts });
  const made = await aiGen(client, model, requestOf('a bolt'));
  const [path] = JSON.parse(made).image_oss_paths;
  expect((await own.store.read('bucket', path.replace('oss://bucket/', '')))?.length).toBeGreaterThan(100);
  const { rows } = await client.query(
    `SELECT state, outputs -> 0 ->> 'etag' ~ '^[0-9A-F]{32}$' AS tagged FROM hologen.jobs WHERE request ->> 'prompt' = 'a bolt'`,
  );
  expect(rows).toEqual([{ state: 'succeeded', tagged: true }]);
});

test('another file under the name of an output is not taken for it', async () => {
  await own.store.put('bucket', 'made/taken.png', Buffer.from('somebody’s own'));
  const exists = {
    status: 409,
    code: 'FileAlreadyExists',
    message: 'The object you specified already exists.',
  };
  own.store.faults.add({ answer: exists, times: 1000, when: ({ operation }) => operation === 'PutObject' });
  const { message } = await refusal(aiGen(client, model, requestOf('a rivet', 'taken')));
  expect(message).toContain('may not be overwritten');
  const jobs = "SELECT state FROM hologen.jobs WHERE request ->> 'prompt' = 'a rivet'";
  expect((await client.query(jobs)).rows).toEqual([{ state: 'saving' }]);
});

test('what the store would refuse of the file that is saved is refused before anything is paid', async () => {
  const before = submits();
  own.store.faults.add({
    ...{ answer: { ...forbidden, message: 'no metadata here' }, times: 100 },
    when: ({ headers }) => headers['x-oss-meta-hologen-job'] !== undefined,
  });
  const request = { prompt: 'a place without metadata', output_dir: 'oss://bucket/bare/' };
  expect(await refusal(aiGen(client, model, request))).toMatchObject({
    code: '42501',
    detail: expect.stringContaining('no metadata'),
  });
  expect(submits()).toBe(before);
});

test('a place is asked for with the headers that the file is saved with', async () => {
  await aiGen(client, model, { prompt: 'a place that is asked first', output_dir: 'oss://bucket/asked/' });
  const sent = (name: string) =>
    own.store.requests().findLast(({ operation }) => operation === name)?.headers;
  const [asked, saved] = ['InitiateMultipartUpload', 'PutObject'].map(sent);
  const said = (headers = {}) => Object.keys(headers).filter((name) => name.startsWith('x-oss-meta-'));
  expect(said(saved)).toEqual(['model', 'job', 'request'].map((name) => `x-oss-meta-hologen-${name}`));
  expect(said(asked)).toEqual(said(saved));
  for (const name of ['content-type', 'x-oss-meta-hologen-model']) expect(asked?.[name]).toBe(saved?.[name]);
});
