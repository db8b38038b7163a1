import { expect, test } from 'vitest';
import { KnownError } from '../../../src/errors.js';
import { resolveEndpoint } from '../../../src/storage/oss/endpoint.js';

const plain = { customDomains: [] };

test.each([
  ['oss-cn-hangzhou-internal.aliyuncs.com', 'https://oss-cn-hangzhou-internal.aliyuncs.com', 'cn-hangzhou'],
  ['https://oss-cn-hangzhou.aliyuncs.com', 'https://oss-cn-hangzhou.aliyuncs.com', 'cn-hangzhou'],
  ['OSS-AP-southeast-1.aliyuncs.com/', 'https://oss-ap-southeast-1.aliyuncs.com', 'ap-southeast-1'],
])('the endpoint %s is used over https and presigns for the public host', (endpoint, requestUrl, region) => {
  expect(resolveEndpoint(endpoint, 'oss_endpoint', plain)).toEqual({
    requestUrl,
    presignUrl: `https://oss-${region}.aliyuncs.com`,
    region,
    pathStyle: false,
    customDomain: false,
    bucketUrls: new Map(),
  });
});

test.each([
  '',
  '127.0.0.1',
  '100.100.100.200',
  'http://100.100.100.200',
  '[::1]',
  'localhost',
  'http://localhost:9000',
  'http://oss-cn-hangzhou.aliyuncs.com',
  'https://user:secret@oss-cn-hangzhou.aliyuncs.com',
  'oss-cn-hangzhou.aliyuncs.com@evil.example',
  'oss-cn-hangzhou.aliyuncs.com/path',
  'oss-cn-hangzhou.aliyuncs.com:8080',
  'oss-cn-hangzhou.aliyuncs.com?x=1',
  'oss-cn-hangzhou.aliyuncs.com#',
  'oss-cn-hangzhou.aliyuncs.com.evil.example',
  'oss-cn-hangzhou.aliyuncs.com.',
  'evil-oss-cn-hangzhou.aliyuncs.com',
  'ecs.aliyuncs.com',
  'oss-internal.aliyuncs.com',
  'oss-accelerate.aliyuncs.com',
  'oss-accelerate-overseas.aliyuncs.com',
  's3.oss-cn-hangzhou.aliyuncs.com',
  'bucket.oss-cn-hangzhou.aliyuncs.com',
  'media.example.com',
  'oss-cn-hangzhou.aliyuncs.com\r\nHost: x',
])('the endpoint %j is refused', (endpoint) => {
  let error: unknown;
  try {
    resolveEndpoint(endpoint, 'oss_endpoint', { customDomains: ['other.example.com=cn-hangzhou'] });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(KnownError);
  const { sqlstate, message, hint } = error as KnownError;
  expect(sqlstate).toBe('22023');
  expect(message).toBe(`oss_endpoint is not an OSS endpoint: "${endpoint}"`);
  expect(hint).toContain('oss-cn-hangzhou');
});

test('an allowed custom domain is used as it is, with its configured region', () => {
  const settings = { customDomains: ['media.example.com=cn-shanghai'] };
  expect(resolveEndpoint('https://Media.example.com', 'oss_endpoint', settings)).toEqual({
    requestUrl: 'https://media.example.com',
    presignUrl: 'https://media.example.com',
    region: 'cn-shanghai',
    pathStyle: false,
    customDomain: true,
    bucketUrls: new Map(),
  });
});

test('a custom domain without a region is refused with the form of the setting', () => {
  expect(() =>
    resolveEndpoint('media.example.com', 'oss_endpoint', { customDomains: ['media.example.com'] }),
  ).toThrow(expect.objectContaining({ hint: expect.stringContaining('media.example.com=cn-hangzhou') }));
});

test('an override takes all traffic while the region still comes from the endpoint in SQL', () => {
  const settings = { ossEndpointOverride: 'http://127.0.0.1:9000', customDomains: [] };
  expect(resolveEndpoint('oss-cn-beijing-internal.aliyuncs.com', 'oss_endpoint', settings)).toEqual({
    requestUrl: 'http://localhost:9000',
    presignUrl: 'http://localhost:9000',
    region: 'cn-beijing',
    pathStyle: true,
    customDomain: false,
    bucketUrls: new Map(),
  });
});

test('an override does not open the door for other endpoints in SQL', () => {
  const settings = { ossEndpointOverride: 'http://localhost:9000', customDomains: [] };
  expect(() => resolveEndpoint('100.100.100.200', 'oss_endpoint', settings)).toThrow(KnownError);
});

test('a custom domain that is named with its bucket stands in what the provider is given, whatever endpoint SQL names', () => {
  const customDomains = ['media.example.com=cn-hangzhou/films', 'other.example.com=cn-beijing'];
  const endpoint = resolveEndpoint('oss-cn-hangzhou-internal.aliyuncs.com', 'oss_endpoint', {
    customDomains,
  });
  expect(endpoint.requestUrl).toBe('https://oss-cn-hangzhou-internal.aliyuncs.com');
  expect([...endpoint.bucketUrls]).toEqual([['films', 'https://media.example.com']]);
  const own = resolveEndpoint('media.example.com', 'oss_endpoint', { customDomains });
  expect(own).toMatchObject({
    requestUrl: 'https://media.example.com',
    region: 'cn-hangzhou',
    customDomain: true,
  });
});
