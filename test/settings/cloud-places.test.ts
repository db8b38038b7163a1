/** What the settings say of the cloud's places: a value that makes no sense is refused, and names its setting and what to write. */
import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { originOf } from '../../src/settings/cloud-places.js';
import { readTexts } from '../../src/settings/read.js';
import type { SettingTexts } from '../../src/settings/table.js';

const places: [Partial<SettingTexts>, RegExp][] = [
  [{ providerUrl: 'dashscope.aliyuncs.com' }, /^DASHSCOPE_HTTP_BASE_URL must be a URL such as https:/],
  [{ providerUrl: 'ftp://dashscope.aliyuncs.com/api/v1' }, /^DASHSCOPE_HTTP_BASE_URL must be a URL/],
  [{ providerUrl: 'http://dashscope.aliyuncs.com/api/v1' }, /^DASHSCOPE_HTTP_BASE_URL must be https/],
  [{ providerRegions: 'https://a.example/api/v1, intl' }, /^HOLOGEN_PROVIDER_REGIONS .* not "intl"/],
  [{ ossEndpoint: 'oss-cn-hangzhou.aliyuncs.com' }, /^HOLOGEN_OSS_ENDPOINT must be a URL/],
  [{ ossEndpoint: 'http://oss.example.com' }, /^HOLOGEN_OSS_ENDPOINT must be https/],
  [{ stsEndpoint: 'https://sts.aliyuncs.com/path' }, /^HOLOGEN_STS_ENDPOINT must be a URL/],
  [{ allowedRoles: 'hologen-writer' }, /^HOLOGEN_ALLOWED_ROLES holds "hologen-writer".* acs:ram::/],
  [{ allowedRoles: 'acs:ram::1:role/a, acs:ram:1:role/b-*' }, /"acs:ram:1:role\/b-\*"/],
  [{ allowedRoles: 'acs:ram::1:user/*' }, /^HOLOGEN_ALLOWED_ROLES/],
  [{ allowedRoles: 'acs:ram:::role/a' }, /^HOLOGEN_ALLOWED_ROLES/],
  [{ allowedRoles: '"acs:ram::1:role/*"' }, /^HOLOGEN_ALLOWED_ROLES/],
  [{ ossDomains: 'media.example.com' }, /^HOLOGEN_OSS_DOMAINS holds "media.example.com".*=cn-hangzhou/],
  [{ ossDomains: 'https://media.example.com=cn-hangzhou' }, /^HOLOGEN_OSS_DOMAINS/],
  [{ ossDomains: 'media.example.com=Hangzhou' }, /^HOLOGEN_OSS_DOMAINS/],
];

test.each(places)('%j is refused', (texts, said) => {
  const read = () => readTexts(texts);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(said);
});

test.each([
  { providerUrl: 'http://127.0.0.1:9/api/v1/' },
  { ossEndpoint: 'http://localhost:9000', stsEndpoint: 'https://sts-vpc.cn-hangzhou.aliyuncs.com/' },
  { allowedRoles: '*' },
  { allowedRoles: 'acs:ram::*, acs:*:role/x, acs:ram::1*:role/a, acs:ram::1:ro*, acs:ram::2:role/b-*' },
  { ossDomains: 'media.example.com=cn-hangzhou, cdn.example.com = oss-ap-southeast-1' },
])('%j can be meant', (texts) => {
  expect(() => readTexts(texts)).not.toThrow();
});

test.each([
  'http://example.com',
  'ftp://localhost',
  'localhost:9000',
  'https://a:b@host',
  'https://host/path',
])('%s is no bare address, and the error names the setting', (address) => {
  expect(() => originOf(address, 'HOLOGEN_OSS_ENDPOINT')).toThrow('HOLOGEN_OSS_ENDPOINT');
});

test('an address may be https anywhere and http on this machine', () => {
  expect(originOf('https://oss.example.com/', 'X')).toBe('https://oss.example.com');
  expect(originOf('http://[::1]:9000', 'X')).toBe('http://[::1]:9000');
});
