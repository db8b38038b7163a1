import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createCredentialRegistry } from '../../sandbox/credentials.js';
import { startObjectStore } from '../../sandbox/object-store/server.js';
import { createCrc64 } from '../../src/storage/oss/crc64.js';
import {
  baseKey,
  bucket,
  codeOf,
  getRaw,
  openStore,
  type StoreFixture,
  sendRaw,
} from './object-store-fixture.js';

function crc64(bytes: Uint8Array): string {
  const checksum = createCrc64();
  checksum.update(bytes);
  return checksum.digest();
}

function temporaryOptions({ credentials }: StoreFixture, policy?: never) {
  const role = { roleArn: 'acs:ram::186xxx:role/xxx', sessionName: 'test', policy };
  const issued = credentials.issue(role, 900);
  return {
    accessKeyId: issued.accessKeyId,
    accessKeySecret: issued.accessKeySecret,
    stsToken: issued.securityToken,
  };
}

const keys = ['plain.png', 'dir/a b+ü.txt', "图片/猫 (1)!*'.png", 'per%20cent', 'a:b\\c', 'x//y'];

for (const authorizationV4 of [true, false]) {
  for (const withToken of [false, true]) {
    const name = `${authorizationV4 ? 'version 4' : 'version 1'}${withToken ? ' with a security token' : ''}`;
    test(`ali-oss puts, heads, gets, lists and deletes odd keys, signature ${name}`, async () => {
      await using fixture = await openStore();
      const client = fixture.client({ authorizationV4, ...(withToken ? temporaryOptions(fixture) : {}) });
      for (const key of keys) {
        const body = Buffer.from(`body of ${key}`);
        const put = await client.put(key, body, { headers: { 'x-oss-meta-request': 'r1' } });
        const headers = put.res.headers as Record<string, string>;
        expect(headers.etag).toBe(`"${createHash('md5').update(body).digest('hex').toUpperCase()}"`);
        expect(headers['x-oss-hash-crc64ecma']).toBe(crc64(body));
        const head = await client.head(key);
        expect(head.meta).toEqual({ request: 'r1' });
        expect((await client.get(key)).content).toEqual(body);
        expect(await fixture.store.read(bucket, key)).toEqual(body);
        expect(await readFile(fixture.store.filePath(bucket, key))).toEqual(body);
      }
      const listed = await client.listV2({ 'max-keys': '1000' }, {});
      expect(listed.objects.map((object: { name: string }) => object.name).sort()).toEqual([...keys].sort());
      for (const key of keys) await client.delete(key);
      expect(await fixture.store.list(bucket)).toEqual([]);
    });

    test(`presigned URLs of ali-oss work for GET and PUT, ${name}`, async () => {
      await using fixture = await openStore();
      const client = fixture.client({ authorizationV4, ...(withToken ? temporaryOptions(fixture) : {}) });
      const key = 'dir/a b+ü.txt';
      const putUrls = {
        v1: client.signatureUrl(key, { method: 'PUT', expires: 60 }),
        v4: await client.signatureUrlV4('PUT', 60, undefined, key),
      };
      for (const [version, url] of Object.entries(putUrls)) {
        const answer = await getRaw(url, { method: 'PUT', body: `by ${version}` });
        expect(answer.status, answer.body).toBe(200);
        const response = { 'content-type': 'text/x-asked' };
        const getUrl =
          version === 'v1'
            ? client.signatureUrl(key, { expires: 60, response })
            : await client.signatureUrlV4(
                'GET',
                60,
                { queries: { 'response-content-type': 'text/x-asked' } },
                key,
              );
        const got = await getRaw(getUrl);
        expect(got.body).toBe(`by ${version}`);
        expect(got.headers['content-type']).toBe('text/x-asked');
      }
    });
  }
}

test('objects are plain files in the bucket directory and outlive the server', async () => {
  await using fixture = await openStore();
  await fixture
    .client()
    .put('out/cat.png', Buffer.from('picture'), { headers: { 'Cache-Control': 'no-cache' } });
  expect(await readFile(join(fixture.directory, bucket, 'out', 'cat.png'), 'utf8')).toBe('picture');
  await fixture.store.close();
  await using second = await openStore({ directory: fixture.directory });
  const head = await second.client().head('out/cat.png');
  const headers = head.res.headers as Record<string, string>;
  expect(headers['content-type']).toBe('image/png');
  expect(headers['cache-control']).toBe('no-cache');
});

test('a file laid into the directory by hand is an object, and so is a changed one', async () => {
  await using fixture = await openStore();
  const path = join(fixture.directory, bucket, 'by-hand.jpg');
  for (const text of ['first', 'second one']) {
    await writeFile(path, text);
    const { res } = await fixture.client().head('by-hand.jpg');
    const headers = res.headers as Record<string, string>;
    expect(headers['content-type']).toBe('image/jpeg');
    expect(headers['x-oss-hash-crc64ecma']).toBe(crc64(Buffer.from(text)));
  }
});

test('dots in a key never leave the bucket directory', async () => {
  await using fixture = await openStore();
  // ali-oss resolves dots before it sends, so the URL is signed by it and sent as it stands.
  for (const key of ['../../up.txt', 'a/./b', '.', 'a/..', '..%2f..%2fup']) {
    const url = await fixture.client().signatureUrlV4('PUT', 60, undefined, key);
    const path = `/${bucket}/${encodeURIComponent(key).replaceAll('%2F', '/')}`;
    const sent = await sendRaw(fixture.store.url, path + url.slice(url.indexOf('?')), {
      method: 'PUT',
      body: key,
    });
    expect(sent.status, sent.body).toBe(200);
    expect(fixture.store.filePath(bucket, key)).toMatch(new RegExp(`^${join(fixture.directory, bucket)}/`));
    expect((await fixture.store.read(bucket, key))?.toString()).toBe(key);
  }
  expect(await fixture.store.list(bucket)).toHaveLength(5);
});

test('keys that no file path can bear side by side are kept apart', async () => {
  await using fixture = await openStore();
  const { store } = fixture;
  const long = `${'ä'.repeat(400)}/${'x'.repeat(200)}`;
  const all = ['a', 'a/b', 'a/', 'a/b/c', 'd/e', 'd', long];
  for (const key of all) await store.put(bucket, key, Buffer.from(key));
  for (const key of all) expect((await store.read(bucket, key))?.toString()).toBe(key);
  expect(await store.list(bucket)).toEqual(
    [...all].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  expect((await fixture.client().get(long)).content.toString()).toBe(long);
  await fixture.client().delete('a');
  expect(await store.read(bucket, 'a')).toBeUndefined();
  expect((await store.read(bucket, 'a/b'))?.toString()).toBe('a/b');
});

test('streams of known and of unknown length are stored whole', async () => {
  await using fixture = await openStore();
  const body = randomBytes(3_000_000);
  const chunks = () => Readable.from([body.subarray(0, 1_000_001), body.subarray(1_000_001)]);
  await fixture.client().putStream('known', chunks(), { contentLength: body.length } as never);
  await fixture.client().putStream('chunked', chunks());
  expect((await fixture.store.read(bucket, 'known'))?.equals(body)).toBe(true);
  expect((await fixture.store.read(bucket, 'chunked'))?.equals(body)).toBe(true);
  const put = fixture.store.requests().find((request) => request.key === 'chunked');
  expect(put?.headers['transfer-encoding']).toBe('chunked');
  expect(put?.uploadedBytes).toBe(body.length);
});

test('a multipart upload is joined, listed on the way and checksummed as a whole', async () => {
  await using fixture = await openStore();
  const client = fixture.client();
  const body = randomBytes(450_000);
  const { uploadId } = await client.initMultipartUpload('film.mp4', { mime: 'video/mp4' });
  const done: { number: number; etag: string }[] = [];
  for (const [index, number] of [2, 5, 9].entries()) {
    const part = await client.uploadPart(
      'film.mp4',
      uploadId,
      number,
      body,
      index * 150_000,
      (index + 1) * 150_000,
    );
    done.push({ number, etag: (part as unknown as { etag: string }).etag });
  }
  const listed = await client.listParts('film.mp4', uploadId, { 'max-parts': '2' } as never);
  expect(listed.parts).toHaveLength(2);
  expect(String(listed.nextPartNumberMarker)).toBe('5');
  expect(await fixture.store.list(bucket)).toEqual([]);
  const completed = await client.completeMultipartUpload('film.mp4', uploadId, done);
  const headers = completed.res.headers as Record<string, string>;
  expect(headers['x-oss-hash-crc64ecma']).toBe(crc64(body));
  expect(headers.etag).toMatch(/^"[0-9A-F]{32}-3"$/);
  expect((await fixture.store.read(bucket, 'film.mp4'))?.equals(body)).toBe(true);
  const head = (await client.head('film.mp4')).res.headers as Record<string, string>;
  expect(head['x-oss-object-type']).toBe('Multipart');
  expect(head['content-type']).toBe('video/mp4');
  expect(await codeOf(client.completeMultipartUpload('film.mp4', uploadId, done))).toBe('NoSuchUpload');
});

test('ali-oss multipartUpload works with its five parts at a time', async () => {
  await using fixture = await openStore();
  const body = randomBytes(2_500_000);
  await fixture.client().multipartUpload('big.bin', body, { partSize: 200 * 1024 });
  expect((await fixture.store.read(bucket, 'big.bin'))?.equals(body)).toBe(true);
});

test('an aborted upload is gone, an unfinished one survives a restart', async () => {
  await using fixture = await openStore();
  const first = await fixture.client().initMultipartUpload('one');
  const second = await fixture.client().initMultipartUpload('two');
  await fixture.client().uploadPart('two', second.uploadId, 1, Buffer.from('part'), 0, 4);
  await fixture.client().abortMultipartUpload('one', first.uploadId);
  expect(await codeOf(fixture.client().listParts('one', first.uploadId))).toBe('NoSuchUpload');
  await fixture.store.close();
  await using again = await openStore({ directory: fixture.directory });
  const { uploads } = await again.client().listUploads({});
  expect(uploads.map((upload: { name: string }) => upload.name)).toEqual(['two']);
  const { parts } = await again.client().listParts('two', second.uploadId);
  // ali-oss hands a single part out bare instead of in a list.
  expect(parts).toMatchObject({ PartNumber: '1', Size: '4' });
});

test('faulty lists of parts are refused and the upload stays', async () => {
  await using fixture = await openStore();
  const client = fixture.client();
  const { uploadId } = await client.initMultipartUpload('key');
  const small = Buffer.alloc(10);
  const etags: string[] = [];
  for (const number of [1, 2]) {
    const part = await client.uploadPart('key', uploadId, number, small, 0, 10);
    etags.push((part as unknown as { etag: string }).etag);
  }
  const complete = (parts: { number: number; etag: string }[]) =>
    codeOf(client.completeMultipartUpload('key', uploadId, parts));
  const [etag = ''] = etags;
  expect(await complete([{ number: 1, etag: '"0123"' }])).toBe('InvalidPart');
  expect(await complete([{ number: 3, etag }])).toBe('InvalidPart');
  expect(
    await complete([
      { number: 1, etag },
      { number: 2, etag },
    ]),
  ).toBe('EntityTooSmall');
  expect(await complete([])).toBe('MalformedXML');
  expect(await codeOf(client.uploadPart('key', uploadId, 10_001, small, 0, 10))).toBe('InvalidArgument');
  expect(await complete([{ number: 1, etag }])).toBeUndefined();
});

test('ranges and conditions are honoured', async () => {
  await using fixture = await openStore();
  const client = fixture.client();
  await client.put('digits', Buffer.from('0123456789'));
  const get = async (headers: Record<string, string>) => {
    const { res, content } = await client.get('digits', { headers });
    return [res.status, content.toString(), (res.headers as Record<string, string>)['content-range']];
  };
  expect(await get({ Range: 'bytes=2-4' })).toEqual([206, '234', 'bytes 2-4/10']);
  expect(await get({ Range: 'bytes=7-' })).toEqual([206, '789', 'bytes 7-9/10']);
  expect(await get({ Range: 'bytes=-3' })).toEqual([206, '789', 'bytes 7-9/10']);
  expect(await get({ Range: 'bytes=5-200' })).toEqual([200, '0123456789', undefined]);
  const standard = { 'x-oss-range-behavior': 'standard' };
  expect(await get({ Range: 'bytes=5-200', ...standard })).toEqual([206, '56789', 'bytes 5-9/10']);
  expect(await codeOf(client.get('digits', { headers: { Range: 'bytes=10-', ...standard } }))).toBe(
    'InvalidRange',
  );
  const { res } = await client.head('digits');
  const { etag = '' } = res.headers as Record<string, string>;
  const notModified = await client.head('digits', { headers: { 'If-None-Match': etag } } as never);
  expect(notModified.status).toBe(304);
  expect(await codeOf(client.get('digits', { headers: { 'If-Match': '"other"' } }))).toBe(
    'PreconditionFailed',
  );
});

test('overwriting can be forbidden for single and multipart uploads', async () => {
  await using fixture = await openStore();
  const client = fixture.client();
  const headers = { 'x-oss-forbid-overwrite': 'true' };
  await client.put('key', Buffer.from('first'), { headers });
  expect(await codeOf(client.put('key', Buffer.from('second'), { headers }))).toBe('FileAlreadyExists');
  expect(await codeOf(client.initMultipartUpload('key', { headers } as never))).toBe('FileAlreadyExists');
  await client.put('key', Buffer.from('third'));
  expect((await fixture.store.read(bucket, 'key'))?.toString()).toBe('third');
});

test('listing pages through keys and folds them by delimiter', async () => {
  await using fixture = await openStore();
  for (const key of ['a/1', 'a/2', 'b', 'c/1', 'd']) await fixture.store.put(bucket, key, Buffer.from(key));
  const client = fixture.client();
  const seen: string[] = [];
  let token: string | undefined;
  do {
    const query = { 'max-keys': '2', delimiter: '/', ...(token ? { 'continuation-token': token } : {}) };
    const page = await client.listV2(query, {});
    const names = (page.objects ?? []).map((object: { name: string }) => object.name);
    seen.push(...(page.prefixes ?? []), ...names);
    token = page.nextContinuationToken as unknown as string | undefined;
  } while (token);
  expect(seen.sort()).toEqual(['a/', 'b', 'c/', 'd']);
  const below = await client.listV2({ prefix: 'a/', 'start-after': 'a/1' }, {});
  expect(below.objects.map((object: { name: string }) => object.name)).toEqual(['a/2']);
  const old = await client.list({ marker: 'b', 'max-keys': 1 } as never, {});
  expect(old.objects.map((object: { name: string }) => object.name)).toEqual(['c/1']);
});

test('the facts of a bucket tell its region, from any endpoint', async () => {
  await using fixture = await openStore();
  await fixture.store.createBucket('in-beijing', 'cn-beijing');
  const { bucket: facts } = await fixture.client().getBucketInfo('in-beijing');
  expect(facts.Location).toBe('oss-cn-beijing');
  expect(facts.IntranetEndpoint).toBe('oss-cn-beijing-internal.aliyuncs.com');
  expect(await codeOf(fixture.client().getBucketInfo('not-there'))).toBe('NoSuchBucket');
});

test('the bucket is read from the Host header, and ::1 serves as well', async () => {
  await using fixture = await openStore({ customDomains: { 'media.example.com': bucket } });
  await fixture.store.put(bucket, 'k', Buffer.from('body'));
  const url = await fixture.client().signatureUrlV4('GET', 60, undefined, 'k');
  const query = url.slice(url.indexOf('?'));
  const hosts = [
    `${bucket}.oss-cn-hangzhou.aliyuncs.com`,
    `${bucket}.oss-cn-hangzhou-internal.aliyuncs.com`,
    `${bucket}.localhost:${fixture.store.port}`,
    'media.example.com',
  ];
  for (const host of hosts) {
    const answer = await getRaw(`http://127.0.0.1:${fixture.store.port}/k${query}`, { headers: { host } });
    expect(answer.body, host).toBe('body');
  }
});

test('two stores can stand side by side, and the port can be asked for', async () => {
  await using first = await openStore();
  const options = { directory: first.directory, credentials: createCredentialRegistry([baseKey]) };
  await expect(startObjectStore({ ...options, port: first.store.port })).rejects.toThrow(/EADDRINUSE/);
  await using second = await startObjectStore(options);
  expect(second.port).not.toBe(first.store.port);
});
