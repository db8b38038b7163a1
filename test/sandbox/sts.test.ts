import { createHmac, randomUUID } from 'node:crypto';
import OSS from 'ali-oss';
import { expect, test } from 'vitest';
import { createCredentialRegistry } from '../../sandbox/credentials.js';
import { type Sts, startSts } from '../../sandbox/sts/server.js';
import { codeOf } from './object-store-fixture.js';

const baseKey = { accessKeyId: 'LTAIsandboxbase', accessKeySecret: 'sandbox-base-secret' };
const roleArn = 'acs:ram::186xxx:role/xxx';

function start(options = {}): Promise<Sts> {
  return startSts({ credentials: createCredentialRegistry(), baseAccessKeys: [baseKey], ...options });
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

interface CallOptions {
  secret?: string;
  method?: 'GET' | 'POST';
  /** Parameters that travel in the query instead of the body. */
  inQuery?: string[];
}

async function call(sts: Sts, changes: Record<string, string | undefined> = {}, options: CallOptions = {}) {
  const { secret = baseKey.accessKeySecret, method = 'POST', inQuery = [] } = options;
  const parameters: Record<string, string | undefined> = {
    Action: 'AssumeRole',
    Version: '2015-04-01',
    Format: 'JSON',
    RoleArn: roleArn,
    RoleSessionName: 'hologen',
    AccessKeyId: baseKey.accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: randomUUID(),
    Timestamp: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
    ...changes,
  };
  const pairs = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const canonical = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const stringToSign = `${method}&%2F&${encode(canonical.join('&'))}`;
  pairs.push(['Signature', createHmac('sha1', `${secret}&`).update(stringToSign).digest('base64')]);
  const isQuery = ([name]: [string, string]) => method === 'GET' || inQuery.includes(name);
  const url = `${sts.url}/?${new URLSearchParams(pairs.filter(isQuery))}`;
  const body = new URLSearchParams(pairs.filter((pair) => !isQuery(pair)));
  const response = await fetch(url, method === 'GET' ? {} : { method, body });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
}

async function refusal(sts: Sts, changes: Record<string, string | undefined>, options: CallOptions = {}) {
  const { status, json } = await call(sts, changes, options);
  return `${status} ${json?.Code}`;
}

test('the STS class of ali-oss assumes a role', async () => {
  await using sts = await start();
  const client = new OSS.STS({ ...baseKey, endpoint: sts.url } as never);
  const { credentials } = await client.assumeRole(roleArn, undefined, 900, 'session');
  expect(credentials.AccessKeyId).toMatch(/^STS\./);
  const lifeMs = Date.parse(credentials.Expiration) - Date.now();
  expect(lifeMs).toBeGreaterThan(890_000);
  expect(lifeMs).toBeLessThanOrEqual(900_000);
  const wrong = new OSS.STS({ ...baseKey, accessKeySecret: 'wrong', endpoint: sts.url } as never);
  expect(await codeOf(wrong.assumeRole(roleArn))).toBe('SignatureDoesNotMatch');
});

test('the answer has the documented shape, in JSON or XML, by POST or GET, from body and query', async () => {
  await using sts = await start();
  const { json } = await call(sts, {}, { inQuery: ['Action', 'RoleSessionName', 'SignatureNonce'] });
  expect(json.AssumedRoleUser.Arn).toBe(`${roleArn}/hologen`);
  expect(json.AssumedRoleUser.AssumedRoleId).toMatch(/^\d{18}:hologen$/);
  expect(json.Credentials.Expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(Object.keys(json.Credentials).sort()).toEqual([
    'AccessKeyId',
    'AccessKeySecret',
    'Expiration',
    'SecurityToken',
  ]);
  expect((await call(sts, {}, { method: 'GET' })).status).toBe(200);
  const xml = await call(sts, { Format: undefined });
  expect(xml.text).toMatch(/<AssumeRoleResponse>.*<SecurityToken>[^<]+<\/SecurityToken>/s);
});

test('well-formed role names are accepted, documentation placeholders too', async () => {
  await using sts = await start();
  for (const arn of [
    'acs:ram::186xxx:role/xxx',
    'acs:ram::1234567890123456:role/Ali-Role.1',
    'acs:ram::18****:role/r@x',
  ]) {
    expect((await call(sts, { RoleArn: arn })).status, arn).toBe(200);
  }
  for (const arn of [
    '****role',
    'acs:ram::1:user/u',
    'acs:ram:1:role/r',
    'acs:ram::1:role/',
    'acs:ram::1:role/a/b',
    'x',
  ]) {
    expect(await refusal(sts, { RoleArn: arn }), arn).toBe('400 InvalidParameter.RoleArn');
  }
});

test('wrong parameters are refused with their documented codes', async () => {
  await using sts = await start();
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const table: [Record<string, string | undefined>, string][] = [
    [{ Action: undefined }, '400 MissingAction'],
    [{ Action: 'AssumeRoleWithOIDC' }, '404 InvalidAction.NotFound'],
    [{ Version: '2014-01-01' }, '400 InvalidVersion'],
    [{ SignatureNonce: undefined }, '400 MissingSignatureNonce'],
    [{ SignatureMethod: 'HMAC-MD5' }, '400 InvalidParameter.SignatureMethod'],
    [{ Timestamp: 'yesterday' }, '400 InvalidTimeStamp.Format'],
    [{ Timestamp: ago(16) }, '400 InvalidTimeStamp.Expired'],
    [{ Timestamp: ago(-16) }, '400 InvalidTimeStamp.Expired'],
    [{ AccessKeyId: 'LTAInobody' }, '404 InvalidAccessKeyId.NotFound'],
    [{ SecurityToken: 'CAISother' }, '400 InvalidSecurityToken.MismatchWithAccessKey'],
    [{ RoleArn: undefined }, '400 MissingRoleArn'],
    [{ RoleSessionName: undefined }, '400 MissingRoleSessionName'],
    [{ RoleSessionName: 'x' }, '400 InvalidParameter.RoleSessionName'],
    [{ RoleSessionName: 'two words' }, '400 InvalidParameter.RoleSessionName'],
    [{ DurationSeconds: '899' }, '400 InvalidParameter.DurationSeconds'],
    [{ DurationSeconds: '3601' }, '400 InvalidParameter.DurationSeconds'],
    [{ DurationSeconds: 'long' }, '400 InvalidParameter.DurationSeconds'],
    [{ ExternalId: 'x' }, '400 InvalidParameter.ExternalId'],
    [{ Policy: '{"Version":"1"}' }, '400 InvalidParameter.PolicyGrammar'],
    [{ Policy: ' '.repeat(2049) }, '400 InvalidParameter.PolicySize'],
  ];
  for (const [changes, expected] of table) {
    expect(await refusal(sts, changes), JSON.stringify(changes).slice(0, 80)).toBe(expected);
  }
  expect(await refusal(sts, {}, { secret: 'wrong' })).toBe('400 SignatureDoesNotMatch');
});

test('a nonce serves once', async () => {
  await using sts = await start();
  const SignatureNonce = randomUUID();
  expect(await refusal(sts, { SignatureNonce }, { secret: 'wrong' })).toBe('400 SignatureDoesNotMatch');
  expect((await call(sts, { SignatureNonce })).status).toBe(200);
  expect(await refusal(sts, { SignatureNonce })).toBe('400 SignatureNonceUsed');
});

test('unknown and forbidden roles can be set while running', async () => {
  await using sts = await start({ unknownRoles: ['acs:ram::1:role/gone'] });
  expect(await refusal(sts, { RoleArn: 'acs:ram::1:role/gone' })).toBe('404 EntityNotExist.Role');
  expect((await call(sts)).status).toBe(200);
  sts.forbiddenRoles.push(roleArn);
  expect(await refusal(sts, {})).toBe('403 NoPermission');
});

test('temporary credentials assume a further role with their token only', async () => {
  const credentials = createCredentialRegistry();
  await using sts = await start({ credentials });
  const { Credentials } = (await call(sts)).json;
  const options = { secret: Credentials.AccessKeySecret };
  const changes = { AccessKeyId: Credentials.AccessKeyId };
  expect(await refusal(sts, changes, options)).toBe('400 MissingSecurityToken');
  const withToken = { ...changes, SecurityToken: Credentials.SecurityToken };
  expect((await call(sts, withToken, options)).status).toBe(200);
  credentials.expire(Credentials.AccessKeyId);
  expect(await refusal(sts, withToken, options)).toBe('400 InvalidSecurityToken.Expired');
});

test('a session policy ends up with the credentials, and secrets stay out of the record', async () => {
  const credentials = createCredentialRegistry();
  await using sts = await start({ credentials, maxSessionSeconds: 43_200 });
  const statement = { Effect: 'Allow', Action: ['oss:GetObject'], Resource: ['acs:oss:*:*:b/*'] };
  const Policy = JSON.stringify({ Version: '1', Statement: [statement] });
  const { json } = await call(sts, { Policy, DurationSeconds: '43200' });
  const { AccessKeyId, SecurityToken } = json.Credentials;
  const found = credentials.find(AccessKeyId, SecurityToken);
  expect(found.problem).toBeUndefined();
  if (!found.problem) expect(found.assumedRole?.policy?.statements).toHaveLength(1);
  const [record] = sts.requests();
  expect(record).toMatchObject({
    action: 'AssumeRole',
    status: 200,
    parameters: { RoleArn: roleArn, Policy },
  });
  expect(record?.parameters).not.toHaveProperty('Signature');
});

test('ordered faults meet the next requests', async () => {
  await using sts = await start();
  sts.failNext('throttled');
  sts.failNext('unavailable');
  sts.failNext('reset');
  sts.failNext('stall');
  expect(await refusal(sts, {})).toBe('429 Throttling.User');
  expect(await refusal(sts, {})).toBe('503 ServiceUnavailable');
  await expect(call(sts)).rejects.toThrow();
  const stalled = fetch(`${sts.url}/`, { signal: AbortSignal.timeout(200) });
  await expect(stalled).rejects.toThrow(/timeout/);
  expect((await call(sts)).status).toBe(200);
});
