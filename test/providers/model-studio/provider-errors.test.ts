/** What a user is told when the provider fails, what is repeated, and that nothing is ever generated twice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSchedule } from '../../../src/pace/schedule.js';
import { failedTask } from '../../../src/providers/model-studio/errors.js';
import { openClient } from '../../../src/providers/model-studio/open.js';
import { type OwnCloud, type Said, startOwnCloud } from '../../calls/own-cloud.js';
import { aiGen, deploy, newestJob } from '../../calls/statements.js';
import { refusal } from '../../gateway.js';

let cloud: OwnCloud;

beforeAll(async () => {
  cloud = await startOwnCloud();
});
afterAll(() => cloud?.close());

const picture = { prompt: 'a castle' };
const content = /content check refused it; change the prompt or the media/;
const key = /^Check the API key and that key, region \(DASHSCOPE_HTTP_BASE_URL\) and model belong together/;
const rights403 = /Enable the model for this account/;
const bill = /Settle the account’s bill/;
const media = /could not read the media/;

/** The provider's error table: HTTP status, codes, SQLSTATE, how often the same request is sent, HINT. */
const errors: [status: number, codes: string[], sqlstate: string, submits: number, hint?: RegExp][] = [
  [400, ['InvalidParameter', 'InternalError.Algo.InvalidParameter', 'UnsupportedOperation'], '22023', 1],
  [400, ['BadRequest.EmptyInput', 'BadRequest.TooLarge', 'BadRequest.UnsupportedFileFormat'], '22023', 1],
  [400, ['InvalidParameter.DataInspection', 'InvalidURL.Timeout'], '58P01', 2, media],
  [400, ['InvalidURL', 'InvalidURL.ConnectionRefused', 'BadRequest.InputDownloadFailed'], '58P01', 1, media],
  [400, ['DataInspectionFailed', 'data_inspection_failed'], '22H01', 1, content],
  [400, ['IPInfringementSuspect', 'CustomRoleBlocked', 'FaqRuleBlocked'], '22H01', 1, content],
  [400, ['InvalidImage.ImageSize', 'InvalidImageResolution', 'InvalidFile.FPS'], '22023', 1, media],
  [500, ['FILE_PARSE_FAILED', 'FILE_NORMALIZE_FAILED', 'MKV_PARSE_FAILED'], '22023', 1, media],
  [500, ['CONTENT_LENGTH_CHECK_FAILED', 'REQUEST_INVALID_FILE_URL_VALUE'], '22023', 1, media],
  [500, ['NO_VALID_AUDIO_ERROR', 'NO_INPUT_AUDIO_ERROR', 'Audio.DecoderError'], '22023', 1, media],
  [500, ['InvalidPerson', 'InvalidInputLength'], '22023', 1, media],
  [500, ['InternalError.Algo.DataInspectionFailed'], '22H01', 1, content],
  [500, ['InternalError.Algo.InvalidParameter', 'InternalError.Algo.BadRequest.TooLarge'], '22023', 1],
  [500, ['InternalError.Algo.InvalidParameter.DataInspection'], '58P01', 2, media],
  [400, ['Arrearage'], '28H01', 1, bill],
  [401, ['InvalidApiKey', 'invalid_api_key', 'NOT AUTHORIZED', 'invalid access token'], '28H01', 1, key],
  [403, ['AccessDenied', 'AccessDenied.Unpurchased', 'Model.AccessDenied'], '28H01', 1, rights403],
  [403, ['Workspace.AccessDenied', 'App.AccessDenied'], '28H01', 1, rights403],
  [403, ['AllocationQuota.FreeTierOnly'], '53H01', 1, /free quota is used up/],
  [
    404,
    ['ModelNotFound', 'model_not_found', 'model_not_supported', 'NotFound'],
    '42704',
    1,
    /unknown to the provider/,
  ],
  [429, ['CommodityNotPurchased', 'PrepaidBillOverdue', 'PostpaidBillOverdue'], '28H01', 1, bill],
  [429, ['Throttling.AllocationQuota', 'insufficient_quota'], '53H01', 3, /quota is used up/],
  [500, ['InternalError', 'internal_error', 'InternalError.Algo', 'InternalError.Timeout'], '58H01', 3],
  [500, ['SystemError', 'ModelServiceFailed', 'RequestTimeOut', 'ResponseTimeout'], '58H01', 3],
  [500, ['RewriteFailed'], '58H01', 3, /prompt_extend to false/],
  [503, ['ModelServingError', 'ModelUnavailable', 'SomethingNew'], '58H01', 3],
  [400, ['SomethingNew'], '22023', 1],
  [200, ['InvalidParameter'], '22023', 1],
];
let day = 0;
/** A dated name of its own for each row: the pause that one row causes must not hold up the next. */
const ownType = () =>
  `qwen-image-2.0-20${10 + Math.floor(day / 28)}-01-${String(1 + (day++ % 28)).padStart(2, '0')}`;
const cases = errors.flatMap(([status, codes, sqlstate, submits, hint]) =>
  codes.map((code) => ({ status, code, sqlstate, submits, hint, modelType: ownType() })),
);

describe.concurrent('the error table', () => {
  test.each(cases)('$status $code is $sqlstate, sent $submits times', async (row) => {
    const own = await cloud.gateway.client();
    const model = await deploy(own, row.modelType, 'image-generation');
    const body = {
      code: row.code,
      message: 'what the provider says',
      request_id: `request-of-${row.modelType}`,
    };
    cloud.speaker.script(row.modelType, ...Array<Said>(5).fill({ status: row.status, body }));
    const error = await refusal(aiGen(own, model, picture, null));
    const verb = row.status >= 500 ? 'Model Studio failed' : 'Model Studio refused the call';
    expect(error.message).toBe(`${verb}: ${row.code}: what the provider says`);
    expect(error.code).toBe(row.sqlstate);
    expect(error.detail).toBe(`Provider request id: request-of-${row.modelType}.`);
    if (row.hint) expect(error.hint).toMatch(row.hint);
    expect(cloud.speaker.submits(row.modelType)).toBe(row.submits);
    expect(await newestJob(own, row.modelType)).toMatchObject({
      state: 'failed',
      sqlstate: row.sqlstate,
      finished: true,
    });
  });
});

describe('a task that failed', () => {
  test.each([
    ['DataInspectionFailed', 'contentRefused', 'no'],
    ['InternalError.Algo.DataInspectionFailed', 'contentRefused', 'no'],
    ['InternalError.Algo.InvalidParameter', 'invalidParameterValue', 'no'],
    ['Audio.AudioShortError', 'invalidParameterValue', 'no'],
    ['FILE_PARSE_FAILED', 'invalidParameterValue', 'no'],
    ['FILE_OF_TOMORROW', 'invalidParameterValue', 'no'],
    ['InvalidPose', 'invalidParameterValue', 'no'],
    ['FILE_SERVER_ERROR', 'providerFailure', 'again'],
    ['InternalError.Algo', 'providerFailure', 'again'],
    ['InternalError.Algo.SomethingNew', 'providerFailure', 'again'],
    ['SomethingNew', 'providerFailure', 'again'],
  ])('with %s is of kind %s, to be sent again: %s', (code, kind, repeat) => {
    expect(failedTask(code, 'what the provider says', 'r')).toMatchObject({ code, kind, repeat });
  });
});

describe.concurrent('an answer that is none', () => {
  const html = '<html>\n<body>Bad gateway</body></html>';
  const notAgain = '; the call may have been taken and billed, so it was not sent again';
  const look = 'hologen.jobs has the call; look for it in the Model Studio console before repeating it.';
  const answers: [
    what: string,
    said: Said,
    code: string,
    message: string | RegExp,
    hint: string,
    submits: number,
  ][] = [
    [
      'HTML with status 200',
      { status: 200, body: html },
      '08006',
      `Model Studio's answer cannot be read (HTTP 200, "<html> <body>Bad gateway</body></html>")${notAgain}`,
      look,
      1,
    ],
    [
      'HTML with status 502',
      { status: 502, body: html },
      '08006',
      `Model Studio's answer cannot be read (HTTP 502, "<html> <body>Bad gateway</body></html>")${notAgain}`,
      look,
      1,
    ],
    [
      'an empty body with status 504',
      { status: 504, body: '' },
      '08006',
      `Model Studio's answer cannot be read (HTTP 504, "")${notAgain}`,
      look,
      1,
    ],
    [
      'a reset connection',
      'reset',
      '08006',
      /^Model Studio did not answer \([A-Z_]+\); the call may have been taken and billed, so it was not sent again$/,
      look,
      1,
    ],
    [
      'a lost answer',
      'lost',
      '08006',
      /^Model Studio did not answer \([A-Z_]+\); the call may have been taken and billed, so it was not sent again$/,
      look,
      1,
    ],
  ];
  test.each(answers)('%s is not repeated', async (what, said, code, message, hint, submits) => {
    const own = await cloud.gateway.client();
    const modelType = what === 'a lost answer' ? 'qwen-image-2.0-2026-03-03' : ownType();
    const model = await deploy(own, modelType, 'image-generation');
    cloud.speaker.script(modelType, said);
    const error = await refusal(aiGen(own, model, picture, null));
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code, hint });
    expect(cloud.speaker.submits(modelType)).toBe(submits);
    expect(await newestJob(own, modelType)).toMatchObject({ state: 'unanswered', sqlstate: code });
    const taken = cloud.studio
      .requests()
      .filter((each) => (each.body as { model?: string })?.model === modelType);
    expect(taken).toHaveLength(said === 'lost' ? 1 : 0);
  });

  test('HTML with status 503 was not taken and is repeated', async () => {
    const own = await cloud.gateway.client();
    const model = await deploy(own, 'qwen-turbo', 'chat/completions');
    cloud.speaker.script('qwen-turbo', { status: 503, body: html }, { status: 503, body: '' });
    expect(await aiGen(own, model, 'hello', null)).not.toBe('');
    expect(cloud.speaker.submits('qwen-turbo')).toBe(3);
  });
});

describe.concurrent('a busy provider', () => {
  const throttled = (code: string, headers = {}): Said => ({
    status: 429,
    headers,
    body: { code, message: 'slow down', request_id: 'r' },
  });

  test('a 429 only waits, as long as Retry-After says, and is not an attempt', async () => {
    const own = await cloud.gateway.client();
    const model = await deploy(own, 'qwen-max', 'chat/completions');
    const busy = ['Throttling', 'Throttling.RateQuota', 'LimitRequests', 'limit_burst_rate'];
    cloud.speaker.script('qwen-max', ...busy.map((code) => throttled(code, { 'retry-after': '1' })));
    const startedAt = Date.now();
    expect(await aiGen(own, model, 'hello', null)).not.toBe('');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(4000);
    expect(cloud.speaker.submits('qwen-max')).toBe(5);
    expect(await newestJob(own, 'qwen-max')).toMatchObject({ state: 'succeeded' });
  });

  test('without Retry-After the pauses grow', async () => {
    const own = await cloud.gateway.client();
    const model = await deploy(own, 'qwen-flash', 'chat/completions');
    cloud.speaker.script('qwen-flash', throttled('Throttling.BurstRate'), throttled('limit_requests'));
    const startedAt = Date.now();
    expect(await aiGen(own, model, 'hello', null)).not.toBe('');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1000);
    expect(cloud.speaker.submits('qwen-flash')).toBe(3);
  });

  test('a 500 that passes is forgotten', async () => {
    const own = await cloud.gateway.client();
    const model = await deploy(own, 'qwen-plus', 'chat/completions');
    const failed = { status: 500, body: { error: { code: 'internal_error', message: 'oh' } } };
    cloud.speaker.script('qwen-plus', failed, failed);
    expect(await aiGen(own, model, 'hello', null)).not.toBe('');
    expect(cloud.speaker.submits('qwen-plus')).toBe(3);
  });

  test('compatible mode’s errors are read as well', async () => {
    const own = await cloud.gateway.client();
    const model = await deploy(own, 'qwen-coder-plus', 'chat/completions');
    const error = {
      code: 'data_inspection_failed',
      message: 'no',
      type: 'invalid_request_error',
      param: null,
    };
    cloud.speaker.script('qwen-coder-plus', {
      status: 400,
      headers: { 'x-request-id': 'r-7' },
      body: { error },
    });
    expect(await refusal(aiGen(own, model, 'hello', null))).toMatchObject({
      code: '22H01',
      message: 'Model Studio refused the call: data_inspection_failed: no',
      detail: 'Provider request id: r-7.',
    });
  });
});

test('a request that cannot be made is told as such at once: it neither left nor is the provider out of reach', async () => {
  const client = openClient(`${cloud.speaker.url}/api/v1`, createSchedule(false));
  const options = { apiKey: 'sk-0123456789\r', async: true, signal: AbortSignal.timeout(10_000) };
  const attempts = [
    client.generate('/services/any', {}, options),
    client.probe(options.apiKey, options.signal),
  ];
  for (const { reason } of (await Promise.allSettled(attempts)) as PromiseRejectedResult[])
    expect(reason).toMatchObject({
      ...{ kind: 'internalError', repeat: 'no', retryable: false, mayBeTaken: false },
      message: expect.stringMatching(
        /could not be made \(UND_ERR_INVALID_ARG: invalid authorization header\)/,
      ),
    });
  await client.close();
});
