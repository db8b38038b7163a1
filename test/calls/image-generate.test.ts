/** image_generate: the skill's request and answer, on whichever model fits, all rows at once, and paid once for the same picture. */

import { createCanvas } from '@napi-rs/canvas';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { putObject } from './statements.js';

let gateway: TestGateway;
let client: pg.Client;
let notices: string[] = [];

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  client.on('notice', ({ message }) => notices.push(message ?? ''));
});
beforeEach(async () => {
  notices = [];
  await gateway.forgetRequests();
});
afterAll(() => gateway?.close());

const toFile = (path: string) =>
  `to_file('${path}', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')`;

async function generate(request: Record<string, unknown>, file = 'NULL') {
  const { rows } = await client.query(`SELECT image_generate($1, ${file}) AS answer`, [
    JSON.stringify(request),
  ]);
  return rows[0].answer;
}

async function bodies() {
  return (await gateway.requests()).map(({ body }) => body as Record<string, Record<string, never>>);
}

test('a request in the skill’s words gives the skill’s answer and nothing else', async () => {
  const answer = await generate({
    prompt: 'a cyclist at dusk',
    negative_prompt: 'blurry',
    size: '768*1024',
    style: 'film noir',
    seed: 1234,
  });
  expect(answer).toEqual({
    image_url: expect.stringMatching(/^http/),
    width: 768,
    height: 1024,
    seed: 1234,
  });
  const [sent] = await bodies();
  expect(sent).toMatchObject({
    model: 'qwen-image-2.0-pro',
    input: { messages: [{ content: [{ text: 'a cyclist at dusk\nStyle: film noir' }] }] },
    parameters: { negative_prompt: 'blurry', size: '768*1024', seed: 1234 },
  });
  const picture = await fetch(answer.image_url);
  expect(picture.headers.get('content-type')).toBe('image/png');
});

test('the answer is json with a column name of its own, and the request may be json, jsonb or an untyped parameter', async () => {
  const request = { prompt: 'forms', size: '1024*1024' };
  const { rows, fields } = await client.query(
    `SELECT image_generate($1), image_generate($2::jsonb) ->> 'width' AS width, image_generate(json_build_object('prompt', 'forms', 'size', '1024x1024'), NULL) -> 'height' AS height`,
    [JSON.stringify(request), JSON.stringify(request)],
  );
  expect(fields[0]?.name).toBe('image_generate');
  expect(rows).toEqual([
    { image_generate: expect.objectContaining({ width: 1024 }), width: '1024', height: 1024 },
  ]);
});

test('many rows run at once', async () => {
  await using slow = await startTestGateway({ sandboxImageMs: '1500' });
  const asker = await slow.client();
  const request = `json_build_object('prompt', 'row ' || n, 'size', '1024*1024', 'model', 'wan26_t2i')`;
  await asker.query(
    `CALL add_external_model('quick', 'qwen-image-2.0', 'bailian', NULL, NULL, 'image-generation', '{"submits_per_second": 100}')`,
  );
  const startedAt = performance.now();
  const { rows } = await asker.query(
    `SELECT n, image_generate(${request.replace('wan26_t2i', 'quick')}) ->> 'image_url' AS url FROM generate_series(1, 8) n ORDER BY n`,
  );
  expect(new Set(rows.map(({ url }) => url)).size).toBe(8);
  // One after another they would take 12 s.
  expect(performance.now() - startedAt).toBeLessThan(9_000);
});

test('the same request is paid for once, and again where the session wants new ones', async () => {
  const request = { prompt: 'cached', size: '1024*1024', seed: 5 };
  const first = await generate(request);
  expect(await generate({ seed: 5, size: '1024*1024', prompt: 'cached' })).toEqual(first);
  expect(await bodies()).toHaveLength(1);
  await generate({ ...request, seed: 6 });
  await generate({ ...request, negative_prompt: 'rain' });
  expect(await bodies()).toHaveLength(3);
  await client.query('SET ai_gen.reuse = off');
  expect((await generate(request)).image_url).not.toBe(first.image_url);
  await client.query('RESET ai_gen.reuse');
});

test('each part of a request is a part of what it is cached by, and of a reference picture its content', async () => {
  const path = 'oss://demo/cached/reference.jpg';
  const picture = (colour: string) => {
    const canvas = createCanvas(600, 600);
    const context = canvas.getContext('2d');
    context.fillStyle = colour;
    context.fillRect(0, 0, 600, 600);
    return canvas.toBuffer('image/jpeg');
  };
  await putObject(gateway.dataDir, path, picture('red'));
  await putObject(gateway.dataDir, `${path}.other.jpg`, picture('green'));
  const whole = {
    prompt: 'six parts',
    negative_prompt: 'rain',
    size: '512*512',
    style: 'ink',
    seed: 1,
    reference_image: path,
  };
  const made = (request: Record<string, unknown>) => generate(request, toFile('oss://demo/'));
  const first = await made(whole);
  expect(await made(Object.fromEntries(Object.entries(whole).reverse()))).toEqual(first);
  expect(await bodies()).toHaveLength(1);
  const urls = new Set([first.image_url]);
  for (const [field, other] of Object.entries({
    ...{ prompt: 'other parts', negative_prompt: 'snow', size: '512*768', style: 'oil', seed: 2 },
    reference_image: `${path}.other.jpg`,
  }))
    urls.add((await made({ ...whole, [field]: other })).image_url);
  for (const field of ['negative_prompt', 'style', 'seed', 'reference_image'])
    urls.add((await made({ ...whole, [field]: undefined })).image_url);
  await putObject(gateway.dataDir, path, picture('blue'));
  urls.add((await made(whole)).image_url);
  expect(await bodies()).toHaveLength(12);
  expect(urls.size).toBe(12);
  await made(whole);
  await putObject(gateway.dataDir, path, picture('red'));
  expect(await made(whole)).toEqual(first);
  expect(await bodies()).toHaveLength(12);
  // Where the picture lies is no part of it, nor whether it comes as bytes.
  const elsewhere = 'oss://demo/elsewhere/the-same.jpg';
  await putObject(gateway.dataDir, elsewhere, picture('red'));
  expect(await made({ ...whole, reference_image: elsewhere })).toEqual(first);
  expect(await generate({ ...whole, reference_image: undefined }, toFile(elsewhere))).toEqual(first);
  expect(await made({ ...whole, reference_image: picture('red').toString('base64') })).toEqual(first);
  expect(await bodies()).toHaveLength(12);
  await made({ ...whole, reference_image: picture('blue').toString('base64') });
  expect(await bodies()).toHaveLength(12);
});

test('a reference may be a path, a FILE in the request or beside it, bytes, base64 or an address', async () => {
  const made = await generate(
    { prompt: 'a reference', size: '512*512', output_dir: 'oss://demo/image-generate/' },
    toFile('oss://demo/'),
  );
  const path = made.image_oss_path;
  expect(path).toMatch(/^oss:\/\/demo\/image-generate\/.*\.png$/);
  const file = toFile(path);
  const canvas = createCanvas(600, 600);
  canvas.getContext('2d').fillRect(0, 0, 600, 600);
  const bytes = canvas.toBuffer('image/jpeg');
  const base64 = bytes.toString('base64');
  const { rows } = await client.query(`SELECT file_url('${path}') AS url`);
  const edit = { prompt: 'edit it', size: '512*512' };
  const asked: [Record<string, unknown>, string, RegExp][] = [
    [{ ...edit, reference_image: path }, toFile('oss://demo/'), /^http/],
    [{ ...edit, seed: 1 }, file, /^http/],
    [
      { ...edit, seed: 2, reference_image: `\\x${bytes.toString('hex')}` },
      'NULL',
      /^data:image\/jpeg;base64,\/9j/,
    ],
    [{ ...edit, seed: 3, reference_image: base64 }, 'NULL', /^data:image\/jpeg;base64,\/9j/],
    [{ ...edit, seed: 4, reference_image: rows[0].url }, 'NULL', /^http/],
  ];
  for (const [request, right, address] of asked) {
    await gateway.forgetRequests();
    expect(await generate(request, right)).toMatchObject({ width: 512, height: 512 });
    const [sent] = await bodies();
    const content = (sent?.input?.messages as { content?: object[] }[] | undefined)?.[0]?.content;
    expect(content).toEqual([{ image: expect.stringMatching(address) }, { text: 'edit it' }]);
  }
  await gateway.forgetRequests();
  const inside = await client.query(
    `SELECT image_generate(json_build_object('prompt', 'edit it', 'size', '512*512', 'seed', 7, 'reference_image', ${file}))`,
  );
  expect(inside.rows[0].image_generate).toMatchObject({ seed: 7 });
});

test('without a model the first that has a place for all fields is taken; a named one says what it ignores', async () => {
  await client.query(
    `CALL register_external_model('plain_edit', 'qwen-image-edit', 'bailian', '{}', 'image-generation')`,
  );
  const reference = await generate(
    { prompt: 'a base', size: '1024*1024', output_dir: 'oss://demo/ignored/' },
    toFile('oss://demo/'),
  );
  const answer = await generate(
    { prompt: 'edit', size: '512*512', model: 'plain_edit', reference_image: reference.image_oss_path },
    toFile('oss://demo/'),
  );
  expect(answer.ignored).toEqual(['size']);
  expect(await generate({ prompt: 'x', size: '1664*928', model: 'qwen_image_max' })).toMatchObject({
    width: 1664,
    height: 928,
  });
});

test('a value that is wrong is refused, also where a model that ignores its field would make another picture', async () => {
  await client.query(
    `CALL register_external_model('quick_words', 'z-image-turbo', 'bailian', '{}', 'image-generation')`,
  );
  const kitten = { prompt: 'a kitten', size: '1024*1024', reference_image: 'kitten.png' };
  expect((await refusal(generate(kitten))).message).toContain('reference_image is not an OSS path');
  expect((await refusal(generate({ ...kitten, size: '1664*928' }))).message).toContain('reference_image');
  const edit = { prompt: 'x', size: '9999*9999', reference_image: 'oss://bucket/path/golden_man.png' };
  expect((await refusal(generate(edit, toFile('oss://bucket/')))).message).toContain('size must be');
  expect(await bodies()).toEqual([]);
  await client.query(`CALL delete_external_model('quick_words')`);
});

test('a refusal speaks in the words of image_generate', async () => {
  const size = await refusal(generate({ prompt: 'x', size: '10*10' }));
  expect(size.message).toMatch(/^size must be a size of/);
  const picture = await refusal(generate({ prompt: 'x', size: '512*512', model: 'qwen_image_edit' }));
  expect(picture.message).toMatch(/^the request has no reference_image,/);
  expect(picture.hint).toBe("Add 'reference_image', 'oss://bucket/path/file.png'.");
});

test('an answer without a picture is asked for once more, in simpler words, and the answer and a NOTICE say so', async () => {
  const request = {
    prompt: 'A fox. [[sandbox:empty]] Much too long.',
    size: '1024*1024',
    negative_prompt: 'rain',
  };
  const answer = await generate(request);
  expect(answer).toMatchObject({ image_url: expect.stringMatching(/^http/), simplified_prompt: 'A fox.' });
  expect(notices.join('\n')).toContain('A fox.');
  const sent = await bodies();
  expect(sent).toHaveLength(2);
  expect(JSON.stringify(sent[1])).not.toMatch(/too long|rain/);
  const { rows } = await client.query(
    `SELECT state, price::float FROM hologen.jobs WHERE request ->> 'prompt' LIKE 'A fox.%' ORDER BY submitted_at`,
  );
  expect(rows).toEqual([
    { state: 'failed', price: 0 },
    { state: 'succeeded', price: 0.5 },
  ]);
  // The same request is paid for once, whatever it came to.
  expect(await generate(request)).toEqual(answer);
  expect(await bodies()).toHaveLength(2);
  await gateway.forgetRequests();
  const { message } = await refusal(generate({ ...request, prompt: '[[sandbox:empty]]' }));
  expect(message).toContain('without a picture');
  expect(await bodies()).toHaveLength(2);
});

test.each([
  [{ prompt: 'x' }, /has no size/],
  [{ size: '1024*1024' }, /has no prompt/],
  [{ prompt: 'x', size: 'large' }, /size must be width\*height/],
  [{ prompt: 'x', size: '1024*1024', seed: -1 }, /seed must be a whole number/],
  [{ prompt: 'x', size: '1024*1024', n: 2 }, /unknown field "n"/],
  [{ prompt: 'x', size: '1024*1024', model: 'nobody' }, /"nobody" does not exist/],
  [{ prompt: 'x', size: '1024*1024', model: 'qwen_plus' }, /task image-generation/],
  [{ prompt: 'x', size: '9999*9999' }, /^size must be/],
  [{ prompt: 'x', size: '1024*1024', reference_image: 'kitten' }, /reference_image is not an OSS path/],
  [{ prompt: 'x', size: '1024*1024', reference_image: 'data:text/html;base64,AAAA' }, /a picture in base64/],
])('%j is refused before anything is sent', async (request, said) => {
  const { message, hint } = await refusal(generate(request));
  expect(message).toMatch(said);
  expect(hint).toBeTruthy();
  expect(await bodies()).toEqual([]);
});

test('a dry run, an estimate and captured errors work as for ai_gen', async () => {
  const { rows } = await client.query(
    `SELECT calls::int, pictures::int, price::float FROM ai_estimate($$SELECT image_generate('{"prompt": "estimate", "size": "1024*1024"}')$$)`,
  );
  expect(rows).toEqual([{ calls: 1, pictures: 1, price: 0.5 }]);
  await client.query('SET ai_gen.on_error = capture');
  expect(await generate({ prompt: '[[sandbox:refuse]]', size: '1024*1024' })).toMatchObject({
    error: { code: expect.stringMatching(/DataInspection/) },
  });
  await client.query('RESET ai_gen.on_error');
});

test('who may not execute image_generate cannot submit by hand', async () => {
  await client.query(`CREATE ROLE painter LOGIN PASSWORD 'secret'`);
  await client.query(
    `REVOKE EXECUTE ON FUNCTION hologen.image_generate(text, hologen.file), pg_catalog.image_generate(text, hologen.file) FROM PUBLIC`,
  );
  const painter = await gateway.clientOf('painter');
  const { code, message } = await refusal(painter.query(`SELECT hologen_caller.submit_image('{}', NULL)`));
  expect([code, message]).toEqual(['42501', 'permission denied for function image_generate']);
});
