/** Tasks over time, authentication, modes, rate limits, markers, armed faults and the request log. */
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { pictureSize } from '../../../sandbox/media/pictures.js';
import { beijingTime } from '../../../sandbox/model-studio/beijing-time.js';
import { paths, startStudio } from './studio-client.js';

const t2v = (prompt: string) => ({
  model: 'wan2.6-t2v',
  input: { prompt },
  parameters: { size: '1280*720', duration: 2 },
});
const t2i = (text: string) => ({
  model: 'qwen-image-2.0-pro',
  input: { messages: [{ role: 'user', content: [{ text }] }] },
  parameters: { size: '512*512' },
});
const compactTime = (epochMs: number) => beijingTime(epochMs).replace(/\..*|\D/g, '');

test.each([
  ['no key', ''],
  ['a plan key', 'Bearer sk-sp-1'],
  ['a key without sk-', 'Bearer abc'],
])('a request with %s is refused with 401', async (_, authorization) => {
  await using client = await startStudio();
  const answer = await client.send('POST', `/api/v1/services/aigc/${paths.picture}`, t2i('x'), {
    authorization,
  });
  expect(answer).toMatchObject({ status: 401, body: { code: 'InvalidApiKey' } });
  expect((await client.send('GET', '/api/v1/tasks/1', undefined, { authorization })).status).toBe(401);
});

test('wrong paths, models, modes and bodies are refused with the documented codes and texts', async () => {
  await using client = await startStudio();
  const wrongUrl = {
    status: 400,
    body: { code: 'InvalidParameter', message: 'url error, please check url!' },
  };
  expect(await client.submitTask(paths.keyFrames, t2v('x'))).toMatchObject(wrongUrl);
  expect(await client.submit('image/unknown', t2i('x'))).toMatchObject(wrongUrl);
  expect(await client.submit(paths.picture, { ...t2i('x'), model: 'qwen-image-9' })).toMatchObject({
    status: 404,
    body: { code: 'ModelNotFound' },
  });
  expect(await client.submit(paths.video, t2v('x'))).toMatchObject({
    status: 403,
    body: { code: 'AccessDenied', message: expect.stringContaining('does not support synchronous calls') },
  });
  expect(await client.submitTask(paths.picture, t2i('x'))).toMatchObject({
    status: 403,
    body: { code: 'AccessDenied', message: expect.stringContaining('does not support asynchronous calls') },
  });
  const dated = { model: 'qwen-image-plus-2026-01-09', input: { prompt: 'x' } };
  expect(await client.submitTask(paths.qwenTask, dated)).toMatchObject(wrongUrl);
  expect(await client.submit(paths.picture, '{"model":')).toMatchObject({ status: 400 });
  expect(await client.submit(paths.picture, { input: {} })).toMatchObject({
    status: 400,
    body: { code: 'BadRequest.EmptyModel' },
  });
});

test('asynchronous pictures answer results for Qwen and choices for Wan', async () => {
  await using client = await startStudio();
  const qwen = await client.submitTask(paths.qwenTask, { model: 'qwen-image', input: { prompt: 'a cat' } });
  const results = await client.poll(qwen.body.output.task_id);
  expect(results.output.results).toEqual([
    {
      orig_prompt: 'a cat',
      actual_prompt: expect.stringContaining('a cat'),
      url: expect.stringMatching(/^http/),
    },
  ]);
  expect(results.usage).toEqual({ image_count: 1 });
  const wan = await client.submitTask(paths.wanTask, {
    ...t2i('a cat'),
    model: 'wan2.6-t2i',
    parameters: { n: 2 },
  });
  const choices = await client.poll(wan.body.output.task_id);
  expect(choices.output).toMatchObject({ finished: true, choices: { length: 2 }, task_status: 'SUCCEEDED' });
});

test('a result is a real picture behind a signed address that expires', async () => {
  await using client = await startStudio();
  const good = await client.submit(paths.picture, t2i('a cat'));
  const url: string = good.body.output.choices[0].message.content[0].image;
  const first = Buffer.from(await (await fetch(url)).arrayBuffer());
  expect(pictureSize(first)).toEqual({ width: 512, height: 512, format: 'png' });
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(first)).toBe(true);
  const part = await fetch(url, { headers: { range: 'bytes=8-15' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(first.subarray(8, 16))).toBe(true);
  expect((await fetch(url, { method: 'HEAD' })).headers.get('content-length')).toBe(String(first.length));
  expect((await fetch(url.replace(/Signature=./, 'Signature=!'))).status).toBe(403);
  client.studio.settings.resultLifetimeMs = -5000;
  const late = await client.submit(paths.picture, t2i('a cat'));
  const expired = await fetch(late.body.output.choices[0].message.content[0].image);
  expect(expired.status).toBe(403);
  expect(await expired.text()).toContain('Request has expired.');
});

test('tasks beyond the concurrent limit wait as PENDING, can be cancelled there and nowhere else', async () => {
  await using client = await startStudio({
    rateLimits: { 'wan2.6-t2v': { concurrentTasks: 1 } },
    videoMs: 60_000,
  });
  const ids: string[] = [];
  for (const prompt of ['a', 'b']) {
    ids.push((await client.submitTask(paths.video, t2v(prompt))).body.output.task_id);
  }
  const statuses = await Promise.all(ids.map((id) => client.send('GET', `/api/v1/tasks/${id}`)));
  const byStatus = Object.fromEntries(
    statuses.map(({ body }) => [body.output.task_status, body.output.task_id as string]),
  );
  expect(Object.keys(byStatus).sort()).toEqual(['PENDING', 'RUNNING']);
  const cancel = (id: string) => client.send('POST', `/api/v1/tasks/${id}/cancel`);
  expect(await cancel(byStatus.PENDING ?? '')).toMatchObject({
    status: 200,
    body: { request_id: expect.any(String) },
  });
  expect(await cancel(byStatus.RUNNING ?? '')).toMatchObject({
    status: 400,
    body: {
      code: 'UnsupportedOperation',
      message: 'Failed to cancel the task, please confirm if the task is in PENDING status.',
    },
  });
  expect((await client.poll(byStatus.PENDING ?? '')).output.task_status).toBe('CANCELED');
});

test('the task list filters by time, model and status and turns pages', async () => {
  await using client = await startStudio();
  const startMs = Date.now();
  for (const prompt of ['a', 'b', 'c [[sandbox:fail]]']) {
    await client.poll((await client.submitTask(paths.video, t2v(prompt))).body.output.task_id);
  }
  const query = `start_time=${compactTime(startMs - 1000)}&end_time=${compactTime(Date.now() + 1000)}`;
  const list = async (more: string) => (await client.send('GET', `/api/v1/tasks/?${query}&${more}`)).body;
  expect(await list('page_size=2&page_no=2')).toMatchObject({ total: 3, total_page: 2, data: { length: 1 } });
  expect((await list('status=FAILED&model_name=wan2.6-t2v')).data).toMatchObject([
    {
      status: 'FAILED',
      model_name: 'wan2.6-t2v',
      gmt_create: expect.any(Number),
      user_api_unique_key: 'apikey:v1:aigc:video-generation:video-synthesis:wan2.6-t2v',
    },
  ]);
  expect((await list('model_name=other')).total).toBe(0);
  const tooLong = await client.send(
    'GET',
    '/api/v1/tasks/?start_time=20250101000000&end_time=20250103000000',
  );
  expect(tooLong).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
});

test('an unknown task and one past its lifetime are UNKNOWN with HTTP 200', async () => {
  await using client = await startStudio();
  expect((await client.poll('00000000-0000-0000-0000-000000000000')).output.task_status).toBe('UNKNOWN');
  const { body } = await client.submitTask(paths.video, t2v('x'));
  await client.poll(body.output.task_id, 'SUCCEEDED');
  client.studio.settings.taskLifetimeMs = -1;
  expect((await client.poll(body.output.task_id)).output).toEqual({
    task_id: body.output.task_id,
    task_status: 'UNKNOWN',
  });
});

test('two 2.0-pro submits a minute are allowed for each key, and 20 task queries a second for all', async () => {
  await using client = await startStudio({ rateLimits: 'documented' });
  const statuses: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    statuses.push((await client.submit(paths.picture, t2i('x'))).status);
  }
  expect(statuses).toEqual([200, 200, 429]);
  const other = { authorization: 'Bearer sk-other' };
  const path = `/api/v1/services/aigc/${paths.picture}`;
  expect((await client.send('POST', path, t2i('x'), other)).status).toBe(200);
  const polls = await Promise.all(Array.from({ length: 25 }, () => client.send('GET', '/api/v1/tasks/none')));
  expect(polls.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(polls.find(({ status }) => status === 429)?.body.code).toBe('Throttling.RateQuota');
});

test('markers in the prompt refuse, fail and throttle, synchronously and in tasks', async () => {
  await using client = await startStudio();
  const sync = async (marker: string) => await client.submit(paths.picture, t2i(`x [[sandbox:${marker}]]`));
  expect(await sync('refuse')).toMatchObject({ status: 400, body: { code: 'DataInspectionFailed' } });
  expect(await sync('fail')).toMatchObject({ status: 500, body: { code: 'InternalError.Algo' } });
  const throttled = [await sync('throttle=2'), await sync('throttle=2'), await sync('throttle=2')];
  expect(throttled.map(({ status }) => status)).toEqual([429, 429, 200]);
  const task = async (marker: string) => {
    const created = await client.submitTask(paths.video, t2v(`x [[sandbox:${marker}]]`));
    return (await client.poll(created.body.output.task_id)).output;
  };
  expect(await task('refuse')).toMatchObject({ task_status: 'FAILED', code: 'DataInspectionFailed' });
  expect(await task('fail')).toMatchObject({ task_status: 'FAILED', code: 'InternalError.Algo' });
  const silent = await task('fail-silently');
  expect(silent.task_status).toBe('FAILED');
  expect('code' in silent || 'message' in silent).toBe(false);
});

test('a dropped submit is taken: its task is in the list although the connection was reset', async () => {
  await using client = await startStudio();
  await expect(client.submitTask(paths.video, t2v('x [[sandbox:drop]]'))).rejects.toThrow();
  const { data } = (await client.send('GET', '/api/v1/tasks/')).body;
  expect(data).toHaveLength(1);
  expect(client.studio.requests()[0]).toMatchObject({
    status: 200,
    answered: false,
    taskId: data[0].task_id,
  });
});

test('a client that hangs up does not stop a synchronous generation', async () => {
  await using client = await startStudio();
  const body = JSON.stringify(t2i('x [[sandbox:slow=80]]'));
  const leave = new AbortController();
  const answer = fetch(`${client.studio.url}/api/v1/services/aigc/${paths.picture}`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body,
    signal: leave.signal,
  });
  await expect.poll(() => client.studio.requests()[0]?.body).toBeDefined();
  leave.abort();
  await expect(answer).rejects.toThrow();
  await expect.poll(() => client.studio.requests()[0]).toMatchObject({ status: 200, answered: false });
});

test('armed faults answer, reset, swallow the answer and cut a download', async () => {
  await using client = await startStudio();
  const { faults } = client.studio;
  faults.add({ path: '/tasks/', action: { kind: 'answer', status: 503, code: 'ModelUnavailable' } });
  expect(await client.send('GET', '/api/v1/tasks/1')).toMatchObject({
    status: 503,
    body: { code: 'ModelUnavailable' },
  });
  expect((await client.send('GET', '/api/v1/tasks/1')).status).toBe(200);
  faults.add({ method: 'POST', action: { kind: 'reset' } });
  await expect(client.submitTask(paths.video, t2v('x'))).rejects.toThrow();
  faults.add({ method: 'POST', action: { kind: 'reset-after' } });
  await expect(client.submitTask(paths.video, t2v('x'))).rejects.toThrow();
  expect((await client.send('GET', '/api/v1/tasks/')).body.total).toBe(1);
  const { body } = await client.submit(paths.picture, t2i('x'));
  faults.add({ path: /^\/results\//, action: { kind: 'truncate', bytes: 1000 } });
  const cut = await fetch(body.output.choices[0].message.content[0].image);
  expect(cut.status).toBe(200);
  await expect(cut.arrayBuffer()).rejects.toThrow();
});

test('every request is listed with its body and without its key, until the list is cleared', async () => {
  await using client = await startStudio();
  await client.submit(paths.picture, t2i('x'));
  const list = async () => (await client.send('GET', '/_sandbox/requests')).body;
  const records = await list();
  expect(records).toMatchObject([
    {
      sequence: 1,
      method: 'POST',
      path: `/api/v1/services/aigc/${paths.picture}`,
      status: 200,
      answered: true,
      body: t2i('x'),
    },
  ]);
  expect(JSON.stringify(records)).not.toContain('sk-test');
  await client.send('DELETE', '/_sandbox/requests');
  expect(await list()).toEqual([]);
});

test('a request in absolute form, as to a proxy, is refused and harms nobody', async () => {
  await using client = await startStudio();
  const { port } = new URL(client.studio.url);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: 'http://example.com/' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(400);
  expect((await client.send('GET', '/api/v1/tasks/1')).status).toBe(200);
});

test('a thousand tasks at once are all done', async () => {
  await using client = await startStudio();
  const created = await Promise.all(
    Array.from({ length: 1000 }, (_, index) => client.submitTask(paths.video, t2v(`video ${index}`))),
  );
  const done = await Promise.all(created.map(({ body }) => client.poll(body.output.task_id)));
  expect(new Set(done.map(({ output }) => output.video_url)).size).toBe(1000);
});
