import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { parseSessionPolicy, type SessionPolicy } from '../../sandbox/object-store/policy.js';
import {
  baseKey,
  bucket,
  codeOf,
  getRaw,
  openStore,
  type StoreFixture,
  sendRaw,
} from './object-store-fixture.js';

/** ali-oss's own signing functions, to sign requests that its client would not send. */
const signing = createRequire(import.meta.url)('ali-oss/lib/common/signUtils.js') as {
  getCanonicalRequest(
    method: string,
    request: object,
    bucket: string,
    key: string,
    additional?: string[],
  ): string;
  getStringToSign(region: string, date: string, canonicalRequest: string, product?: string): string;
  getSignatureV4(secret: string, day: string, region: string, stringToSign: string, product?: string): string;
  _signatureForURL(secret: string, options: object, resource: string, expires: number): { Signature: string };
};

interface UrlFacts {
  ageSeconds?: number;
  expiresSeconds?: number;
  region?: string;
  product?: string;
}

function signedUrl(fixture: StoreFixture, key: string, facts: UrlFacts = {}): string {
  const { ageSeconds = 0, expiresSeconds = 60, region = 'cn-hangzhou', product = 'oss' } = facts;
  const date = new Date(Date.now() - ageSeconds * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const queries: Record<string, string> = {
    'x-oss-credential': `${baseKey.accessKeyId}/${day}/${region}/${product}/aliyun_v4_request`,
    'x-oss-date': date,
    'x-oss-expires': String(expiresSeconds),
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
  };
  const canonicalRequest = signing.getCanonicalRequest('GET', { headers: {}, queries }, bucket, key);
  const stringToSign = signing.getStringToSign(region, date, canonicalRequest, product);
  const signature = signing.getSignatureV4(baseKey.accessKeySecret, day, region, stringToSign, product);
  const query = new URLSearchParams({ ...queries, 'x-oss-signature': signature });
  return `${fixture.store.url}/${bucket}/${key}?${query}`;
}

async function refusalOf(url: string): Promise<string> {
  const answer = await getRaw(url);
  const [code, ec] = [answer.element('Code'), answer.element('EC')];
  expect(answer.headers['x-oss-ec']).toBe(ec);
  expect(answer.headers['x-oss-request-id']).toBe(answer.element('RequestId'));
  return [answer.status, code, ec].filter((part) => part !== undefined).join(' ');
}

test('version 4 URLs are refused when expired, too long-lived, early, of another region or product', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  expect((await getRaw(signedUrl(fixture, 'k'))).body).toBe('body');
  expect((await getRaw(signedUrl(fixture, 'k', { ageSeconds: -600 }))).status).toBe(200);
  const cases: [UrlFacts, RegExp][] = [
    [{ ageSeconds: 61 }, /^403 AccessDenied/],
    [{ ageSeconds: -1000 }, /^403 AccessDenied/],
    [{ expiresSeconds: 604_801 }, /^400 InvalidArgument 0002-00000232/],
    [{ expiresSeconds: 0 }, /^400 InvalidArgument 0002-00000232/],
    [{ region: 'cn-beijing' }, /^400 InvalidArgument 0002-00000226/],
    [{ product: 's3' }, /^400 InvalidArgument 0002-00000227/],
  ];
  for (const [facts, refusal] of cases) {
    expect(await refusalOf(signedUrl(fixture, 'k', facts)), JSON.stringify(facts)).toMatch(refusal);
  }
});

test('version 1 URLs are refused when expired or altered', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  const urlFor = (expires: number) => {
    const options = { method: 'GET' };
    const { Signature } = signing._signatureForURL(baseKey.accessKeySecret, options, `/${bucket}/k`, expires);
    const query = new URLSearchParams({
      OSSAccessKeyId: baseKey.accessKeyId,
      Expires: String(expires),
      Signature,
    });
    return `${fixture.store.url}/${bucket}/k?${query}`;
  };
  const nowSeconds = Math.floor(Date.now() / 1000);
  expect((await getRaw(urlFor(nowSeconds + 60))).body).toBe('body');
  expect(await refusalOf(urlFor(nowSeconds - 2))).toMatch(/^403 AccessDenied/);
  const longer = urlFor(nowSeconds + 60).replace(String(nowSeconds + 60), String(nowSeconds + 6000));
  expect(await refusalOf(longer)).toBe('403 SignatureDoesNotMatch 0002-00000040');
  expect(await refusalOf(`${urlFor(nowSeconds + 60)}&response-content-type=text%2Fhtml`)).toMatch(
    /SignatureDoesNot/,
  );
});

test('every signed part of a version 4 URL is checked', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  await fixture.store.put(bucket, 'other', Buffer.from('body'));
  const url = signedUrl(fixture, 'k');
  const altered = [
    url.replace('/k?', '/other?'),
    url.replace('x-oss-expires=60', 'x-oss-expires=600'),
    `${url}&response-content-type=text%2Fhtml`,
    url.slice(0, -1) + (url.endsWith('0') ? '1' : '0'),
  ];
  for (const wrong of altered) expect(await refusalOf(wrong)).toBe('403 SignatureDoesNotMatch 0002-00000040');
  expect((await getRaw(url, { headers: { 'x-oss-meta-more': '1' } })).element('Code')).toBe(
    'SignatureDoesNotMatch',
  );
  expect((await getRaw(url, { method: 'HEAD' })).status).toBe(403);
  const answer = await getRaw(altered[0] ?? '');
  expect(answer.element('CanonicalRequest')).toContain(`/${bucket}/other`);
  expect(answer.element('StringToSign')).toMatch(/^OSS4-HMAC-SHA256\n/);
});

for (const authorizationV4 of [true, false]) {
  test(`ali-oss meets the documented refusals, version ${authorizationV4 ? 4 : 1}`, async () => {
    await using fixture = await openStore();
    await fixture.store.put(bucket, 'k', Buffer.from('body'));
    const role = { roleArn: 'acs:ram::1:role/r', sessionName: 'test' };
    const issued = fixture.credentials.issue(role, 900);
    const other = fixture.credentials.issue(role, 900);
    const keys = { accessKeyId: issued.accessKeyId, accessKeySecret: issued.accessKeySecret };
    const codeWith = (options: Record<string, unknown>) =>
      codeOf(fixture.client({ authorizationV4, ...options }).get('k'));
    expect(await codeWith({ accessKeySecret: 'wrong' })).toBe('SignatureDoesNotMatch');
    expect(await codeWith({ accessKeyId: 'LTAInobody' })).toBe('InvalidAccessKeyId');
    expect(await codeWith(keys)).toBe('InvalidAccessKeyId');
    expect(await codeWith({ ...keys, stsToken: other.securityToken })).toBe('InvalidSecurityToken');
    expect(await codeWith({ stsToken: other.securityToken })).toBe('InvalidSecurityToken');
    expect(await codeWith({ ...keys, stsToken: issued.securityToken })).toBeUndefined();
    expect(await codeWith({ amendTimeSkewed: 16 * 60_000 })).toBe('RequestTimeTooSkewed');
    expect(await codeWith({ amendTimeSkewed: -16 * 60_000 })).toBe('RequestTimeTooSkewed');
    expect(await codeWith({ amendTimeSkewed: 14 * 60_000 })).toBeUndefined();
    expect(await codeWith({ bucket: 'no-such-bucket' })).toBe('NoSuchBucket');
    fixture.credentials.expire(issued.accessKeyId);
    expect(await codeWith({ ...keys, stsToken: issued.securityToken })).toBe('SecurityTokenExpired');
    expect(await codeOf(fixture.client({ authorizationV4 }).get('missing'))).toBe('NoSuchKey');
  });
}

test('a presigned URL dies with the temporary credentials that signed it', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  const issued = fixture.credentials.issue({ roleArn: 'acs:ram::1:role/r', sessionName: 'test' }, 900);
  const { accessKeyId, accessKeySecret, securityToken: stsToken } = issued;
  const client = fixture.client({ accessKeyId, accessKeySecret, stsToken });
  const urls = [client.signatureUrl('k'), await client.signatureUrlV4('GET', 3600, undefined, 'k')];
  for (const url of urls) expect((await getRaw(url)).body).toBe('body');
  fixture.credentials.expire();
  for (const url of urls) expect(await refusalOf(url)).toMatch(/^403 SecurityTokenExpired/);
});

test('a version 4 signature for another region is refused in the header too', async () => {
  await using fixture = await openStore();
  const wrong = fixture.client({ region: 'oss-cn-beijing' });
  await expect(wrong.put('k', Buffer.from('x'))).rejects.toMatchObject({
    code: 'InvalidArgument',
    status: 400,
    ecCode: '0002-00000226',
  });
  await fixture.store.createBucket('anywhere', '*');
  await fixture.client({ region: 'oss-cn-beijing', bucket: 'anywhere' }).put('k', Buffer.from('x'));
});

test('HEAD refusals travel in x-oss-err', async () => {
  await using fixture = await openStore();
  const answer = await sendRaw(fixture.store.url, `/${bucket}/k`, { method: 'HEAD' });
  expect(answer.status).toBe(403);
  const xml = Buffer.from(String(answer.headers['x-oss-err']), 'base64').toString();
  expect(xml).toContain('<Code>AccessDenied</Code>');
  await expect(fixture.client({ accessKeySecret: 'wrong' }).head('k')).rejects.toMatchObject({
    code: 'SignatureDoesNotMatch',
    status: 403,
  });
});

test('requests without or with a foreign signature are refused', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  const path = `/${bucket}/k`;
  const codeFor = async (authorization: string) => {
    const answer = await sendRaw(fixture.store.url, path, { headers: { authorization } });
    return answer.element('Code');
  };
  expect((await sendRaw(fixture.store.url, path)).element('Code')).toBe('AccessDenied');
  expect(await codeFor('AWS4-HMAC-SHA256 Credential=x')).toBe('InvalidArgument');
  expect(await codeFor('OSS nonsense')).toBe('InvalidArgument');
  expect(await codeFor(`OSS ${baseKey.accessKeyId}:c2ln`)).toBe('AccessDenied');
  expect(await codeFor('OSS4-HMAC-SHA256 Credential=x/y')).toBe('InvalidArgument');
});

test('malformed addresses, names and unserved operations are refused and never taken for something else', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  const codeFor = async (path: string, method = 'GET', headers = {}) =>
    (await sendRaw(fixture.store.url, path, { method, headers })).element('Code');
  expect(await codeFor('/AB/k')).toBe('InvalidBucketName');
  expect(await codeFor('/ab/k')).toBe('InvalidBucketName');
  expect(await codeFor(`/${bucket}//k`)).toBe('InvalidObjectName');
  expect(await codeFor(`/${bucket}/%5Ck`)).toBe('InvalidObjectName');
  expect(await codeFor(`/${bucket}/${'x'.repeat(1024)}`)).toBe('InvalidObjectName');
  expect(await codeFor(`/${bucket}/%ff`)).toBe('InvalidURI');
  expect(await codeFor(`/${bucket}/k?acl`, 'PUT', { 'content-length': '0' })).toBe('NotImplemented');
  expect(await codeFor(`/${bucket}/k`, 'PATCH')).toBe('NotImplemented');
  expect(await codeFor('/?regions')).toBe('AccessDenied');
  expect(await codeFor('/', 'DELETE')).toBe('NotImplemented');
  const regional = { host: 'oss-cn-hangzhou.aliyuncs.com' };
  expect(await codeFor(`/${bucket}/k`, 'GET', regional)).toBe('SecondLevelDomainForbidden');
  expect(await codeFor('/k', 'GET', { host: 'evil.example.com' })).toBe('NoSuchBucket');
  expect(await codeFor(`/${bucket}/k?append&position=0`, 'POST')).toBe('NotImplemented');
  expect(await codeOf(fixture.client().copy('copy', 'missing'))).toBe('NoSuchKey');
  expect(await fixture.store.list(bucket)).toEqual(['k']);
});

test('an endpoint of another region than the bucket is told the right one', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  const url = signedUrl(fixture, 'k', { region: 'cn-beijing' }).replace(`/${bucket}/`, '/');
  const answer = await getRaw(url, { headers: { host: `${bucket}.oss-cn-beijing.aliyuncs.com` } });
  expect([answer.status, answer.element('Code')]).toEqual([403, 'AccessDenied']);
  expect(answer.element('Endpoint')).toBe('oss-cn-hangzhou.aliyuncs.com');
});

test('a body that is not what Content-MD5 says, or without a length, leaves nothing', async () => {
  await using fixture = await openStore();
  const wrongMd5 = createHash('md5').update('other').digest('base64');
  for (const md5 of [wrongMd5, 'bm90IGFuIG1kNQ==']) {
    const headers = { 'Content-MD5': md5 };
    expect(await codeOf(fixture.client().put('k', Buffer.from('body'), { headers }))).toBe('InvalidDigest');
  }
  const url = await fixture.client().signatureUrlV4('PUT', 60, undefined, 'k');
  const { hostname, port } = new URL(url);
  const answer = await sendWithoutLength(hostname, Number(port), url.slice(new URL(url).origin.length));
  expect(answer).toMatch(/^HTTP\/1.1 411 .*<Code>MissingContentLength<\/Code>/s);
  expect(await fixture.store.list(bucket)).toEqual([]);
});

async function sendWithoutLength(host: string, port: number, path: string): Promise<string> {
  const { connect } = await import('node:net');
  const socket = connect(port, host);
  socket.write(`PUT ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

function policy(statements: object[]): SessionPolicy {
  const parsed = parseSessionPolicy(JSON.stringify({ Version: '1', Statement: statements }));
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

test('a session policy bounds what temporary credentials reach', async () => {
  await using fixture = await openStore();
  for (const key of ['in/a.png', 'in/secret/a.png', 'out/a.png', 'elsewhere.png']) {
    await fixture.store.put(bucket, key, Buffer.from('body'));
  }
  const session = policy([
    { Effect: 'Allow', Action: ['oss:GetObject'], Resource: [`acs:oss:*:*:${bucket}/in/*`] },
    { Effect: 'Allow', Action: 'oss:PutObject', Resource: `acs:oss:*:186xxx:${bucket}/out/*` },
    { Effect: 'Allow', Action: ['oss:List*'], Resource: [`acs:oss:*:*:${bucket}`] },
    { Effect: 'Deny', Action: '*', Resource: [`acs:oss:*:*:${bucket}/in/secret/*`] },
  ]);
  const role = { roleArn: 'acs:ram::186xxx:role/xxx', sessionName: 'test', policy: session };
  const issued = fixture.credentials.issue(role, 900);
  const { accessKeyId, accessKeySecret, securityToken: stsToken } = issued;
  const client = fixture.client({ accessKeyId, accessKeySecret, stsToken });
  const body = Buffer.from('x');
  expect(await codeOf(client.get('in/a.png'))).toBeUndefined();
  expect(await codeOf(client.head('in/a.png'))).toBeUndefined();
  expect(await codeOf(client.put('out/b.png', body))).toBeUndefined();
  expect(await codeOf(client.listV2({}, {}))).toBeUndefined();
  expect(await codeOf(client.get('in/secret/a.png'))).toBe('AccessDenied');
  expect(await codeOf(client.get('out/a.png'))).toBe('AccessDenied');
  expect(await codeOf(client.get('elsewhere.png'))).toBe('AccessDenied');
  expect(await codeOf(client.head('elsewhere.png'))).toBe('AccessDenied');
  expect(await codeOf(client.put('in/b.png', body))).toBe('AccessDenied');
  expect(await codeOf(client.delete('out/b.png'))).toBe('AccessDenied');
  const { uploadId } = await client.initMultipartUpload('out/c.mp4');
  expect(await codeOf(client.abortMultipartUpload('out/c.mp4', uploadId))).toBe('AccessDenied');
  expect(await codeOf(client.getBucketInfo(bucket))).toBe('AccessDenied');
  const [last] = fixture.store.requests().slice(-1);
  expect(last).toMatchObject({
    operation: 'GetBucketInfo',
    roleArn: role.roleArn,
    status: 403,
    code: 'AccessDenied',
  });
  expect(JSON.stringify(fixture.store.requests())).not.toContain(stsToken);
});

test('malformed session policies are named', () => {
  const statement = { Effect: 'Allow', Action: '*', Resource: '*' };
  const problems: [string, RegExp][] = [
    ['{', /JSON/],
    ['[]', /object/],
    [JSON.stringify({ Version: '2012-10-17', Statement: [statement] }), /Version/],
    [JSON.stringify({ Version: '1', Statement: [] }), /empty/],
    [JSON.stringify({ Version: '1', Statement: [{ ...statement, Effect: 'Maybe' }] }), /Effect/],
    [JSON.stringify({ Version: '1', Statement: [{ ...statement, Action: 'GetObject' }] }), /Action/],
    [JSON.stringify({ Version: '1', Statement: [{ ...statement, Resource: 'bucket/*' }] }), /Resource/],
    [JSON.stringify({ Version: '1', Statement: [{ ...statement, Condition: {} }] }), /Condition/],
  ];
  for (const [text, problem] of problems) expect(parseSessionPolicy(text)).toMatch(problem);
  expect(parseSessionPolicy(JSON.stringify({ Version: '1', Statement: statement }))).toBeTypeOf('object');
});
