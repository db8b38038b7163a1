import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Agent } from 'undici';
import { expect, test } from 'vitest';
import { fixedIdentity } from '../../../src/storage/oss/base-identity.js';
import { createRoleCredentials, type RoleScope } from '../../../src/storage/oss/role-credentials.js';
import type { OssSettings } from '../../../src/storage/oss/settings.js';
import { type Answer, startAnsweringServer } from './answering-server.js';

const never = new AbortController().signal;
const scope: RoleScope = { roleArn: 'acs:ram::1:role/writer', bucket: 'media', purpose: 'write' };

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function grant(response: ServerResponse, number: number, lifeSeconds = 3600): void {
  sendJson(response, 200, {
    RequestId: `R${number}`,
    Credentials: {
      AccessKeyId: `STS.${number}`,
      AccessKeySecret: 'secret',
      SecurityToken: 'token',
      Expiration: new Date(Date.now() + lifeSeconds * 1000).toISOString(),
    },
  });
}

async function openRoles(answer: Answer, changes: Partial<OssSettings> = {}) {
  const sts = await startAnsweringServer(answer);
  const dispatcher = new Agent();
  const roles = createRoleCredentials(
    {
      stsEndpointOverride: sts.url,
      allowedRoles: ['*'],
      customDomains: [],
      baseIdentity: fixedIdentity({ accessKeyId: 'base', accessKeySecret: 'base secret' }),
      timeouts: { connectMs: 1000, responseMs: 5000, idleMs: 5000 },
      ...changes,
    },
    dispatcher,
  );
  return {
    sts,
    roles,
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
      await sts[Symbol.asyncDispose]();
    },
  };
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

test('the request is signed, scoped to the bucket, and carries external id and token', async () => {
  await using opened = await openRoles((_request, response) => grant(response, 1), {
    externalId: "it's (mine)*",
    baseIdentity: fixedIdentity({ accessKeyId: 'a', accessKeySecret: 's', securityToken: 'own token' }),
  });
  await opened.roles.obtain(scope, 0, never);
  const form = opened.sts.received[0]?.form ?? new URLSearchParams();
  expect(form.get('Action')).toBe('AssumeRole');
  expect(form.get('RoleArn')).toBe(scope.roleArn);
  expect(form.get('DurationSeconds')).toBe('3600');
  expect(form.get('ExternalId')).toBe("it's (mine)*");
  expect(form.get('SecurityToken')).toBe('own token');
  const policy = form.get('Policy') ?? '';
  expect(policy.length).toBeLessThan(2048);
  expect(JSON.parse(policy).Statement[0]).toEqual({
    Effect: 'Allow',
    Action: ['oss:PutObject', 'oss:GetObject', 'oss:AbortMultipartUpload', 'oss:ListParts'],
    Resource: ['acs:oss:*:*:media/*'],
  });
  const canonical = [...form.keys()]
    .filter((name) => name !== 'Signature')
    .sort()
    .map((name) => `${percentEncode(name)}=${percentEncode(form.get(name) ?? '')}`)
    .join('&');
  const expected = createHmac('sha1', 's&')
    .update(`POST&%2F&${percentEncode(canonical)}`)
    .digest('base64');
  expect(form.get('Signature')).toBe(expected);
});

test('a hundred who ask at once share one request, and later ones its result', async () => {
  await using opened = await openRoles((_request, response) => grant(response, 1));
  const found = await Promise.all(
    Array.from({ length: 100 }, () => opened.roles.obtain(scope, 900, new AbortController().signal)),
  );
  expect(new Set(found).size).toBe(1);
  await opened.roles.obtain(scope, 3600, never);
  expect(opened.sts.received).toHaveLength(1);
});

test('bucket and purpose each have their own credentials', async () => {
  await using opened = await openRoles((_request, response) => grant(response, 1));
  await opened.roles.obtain(scope, 0, never);
  await opened.roles.obtain({ ...scope, bucket: 'other' }, 0, never);
  await opened.roles.obtain({ ...scope, purpose: 'read' }, 0, never);
  expect(opened.sts.received).toHaveLength(3);
});

test('credentials that would not live long enough are fetched anew', async () => {
  const lives = [1800, 3600];
  await using opened = await openRoles((_request, response) => grant(response, lives.length, lives.shift()));
  const first = await opened.roles.obtain(scope, 600, never);
  expect(await opened.roles.obtain(scope, 1000, never)).toBe(first);
  expect(await opened.roles.obtain(scope, 3600, never)).not.toBe(first);
  expect(opened.sts.received).toHaveLength(2);
});

test('discarded credentials are fetched anew, newer ones stay', async () => {
  let count = 0;
  await using opened = await openRoles((_request, response) => {
    count += 1;
    grant(response, count);
  });
  const first = await opened.roles.obtain(scope, 0, never);
  opened.roles.discard(scope, first);
  const second = await opened.roles.obtain(scope, 0, never);
  expect(second.accessKeyId).toBe('STS.2');
  opened.roles.discard(scope, first);
  expect(await opened.roles.obtain(scope, 0, never)).toBe(second);
});

test('one who stops waiting does not stop the request of the others', async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using opened = await openRoles(async (_request, response) => {
    await gate;
    grant(response, 1);
  });
  const controller = new AbortController();
  const impatient = opened.roles.obtain(scope, 0, controller.signal);
  const patient = opened.roles.obtain(scope, 0, never);
  controller.abort();
  await expect(impatient).rejects.toMatchObject({ sqlstate: '57014' });
  release();
  expect((await patient).accessKeyId).toBe('STS.1');
  expect(opened.sts.received).toHaveLength(1);
});

test('an error of STS that passes is tried again', async () => {
  const statuses = [503, 500];
  await using opened = await openRoles((_request, response) => {
    const status = statuses.shift();
    if (status) sendJson(response, status, { RequestId: 'R', Code: 'InternalError', Message: 'later' });
    else grant(response, 3);
  });
  expect((await opened.roles.obtain(scope, 0, never)).accessKeyId).toBe('STS.3');
  expect(opened.sts.received).toHaveLength(3);
});

test.each([
  [403, 'NoPermission', '42501', 'AliyunSTSAssumeRoleAccess'],
  [404, 'EntityNotExist.Role', '42501', 'role name'],
  [400, 'InvalidParameter.RoleArn', '22023', 'role_arn'],
  [404, 'InvalidAccessKeyId.NotFound', '58000', 'access key of the gateway'],
])('STS answering %d %s becomes SQLSTATE %s', async (status, code, sqlstate, hint) => {
  await using opened = await openRoles((_request, response) =>
    sendJson(response, status, { RequestId: 'R-17', Code: code, Message: 'no' }),
  );
  await expect(opened.roles.obtain(scope, 0, never)).rejects.toMatchObject({
    sqlstate,
    message: expect.stringContaining(scope.roleArn),
    detail: expect.stringContaining('R-17'),
    hint: expect.stringContaining(hint),
  });
  expect(opened.sts.received).toHaveLength(1);
});

test('an STS that cannot be reached is a retryable connection failure', async () => {
  await using opened = await openRoles((_request, _response, message) => message.socket.destroy());
  await expect(opened.roles.obtain(scope, 0, never)).rejects.toMatchObject({
    sqlstate: '08006',
    retryable: true,
  });
  expect(opened.sts.received).toHaveLength(3);
});

test('a role that is not allowed never reaches STS', async () => {
  await using opened = await openRoles((_request, response) => grant(response, 1), { allowedRoles: [] });
  await expect(opened.roles.obtain(scope, 0, never)).rejects.toMatchObject({ sqlstate: '42501' });
  expect(opened.sts.received).toHaveLength(0);
});
