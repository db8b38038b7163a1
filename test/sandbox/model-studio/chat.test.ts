/** Chat completions and embeddings of the sandbox Model Studio. */
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Json,
  type MediaServer,
  paths,
  type StudioClient,
  serveMedia,
  startStudio,
  wavFile,
} from './studio-client.js';

let client: StudioClient;
let media: MediaServer;
beforeAll(async () => {
  client = await startStudio();
  media = await serveMedia({
    'hole.png': await createCanvas(400, 300).encode('png'),
    'sound.wav': wavFile(4),
  });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await media[Symbol.asyncDispose]();
});

const chat = (body: Json) => client.send('POST', '/compatible-mode/v1/chat/completions', body);
const embed = (body: Json) => client.send('POST', '/compatible-mode/v1/embeddings', body);
const ask = (content: Json) => [{ role: 'user', content }];

test('an answer reflects the prompt, is the same every time and counts its tokens', async () => {
  const body = {
    model: 'qwen-plus',
    messages: ask('Name a cat'),
    temperature: 0.7,
    top_p: 0.8,
    max_tokens: 100,
  };
  const [first, second] = [await chat(body), await chat(body)];
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({ object: 'chat.completion', model: 'qwen-plus' });
  const [choice] = first.body.choices;
  expect(choice).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } });
  expect(choice.message.content).toBe('[sandbox qwen-plus] You asked: Name a cat');
  expect(second.body.choices).toEqual(first.body.choices);
  const { prompt_tokens, completion_tokens, total_tokens } = first.body.usage;
  expect(total_tokens).toBe(prompt_tokens + completion_tokens);
});

test('an answer is cut at max_tokens', async () => {
  const { body } = await chat({ model: 'qwen3-max', messages: ask('Name a cat'), max_tokens: 3 });
  expect(body.choices[0].finish_reason).toBe('length');
  expect(body.usage.completion_tokens).toBeLessThanOrEqual(3);
});

test('pictures and sound are fetched and described', async () => {
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: `${media.url}/hole.png` } },
    { type: 'input_audio', input_audio: { data: `${media.url}/sound.wav`, format: 'wav' } },
  ];
  const response = await fetch(`${client.studio.url}/compatible-mode/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'qwen3-omni-flash', messages: ask(content), stream: true }),
  });
  const said = [...(await response.text()).matchAll(/"content":"([^"]*)"/g)]
    .map(([, piece]) => piece)
    .join('');
  expect(said).toMatch(/picture png 400x300, \d+ bytes; audio wav 4\.0 s/);
  expect((await chat({ model: 'qwen3-omni-flash', messages: ask(content) })).status).toBe(500);
});

test('a JSON answer is JSON', async () => {
  const body = {
    model: 'qwen-plus',
    messages: ask('a cat as json'),
    response_format: { type: 'json_object' },
  };
  const answer = JSON.parse((await chat(body)).body.choices[0].message.content);
  expect(answer).toMatchObject({ sandbox: true, prompt: 'a cat as json' });
});

const refused: [name: string, body: Json, status: number, code: string][] = [
  ['an unknown model', { model: 'gwen-plus', messages: ask('x') }, 404, 'model_not_found'],
  ['a picture model', { model: 'qwen-image-plus', messages: ask('x') }, 404, 'model_not_found'],
  ['no messages', { model: 'qwen-plus', messages: [] }, 400, 'invalid_parameter_error'],
  [
    'a temperature of 2',
    { model: 'qwen-plus', messages: ask('x'), temperature: 2 },
    400,
    'invalid_parameter_error',
  ],
  ['a top_p of 0', { model: 'qwen-plus', messages: ask('x'), top_p: 0 }, 400, 'invalid_parameter_error'],
  ['max_tokens 0', { model: 'qwen-plus', messages: ask('x'), max_tokens: 0 }, 400, 'invalid_parameter_error'],
  [
    'JSON that nobody asked for',
    { model: 'qwen-plus', messages: ask('x'), response_format: { type: 'json_object' } },
    400,
    'invalid_parameter_error',
  ],
  [
    'a picture for a text model',
    {
      model: 'qwen-plus',
      messages: ask([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]),
    },
    400,
    'invalid_parameter_error',
  ],
  [
    'refused content',
    { model: 'qwen-plus', messages: ask('[[sandbox:refuse]]') },
    400,
    'data_inspection_failed',
  ],
  ['throttling', { model: 'qwen-plus', messages: ask('[[sandbox:throttle=1]]') }, 429, 'limit_requests'],
];

test.each(refused)('chat is refused: %s', async (_, body, status, code) => {
  const answer = await chat(body);
  expect(answer).toMatchObject({ status, body: { error: { code }, request_id: expect.any(String) } });
});

test('embeddings are unit vectors of the asked length that depend on the text', async () => {
  const { body } = await embed({ model: 'text-embedding-v4', input: ['a', 'b', 'a'], dimensions: 256 });
  const [first, second, third] = body.data.map((item: Json) => item.embedding);
  expect(first).toHaveLength(256);
  expect(Math.hypot(...first)).toBeCloseTo(1);
  expect(third).toEqual(first);
  expect(second).not.toEqual(first);
  expect(body.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
});

test.each([
  [{ model: 'text-embedding-v3', input: 'a', dimensions: 100 }, 400],
  [{ model: 'text-embedding-v3', input: Array(11).fill('a') }, 400],
  [{ model: 'text-embedding-v3', input: [] }, 400],
  [{ model: 'text-embedding-v9', input: 'a' }, 404],
])('embeddings refuse %j', async (body, status) => {
  expect((await embed(body)).status).toBe(status);
});

test('a video model refuses a picture with a hole in it', async () => {
  const created = await client.submitTask(paths.video, {
    model: 'wan2.6-i2v',
    input: { img_url: `${media.url}/hole.png` },
  });
  const done = await client.poll(created.body.output.task_id);
  expect(done.output).toMatchObject({ task_status: 'FAILED', code: 'InvalidImage.FileFormat' });
});
