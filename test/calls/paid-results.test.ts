/** What is paid for is not lost: tasks are followed through failing looks at them, results fetched and saved through failing networks. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, type Said, startOwnCloud } from './own-cloud.js';
import { aiGen, deploy, newestJob } from './statements.js';

let cloud: OwnCloud;
beforeAll(async () => {
  cloud = await startOwnCloud({}, { lookMs: '200' });
});
afterAll(() => cloud?.close());

async function start(modelType: string, task: string) {
  const client = await cloud.gateway.client();
  const model = await deploy(client, modelType, task);
  return { client, model };
}

// They wait for the gateway's looks most of the time: they run side by side.
describe.concurrent('a task', () => {
  const video = 'video-generation';

  test('that failed is a value with the provider’s code and message', async () => {
    const { client, model } = await start('wan2.6-t2v', video);
    const result = JSON.parse(await aiGen(client, model, { prompt: 'waves [[sandbox:fail]]' }, null));
    expect(Object.keys(result)).toEqual(['request_id', 'output']);
    expect(result.output).toMatchObject({
      task_id: expect.any(String),
      task_status: 'FAILED',
      code: expect.stringMatching(/^InternalError/),
      message: expect.any(String),
    });
    expect(result.output).not.toHaveProperty('video_url');
    expect(cloud.speaker.submits('wan2.6-t2v')).toBe(1);
    expect(await newestJob(client, 'wan2.6-t2v')).toMatchObject({
      state: 'failed',
      task_id: result.output.task_id,
      result: JSON.stringify(result),
      finished: true,
    });
  });

  test('that failed without a reason is a value too', async () => {
    const { client, model } = await start('wan2.6-t2v-us', video);
    const result = JSON.parse(
      await aiGen(client, model, { prompt: 'waves [[sandbox:fail-silently]]' }, null),
    );
    expect(result.output.task_status).toBe('FAILED');
    expect(result.output).not.toHaveProperty('code');
    expect(result.output).not.toHaveProperty('message');
  });

  test('whose content was refused is a value too', async () => {
    const { client, model } = await start('wan2.6-r2v', video);
    cloud.speaker.script('wan2.6-r2v', taskNamed('refused'));
    cloud.speaker.script('/api/v1/tasks/refused', {
      status: 200,
      body: {
        request_id: 'r-1',
        output: { task_id: 'refused', task_status: 'FAILED', code: 'DataInspectionFailed', message: 'no' },
      },
    });
    await cloud.store.put('bucket', 'man.png', Buffer.from('not looked at'));
    const request = { prompt: 'character1 waves', reference_urls: ['oss://bucket/man.png'] };
    expect(JSON.parse(await aiGen(client, model, request))).toEqual({
      request_id: 'r-1',
      output: { task_id: 'refused', task_status: 'FAILED', code: 'DataInspectionFailed', message: 'no' },
    });
  });

  test('for a picture that failed is an error, for which there is no JSON', async () => {
    const { client, model } = await start('wan2.6-t2i', 'image-generation');
    const error = await refusal(aiGen(client, model, { prompt: 'a castle [[sandbox:refuse]]' }, null));
    expect(error.code).toBe('22H01');
    expect(error.message).toMatch(/^Model Studio could not make the picture: DataInspectionFailed: /);
    expect(error.detail).toMatch(/^Provider request id: [0-9a-f-]{36}\.$/);
    expect(error.hint).toMatch(/change the prompt or the media/);
    expect(cloud.speaker.submits('wan2.6-t2i')).toBe(1);
  });

  const taskNamed = (id: string): Said => ({
    status: 200,
    body: { request_id: `submit-${id}`, output: { task_id: id, task_status: 'PENDING' } },
  });
  /** Any known type serves: its submit is answered by the test. */
  const typeFor = (id: string) => {
    if (!ids.includes(id)) ids.push(id);
    return `wan2.6-t2v-${2001 + ids.indexOf(id)}-01-01`;
  };
  const ids: string[] = [];
  const refusedItem = { code: 'DataInspectionFailed', message: 'not this one' };
  const madeItem = { orig_prompt: 'a castle', url: 'https://result.example/1.png' };

  test('for pictures of which one failed gives the others, and a note says so', async () => {
    const { client, model } = await start('wan2.6-t2i-2001-02-01', 'image-generation');
    cloud.speaker.script('wan2.6-t2i-2001-02-01', taskNamed('partly'));
    const output = { task_id: 'partly', task_status: 'SUCCEEDED', results: [madeItem, refusedItem] };
    const body = { request_id: 'r-5', output, usage: { image_count: 1 } };
    cloud.speaker.script('/api/v1/tasks/partly', { status: 200, body });
    const notices: (string | undefined)[] = [];
    client.on('notice', ({ message }) => notices.push(message));
    const request = { prompt: 'a castle', parameters: { n: 2 } };
    expect(JSON.parse(await aiGen(client, model, request, null))).toEqual({
      requestId: 'r-5',
      usage: { image_count: 1 },
      image_urls: [madeItem.url],
      image_oss_paths: [],
    });
    expect(notices).toContain(
      'ai_gen: a call gave 1 of 2 pictures, the others failed and cost nothing (DataInspectionFailed: not this one)',
    );
  });

  test.each([
    ['FAILED', 'failed', 'wan2.6-t2i-2001-02-03'],
    ['SUCCEEDED', 'empty', 'wan2.6-t2i-2001-02-04'],
  ])(
    'for a picture that is %s with the reason beside the picture is an error with that reason',
    async (task_status, id, type) => {
      const { client, model } = await start(type, 'image-generation');
      cloud.speaker.script(type, taskNamed(id));
      const body = { request_id: 'r-6', output: { task_id: id, task_status, results: [refusedItem] } };
      cloud.speaker.script(`/api/v1/tasks/${id}`, { status: 200, body });
      const error = await refusal(aiGen(client, model, { prompt: 'a castle' }, null));
      expect(error).toMatchObject({
        code: '22H01',
        message: 'Model Studio could not make the picture: DataInspectionFailed: not this one',
      });
      expect(await newestJob(client, type)).toMatchObject({
        state: 'failed',
        task_id: id,
        sqlstate: '22H01',
      });
    },
  );

  test('that is cancelled at the provider is an error', async () => {
    const { client, model } = await start(typeFor('cancelled'), video);
    cloud.speaker.script(typeFor('cancelled'), taskNamed('cancelled'));
    cloud.speaker.script('/api/v1/tasks/cancelled', taskState('cancelled', 'CANCELED'));
    const error = await refusal(aiGen(client, model, { prompt: 'waves' }, null));
    expect(error).toMatchObject({ code: '57014', message: 'task cancelled was cancelled at the provider' });
    expect(await newestJob(client, typeFor('cancelled'))).toMatchObject({
      state: 'cancelled',
      task_id: 'cancelled',
      sqlstate: '57014',
    });
  });

  const refusedLook = (status: number, code: string) => ({
    status,
    body: { code, message: 'no', request_id: 'r-2' },
  });
  test.each([
    ['forgotten', '58H01', taskState('forgotten', 'UNKNOWN')],
    ['locked', '28H01', refusedLook(401, 'InvalidApiKey')],
    ['forbidden', '28H01', refusedLook(403, 'AccessDenied')],
    ['missing', '42704', { status: 404, body: '<html>not here</html>' }],
    ['unfound', '42704', refusedLook(404, 'NotFound')],
    ['indebted', '28H01', refusedLook(400, 'Arrearage')],
    ['teapot', '22023', { status: 418, body: 'a teapot' }],
  ] as const)(
    'whose look-ups are answered as %s goes on; who waits is told, and the next run takes its result',
    async (id, code, said) => {
      const { client, model } = await start(typeFor(id), video);
      cloud.speaker.script(typeFor(id), taskNamed(id));
      cloud.speaker.script(`/api/v1/tasks/${id}`, ...Array(12).fill(said), madeOf(id));
      const error = await refusal(aiGen(client, model, { prompt: 'waves' }, null));
      expect(error.code).toBe(code);
      expect(error.hint).toMatch(/The call goes on without its statement/);
      const job = await newestJob(client, typeFor(id));
      expect(job).toMatchObject({
        state: 'running',
        task_id: id,
        finished: false,
        hold_up: { sqlstate: code },
      });
      const made = await vi.waitFor(() => aiGen(client, model, { prompt: 'waves' }, null), {
        timeout: 60_000,
      });
      expect(made).toContain('result.example');
      expect(await newestJob(client, typeFor(id))).toMatchObject({ state: 'succeeded', hold_up: null });
      expect(cloud.speaker.submits(typeFor(id))).toBe(1);
    },
  );

  test('whose looks fail, and are refused now and then, is waited for: only looks that are refused in a row are counted', async () => {
    const { client, model } = await start(typeFor('fickle'), video);
    cloud.speaker.script(typeFor('fickle'), taskNamed('fickle'));
    const failed: Said = { status: 500, body: { code: 'InternalError', message: 'oh', request_id: 'r' } };
    const refused = refusedLook(401, 'InvalidApiKey');
    cloud.speaker.script(
      '/api/v1/tasks/fickle',
      ...[refused, failed, refused, failed, refused],
      madeOf('fickle'),
    );
    expect(await aiGen(client, model, { prompt: 'waves' }, null)).toContain('result.example');
  });

  test('that is held up is told by ai_status, since when and why', async () => {
    const { client, model } = await start(typeFor('silent'), video);
    cloud.speaker.script(typeFor('silent'), taskNamed('silent'));
    cloud.speaker.script(
      '/api/v1/tasks/silent',
      ...Array<Said>(1000).fill(refusedLook(401, 'InvalidApiKey')),
    );
    const notices: (string | undefined)[] = [];
    client.on('notice', ({ message }) => notices.push(message));
    const { rows } = await client.query('SELECT ai_submit($1, $2, NULL) AS handle', [
      model,
      JSON.stringify({ prompt: 'waves' }),
    ]);
    await vi.waitFor(
      async () => {
        const status = await client.query('SELECT ai_status($1) AS state', [rows[0].handle]);
        expect(status.rows).toEqual([{ state: 'running' }]);
        expect(notices.join()).toMatch(/held up since 20\d\d-.*, and tried again: .*InvalidApiKey/);
      },
      { timeout: 20_000 },
    );
    await expect(client.query('SELECT ai_wait($1)', [rows[0].handle])).rejects.toMatchObject({
      code: '28H01',
    });
  });

  test.each(['QUEUED', 'running', 'NOT_START', 'PROCESSING', ''])(
    'with the unknown status "%s" goes on',
    async (status) => {
      const id = `status-${status}`;
      const { client, model } = await start(typeFor(id), video);
      cloud.speaker.script(typeFor(id), taskNamed(id));
      cloud.speaker.script(`/api/v1/tasks/${id}`, taskState(id, status), madeOf(id));
      expect(await aiGen(client, model, { prompt: 'waves' }, null)).toContain('result.example');
    },
  );

  function madeOf(id: string): Said {
    const output = { task_id: id, task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
    return { status: 200, body: { request_id: 'r-4', output, usage: { video_count: 1 } } };
  }

  function taskState(id: string, state: string): Said {
    return { status: 200, body: { request_id: 'r-3', output: { task_id: id, task_status: state } } };
  }

  test.each([
    ['reset', 'reset'],
    ['failing', { status: 500, body: { code: 'InternalError', message: 'oh', request_id: 'r' } }],
    ['garbled', { status: 200, body: '<html>' }],
    ['throttled', { status: 429, body: { code: 'Throttling.RateQuota', message: 'slow', request_id: 'r' } }],
  ] as const)('survives a look at it that is %s', async (id, said) => {
    const { client, model } = await start(typeFor(id), video);
    cloud.speaker.script(typeFor(id), taskNamed(id));
    const output = { task_id: id, task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
    const body = { request_id: 'r-4', output, usage: { video_count: 1 } };
    cloud.speaker.script(`/api/v1/tasks/${id}`, said as Said, { status: 200, body });
    expect(JSON.parse(await aiGen(client, model, { prompt: 'waves' }, null))).toEqual(body);
    expect(cloud.speaker.submits(typeFor(id))).toBe(1);
    expect(await newestJob(client, typeFor(id))).toMatchObject({ state: 'succeeded', task_id: id });
  });
});

describe('a result', () => {
  const failing = (status: number) => ({ kind: 'answer', status, code: 'InternalError' }) as const;

  test.each([
    [
      'cannot be fetched twice',
      'qwen-image-2.0',
      () => cloud.studio.faults.add({ action: failing(500), path: '/results/', times: 2 }),
    ],
    [
      'breaks off while it is fetched',
      'qwen-image',
      () => cloud.studio.faults.add({ action: { kind: 'truncate', bytes: 1000 }, path: '/results/' }),
    ],
    [
      'comes over a connection that is reset',
      'qwen-image-plus',
      () => cloud.studio.faults.add({ action: { kind: 'reset' }, path: '/results/' }),
    ],
    [
      'finds OSS busy twice',
      'qwen-image-plus-2026-01-09',
      () => cloud.store.faults.add({ answer: 'unavailable', times: 2, when: isPut }),
    ],
    [
      'is stored but OSS’s answer is lost',
      'qwen-image-2.0-2026-03-03',
      () => cloud.store.faults.add({ answer: 'lost-answer', when: isPut }),
    ],
    [
      'comes with a flipped bit',
      'qwen-image-2.0-pro',
      () => cloud.studio.faults.add({ action: { kind: 'flip' }, path: '/results/' }),
    ],
    [
      'finds OSS cutting the connection in the middle, then failing',
      'qwen-image-2.0-pro-2026-03-03',
      () => {
        cloud.store.faults.add({ answer: 'reset', afterBytes: 1000, when: isPut });
        cloud.store.faults.add({ answer: 'unavailable', when: isPut });
      },
    ],
  ])('that %s is saved, and made once', async (_what, modelType, breakIt) => {
    const { client, model } = await start(modelType, 'image-generation');
    breakIt();
    const request = { prompt: 'a castle', output_dir: 'oss://bucket/out/' };
    const result = JSON.parse(await aiGen(client, model, request));
    expect(result.image_oss_paths).toEqual([`oss://bucket/out/${result.requestId}.png`]);
    const saved = await cloud.store.read('bucket', `out/${result.requestId}.png`);
    expect(saved?.equals(Buffer.from(await (await fetch(result.image_urls[0])).arrayBuffer()))).toBe(true);
    expect(cloud.speaker.submits(modelType)).toBe(1);
    expect(cloud.store.faults.remaining()).toBe(0);
    const job = await newestJob(client, modelType);
    const put = cloud.store.requests().findLast(({ operation }) => operation === 'PutObject');
    expect(put?.headers).toMatchObject({
      'x-oss-meta-hologen-model': modelType,
      'x-oss-meta-hologen-job': job.job_id,
      'x-oss-meta-hologen-request': result.requestId,
    });
    expect(job).toMatchObject({
      state: 'succeeded',
      outputs: [{ url: result.image_urls[0], ossPath: result.image_oss_paths[0], bytes: saved?.length }],
    });
  });

  test('that OSS does not take is an error, and is saved when OSS takes it: by the next run, or by itself', async () => {
    const { client, model } = await start('qwen-image-max', 'image-generation');
    // Once for the proof that the place is writable: it is remembered.
    cloud.store.faults.add({ answer: 'forbidden', times: 100, when: isPut });
    const request = { prompt: 'a castle', output_dir: 'oss://bucket/out/' };
    const error = await refusal(aiGen(client, model, request));
    expect(error.code).toBe('42501');
    expect(error.message).toMatch(/^cannot write oss:\/\/bucket\/out\/\S+\.png: /);
    const job = await newestJob(client, 'qwen-image-max');
    expect(job).toMatchObject({ state: 'saving', finished: false, hold_up: { sqlstate: '42501' } });
    expect((await fetch(job.outputs[0].url)).status).toBe(200);
    expect(error.hint).toMatch(new RegExp(`made and paid for: .* hologen.jobs, job ${job.job_id}\\.`));
    // Still refused: the next run tries the copy at once, and says so again.
    expect((await refusal(aiGen(client, model, request))).code).toBe('42501');
    cloud.store.faults.clear();
    const result = JSON.parse(await aiGen(client, model, request));
    expect(await cloud.store.read('bucket', `out/${result.requestId}.png`)).toBeTruthy();
    expect(await newestJob(client, 'qwen-image-max')).toMatchObject({ state: 'succeeded', hold_up: null });
    expect(cloud.speaker.submits('qwen-image-max')).toBe(1);
  });

  test('that is gone at the provider is an error, tried once', async () => {
    const { client, model } = await start('qwen-image-max-2025-12-30', 'image-generation');
    cloud.studio.faults.add({ action: failing(403), path: '/results/', times: 2 });
    const request = { prompt: 'a castle', output_dir: 'oss://bucket/out/' };
    const error = await refusal(aiGen(client, model, request));
    cloud.studio.faults.clear();
    expect(error).toMatchObject({ code: '58H01', message: 'the result could not be downloaded: HTTP 403' });
    const fetched = cloud.studio
      .requests()
      .filter((each) => each.path.startsWith('/results/') && each.status === 403);
    expect(fetched).toHaveLength(1);
  });

  function isPut({ operation }: { operation: string }): boolean {
    return operation === 'PutObject';
  }
});

describe('a provider that does not listen', () => {
  test('is tried three times, then named; when it is back all works', async () => {
    const { client, model } = await start('qwen-plus', 'chat/completions');
    const listenAgain = await cloud.speaker.hangUp();
    const error = await refusal(aiGen(client, model, 'hello', null));
    await listenAgain();
    expect(error).toMatchObject({
      code: '08006',
      message: 'Model Studio cannot be reached (ECONNREFUSED)',
      hint: 'Check the network and DASHSCOPE_HTTP_BASE_URL.',
    });
    expect(await newestJob(client, 'qwen-plus')).toMatchObject({ state: 'failed', sqlstate: '08006' });
    expect(await aiGen(client, model, 'hello', null)).not.toBe('');
    expect(cloud.speaker.submits('qwen-plus')).toBe(1);
  });
});
