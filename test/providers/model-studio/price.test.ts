/** What calls cost: the provider's price list (Beijing, spring 2026), units before and after, a deployed model's own prices. */
import { describe, expect, test } from 'vitest';
import { KnownError } from '../../../src/errors.js';
import type { Json } from '../../../src/json.js';
import { families } from '../../../src/providers/model-studio/families.js';
import type { StudioRequest } from '../../../src/providers/model-studio/family.js';
import { knownTypes } from '../../../src/providers/model-studio/known-types.js';
import { hasKnownPrices } from '../../../src/providers/model-studio/money.js';
import { ownPrice } from '../../../src/providers/model-studio/own-price.js';
import { priceOf } from '../../../src/providers/model-studio/price.js';
import type { Units } from '../../../src/providers/provider.js';
import { drivers } from '../../../src/storage/drivers.js';
import { createPlaces } from '../../../src/storage/open.js';

const places = createPlaces(drivers);
const known = knownTypes(families);
const requireModelType = (name: string, task: string) =>
  known.require({ modelType: name, task, config: {} }).type;

type Task = 'image-generation' | 'video-generation' | 'chat/completions' | 'embedding';

function call(modelType: string, task: Task, request: Json): StudioRequest {
  const { type, family } = known.require({ modelType, task, config: {} });
  const model = { name: 'model', modelType, task, apiKey: undefined, config: {} };
  return family.check({ model, type, text: JSON.stringify(request), file: undefined, places, known });
}

const picture = (modelType: string, request: Json = {}) =>
  call(modelType, 'image-generation', { prompt: 'a castle', ...request });
const video = (modelType: string, request: Json) =>
  call(modelType, 'video-generation', { prompt: 'a castle', ...request });

/** The price of a call before it is sent. */
function estimate(checked: StudioRequest) {
  return checked.estimate.cost;
}

function estimateUnits(checked: StudioRequest) {
  return checked.estimate.units;
}

/** The units of a reply with this usage and so many files; a video without one has failed. */
function unitsOf(checked: StudioRequest, usage: Json, produced: number): Units {
  const urls = Array.from({ length: produced }, (_, index) => `https://results.example/${index}`);
  const choices = urls.map((image) => ({ message: { content: [{ image }] } }));
  const failed = checked.makes === 'video' && produced === 0;
  const output = { choices, ...(failed && { task_status: 'FAILED' }) };
  return checked.read({ body: { output, usage }, requestId: 'request' }).bill.units;
}

const references = (count: number) =>
  Array.from({ length: count }, (_, index) => `oss://bucket/path/${index}.png`);

test.each([
  ['qwen-image-2.0-pro', 0.5],
  ['qwen-image-2.0-pro-2026-03-03', 0.5],
  ['qwen-image-max', 0.5],
  ['qwen-image-max-2025-12-30', 0.5],
  ['qwen-image-edit-max', 0.5],
  ['qwen-image-edit-max-2026-01-16', 0.5],
  ['qwen-image-2.0', 0.2],
  ['qwen-image-2.0-2026-03-03', 0.2],
  ['qwen-image-plus', 0.2],
  ['qwen-image-plus-2026-01-09', 0.2],
  ['qwen-image-edit-plus', 0.2],
  ['qwen-image-edit-plus-2025-12-15', 0.2],
  ['qwen-image', 0.25],
  ['qwen-image-edit', 0.3],
  ['wan2.6-t2i', 0.2],
])('a picture of %s costs CNY %s', (modelType, amount) => {
  const edits = modelType.includes('edit') ? { reference_urls: references(1) } : {};
  expect(estimate(picture(modelType, edits))).toEqual({ amount, currency: 'CNY' });
});

test.each([
  ['https://dashscope.aliyuncs.com/api/v1', true],
  ['https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1', true],
  ['http://127.0.0.1:9000/api/v1', true],
  ['https://dashscope-intl.aliyuncs.com/api/v1', false],
  ['https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1', false],
])('prices of %s are known: %s', (baseUrl, known) => expect(hasKnownPrices(baseUrl)).toBe(known));

// https://help.aliyun.com/zh/model-studio/model-pricing and …/rate-limit
test.each([
  ['qwen-vl-ocr-2025-08-28', 5, 5, 10],
  ['qwen-vl-ocr-2025-11-20', 0.3, 0.5, 20],
  ['qwen-max-2024-04-28', 40, 120, 1],
  ['qwen-max-2025-01-25', 2.4, 9.6, 1],
  ['qwen-max-latest', 2.4, 9.6, 20],
  ['qwen3-max-2025-09-23', 6, 24, 1],
  ['qwen3-max-2026-01-23', 2.5, 10, 10],
  ['qwen-vl-max-2025-01-25', 3, 9, 1],
  ['qwen-vl-plus-2025-07-10', 0.15, 1.5, 1],
  ['qwen-plus-2025-09-11', 0.8, 2, 1],
  ['qwen-plus-us', 2.936, 8.807, 10],
  ['qwen-plus-2025-12-01-us', 2.936, 8.807, 1],
  ['qwen-flash-2025-07-28-us', 0.367, 2.936, 1],
  ['qwen3-vl-flash-2025-10-15-us', 0.367, 2.936, 1],
])(
  'a million tokens into %s cost CNY %d, out of it %d, and it takes %d requests a second',
  (name, input, output, submitsPerSecond) => {
    const type = requireModelType(name, 'chat/completions');
    expect(type.submitsPerSecond).toBe(submitsPerSecond);
    expect(type.price).toMatchObject({ currency: 'CNY' });
    const [tier] = type.price?.per === 'token' ? type.price.tiers : [];
    expect(tier).toMatchObject({ input, output });
  },
);

const frame = { img_url: 'oss://bucket/path/0.png' };
const frames = {
  first_frame_url: 'oss://bucket/path/0.png',
  last_frame_url: 'oss://bucket/path/1.png',
};
const oneReference = { reference_urls: references(1) };
test.each([
  ['wan2.6-t2v', { '720P': 0.6, '1080P': 1 }, {}],
  ['wan2.6-i2v', { '720P': 0.6, '1080P': 1 }, frame],
  ['wan2.6-r2v', { '720P': 0.6, '1080P': 1 }, oneReference],
  ['wan2.6-i2v-flash', { '720P': 0.3, '1080P': 0.5 }, frame],
  ['wan2.6-r2v-flash', { '720P': 0.3, '1080P': 0.5 }, oneReference],
  ['wan2.6-t2v-us', { '720P': 0.733924, '1080P': 1.100886 }, {}],
  ['wan2.6-i2v-us', { '720P': 0.733924, '1080P': 1.100886 }, frame],
  ['wan2.2-kf2v-flash', { '480P': 0.1, '720P': 0.2, '1080P': 0.48 }, frames],
])('a second of %s costs CNY %o', (modelType, amounts, fields) => {
  for (const [resolution, amount] of Object.entries(amounts)) {
    const checked = video(modelType, { ...fields, parameters: { resolution } });
    expect(estimateUnits(checked)).toMatchObject({ seconds: 5, resolution });
    expect(estimate(checked)?.amount).toBeCloseTo(5 * amount, 9);
  }
});

test.each([
  ['wan2.6-i2v-flash', frame],
  ['wan2.6-r2v-flash', oneReference],
])('a silent video of %s costs half', (modelType, fields) => {
  const parameters = { resolution: '720P', duration: 10, audio: false };
  expect(estimate(video(modelType, { ...fields, parameters }))?.amount).toBe(1.5);
  expect(estimate(video(modelType, { ...fields, parameters: { ...parameters, audio: true } }))?.amount).toBe(
    3,
  );
});

test('an estimate counts the pictures asked for, and gives amounts without binary dust', () => {
  const checked = picture('wan2.6-t2i', { parameters: { n: 3 } });
  expect(estimateUnits(checked)).toEqual({ pictures: 3 });
  expect(estimate(checked)).toEqual({ amount: 0.6, currency: 'CNY' });
});

test.each([
  ['1280*720', '720P'],
  ['832*1088', '720P'],
  ['1920*1080', '1080P'],
  ['1440*1440', '1080P'],
])('a video of size %s is billed as %s', (size, resolution) => {
  expect(estimateUnits(video('wan2.6-t2v', { parameters: { size, duration: 2 } }))).toEqual({
    seconds: 2,
    resolution,
  });
});

test.each([
  [['a.mp4'], 5],
  [['a.mp4', 'b.mov'], 5],
  [['a.mp4', 'b.png'], 2.5],
  [['a.mp4', 'b.png', 'c.jpg'], 1.65],
  [['a.mp4', 'b.mp4', 'c.png', 'd.png'], 2.5],
  [['a.png', 'b.webp', 'c.jpeg', 'd.bmp', 'e.png'], 0],
  [['a.heic'], 0],
  [['a.heic', 'b.tiff', 'c.gif', 'd.TIF'], 0],
  [['a.heic', 'b.mov'], 2.5],
  [['nameless'], 5],
])('the input seconds of references %o are at most %s', (names, most) => {
  const reference_urls = names.map((name) => `oss://bucket/path/${name}`);
  const checked = video('wan2.6-r2v', { reference_urls, parameters: { duration: 4 } });
  expect(estimateUnits(checked).seconds).toBe(4 + most);
});

describe('units of a call that has ended', () => {
  const text = call('qwen-plus', 'chat/completions', { prompt: 'hello' });
  const reference = video('wan2.6-r2v-flash', { ...oneReference, parameters: { resolution: '720P' } });
  const cases: [string, StudioRequest, Json, number, Units][] = [
    [
      'pictures made',
      picture('qwen-image-2.0', { parameters: { n: 4 } }),
      { image_count: 3 },
      3,
      { pictures: 3 },
    ],
    ['pictures without usage', picture('qwen-image-2.0', { parameters: { n: 4 } }), {}, 2, { pictures: 2 }],
    [
      'a text-to-video usage',
      video('wan2.6-t2v', { parameters: { duration: 10 } }),
      { duration: 10, input_video_duration: 0, output_video_duration: 10, video_count: 1, SR: 720 },
      1,
      { seconds: 10, resolution: '720P' },
    ],
    [
      'a first-and-last-frame usage with its class as text',
      video('wan2.2-kf2v-flash', frames),
      { video_duration: 5, video_count: 1, SR: '480' },
      1,
      { seconds: 5, resolution: '480P' },
    ],
    [
      'a reference-video usage',
      reference,
      { duration: 7.5, input_video_duration: 2.5, output_video_duration: 5, SR: 720, audio: false },
      1,
      { seconds: 7.5, resolution: '720P', silent: true },
    ],
    [
      'a usage of parts alone',
      reference,
      { input_video_duration: 2.5, output_video_duration: 5 },
      1,
      { seconds: 7.5, resolution: '720P', silent: false },
    ],
    ['a video without usage', reference, {}, 1, { seconds: 5, resolution: '720P', silent: false }],
    ['a failed video', reference, {}, 0, { seconds: 0, resolution: '720P', silent: false }],
    [
      'a chat',
      text,
      { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42 },
      1,
      { inputTokens: 12, outputTokens: 30 },
    ],
    [
      'an embedding',
      call('text-embedding-v4', 'embedding', { prompt: 'a' }),
      { prompt_tokens: 3 },
      1,
      { inputTokens: 3 },
    ],
    ['a text without usage', text, {}, 1, {}],
  ];
  test('no picture is no result, and costs nothing', () => {
    expect(() => unitsOf(picture('qwen-image-2.0', { parameters: { n: 4 } }), {}, 0)).toThrow(
      'without a picture',
    );
  });

  test.each(cases)('%s', (_, checked, usage, produced, units) => {
    expect(unitsOf(checked, usage, produced)).toEqual(units);
  });
});

describe('the price list of tokens', () => {
  const k = 1024;
  const costs = (modelType: string, task: string, units: Units) =>
    priceOf(requireModelType(modelType, task), units)?.amount;
  test.each<[modelType: string, units: Units, cost: number | undefined]>([
    ['qwen-plus', { inputTokens: 128 * k, outputTokens: 1000 }, (128 * k * 0.8 + 1000 * 2) / 1e6],
    ['qwen-plus', { inputTokens: 128 * k + 1, outputTokens: 1000 }, ((128 * k + 1) * 2.4 + 1000 * 20) / 1e6],
    ['qwen-plus', { inputTokens: 1000, outputTokens: 1000, thought: true }, 0.0088],
    ['qwen-plus', { inputTokens: 1000, cachedTokens: 600, outputTokens: 0 }, (400 * 0.8 + 600 * 0.16) / 1e6],
    ['qwen-plus-2025-07-28', { inputTokens: 1000, outputTokens: 500 }, 0.0018],
    // The provider gives up no discount for what was cached here.
    ['qwen-plus-latest', { inputTokens: 1000, cachedTokens: 600, outputTokens: 0 }, 0.0008],
    ['qwen3-max', { inputTokens: 32 * k, outputTokens: 0 }, 0.08192],
    ['qwen3-max', { inputTokens: 257 * k, outputTokens: 0 }, undefined],
    [
      'qwen3-omni-flash',
      { inputTokens: 300, soundTokens: 100, pictureTokens: 100, outputTokens: 100 },
      (100 * 1.8 + 100 * 15.8 + 100 * 3.3 + 100 * 12.7) / 1e6,
    ],
    ['qwen3-omni-flash', { inputTokens: 100, outputTokens: 100 }, 0.00087],
  ])('%#: %s %j', (modelType, units, cost) => {
    const amount = costs(modelType, 'chat/completions', units);
    if (cost === undefined) expect(amount).toBeUndefined();
    else expect(amount).toBeCloseTo(cost, 12);
  });
  test('tells texts and pictures of an embedding apart', () => {
    const units = { inputTokens: 1000, pictureTokens: 400 };
    expect(costs('qwen3-vl-embedding', 'embedding', units)).toBe(0.00114);
    expect(costs('tongyi-embedding-vision-plus', 'embedding', units)).toBe(0.0005);
  });
  test('counts speech by the second', () => {
    expect(costs('fun-asr', 'speech-to-text', { seconds: 100 })).toBe(0.022);
    expect(costs('paraformer-v2', 'speech-to-text', { seconds: 100 })).toBe(0.008);
  });
});

describe("a deployed model's own price", () => {
  test('replaces that of a picture, also in another currency', () => {
    const { type } = picture('qwen-image-2.0-pro');
    const own = ownPrice({ price: { per_picture: 0.075, currency: 'USD' } }, type);
    expect(priceOf(type, { pictures: 2 }, own)).toEqual({ amount: 0.15, currency: 'USD' });
    expect(ownPrice({}, type)).toBeUndefined();
    expect(ownPrice({ price: null }, type)).toBeUndefined();
  });

  test('replaces the resolutions it names', () => {
    const { type } = video('wan2.6-i2v-flash', frame);
    const own = ownPrice({ price: { per_second: { '720P': 0.2 }, per_silent_second: { '1080P': 0 } } }, type);
    const amount = (resolution: string, silent: boolean) =>
      priceOf(type, { seconds: 10, resolution, silent }, own)?.amount;
    expect([amount('720P', false), amount('1080P', false)]).toEqual([2, 5]);
    expect([amount('720P', true), amount('1080P', true)]).toEqual([1.5, 0]);
  });

  test('is the only price that tokens of an unlisted type have', () => {
    const { type } = call('qwen-plus', 'chat/completions', { prompt: 'hello' });
    const own = ownPrice({ price: { input_per_million: 0.8, output_per_million: 2 } }, type);
    expect(priceOf(type, { inputTokens: 1000, outputTokens: 500 }, own)).toEqual({
      amount: 0.0018,
      currency: 'CNY',
    });
    const unlisted = requireModelType('a-model-of-tomorrow', 'chat/completions');
    expect(priceOf(unlisted, { inputTokens: 1000, outputTokens: 500 })).toBeUndefined();
    expect(priceOf(type, {}, own)).toBeUndefined();
    const embedding = requireModelType('text-embedding-v4', 'embedding');
    expect(
      priceOf(
        embedding,
        { inputTokens: 2_000_000 },
        ownPrice({ price: { input_per_million: 0.5 } }, embedding),
      ),
    ).toEqual({ amount: 1, currency: 'CNY' });
  });

  const image = requireModelType('qwen-image', 'image-generation');
  const keyFrames = requireModelType('wan2.2-kf2v-flash', 'video-generation');
  const chat = requireModelType('qwen-plus', 'chat/completions');
  test.each([
    [image, 0.4, 'price must be an object, not 0.4'],
    [image, {}, 'price.per_picture must be a number, 0 or above, not missing'],
    [image, { per_picture: '0.4' }, 'price.per_picture must be a number, 0 or above, not "0.4"'],
    [image, { per_picture: -1 }, 'price.per_picture must be a number, 0 or above, not -1'],
    [image, { per_picture: 1, per_second: {} }, 'unknown field "per_second" in the price of pictures'],
    [
      image,
      { per_picture: 1, currency: 'yuan' },
      'price.currency must be a currency code of three capital letters, not "yuan"',
    ],
    [keyFrames, { per_second: 1 }, 'price.per_second must be an object of amounts by resolution, not 1'],
    [keyFrames, { per_second: { '4K': 1 } }, 'unknown field "4K" in price.per_second'],
    [
      keyFrames,
      { per_silent_second: { '720P': 1 } },
      'unknown field "per_silent_second" in the price of seconds',
    ],
    [
      keyFrames,
      { per_second: { '480P': 1, '720P': 1 }, currency: 'USD' },
      'price.per_second.1080P must be a number, 0 or above, not missing',
    ],
    [
      keyFrames,
      { currency: 'USD' },
      'price.per_second must be an object of amounts by resolution, not missing',
    ],
    [chat, { input_per_million: 1 }, 'price.output_per_million must be a number, 0 or above, not missing'],
    [chat, { per_picture: 1 }, 'unknown field "per_picture" in the price of tokens'],
  ])('%#: a wrong one is refused with the field and what is allowed', (type, price, message) => {
    expect(() => ownPrice({ price }, type)).toThrow(
      expect.objectContaining({ sqlstate: '22023', message, hint: expect.any(String) }),
    );
    expect(() => ownPrice({ price }, type)).toThrow(KnownError);
  });
});
