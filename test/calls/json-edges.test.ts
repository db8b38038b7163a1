/** JSON at its edges, in requests and in replies: what no text can hold is refused before anything is sent, or stored without it; numbers keep their text. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../gateway.js';
import { type OwnCloud, type Said, startOwnCloud } from './own-cloud.js';
import { aiGen, deploy, newestJob } from './statements.js';

let cloud: OwnCloud;
beforeAll(async () => {
  cloud = await startOwnCloud();
});
afterAll(() => cloud?.close());

let nextType = 0;
/** A type of its own for each test, so that its replies are its own. */
async function chat(...said: Said[]) {
  const client = await cloud.gateway.client();
  const type = `qwen-edge-${nextType++}`;
  const model = await deploy(client, type, 'chat/completions');
  cloud.speaker.script(type, ...said);
  const bodies = () => cloud.speaker.bodies(type);
  return { client, type, model, bodies };
}

function answer(choice: unknown, usage = { prompt_tokens: 3, completion_tokens: 5 }): Said {
  return { status: 200, body: { id: 'c', choices: choice === undefined ? [] : [choice], usage } };
}
const said = (content: unknown, finish_reason = 'stop') =>
  answer({ index: 0, finish_reason, message: { role: 'assistant', content } });

describe('a request', () => {
  const half = '\\ud83d';
  test.each([
    ['NUL in the prompt', `{"prompt": "a\\u0000b"}`, 'prompt'],
    [
      'half an emoji in an argument',
      `{"prompt": "{0}{1}", "args": ["x", {"name": "${half}"}]}`,
      'args[1].name',
    ],
    ['NUL in a text that is JSON by chance', `{"question": "\\u0000"}`, 'question'],
  ])(
    'with %s is refused by the name of its field, and nothing of the statement is sent',
    async (_what, request, field) => {
      const { client, model, type } = await chat();
      for (const onError of ['error', 'capture']) {
        await client.query(`SET ai_gen.on_error = '${onError}'`);
        const error = await refusal(
          client.query('SELECT ai_gen($1::text, request) FROM unnest($2::text[]) AS r (request)', [
            model,
            ['hello', request],
          ]),
        );
        expect(error).toMatchObject({
          code: '22023',
          message: expect.stringContaining(`${field} has a character that no text can hold`),
        });
        expect(error.detail).toBe('Call 2 of the statement.');
      }
      expect(cloud.speaker.submits(type)).toBe(0);
    },
  );

  test('keeps the text of its numbers, to the model and in the ledger', async () => {
    const { client, model, type, bodies } = await chat(said('ok'));
    const request = '{"prompt": "{0} {1} {2}", "args": [9007199254740993, 1234567890.10, {"n": 1.50}]}';
    await aiGen(client, model, request, null);
    expect(bodies()[0].messages[0].content).toBe('9007199254740993 1234567890.10 {"n":1.50}');
    const { rows } = await client.query('SELECT request::text FROM hologen.jobs WHERE model_type = $1', [
      type,
    ]);
    expect(rows[0].request).toBe(request);
  });

  test('that differs beyond what a double can hold is another request', async () => {
    const { client, model, type } = await chat(said('first'), said('second'));
    await client.query('BEGIN');
    const results = [];
    for (const number of ['9007199254740992', '9007199254740993'])
      results.push(await aiGen(client, model, `{"prompt": "{0}", "args": [${number}]}`, null));
    await client.query('ROLLBACK');
    expect(results).toEqual(['first', 'second']);
    expect(cloud.speaker.submits(type)).toBe(2);
  });

  test('with NULL among its arguments is refused as a NULL prompt is', async () => {
    const { client, model, type } = await chat();
    const error = await refusal(aiGen(client, model, { prompt: '{0}', args: [null] }, null));
    expect(error).toMatchObject({ code: '22023', message: 'args[0] is NULL' });
    expect(error.hint).toMatch(/coalesce/);
    expect(cloud.speaker.submits(type)).toBe(0);
  });

  test('of more than 32 MiB is 54000 with its size, and nothing is sent', async () => {
    const { client, model, type } = await chat();
    const error = await refusal(
      client.query("SELECT ai_gen($1::text, repeat('x', 34 * 1024 * 1024))", [model]),
    );
    expect(error).toMatchObject({
      code: '54000',
      message: expect.stringMatching(/larger than 32 MiB \(at least 34\.0 MiB\)/),
    });
    expect(cloud.speaker.submits(type)).toBe(0);
  });
});

describe('a reply', () => {
  test('with NUL and half an emoji in it is stored without them, and its JSON can be cast', async () => {
    const type = 'wan2.6-t2v-2001-01-01';
    const client = await cloud.gateway.client();
    const model = await deploy(client, type, 'video-generation');
    const output = {
      ...{ task_id: 'edge', task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' },
      orig_prompt: 'waves \ud83d and \0 more',
    };
    cloud.speaker.script(type, {
      status: 200,
      body: { request_id: 's', output: { task_id: 'edge', task_status: 'PENDING' } },
    });
    cloud.speaker.script('/api/v1/tasks/edge', {
      status: 200,
      body: { request_id: 'r', output, usage: { video_count: 1, note: '\0' } },
    });
    const { rows } = await client.query(
      "SELECT ai_gen($1, $2, NULL)::jsonb -> 'output' ->> 'orig_prompt' AS prompt",
      [model, JSON.stringify({ prompt: 'waves' })],
    );
    expect(rows).toEqual([{ prompt: 'waves \ufffd and  more' }]);
    expect(await newestJob(client, type)).toMatchObject({ state: 'succeeded', task_id: 'edge' });
  });

  test.each([
    ['is empty', { status: 200, body: {} }, '58H01'],
    ['has no choices', answer(undefined), '58H01'],
    ['has no content', said(null), '58H01'],
    ['has an empty content', said(''), '58H01'],
    [
      'is an error at HTTP 200',
      { status: 200, body: { error: { code: 'InternalError', message: 'oh' } } },
      '58H01',
    ],
    ['was filtered', said(null, 'content_filter'), '22H01'],
  ] as [string, Said, string][])('that %s is an error, not an empty text', async (_what, reply, code) => {
    const { client, model, type } = await chat(...Array<Said>(3).fill(reply));
    expect(await refusal(aiGen(client, model, 'hello', null))).toMatchObject({ code });
    expect(await newestJob(client, type)).toMatchObject({ state: 'failed', sqlstate: code });
  });

  test('that was cut is given, and a notice says so', async () => {
    const { client, model } = await chat(said('half of', 'length'));
    const notices: (string | undefined)[] = [];
    client.on('notice', ({ message }) => notices.push(message));
    expect(await aiGen(client, model, 'hello', null)).toBe('half of');
    expect(notices.join()).toMatch(/was cut at the limit of tokens/);
  });

  test('without an embedding is an error', async () => {
    const client = await cloud.gateway.client();
    const model = await deploy(client, 'text-embedding-edge', 'embedding');
    cloud.speaker.script('text-embedding-edge', { status: 200, body: { data: [] } });
    expect(await refusal(aiGen(client, model, 'hello', null))).toMatchObject({ code: '58H01' });
  });

  test('of more than 32 MiB is 54000, and does not fill the memory', async () => {
    const { client, model, type } = await chat({ status: 200, body: 'x'.repeat(34 * 1024 * 1024) });
    expect(await refusal(aiGen(client, model, 'hello', null))).toMatchObject({ code: '54000' });
    expect(await newestJob(client, type)).toMatchObject({ state: 'unanswered', sqlstate: '54000' });
  });
});
