/** Embeddings of texts and media, and speech to text: what the sandbox takes, gives and refuses. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPicture } from '../../../sandbox/media/pictures.js';
import { type Json, type StudioClient, serveMedia, startStudio, wavFile } from './studio-client.js';

let client: StudioClient;
let media: Awaited<ReturnType<typeof serveMedia>>;
beforeAll(async () => {
  const request = { width: 300, height: 300, title: 'a', prompt: 'b', references: [], seed: 1 };
  media = await serveMedia({ 'sound.wav': wavFile(4), 'picture.png': await drawPicture(request) });
  client = await startStudio();
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await media[Symbol.asyncDispose]();
});

const multimodal = '/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding';
const speechPath = '/api/v1/services/audio/asr/transcription';
const embed = (body: Json) => client.send('POST', multimodal, { model: 'qwen3-vl-embedding', ...body });
const asynchronously = { 'x-dashscope-async': 'enable' };
const hear = (body: Json, headers: Record<string, string> = asynchronously) =>
  client.send('POST', speechPath, { model: 'fun-asr', ...body }, headers);

test('ten texts are ten vectors in one reply, eleven are refused', async () => {
  const send = (count: number) =>
    client.send('POST', '/compatible-mode/v1/embeddings', {
      model: 'text-embedding-v4',
      input: Array.from({ length: count }, (_, n) => `text ${n}`),
    });
  const { body } = await send(10);
  expect(body.data.map(({ index }: Json) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(body.usage.prompt_tokens).toBe(20);
  expect((await send(11)).status).toBe(400);
});

test('contents are a vector each, and one together when they are fused; tokens are told apart', async () => {
  const contents = [{ text: 'a red door' }, { image: `${media.url}/picture.png` }];
  const { body } = await embed({ input: { contents }, parameters: { dimension: 256 } });
  expect(body.output.embeddings.map(({ type, embedding }: Json) => [type, embedding.length])).toEqual([
    ['text', 256],
    ['image', 256],
  ]);
  expect(body.usage).toEqual({
    ...{ input_tokens: 3, image_tokens: 256, total_tokens: 259 },
  });
  const fused = await embed({ input: { contents }, parameters: { enable_fusion: true } });
  expect(fused.body.output.embeddings).toHaveLength(1);
});

test.each<[what: string, body: Json]>([
  ['no contents', { input: {} }],
  ['a content of two kinds', { input: { contents: [{ text: 'a', image: 'https://example.com/a.png' }] } }],
  ['an unknown kind', { input: { contents: [{ sound: 'https://example.com/a.wav' }] } }],
  ['too many pictures', { input: { contents: Array(6).fill({ image: 'https://example.com/a.png' }) } }],
  [
    'a length that the model has not',
    { input: { contents: [{ text: 'a' }] }, parameters: { dimension: 100 } },
  ],
  ['an unknown parameter', { input: { contents: [{ text: 'a' }] }, parameters: { dimensions: 256 } }],
  ['a sound for a picture', { input: { contents: [{ image: 'SOUND' }] } }],
])('multimodal embeddings refuse %s', async (_what, body) => {
  const text = JSON.stringify(body).replace('SOUND', `${media.url}/sound.wav`);
  expect((await embed(JSON.parse(text))).status).toBe(400);
});

test('a task hears a file and says what in a document; speech is billed by the second', async () => {
  const parameters = { diarization_enabled: true };
  const { body } = await hear({ input: { file_urls: [`${media.url}/sound.wav`] }, parameters });
  const task = await client.poll(body.output.task_id);
  expect(task.usage).toEqual({ duration: 4 });
  expect(task.output.task_metrics).toEqual({ TOTAL: 1, SUCCEEDED: 1, FAILED: 0 });
  const document = (await (await fetch(task.output.results[0].transcription_url)).json()) as Json;
  expect(document.properties.original_duration_in_milliseconds).toBe(4000);
  const [{ sentences }] = document.transcripts;
  expect(
    sentences.map(({ begin_time, end_time, speaker_id }: Json) => [begin_time, end_time, speaker_id]),
  ).toEqual([
    [0, 2000, 0],
    [2000, 4000, 1],
  ]);
});

test('one file that cannot be heard does not fail the others; the task of one such file fails', async () => {
  const [good, bad] = [`${media.url}/sound.wav`, `${media.url}/picture.png`];
  const both = await hear({ input: { file_urls: [good, bad] } });
  const { output } = await client.poll(both.body.output.task_id);
  expect([output.task_status, ...output.results.map(({ subtask_status }: Json) => subtask_status)]).toEqual([
    'SUCCEEDED',
    'SUCCEEDED',
    'FAILED',
  ]);
  const alone = await hear({ input: { file_urls: [bad] } });
  const failed = await client.poll(alone.body.output.task_id);
  expect([failed.output.task_status, failed.output.code]).toEqual(['FAILED', 'InvalidFile.Format']);
});

test.each<[what: string, body: Json, status: number]>([
  ['no files', { input: {} }, 400],
  ['Base64', { input: { file_urls: ['data:audio/wav;base64,AAAA'] } }, 400],
  [
    'one speaker',
    { input: { file_urls: ['https://example.com/a.wav'] }, parameters: { speaker_count: 1 } },
    400,
  ],
  [
    'an unknown parameter',
    { input: { file_urls: ['https://example.com/a.wav'] }, parameters: { granularity: 1 } },
    400,
  ],
  [
    'an unknown model',
    { model: 'fun-asr-tomorrow', input: { file_urls: ['https://example.com/a.wav'] } },
    404,
  ],
])('speech to text refuses %s', async (_what, body, status) => {
  expect((await hear(body)).status).toBe(status);
});

test('speech to text is asynchronous alone', async () => {
  const { status, body } = await hear({ input: { file_urls: [`${media.url}/sound.wav`] } }, {});
  expect([status, body.code]).toEqual([403, 'AccessDenied']);
});

test('an answer in JSON fits the schema that was given', async () => {
  const schema = {
    type: 'object',
    properties: {
      label: { type: 'string', enum: ['a', 'b'] },
      parts: { type: 'array', items: { type: 'integer' } },
    },
  };
  const ask = (json_schema: Json) =>
    client.send('POST', '/compatible-mode/v1/chat/completions', {
      model: 'qwen3.7-plus',
      messages: [{ role: 'user', content: 'hello' }],
      response_format: { type: 'json_schema', json_schema },
    });
  const { body } = await ask({ name: 'answer', schema });
  expect(JSON.parse(body.choices[0].message.content)).toEqual({ label: 'a', parts: [1] });
  expect((await ask({ schema })).status).toBe(400);
  expect((await ask({ name: 'answer' })).status).toBe(400);
});
